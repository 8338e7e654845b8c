// `wplug plugin list, check, keygen, sign`.
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "host/installer.h"
#include "host/json_document.h"
#include "host/log.h"
#include "host/service_set.h"
#include "tools/wplug/console.h"
#include "tools/wplug/plugin_commands.h"
#include "tools/wplug/plugin_report.h"
#include "wplug/abis.h"
#include "wplug/module_cache.h"

namespace wplug {
namespace {

Json json_of(const LockedPlugin& plugin) {
  Json capabilities = Json::array();
  for (const std::string& capability : plugin.capabilities) capabilities.push(capability);
  Json json = Json::object();
  json.set("name", plugin.name).set("version", plugin.version).set("kind", plugin.kind == PluginKind::wasm ? "wasm" : "native");
  json.set("abi", plugin.abi).set("source", plugin.source).set("index", plugin.index).set("sha256", plugin.sha256);
  json.set("size", plugin.size).set("signature_key", plugin.signature_key).set("capabilities", std::move(capabilities));
  return json;
}

// A new file that only its owner may read where `secret`.
Result<void> write_new(const std::string& file, const std::string& text, bool secret) {
  const OwnedFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0666));
  if (fd.get() < 0) return Error(ErrorKind::host, file + ": cannot be made: " + std::strerror(errno));
  return FdSink(fd.get(), file).write(text);
}

}  // namespace

Json json_of(const LockedPlugin& plugin, const Checked& checked) {
  Json json = Json::object();
  json.set("name", plugin.name).set("version", plugin.version).set("sha256", plugin.sha256).set("ok", checked.ok());
  json.set("hash_ok", checked.hash_ok).set("signature_ok", checked.signature_ok).set("signature", checked.signature);
  json.set("healthy", checked.healthy).set("health", checked.health);
  return json;
}

Result<std::vector<std::pair<LockedPlugin, Checked>>> check_plugins(PluginHome& home, ModuleCache& cache, const TrustedKeys& keys,
                                                                    const std::string& name, bool require_signature) {
  WPLUG_TRY_ASSIGN(const LockFile lock, home.store().read());
  if (!name.empty() && lock.find(name) == nullptr) return Error(ErrorKind::host, name + " is not installed");
  FdLog log(STDERR_FILENO);
  const ServiceSet services(&log, home.variables);
  const PluginStore store = home.store();
  std::vector<std::pair<LockedPlugin, Checked>> result;
  for (const LockedPlugin& plugin : lock.plugins) {
    if (!name.empty() && plugin.name != name) continue;
    result.emplace_back(plugin, check_installed(cache, plugin_abis(), services.services(), store, plugin, keys,
                                                require_signature || home.settings.require_signature));
  }
  return result;
}

int plugin_list_command(CommandArguments arguments) {
  bool json = false;
  Arguments options("plugin list", "plugin list [--json]", "Lists installed plugins.");
  options.flag("--json", "as JSON", json);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto home = PluginHome::open();
  if (!home.ok()) return report("", home.error());
  const auto lock = home->store().read();
  if (!lock.ok()) return report("", lock.error());
  Json list = Json::array();
  for (const LockedPlugin& plugin : lock->plugins) {
    list.push(json_of(plugin));
    if (!json) {
      fmt::print("{} {}  {}  sha256:{}  {}  {}\n", plugin.name, printable(plugin.version), plugin.abi.empty() ? "native" : plugin.abi,
                 plugin.sha256.substr(0, 12), plugin.signature.empty() ? "not signed" : "signed", printable(plugin.source));
    }
  }
  if (json) fmt::print("{}\n", Json::object().set("folder", home->folder).set("plugins", std::move(list)).to_string());
  return kExitOk;
}

int plugin_check_command(CommandArguments arguments) {
  std::string name;
  bool json = false;
  FetchOptions fetch;
  Arguments options("plugin check", "plugin check [NAME] [options]",
                    "Looks at the hash, the signature and the health of installed plugins.");
  options.optional_positional("NAME", "default: all", name);
  options.flag("--json", "as JSON", json);
  options.options("--trusted-key", "FILE", "a public key that may sign", [&](const std::string& text) {
    fetch.key_files.push_back(text);
    return Result<void>();
  });
  options.flag("--require-signature", "what is not signed is wrong", fetch.require_signature);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto home = PluginHome::open();
  if (!home.ok()) return report("", home.error());
  const auto keys = fetch.keys(*home);
  if (!keys.ok()) return report("", keys.error());
  const auto engine = Engine::create();
  if (!engine.ok()) return report("", engine.error());
  ModuleCache cache(*engine);
  const auto plugins = check_plugins(*home, cache, *keys, name, fetch.require_signature);
  if (!plugins.ok()) return report("", plugins.error());
  bool all_ok = true;
  Json list = Json::array();
  for (const auto& [plugin, checked] : *plugins) {
    all_ok = all_ok && checked.ok();
    list.push(json_of(plugin, checked));
    if (!json) {
      fmt::print("{} {}: {}, signature: {}, health: {}\n", plugin.name, printable(plugin.version),
                 checked.hash_ok ? "hash ok" : "HASH DIFFERS", printable(checked.signature), printable(checked.health));
    }
  }
  if (json) fmt::print("{}\n", Json::object().set("ok", all_ok).set("plugins", std::move(list)).to_string());
  return all_ok ? kExitOk : kExitFailed;
}

int plugin_keygen_command(CommandArguments arguments) {
  std::string name;
  Arguments options("plugin keygen", "plugin keygen NAME",
                    "Makes NAME.key, which is secret and signs, and NAME.pub, for trusted-keys/ of those who install.");
  options.positional("NAME", "the files' name", name);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  const auto pair = make_key_pair();
  if (!pair.ok()) return report("", pair.error());
  for (const auto& [file, text, secret] : {std::tuple(name + ".key", pair->private_text, true),
                                           std::tuple(name + ".pub", pair->public_text, false)}) {
    const auto written = write_new(file, text + "\n", secret);
    if (!written.ok()) return report("", written.error());
  }
  fmt::print("{0}.key signs and stays secret; {0}.pub is for those who install\n", name);
  return kExitOk;
}

int plugin_sign_command(CommandArguments arguments) {
  std::string file, key_file;
  Arguments options("plugin sign", "plugin sign FILE --key FILE", "Writes FILE.sig, the Ed25519 signature of FILE in base64.");
  options.positional("FILE", "a plugin's module", file);
  options.option("--key", "FILE", "the private key, as wplug plugin keygen made it", key_file);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  if (key_file.empty()) return usage_error("plugin sign", "--key is missing");
  const auto key = read_file(key_file, 4096), plugin = read_file(file);
  if (!key.ok()) return report("", key.error());
  if (!plugin.ok()) return report("", plugin.error());
  const auto signature = sign_plugin(*plugin, {reinterpret_cast<const char*>(key->data()), key->size()});
  if (!signature.ok()) return report(key_file, signature.error());
  StoreFiles files;
  const std::string text = *signature + "\n";
  const auto written = files.write(file + ".sig", {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  if (!written.ok()) return report("", written.error());
  fmt::print("{}.sig\n", file);
  return kExitOk;
}

}  // namespace wplug
