// The name section (spec appendix A.5.3), for backtraces.
#pragma once

#include "interp/wasm/module_def.h"

namespace wplug {

// The names in the first custom section called "name". They point into the module's bytes. Never fails: what comes
// before the damage of a damaged section is kept.
NameSection decode_names(const ModuleDef& module);

}  // namespace wplug
