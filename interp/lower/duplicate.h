// Jumps replaced by what they lead to.
//
// An unconditional branch costs a dispatch and does nothing. Where it leads to few instructions that end in a branch of their own, as the
// head of a loop is, these are copied to where it stands: a loop then goes round with one branch, and each copy of a `br_table` or comparison
// is predicted by itself. A branch to a `br_table` whose operand has just been set to a constant, as Go's compiler makes them, becomes a branch
// to the target.
//
// Every value has one place for its whole life, so copies need nothing at their ends. Their counts of instructions go on from the branch
// that they replace, so metering sees no difference.
#pragma once

#include "interp/lower/ir.h"

namespace wplug {

void duplicate_tails(IrFunction& function);

}  // namespace wplug
