// Functions that make a number of what objects hold, so that a difference in the heap is seen in a result.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/plan.h"

namespace wplug::fuzz {

// Of Plan::digest, (anyref, depth) -> i64: which types the reference is of, the fields of a structure, the length and first
// elements of an array, and what they refer to, `depth` (below 4) deep.
std::vector<uint8_t> digest_body(const Plan& plan);
// Of Plan::state, () -> i64: of globals that are not exported, and of the first elements of tables.
std::vector<uint8_t> state_body(const Plan& plan);

}  // namespace wplug::fuzz
