// config.toml in the user's configuration folder: what holds for every `wplug plugin` command.
//
//   [plugins]
//   require_signature = true               # as if --require-signature were given
//   index = "https://plugins.example.com"  # as if --index were given
#pragma once

#include <map>
#include <string>

#include "wplug/error.h"

namespace wplug {

struct PluginSettings {
  bool require_signature = false;
  std::string index;
};

// The defaults when there is no such file. Errors: misuse, as file:line:column; host.
Result<PluginSettings> read_plugin_settings(const std::map<std::string, std::string>& environment);

}  // namespace wplug
