// Stopping the guest from outside.
#pragma once

#include "interp/wasm/numeric.h"

namespace wplug {

struct Context;

// The trap of an interrupt or of a deadline that has passed, or kNoTrap.
numeric::MaybeTrap check_stop(const Context& context);

}  // namespace wplug
