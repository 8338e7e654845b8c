// From what somebody wrote down as a plugin to the plugin: a module, a manifest, an Extism manifest, an installed name, a
// native library.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "host/registry.h"
#include "wplug/module_cache.h"
#include "wplug/plugin.h"

namespace wplug {

struct PluginSource {
  std::string reference;   // as of resolve_plugin; also a module as text (.wat) and an Extism manifest (.json)
  std::string directory = ".";
  PluginOptions options;
  std::string abi;         // empty: told from the module
  bool native = false;     // it may be a native plugin
  std::string native_switch = "set native = true";  // what would allow it, for the message
  LimitSettings defaults;  // for limits that neither the options nor a manifest set
};

struct LoadedPlugin {
  std::shared_ptr<const Plugin> plugin;
  std::string file;                        // of the module
  std::optional<PluginManifest> manifest;
};

// Errors: as of resolve_plugin, ModuleCache::get_file, check_signature_beside, load_extism_manifest and Plugin::load; policy for
// a native plugin that is not allowed. The message begins with the file, where there is one.
Result<LoadedPlugin> load_plugin(ModuleCache& cache, PluginSource source, std::span<const PluginAbi* const> abis,
                                 const HostServices& services, const PluginFolders& folders);

}  // namespace wplug
