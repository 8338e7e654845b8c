// Small modules as bytes, for the phase benchmark.
#pragma once

#include <cstdint>
#include <vector>

namespace wplug::bench {

using Bytes = std::vector<uint8_t>;

// (import "env" "host" (func (param i32) (result i32)))
// (export "add"): (a, b) -> a + b
// (export "call_host"): n -> calls the import n times, each with the result of the call before
// (export "spin"): n -> n rounds of a loop of arithmetic
Bytes calls_module();

// About 200 bytes: a memory of one page with a data segment, a table with an element segment, a global, four functions.
Bytes small_module();

}  // namespace wplug::bench
