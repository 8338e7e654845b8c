// Long instructions in pieces.
#pragma once

#include <algorithm>

#include "interp/exec/dispatch.h"
#include "interp/exec/poll.h"
#include "interp/wasm/numeric.h"

namespace wplug {

// Charges `units`, then calls work(at, n) for pieces of 0..count, from the end when `backward`.
template <class Work>
numeric::MaybeTrap in_pieces(Regs& regs, uint64_t executed, uint64_t count, uint64_t units, uint64_t piece, bool backward,
                             Work work) {
  Context& context = *regs.ctx;
  uint64_t before = context.slice_end - static_cast<uint64_t>(regs.fuel) + executed;
  if (context.fuel_stop != UINT64_MAX && units > context.fuel_stop - std::min(context.fuel_stop, before)) {
    return numeric::trap(TrapKind::out_of_fuel);
  }
  for (uint64_t done = 0; done < count;) {
    uint64_t n = std::min(piece, count - done);
    work(backward ? count - done - n : done, n);
    done += n;
    regs.fuel -= static_cast<int64_t>(units * n / count);
    if (done < count) {
      numeric::MaybeTrap trap = check_stop(context);
      if (trap != numeric::kNoTrap) return trap;
    }
  }
  // What rounding of the pieces left over.
  uint64_t charged = context.slice_end - static_cast<uint64_t>(regs.fuel) + executed - before;
  regs.fuel -= static_cast<int64_t>(units - charged);
  return numeric::kNoTrap;
}

// An operation that works on the frame and goes on `Cells` further, or traps. What it charged may have left less fuel than the rest of the
// straight line needs, so it polls like a branch.
template <numeric::MaybeTrap (*F)(Regs&, const Cell*), int Cells>
WPLUG_HANDLER(on_slots) {
  WPLUG_ENTER;
  numeric::MaybeTrap trap = F(regs, pc);
  if (WPLUG_UNLIKELY(trap != numeric::kNoTrap)) {
    regs.ctx->trap_kind = static_cast<uint8_t>(trap);
    WPLUG_TAIL(trap_exit);
  }
  if (WPLUG_UNLIKELY(regs.fuel < 0)) {
    const Cell* next = poll_within(regs, pc + Cells, trap);
    if (next != nullptr) WPLUG_JUMP(next);
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
