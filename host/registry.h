// Names of plugins → their binaries.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

// Where plugins that are named without a path are looked for, in order.
struct PluginFolders {
  std::vector<std::string> folders;
};

// `plugins/` beside the pipeline file, what WPLUG_PLUGINS lists (separated by colons), and the user's own
// ($XDG_DATA_HOME/wplug/plugins, else ~/.local/share/wplug/plugins).
PluginFolders plugin_folders(const std::string& directory, const std::map<std::string, std::string>& environment);

// The file of a plugin:
//   a path (it has a slash or ends with .wasm), relative to `directory`;
//   a name: NAME.wasm in one of the folders;
//   sha256:HEX: the .wasm file of the folders whose bytes have that hash.
// Errors: misuse (malformed), host (not found; names every place that was looked at).
// With `native` a name is also NAME.so (or what native plugins end with here), after NAME.wasm.
Result<std::string> find_plugin(std::string_view reference, const std::string& directory, const PluginFolders& folders,
                                bool native = false);

}  // namespace wplug
