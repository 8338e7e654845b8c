// Finds the scripts that the arguments name.
#pragma once

#include <string>
#include <vector>

#include "wplug/error.h"

namespace wplug::spec {

struct ScriptFile {
  std::string path;     // absolute
  std::string display;  // as given, or relative to the folder given
  bool found = false;   // in a folder, not named itself: other JSON files may lie there
};

// Files as they are; of folders every .json and .wast file below, sorted by name. Errors: host (missing, unreadable).
Result<std::vector<ScriptFile>> find_scripts(const std::vector<std::string>& paths);

}  // namespace wplug::spec
