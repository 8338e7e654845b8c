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
// waits, and calls never recurse (but for those of digest.h, to a small depth), so that it ends (though perhaps late: run
// it with fuel). What objects hold comes to light in numbers: the last export folds all that globals and tables refer to.
//
// Imports: "host" "mix" (i64) -> (i64), "host" "note" (i32) -> (), and in modules with objects "host" "ref" (i32) -> (externref), a
// value of the host that is no object. Exports: functions "f0", "f1", … of numbers, memories "m0", …, mutable globals
// "g0", … of numbers.
std::vector<uint8_t> generate_module(uint64_t seed, const GeneratorOptions& options);

}  // namespace wplug::fuzz
