// Native plugins as a plugin ABI of their own: one for each library, so that Plugin and PluginInstance need not know.
//
// The store that comes with every instance stays empty. What a store would enforce is not enforced; the deadline is looked
// at after the call.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "wplug/abi.h"
#include "wplug/error.h"

namespace wplug {

// Whether a file's name says that it is a native plugin.
bool is_native_file(std::string_view file);

// What finds a plugin NAME in a folder, beside NAME.wasm: "so".
std::string_view native_extension();

// Loads a library (native_plugin.h). It is closed when the result goes. Errors: host (not a library, or one that misses
// something), link (no table, a version this host has not).
Result<std::unique_ptr<PluginAbi>> open_native_plugin(const std::string& file);

}  // namespace wplug
