// `wplug inspect --grants`.
#pragma once

#include <string>

#include "wplug/capabilities.h"
#include "wplug/plugin.h"

namespace wplug {

// What the stages of a pipeline (.toml), or a module with `grants`, want and are granted. Returns the exit code: 0 also when
// something is missing.
int inspect_grants(const std::string& target, const Grants& grants, bool json);

// A line on stderr for each grant that is broader than it looks: "warning: p.toml:4:20: stage "x": exec:sh: …".
void warn_of_broad_grants(const Plugin& plugin);

}  // namespace wplug
