// WASI preview 1 commands as plugins: the record on stdin, the result on stdout, the log on stderr, and an exit code that
// is not 0 for a record that is refused.
//
// A command runs once: each call makes an instance of the compiled module in a store of its own, within the plugin's
// limits.
#pragma once

#include "wplug/abi.h"

namespace wplug {

const PluginAbi& wasi_stage_abi();

}  // namespace wplug
