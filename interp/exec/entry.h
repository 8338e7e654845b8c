// The door from the host into guest code.
#pragma once

#include "interp/store/runtime.h"
#include "wplug/error.h"

namespace wplug {

// Calls any function of the store. `slots` holds the arguments and takes the results (room for the larger of both).
// Errors: trap (with backtrace), exit, limit (lowering), misuse.
Result<void> call_function(StoreImpl& store, FuncInstance& function, uint64_t* slots);

// The stub that every FunctionCode::entry holds until its function is lowered.
const Cell* lazy_entry();

}  // namespace wplug
