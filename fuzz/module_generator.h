// Valid modules made from a number.
#pragma once

#include <cstdint>
#include <vector>

#include "wplug/features.h"

namespace wplug::fuzz {

struct GeneratorOptions {
  Features features = Features::all();
};

// The bytes of a valid module that uses the features, the same for a seed on every machine. What it does is the same on every
// conforming engine: NaNs that the spec leaves open are made canonical, relaxed vector instructions are left out, nothing
// waits, and calls never recurse, so that it ends (though perhaps late: run it with fuel).
//
// Imports: "host" "mix" (i64) -> (i64) and "host" "note" (i32) -> (). Exports: functions "f0", "f1", … of numbers, memories
// "m0", …, mutable globals "g0", … of numbers.
std::vector<uint8_t> generate_module(uint64_t seed, const GeneratorOptions& options);

}  // namespace wplug::fuzz
