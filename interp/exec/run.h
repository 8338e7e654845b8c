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

// Ends the running slice: the fuel register's new value, which makes the next look at it go to poll().
inline int64_t end_slice(Context& context) {
  context.slice_end = context.consumed - 1;
  return -1;
}

// Starts a slice: the fuel register's value. Negative when so little fuel is left that code must run step by step.
inline int64_t start_slice(Context& context) {
  uint64_t length = kSlice;
  if (context.fuel_stop != UINT64_MAX) {
    uint64_t left = context.fuel_stop - std::min(context.fuel_stop, context.consumed);
    if (left <= context.reserve) return end_slice(context);
    length = std::min(left - context.reserve, kSlice);
  }
  context.slice_end = context.consumed + length;
  return static_cast<int64_t>(length);
}

// The entry of a lowered function whose frame fits at `fp`; null with context.host_error when it cannot be lowered, null without
// when the frame does not fit.
const Cell* lower_and_enter(Context& context, FunctionCode& code, const Slot* fp);

// Calls a host function for guest code that stands at `pc`, arguments and results at `slots`. False: context.host_error is set.
bool invoke_host(Context& context, const FuncInstance& function, const Cell* pc, Slot* fp, Slot* slots);

// The error for how the last run ended (trapped or failed), with the backtrace. Also completes the count of instructions.
Error run_error(Context& context);

}  // namespace wplug
