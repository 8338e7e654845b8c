// The ABI of Extism plugins: exports without parameters that read their input and leave their output in blocks of a memory
// outside the plugin (abi/extism/kernel.h), and say with 0 that all went well.
//
// A call: reset the blocks, put the input into one, call the export, and take what output_set named; or, when the result is
// not 0, what error_set named. Variables outlive the call, the blocks do not.
#pragma once

#include "wplug/abi.h"

namespace wplug {

const PluginAbi& extism_abi();

}  // namespace wplug
