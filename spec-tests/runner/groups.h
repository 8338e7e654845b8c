// Which feature of WebAssembly a script of the official suite needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wplug/features.h"

namespace wplug::spec {

// Scripts that stand or fall together; the suite's folders where it has them.
struct Group {
  std::string_view name;
  std::optional<Feature> feature;  // without which none of them can pass; nullopt: the engine has it in no build
  std::string_view words;          // what it needs, as reports say it

  // By the engine as it was built.
  bool supported() const;
};

// The group of a script by name; null for one that is not of the suite.
const Group* find_group(std::string_view script);

// The name in the suite of a script's file, by the longest end of its path that the suite knows:
// "a/proposals/threads/atomic/atomic.json" is "proposals/threads/atomic.wast". Empty when it is not of the suite.
std::string suite_name(const std::string& path);

// The path of the .wast file that a converted script comes from; the suite has a folder for each script.
std::string source_path(const std::string& path);

}  // namespace wplug::spec
