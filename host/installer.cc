#include "host/installer.h"

#include <algorithm>

#include "host/base64.h"
#include "host/openssl_services.h"
#include "host/registry.h"

namespace wplug {
namespace {

Error about(const PluginPackage& package, const Error& error) {
  return Error(error.kind(), package.source + ": " + error.message(), error.offset().value_or(Error::kNoOffset));
}

Error of_failure(const PluginPackage& package, const Failure& failure) {
  return Error(ErrorKind::link, package.source + ": " + failure.message);
}

// Fills in what the signature says. A plugin that was signed stays signed: else who can write to its source could replace it
// by one that is not.
Result<void> check_signature(const PluginPackage& package, const InstallOptions& options, Installed& installed) {
  LockedPlugin& plugin = installed.plugin;
  if (package.signature.empty()) {
    if (options.require_signature) return Error(ErrorKind::link, package.source + ": is not signed, and a signature is required");
    if (installed.replaced && !installed.replaced->signature.empty()) {
      return Error(ErrorKind::link, package.source + ": is not signed, but the installed " + plugin.name + " is: uninstall that first");
    }
    if (plugin.kind == PluginKind::native && !options.pinned) {
      return Error(ErrorKind::link, package.source + ": a native plugin runs outside the sandbox: it must be signed by a trusted "
                                                     "key, or named with @sha256:");
    }
    return {};
  }
  auto key = verify_signature(package.module, package.signature, *options.keys);
  if (!key.ok()) return Error(key.error().kind(), package.source + ".sig: " + key.error().message());
  plugin.signature = base64_encode(package.signature);
  plugin.signature_key = to_hex(key->key);
  installed.signed_by = key->name;
  return {};
}

void take_description(const PluginDescription& description, const PluginPackage& package, LockedPlugin& plugin) {
  if (plugin.version.empty()) plugin.version = description.version;
  if (package.manifest && package.manifest->capabilities) return;
  for (const Capability& capability : description.capabilities) plugin.capabilities.push_back(capability.to_string());
}

// Compiles it, finds its ABI and asks it what it is.
Result<void> check_module(const Engine& engine, std::span<const PluginAbi* const> abis, const HostServices& services,
                          const PluginPackage& package, LockedPlugin& plugin) {
  auto module = Module::compile(engine, std::span(package.module), plugin.name);
  if (!module.ok()) return about(package, module.error());
  const std::string abi = package.manifest ? package.manifest->abi : "";
  auto loaded = Plugin::load(engine, std::move(*module), options_for_trying(plugin.name, package.manifest), abis, services, abi);
  if (!loaded.ok()) return about(package, loaded.error());
  plugin.abi = (*loaded)->abi().name();
  Failure failure;
  const PluginDescription* description = (*loaded)->description(failure);
  if (description == nullptr) return of_failure(package, failure);
  take_description(*description, package, plugin);
  return {};
}

Result<LockedPlugin> entry_of(const PluginPackage& package, const InstallOptions& options) {
  LockedPlugin plugin;
  plugin.name = options.name.empty() ? package.name : options.name;
  if (!is_plugin_name(plugin.name)) {
    return Error(ErrorKind::misuse, "\"" + plugin.name + "\" cannot be a plugin's name: letters, digits, -, _ and .; give one with --name");
  }
  plugin.version = package.version;
  plugin.source = package.source;
  plugin.index = package.index;
  plugin.size = package.module.size();
  WPLUG_TRY_ASSIGN(plugin.sha256, sha256_hex(package.module));
  if (!package.manifest) return plugin;
  const auto* text = reinterpret_cast<const uint8_t*>(package.manifest_text.data());
  WPLUG_TRY_ASSIGN(plugin.manifest_sha256, sha256_hex({text, package.manifest_text.size()}));
  plugin.kind = package.manifest->kind;
  plugin.abi = package.manifest->abi;
  if (package.manifest->capabilities) {
    for (const Capability& capability : package.manifest->capabilities->list()) {
      plugin.capabilities.push_back(capability.to_string());
    }
  }
  return plugin;
}

bool is_same(const LockedPlugin& a, const LockedPlugin& b) {
  return a.version == b.version && a.sha256 == b.sha256 && a.manifest_sha256 == b.manifest_sha256 &&
         a.signature == b.signature && a.source == b.source && a.index == b.index;
}

}  // namespace

PluginOptions options_for_trying(const std::string& name, const std::optional<PluginManifest>& manifest) {
  PluginOptions options;
  options.name = name;
  if (manifest) manifest->apply_to(options);
  if (!options.limits.memory) options.limits.memory = uint64_t{256} << 20;
  if (!options.limits.timeout) options.limits.timeout = std::chrono::seconds(5);
  return options;
}

Result<Installed> install_package(const Engine& engine, std::span<const PluginAbi* const> abis,
                                  const HostServices& services, PluginStore& store, const PluginPackage& package,
                                  const InstallOptions& options) {
  Installed installed;
  WPLUG_TRY_ASSIGN(installed.plugin, entry_of(package, options));
  WPLUG_TRY_ASSIGN(const LockFile lock, store.read());
  if (const LockedPlugin* old = lock.find(installed.plugin.name)) installed.replaced = *old;
  if (package.manifest) WPLUG_TRY(package.manifest->check_host());
  WPLUG_TRY(check_signature(package, options, installed));
  if (installed.plugin.kind == PluginKind::wasm) {
    WPLUG_TRY(check_module(engine, abis, services, package, installed.plugin));
  }
  if (installed.plugin.version.empty()) installed.plugin.version = "0.0.0";
  installed.unchanged = installed.replaced && is_same(*installed.replaced, installed.plugin);
  if (options.dry_run) return installed;
  WPLUG_TRY(store.install(installed.plugin, package.module, package.manifest_text));
  return installed;
}

namespace {

void check_stored_signature(const LockedPlugin& plugin, std::span<const uint8_t> module, const TrustedKeys& keys,
                            bool required, Checked& checked) {
  checked.signature = "none";
  checked.signature_ok = !required;
  if (plugin.signature.empty()) return;
  const auto text = base64_decode(plugin.signature);
  auto key = verify_signature(module, text.value_or(""), keys);
  checked.signature_ok = key.ok();
  checked.signature = key.ok() ? "trusted: " + key->name : key.error().message();
}

std::optional<std::string> health_problem(const Plugin& plugin) {
  Failure failure;
  const auto instance = PluginInstance::start(plugin, failure);
  if (!instance) return failure.message;
  const auto unhealthy = instance->health();
  return unhealthy ? std::optional(unhealthy->message) : std::nullopt;
}

Result<void> check_health(ModuleCache& cache, std::span<const PluginAbi* const> abis, const HostServices& services,
                          const LockedPlugin& plugin, const FoundPlugin& found, Module module) {
  if (found.manifest) WPLUG_TRY(found.manifest->check_host());
  const std::string abi = found.manifest && !found.manifest->abi.empty() ? found.manifest->abi : plugin.abi;
  PluginOptions options = options_for_trying(plugin.name, found.manifest);
  options.description = cache.description(module, abi, options);
  WPLUG_TRY_ASSIGN(const auto loaded, Plugin::load(cache.engine(), std::move(module), std::move(options), abis, services, abi));
  if (const auto problem = health_problem(*loaded)) return Error(ErrorKind::host, *problem);
  return {};
}

}  // namespace

Checked check_installed(ModuleCache& cache, std::span<const PluginAbi* const> abis, const HostServices& services,
                        const PluginStore& store, const LockedPlugin& plugin, const TrustedKeys& keys,
                        bool require_signature) {
  Checked checked;
  const auto found = resolve_plugin(plugin.name, ".", {{store.folder()}});
  if (!found.ok()) {
    checked.health = found.error().message();
    return checked;
  }
  if (plugin.kind == PluginKind::native) {
    auto bytes = read_file(found->file);
    const auto hash = bytes.ok() ? sha256_hex(*bytes) : Result<std::string>(bytes.error());
    checked.hash_ok = hash.ok() && *hash == plugin.sha256;
    checked.healthy = checked.hash_ok;
    checked.health = checked.hash_ok ? "not asked: it is native" : hash.ok() ? "the file was changed" : hash.error().message();
    if (checked.hash_ok) check_stored_signature(plugin, *bytes, keys, require_signature, checked);
    return checked;
  }
  auto module = cache.get_file(found->file, plugin.sha256);
  if (!module.ok()) {
    checked.health = module.error().message();
    return checked;
  }
  checked.hash_ok = true;
  check_stored_signature(plugin, module->bytes(), keys, require_signature, checked);
  const auto health = check_health(cache, abis, services, plugin, *found, std::move(*module));
  checked.healthy = health.ok();
  checked.health = health.ok() ? "ok" : health.error().message();
  return checked;
}

}  // namespace wplug
