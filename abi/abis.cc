#include "wplug/abis.h"

#include "abi/reglet/reglet_abi.h"
#include "abi/midimon/midimon_abi.h"
#include "abi/samuel/samuel_abi.h"
#include "abi/extism/extism_abi.h"
#include "abi/opa/opa_abi.h"
#include "abi/transform/transform_abi.h"
#include "abi/wapc/wapc_abi.h"
#include "abi/wasi_stage/wasi_stage_abi.h"

namespace wplug {

std::span<const PluginAbi* const> plugin_abis() {
  static const PluginAbi* const abis[] = {&transform_abi(), &reglet_abi(), &midimon_abi(), &samuel_abi(), &extism_abi(), &opa_abi(), &wapc_abi(), &wasi_stage_abi()};
  return abis;
}

}  // namespace wplug
