// Bodies of functions.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/plan.h"
#include "fuzz/random.h"

namespace wplug::fuzz {

// The body of a function of the plan: declarations of locals, instructions, end.
std::vector<uint8_t> generate_body(Random& random, const Plan& plan, uint32_t function);

}  // namespace wplug::fuzz
