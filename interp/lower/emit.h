// Ir and places → cells.
#pragma once

#include "interp/lower/allocate.h"
#include "interp/lower/code.h"
#include "interp/lower/ir.h"

namespace wplug {

// `map`, when given, receives where each cell came from.
std::vector<Cell> emit_cells(ModuleCode& module, const IrFunction& function, const Allocation& allocation, CodeMap* map);

}  // namespace wplug
