// The structure and array types of a generated module.
#pragma once

#include "fuzz/plan.h"
#include "fuzz/random.h"

namespace wplug::fuzz {

// Adds a function type alone in its group, and its index to `func_types`.
uint32_t add_func_type(Plan& plan, FuncType type);
// Adds recursion groups of structures, arrays and a function type now and then: packed fields, fields that refer to the
// group and to what was before, subtypes, and groups that are equal to one before.
void add_object_types(Random& random, Plan& plan);

}  // namespace wplug::fuzz
