// `wplug plugin`: its commands as a table, and what they share.
#include <algorithm>

#include <fmt/core.h>

#include "host/log.h"
#include "host/registry.h"
#include "tools/wplug/console.h"
#include "tools/wplug/engine_options.h"
#include "tools/wplug/plugin_commands.h"

namespace wplug {
namespace {

struct Subcommand {
  Command command;
  // Shown by `wplug plugin --help`; `wplug plugin COMMAND --help` explains each option.
  std::string_view usage;
};

constexpr Subcommand kSubcommands[] = {
    {{"install", "install a plugin, or put it in the place of the one of its name", plugin_install_command},
     "FILE|DIR|URL|NAME[@VERSION][@sha256:HEX] [--index URL] [--name NAME] [--trusted-key FILE] [--require-signature] "
     "[--allow-host HOST] [--max-size SIZE] [--dry-run]"},
    {{"list", "what is installed", plugin_list_command}, "[--json]"},
    {{"check", "look at hash, signature and health of what is installed", plugin_check_command},
     "[NAME] [--json] [--trusted-key FILE] [--require-signature]"},
    {{"run", "call an entry of an installed plugin", plugin_run_command}, "NAME [ENTRY] [options of wplug call]"},
    {{"update", "fetch plugins again from where they came", plugin_update_command},
     "[NAME] [--trusted-key FILE] [--require-signature] [--allow-host HOST] [--max-size SIZE] [--dry-run]"},
    {{"uninstall", "remove a plugin", plugin_uninstall_command}, "NAME [--dry-run]"},
    {{"search", "what an index has", plugin_search_command}, "[TEXT] [--index URL] [--json]"},
    {{"keygen", "make a key pair for signing", plugin_keygen_command}, "NAME"},
    {{"sign", "sign a plugin's file", plugin_sign_command}, "FILE --key FILE"},
};

int print_help() {
  fmt::print("Installs, checks and runs plugins.\n\nusage: wplug plugin COMMAND …\n\n");
  for (const Subcommand& one : kSubcommands) {
    fmt::print("  {:<10} {}\n             wplug plugin {} {}\n", one.command.name, one.command.summary, one.command.name, one.usage);
  }
  fmt::print("\nwplug plugin COMMAND --help tells more.\n");
  return kExitOk;
}

}  // namespace

int plugin_command(CommandArguments arguments) {
  if (arguments.empty()) return usage_error("plugin", "a command is missing");
  const std::string name = arguments.front();
  if (name == "--help" || name == "-h") return print_help();
  arguments.erase(arguments.begin());
  for (const Subcommand& one : kSubcommands) {
    if (one.command.name == name) return one.command.run(std::move(arguments));
  }
  return usage_error("plugin", fmt::format("there is no command \"{}\"", name));
}

std::string plugin_subcommands() {
  std::string names;
  for (const Subcommand& one : kSubcommands) names += (names.empty() ? "" : " ") + std::string(one.command.name);
  return names;
}

Result<PluginHome> PluginHome::open() {
  PluginHome home;
  home.variables = environment();
  home.folder = user_plugin_folder(home.variables);
  if (home.folder.empty()) return Error(ErrorKind::misuse, "neither XDG_DATA_HOME nor HOME says where plugins are installed");
  WPLUG_TRY_ASSIGN(home.settings, read_plugin_settings(home.variables));
  WPLUG_TRY_ASSIGN(home.keys, trusted_keys(home.variables));
  return home;
}

void FetchOptions::add_to(Arguments& arguments) {
  arguments.options("--trusted-key", "FILE", "a public key that may sign, beside those in trusted-keys/ of the configuration",
                    [this](const std::string& text) {
                      key_files.push_back(text);
                      return Result<void>();
                    });
  arguments.flag("--require-signature", "refuse what is not signed", require_signature);
  arguments.options("--allow-host", "HOST", "a host that downloads may be redirected to, beside the URL's own",
                    [this](const std::string& text) {
                      hosts.push_back(text);
                      return Result<void>();
                    });
  arguments.option("--max-size", "SIZE", "the largest file that is downloaded; default: 256MiB", [this](const std::string& text) {
    std::optional<uint64_t> size;
    auto read = read_size_into(size, 1, uint64_t{1} << 30)(text);
    if (size) max_bytes = *size;
    return read;
  });
  arguments.flag("--dry-run", "do everything but write", dry_run);
}

DownloadOptions FetchOptions::download(HttpClient& client, const PluginStore& store) const {
  DownloadOptions options;
  options.http = &client;
  options.more_hosts = hosts;
  options.max_bytes = max_bytes;
  if (!dry_run) options.partial_folder = store.partial_folder();
  return options;
}

Result<TrustedKeys> FetchOptions::keys(const PluginHome& home) const {
  TrustedKeys keys = home.keys;
  for (const std::string& file : key_files) WPLUG_TRY(keys.add_file(file));
  return keys;
}

void print_capabilities(const std::vector<std::string>& capabilities) {
  for (const std::string& text : capabilities) {
    const auto capability = parse_capability(text);
    const auto broad = capability.ok() ? broadness(*capability) : std::nullopt;
    fmt::print(stderr, "  wants {}{}\n", printable(text), broad ? ": broad, " + *broad : "");
  }
}

}  // namespace wplug
