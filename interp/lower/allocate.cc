#include "interp/lower/allocate.h"

namespace wplug {

Allocation allocate_nothing(const IrFunction& function) {
  Allocation allocation;
  allocation.place.assign(function.vregs.size(), Allocation::kSlot);
  return allocation;
}

Allocation allocate_registers(const IrFunction& function) { return allocate_nothing(function); }

}  // namespace wplug
