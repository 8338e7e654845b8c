// `wplug plugin install, update, uninstall, search`.
#include <fmt/core.h>

#include <unistd.h>

#include "host/installer.h"
#include "host/json_document.h"
#include "host/log.h"
#include "host/plugin_index.h"
#include "host/semver.h"
#include "host/service_set.h"
#include "tools/wplug/console.h"
#include "tools/wplug/plugin_commands.h"
#include "wplug/abis.h"

namespace wplug {
namespace {

// A name, and nothing that a path or URL has.
bool is_indexed_reference(const std::string& reference) {
  return reference.find('/') == std::string::npos && !reference.ends_with(".wasm") && !reference.ends_with(".wat") &&
         !reference.ends_with(".toml") && reference != "." && reference != "..";
}

// NAME or NAME@VERSION.
Result<PluginPackage> read_from_index(const std::string& reference, const std::string& index, const DownloadOptions& options) {
  const size_t at = std::min(reference.find('@'), reference.size());
  const std::string version = at < reference.size() ? reference.substr(at + 1) : "";
  return read_indexed_package(reference.substr(0, at), version, index, options);
}

void say_installed(const Installed& done, const FetchOptions& fetch) {
  const LockedPlugin& plugin = done.plugin;
  const char* const what = done.unchanged ? (fetch.dry_run ? "is installed already:" : "installed again:")
                           : fetch.dry_run ? "would install" : "installed";
  fmt::print("{} {} {}, {} ABI, sha256:{}{}\n", what, plugin.name, printable(plugin.version),
             plugin.abi.empty() ? "native" : plugin.abi, plugin.sha256,
             done.signed_by.empty() ? ", not signed" : ", signed by " + printable(done.signed_by));
  if (done.replaced && !done.unchanged) fmt::print("  in place of {} {}\n", done.replaced->name, printable(done.replaced->version));
  std::fflush(stdout);
  print_capabilities(plugin.capabilities);
}

Result<Installed> install(PluginHome& home, const PluginPackage& package, InstallOptions options, const FetchOptions& fetch) {
  WPLUG_TRY_ASSIGN(const TrustedKeys keys, fetch.keys(home));
  options.keys = &keys;
  options.dry_run = fetch.dry_run;
  options.require_signature = fetch.require_signature || home.settings.require_signature;
  WPLUG_TRY_ASSIGN(const Engine engine, Engine::create());
  FdLog log(STDERR_FILENO);
  const ServiceSet services(&log, home.variables);
  PluginStore store = home.store();
  return install_package(engine, plugin_abis(), services.services(), store, package, options);
}

Result<Installed> install_reference(PluginHome& home, const std::string& text, const std::string& name, const FetchOptions& fetch) {
  WPLUG_TRY_ASSIGN(const PinnedReference pinned, parse_pinned(text));
  const auto client = make_http_client();
  const DownloadOptions options = fetch.download(*client, home.store());
  const std::string& index = fetch.index.empty() ? home.settings.index : fetch.index;
  if (is_indexed_reference(pinned.reference) && index.empty()) {
    return Error(ErrorKind::misuse, "\"" + pinned.reference + "\" is a name: --index must say where it is; a path needs a slash");
  }
  auto package = is_indexed_reference(pinned.reference) ? read_from_index(pinned.reference, index, options)
                                                        : read_package(pinned.reference, pinned.sha256, options);
  if (!package.ok()) return package.error();
  WPLUG_TRY_ASSIGN(Installed done, install(home, *package, {.name = name, .pinned = !pinned.sha256.empty()}, fetch));
  return done;
}

// nullopt: there is nothing newer.
Result<std::optional<Installed>> update_one(PluginHome& home, const LockedPlugin& plugin, const FetchOptions& fetch) {
  const auto client = make_http_client();
  const DownloadOptions options = fetch.download(*client, home.store());
  if (!plugin.index.empty()) {
    WPLUG_TRY_ASSIGN(const PluginIndex index, read_index(plugin.index, options));
    WPLUG_TRY_ASSIGN(const IndexedPlugin* newest, index.find(plugin.name));
    const auto installed = parse_version(plugin.version), offered = parse_version(newest->version);
    const bool newer = installed && offered && compare(*installed, *offered) < 0;
    if (!newer && newest->sha256 == plugin.sha256) return std::optional<Installed>();
    if (!newer) return Error(ErrorKind::link, "the index has nothing newer than " + plugin.version + ", and another file for it");
  }
  auto package = plugin.index.empty() ? read_package(plugin.source, "", options)
                                      : read_indexed_package(plugin.name, "", plugin.index, options);
  if (!package.ok()) return package.error();
  WPLUG_TRY_ASSIGN(Installed done, install(home, *package, {.name = plugin.name}, fetch));
  return done.unchanged ? std::nullopt : std::optional(std::move(done));
}

int update(PluginHome& home, const std::string& name, const FetchOptions& fetch) {
  const auto lock = home.store().read();
  if (!lock.ok()) return report("", lock.error());
  if (!name.empty() && lock->find(name) == nullptr) return report(name, Error(ErrorKind::host, "is not installed"));
  int code = kExitOk;
  for (const LockedPlugin& plugin : lock->plugins) {
    if (!name.empty() && plugin.name != name) continue;
    const auto done = update_one(home, plugin, fetch);
    if (!done.ok()) {
      report(plugin.name, done.error());
      code = kExitFailed;
    } else if (*done) {
      say_installed(**done, fetch);
    } else {
      fmt::print("{} {} is up to date\n", plugin.name, printable(plugin.version));
    }
  }
  return code;
}

Json json_of(const IndexedPlugin& plugin) {
  Json json = Json::object();
  json.set("name", plugin.name).set("version", plugin.version).set("url", plugin.url).set("sha256", plugin.sha256);
  json.set("description", plugin.description).set("signed", !plugin.signature.empty());
  return json;
}

}  // namespace

int plugin_install_command(CommandArguments arguments) {
  std::string reference, name;
  FetchOptions fetch;
  Arguments options("plugin install", "plugin install FILE|DIR|URL|NAME[@VERSION][@sha256:HEX] [options]",
                    "Installs a module, a folder with plugin.toml, or a plugin of an index.");
  options.positional("WHAT", "a module, a plugin.toml or its folder, a URL of one, or a name with --index", reference);
  options.option("--name", "NAME", "the name to install it under; default: the manifest's, else the file's", name);
  options.option("--index", "URL", "where names are looked up: a folder or URL with an index.json", fetch.index);
  fetch.add_to(options);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto home = PluginHome::open();
  if (!home.ok()) return report("", home.error());
  const auto done = install_reference(*home, reference, name, fetch);
  if (!done.ok()) return report("", done.error());
  say_installed(*done, fetch);
  return kExitOk;
}

int plugin_update_command(CommandArguments arguments) {
  std::string name;
  FetchOptions fetch;
  Arguments options("plugin update", "plugin update [NAME] [options]",
                    "Fetches plugins again from where they came, and installs what has changed.");
  options.optional_positional("NAME", "default: all", name);
  fetch.add_to(options);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto home = PluginHome::open();
  if (!home.ok()) return report("", home.error());
  return update(*home, name, fetch);
}

int plugin_uninstall_command(CommandArguments arguments) {
  std::string name;
  bool dry_run = false;
  Arguments options("plugin uninstall", "plugin uninstall NAME [--dry-run]", "Removes an installed plugin.");
  options.positional("NAME", "an installed plugin", name);
  options.flag("--dry-run", "do everything but remove it", dry_run);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto home = PluginHome::open();
  if (!home.ok()) return report("", home.error());
  const auto lock = home->store().read();
  if (!lock.ok()) return report("", lock.error());
  const auto removed = dry_run ? Result<bool>(lock->find(name) != nullptr) : home->store().remove(name);
  if (!removed.ok()) return report("", removed.error());
  if (!*removed) return report(name, Error(ErrorKind::host, "is not installed"));
  fmt::print("{} {}\n", dry_run ? "would remove" : "removed", name);
  return kExitOk;
}

int plugin_search_command(CommandArguments arguments) {
  std::string text;
  bool json = false;
  FetchOptions fetch;
  Arguments options("plugin search", "plugin search [TEXT] [--index URL] [--json]", "Lists what an index has.");
  options.optional_positional("TEXT", "part of a name or description; default: all", text);
  options.option("--index", "URL", "a folder or URL with an index.json", fetch.index);
  options.flag("--json", "as JSON", json);
  if (const auto code = options.parse(std::move(arguments))) return *code;
  auto home = PluginHome::open();
  if (!home.ok()) return report("", home.error());
  const std::string& place = fetch.index.empty() ? home->settings.index : fetch.index;
  if (place.empty()) return usage_error("plugin search", "--index is missing");
  const auto client = make_http_client();
  const auto index = read_index(place, fetch.download(*client, home->store()));
  if (!index.ok()) return report("", index.error());
  Json list = Json::array();
  for (const IndexedPlugin& plugin : index->plugins) {
    if (plugin.name.find(text) == std::string::npos && plugin.description.find(text) == std::string::npos) continue;
    list.push(json_of(plugin));
    if (!json) fmt::print("{} {}  {}\n", plugin.name, plugin.version, printable(plugin.description));
  }
  if (json) fmt::print("{}\n", Json::object().set("plugins", std::move(list)).to_string());
  return kExitOk;
}

}  // namespace wplug
