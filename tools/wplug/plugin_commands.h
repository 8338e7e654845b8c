// `wplug plugin …`: what its commands share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/download.h"
#include "host/plugin_settings.h"
#include "host/plugin_store.h"
#include "host/signature.h"
#include "tools/wplug/arguments.h"
#include "tools/wplug/commands.h"
#include "wplug/http.h"

namespace wplug {

// Each gets its arguments without its name and returns the exit code.
int plugin_install_command(CommandArguments arguments);
int plugin_update_command(CommandArguments arguments);
int plugin_uninstall_command(CommandArguments arguments);
int plugin_list_command(CommandArguments arguments);
int plugin_check_command(CommandArguments arguments);
int plugin_run_command(CommandArguments arguments);
int plugin_search_command(CommandArguments arguments);
int plugin_keygen_command(CommandArguments arguments);
int plugin_sign_command(CommandArguments arguments);

// The user's installed plugins, trusted keys and settings.
class PluginHome {
 public:
  // Errors: misuse (no home folder, a bad settings file or key), host.
  static Result<PluginHome> open();
  PluginStore store() { return PluginStore(folder, files); }

  std::map<std::string, std::string> variables;
  std::string folder;
  PluginSettings settings;
  TrustedKeys keys;
  StoreFiles files;
};

// Options of commands that fetch plugins.
struct FetchOptions {
  void add_to(Arguments& arguments);
  // With the client and the folder for interrupted downloads.
  DownloadOptions download(HttpClient& client, const PluginStore& store) const;
  // The trusted keys of `home` and those of --trusted-key.
  Result<TrustedKeys> keys(const PluginHome& home) const;

  std::string index;
  std::vector<std::string> hosts, key_files;
  bool require_signature = false, dry_run = false;
  uint64_t max_bytes = uint64_t{256} << 20;
};

// "may fs:read:/**: it covers every file" for each, on stderr; one line without the reason for narrow ones.
void print_capabilities(const std::vector<std::string>& capabilities);

}  // namespace wplug
