// Stopping the guest from outside.
#pragma once

#include "interp/exec/dispatch.h"
#include "interp/store/runtime.h"
#include "interp/store/stop.h"

namespace wplug {

// poll() in the middle of straight-line code, for an instruction at `pc` that has charged for its work: where to go on instead of at `next`.
// Null: `trap` says why the run must stop there.
const Cell* poll_within(Regs& regs, const Cell* next, numeric::MaybeTrap& trap);

}  // namespace wplug
