// Copies that need not be made.
#pragma once

#include "interp/lower/ir.h"
#include "interp/lower/liveness.h"

namespace wplug {

// Makes one virtual register of the two of a move where neither is written while the other is still wanted, and where the home of
// one is free for both; the move becomes a nop. So does a move to what nobody reads. Keeps `liveness` up to date. Functions that
// catch exceptions are left as they are. Does a bounded amount of work for each move.
void coalesce_moves(IrFunction& function, Liveness& liveness);

}  // namespace wplug
