// Names of plugins → their binaries.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"
#include "wplug/manifest.h"
#include "wplug/module_cache.h"

namespace wplug {

// Where plugins that are named without a path are looked for, in order.
struct PluginFolders {
  std::vector<std::string> folders;
};

// `plugins/` beside the pipeline file, what WPLUG_PLUGINS lists (separated by colons), and the user's own
// ($XDG_DATA_HOME/wplug/plugins, else ~/.local/share/wplug/plugins).
PluginFolders plugin_folders(const std::string& directory, const std::map<std::string, std::string>& environment);
// The user's own, where `wplug plugin` installs; empty when neither variable is set.
std::string user_plugin_folder(const std::map<std::string, std::string>& environment);

struct FoundPlugin {
  std::string file;                        // the module
  std::optional<PluginManifest> manifest;  // when it has one
  std::string sha256;                      // what the module must hash to; empty: anything
  bool installed = false;                  // it is in a folder's wplug.lock
};

// What a reference means:
//   a path (it has a slash or ends with .wasm, .wat, .toml, .json or as native libraries do), relative to `directory`: a
//   module, a manifest, or a folder with plugin.toml;
//   a name: in each of the folders, what wplug.lock has under it, NAME.wasm, with `native` NAME.so (or what native plugins end
//   with here), or NAME/plugin.toml;
//   sha256:HEX: the module of the folders whose bytes have that hash.
// Errors: misuse (malformed, also manifests and lock files), host (not found; names every place that was looked at).
Result<FoundPlugin> resolve_plugin(std::string_view reference, const std::string& directory,
                                   const PluginFolders& folders, bool native = false);

// The same, when only the module's file is wanted.
Result<std::string> find_plugin(std::string_view reference, const std::string& directory, const PluginFolders& folders,
                                bool native = false);

}  // namespace wplug
