// Handlers of operations whose operands and results are all in frame slots: a function does the work.
#pragma once

#include "interp/exec/handlers.h"
#include "interp/wasm/numeric.h"

namespace wplug {

// Runs an operation that works on the frame and goes on `Cells` further, or traps.
template <numeric::MaybeTrap (*F)(Regs&, const Cell*), int Cells>
WPLUG_HANDLER(on_slots) {
  WPLUG_ENTER;
  numeric::MaybeTrap trap = F(regs, pc);
  if (WPLUG_UNLIKELY(trap != numeric::kNoTrap)) {
    regs.ctx->trap_kind = static_cast<uint8_t>(trap);
    WPLUG_TAIL(trap_exit);
  }
  WPLUG_NEXT(Cells);
}

template <numeric::MaybeTrap (*F)(Regs&, const Cell*), int Cells>
struct OnSlots {
  template <int I>
  static constexpr Handler* at() {
    return &on_slots<F, Cells>;
  }
};

}  // namespace wplug
