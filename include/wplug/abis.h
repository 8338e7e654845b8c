// The plugin ABIs that come with wplug.
#pragma once

#include <span>

#include "wplug/abi.h"

namespace wplug {

// For Plugin::load and Pipeline::load. Live as long as the program.
std::span<const PluginAbi* const> plugin_abis();

}  // namespace wplug
