// Validation of modules (spec chapter 3).
#pragma once

#include "interp/wasm/module_def.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

// Validates a decoded module, bodies included, which are decoded here in the same pass, and fills in
// FunctionDef::declared. Only after this are indices, nesting and types in `module` to be relied on. Errors: invalid,
// with the spec's words first; malformed, for what is wrong with the bytes of a body; limit (locals, frame). A module
// that needs more than `features` is invalid.
Result<void> validate_module(ModuleDef& module, const ModuleLimits& limits, Features features = Features::all());

}  // namespace wplug
