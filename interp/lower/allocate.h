// Where each virtual register lives: one place for its whole life, its home slot or a machine register.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "interp/lower/ir.h"

namespace wplug {

struct Allocation {
  static constexpr int8_t kSlot = -1;
  std::vector<int8_t> place;           // by virtual register: kSlot or a machine register of its class
  std::vector<uint32_t> live_in;       // locals live at the entry: parameters to load, others to zero
  bool zero_all = true;                // no liveness known: zero the slots of all locals that are not parameters
  // Kept up to date at home after each definition, so that a call only has to load it again.
  std::vector<bool> write_through;     // by virtual register
  // Virtual registers in machine registers that are live across each call, by ascending Ir index of the call.
  std::vector<std::pair<uint32_t, uint32_t>> live_across;  // (call, vreg)

  bool in_register(uint32_t vreg) const { return place[vreg] != kSlot; }
};

// Everything at home.
Allocation allocate_nothing(const IrFunction& function);

// Gives machine registers to the values that gain most. Linear in the size of the function but for a bounded amount of work.
Allocation allocate_registers(IrFunction& function);

}  // namespace wplug
