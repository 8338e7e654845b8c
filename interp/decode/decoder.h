// The binary format of modules (spec 5.5).
#pragma once

#include <cstdint>
#include <span>

#include "interp/wasm/module_def.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

// Decodes everything but the bodies of functions, which the validator reads; their bytes are there, though. The result
// points into `bytes`, which must outlive it. Nothing is checked that needs the meaning of an index: validate_module()
// comes next. Errors: malformed, limit; with the byte offset. Limits are checked before anything is allocated for what
// they limit.
Result<ModuleDef> decode_module(std::span<const uint8_t> bytes, const ModuleLimits& limits);

}  // namespace wplug
