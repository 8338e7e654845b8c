// What `wplug plugin check` and `wplug doctor` say of installed plugins.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/installer.h"
#include "host/json_document.h"
#include "tools/wplug/plugin_commands.h"

namespace wplug {

// Of the plugin `name`, or of all. Errors: host, misuse.
Result<std::vector<std::pair<LockedPlugin, Checked>>> check_plugins(PluginHome& home, ModuleCache& cache, const TrustedKeys& keys,
                                                                    const std::string& name, bool require_signature);
Json json_of(const LockedPlugin& plugin, const Checked& checked);

}  // namespace wplug
