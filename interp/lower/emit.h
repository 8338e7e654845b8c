// Ir and places → cells.
#pragma once

#include "interp/lower/allocate.h"
#include "interp/lower/code.h"
#include "interp/lower/ir.h"

namespace wplug {

// `map`, when given, receives where each cell came from; `starts` the first cell of each Ir, and one more at the end.
std::vector<Cell> emit_cells(ModuleCode& module, const IrFunction& function, const Allocation& allocation, CodeMap* map,
                             std::vector<uint32_t>* starts = nullptr);

}  // namespace wplug
