#include "host/plugin_loader.h"

#include <filesystem>
#include <utility>

#include "host/extism_manifest.h"
#include "host/files.h"
#include "host/native_plugin.h"
#include "host/openssl_services.h"
#include "host/signature.h"
#include "wplug/text.h"

namespace wplug {
namespace {

// What went wrong with a file, which the message names.
Error of_file(const std::string& file, const Error& error) {
  if (error.message().starts_with(file)) return error;
  return Error(error.kind(), file + ": " + error.message(), error.offset().value_or(Error::kNoOffset));
}

const std::map<std::string, std::string>& environment_of(const HostServices& services) {
  static const std::map<std::string, std::string> kNone;
  return services.environment != nullptr ? *services.environment : kNone;
}

// Whether a plugin vanished between the lock file and the module: another process has just replaced it.
bool may_have_moved(const FoundPlugin& found) {
  std::error_code ignored;
  return found.installed && !std::filesystem::is_regular_file(found.file, ignored);
}

Result<Module> compile(ModuleCache& cache, const FoundPlugin& found) {
  if (!found.file.ends_with(".wat")) return cache.get_file(found.file, found.sha256);
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> text, read_file(found.file, cache.engine().config().limits.module_size));
  WPLUG_TRY_ASSIGN(std::vector<uint8_t> bytes, parse_wat({reinterpret_cast<const char*>(text.data()), text.size()}));
  return cache.get(std::move(bytes), std::filesystem::path(found.file).stem().string());
}

class Loader {
 public:
  Loader(ModuleCache& cache, PluginSource source, std::span<const PluginAbi* const> abis, const HostServices& services)
      : cache_(cache), source_(std::move(source)), abis_(abis), services_(services) {}

  Result<LoadedPlugin> load(FoundPlugin found) {
    if (found.manifest) {
      WPLUG_TRY(found.manifest->check_host());
      found.manifest->apply_to(source_.options);
      if (source_.abi.empty()) source_.abi = found.manifest->abi;
    }
    Result<std::shared_ptr<const Plugin>> plugin = is_native_file(found.file) ? native(found)
                                                   : is_extism_manifest(found.file) ? extism(found)
                                                                                    : module(found);
    if (!plugin.ok()) return of_file(found.file, plugin.error());
    return LoadedPlugin{std::move(*plugin), std::move(found.file), std::move(found.manifest)};
  }

 private:
  void fill_limits() { source_.options.limits = source_.options.limits.or_else(source_.defaults); }

  Result<std::shared_ptr<const Plugin>> native(const FoundPlugin& found) {
    if (!source_.native) {
      return Error(ErrorKind::policy,
                   "is a native plugin, which runs without a sandbox: " + source_.native_switch + " to allow it");
    }
    if (!source_.abi.empty() && source_.abi != "native") {
      return Error(ErrorKind::misuse, "is a native plugin and abi is \"" + source_.abi + "\"");
    }
    if (!found.sha256.empty()) {
      WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(found.file));
      WPLUG_TRY_ASSIGN(const std::string hash, sha256_hex(bytes));
      if (hash != found.sha256) return Error(ErrorKind::link, "has the SHA-256 " + hash + ", not " + found.sha256);
    }
    fill_limits();
    return Plugin::load_native(cache_.engine(), found.file, std::move(source_.options), services_);
  }

  Result<std::shared_ptr<const Plugin>> extism(const FoundPlugin& found) {
    if (source_.abi.empty()) source_.abi = "extism";
    WPLUG_TRY_ASSIGN(Module main, load_extism_manifest(cache_.engine(), found.file, services_.http, source_.options));
    fill_limits();
    return Plugin::load(cache_.engine(), std::move(main), std::move(source_.options), abis_, services_, source_.abi);
  }

  Result<std::shared_ptr<const Plugin>> module(const FoundPlugin& found) {
    WPLUG_TRY_ASSIGN(Module module, compile(cache_, found));
    if (!found.installed) WPLUG_TRY(check_signature_beside(found.file, module.bytes(), environment_of(services_)));
    fill_limits();
    source_.options.description = cache_.description(module, source_.abi, source_.options);
    return Plugin::load(cache_.engine(), std::move(module), std::move(source_.options), abis_, services_, source_.abi);
  }

  ModuleCache& cache_;
  PluginSource source_;
  std::span<const PluginAbi* const> abis_;
  const HostServices& services_;
};

}  // namespace

Result<LoadedPlugin> load_plugin(ModuleCache& cache, PluginSource source, std::span<const PluginAbi* const> abis,
                                 const HostServices& services, const PluginFolders& folders) {
  constexpr int kTries = 3;
  for (int left = kTries;; --left) {
    WPLUG_TRY_ASSIGN(FoundPlugin found, resolve_plugin(source.reference, source.directory, folders, source.native));
    auto loaded = Loader(cache, source, abis, services).load(found);
    if (loaded.ok() || left == 1 || !may_have_moved(found)) return loaded;
  }
}

}  // namespace wplug
