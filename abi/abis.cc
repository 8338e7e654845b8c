#include "wplug/abis.h"

#include "abi/reglet/reglet_abi.h"
#include "abi/transform/transform_abi.h"

namespace wplug {

std::span<const PluginAbi* const> plugin_abis() {
  static const PluginAbi* const abis[] = {&transform_abi(), &reglet_abi()};
  return abis;
}

}  // namespace wplug
