// Running code one operation at a time, for the last instructions before a fuel limit.
//
// Fuel is looked at where control leaves the straight line, so between two looks at most one function's length of instructions runs.
// When less than that is left, poll() goes on in a copy of the function in which every operation's handler is step(): it stops exactly where the count of
// executed instructions would pass the limit, else goes on in the handler that stands in the original. Copies are made function by function,
// and calls, branches and returns, which now always poll, stay in them.
#pragma once

#include <vector>

#include "interp/exec/dispatch.h"
#include "interp/lower/code.h"

namespace wplug {

struct Stepper {
  const LoweredBody* body = nullptr;
  std::vector<Cell> cells;        // the copy
  std::vector<uint32_t> counts;   // by cell: instructions since the last settling point, its own included; 0 where no operation begins

  bool contains(const Cell* pc) const { return pc >= cells.data() && pc < cells.data() + cells.size(); }
};

// The copy's cell for a cell of lowered code; the same cell when it is in a copy already. Null when it belongs to no function.
const Cell* stepping_cell(Context& context, const Cell* pc);
// The original of a copy's cell; other cells as they are.
const Cell* original_cell(const Context& context, const Cell* pc);

}  // namespace wplug
