// The paranoid build's proof that an allocated function computes what its unallocated form does.
#pragma once

#include "interp/lower/allocate.h"
#include "interp/lower/code.h"
#include "interp/lower/ir.h"

namespace wplug {

// Follows, by forward dataflow over the control flow graph, which virtual register's value each machine register and each home slot
// holds (as Cranelift's regalloc2 does), and reports the first use that would read another value. Cells are decoded again, so that what is checked is the
// code that runs. Error `misuse`: the lowering is at fault, never the module.
Result<void> check_allocation(ModuleCode& module, const IrFunction& function, const Allocation& allocation,
                              const std::vector<Cell>& cells, const std::vector<uint32_t>& starts);

}  // namespace wplug
