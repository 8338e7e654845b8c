// Running internal code, and the pieces that calls and entry share.
#pragma once

#include "interp/exec/dispatch.h"

namespace wplug {

// Instructions between two looks at the clock and the interrupt flag: well under a millisecond of any code.
inline constexpr uint64_t kSlice = 100'000;

// Cells that returns can lead to beside code: the end of a run, and the way back to another instance.
const Cell* exit_cell();
const Cell* cross_return_cell();

// Runs from `pc` until the exit cell, a trap or an error; Context::exit_reason says which.
void run(const Cell* pc, Slot* fp, Context& context);

// Starts a slice: the fuel register's value.
inline int64_t start_slice(Context& context) {
  uint64_t left = context.fuel_stop - std::min(context.fuel_stop, context.consumed);
  context.slice_end = context.consumed + std::min(left, kSlice);
  return static_cast<int64_t>(context.slice_end - context.consumed);
}

// Calls a host function for guest code that stands at `pc`, arguments and results at `slots`. False: context.host_error is set.
bool invoke_host(Context& context, const FuncInstance& function, const Cell* pc, Slot* fp, Slot* slots);

// The error for how the last run ended (trapped or failed), with the backtrace. Also completes the count of instructions.
Error run_error(Context& context);

}  // namespace wplug
