// Constant expressions, which stand in bodies too.
#pragma once

#include <cstdint>

#include "fuzz/byte_writer.h"
#include "fuzz/plan.h"
#include "fuzz/random.h"

namespace wplug::fuzz {

void write_type(ByteWriter& out, ValType type);
// The type's heap type, or what stands for it in an immediate: an index or the code of an abstract one.
void write_heap_type(ByteWriter& out, ValType type);

// Instructions that give a value of the type: a number that is small, extreme or any; null, a function or a new object. Of
// a reference that is never null, Plan::has_objects_of() must be so. `globals`: as many of the first may be read.
void write_constant(ByteWriter& out, Random& random, const Plan& plan, ValType type, uint32_t globals = 0);

}  // namespace wplug::fuzz
