// Validated bytes → Ir, in one linear pass.
#pragma once

#include "interp/lower/code.h"
#include "interp/lower/ir.h"
#include "wplug/error.h"

namespace wplug {

// Translates the body of a defined function of a valid module. Error `limit`: its frame is larger than internal code can address.
Result<IrFunction> translate(const ModuleCode& module, uint32_t function);

}  // namespace wplug
