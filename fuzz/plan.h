// What a generated module has, decided before its bodies are.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/byte_writer.h"
#include "fuzz/random.h"
#include "wplug/features.h"
#include "wplug/types.h"

namespace wplug::fuzz {

inline constexpr uint32_t kImports = 2;  // functions: mix, note

struct MemoryPlan {
  uint64_t min = 0;  // pages
  uint64_t max = 0;
  bool is_64 = false;
  bool shared = false;
};

struct TablePlan {
  ValType element;
  uint64_t min = 0;
  uint64_t max = 0;
  bool is_64 = false;
};

struct GlobalPlan {
  ValType type;
  bool is_mutable = false;
};

struct Plan {
  Features features;
  std::vector<ValType> value_types;  // to choose from; likely ones several times
  std::vector<FuncType> types;
  std::vector<uint32_t> functions;   // type indices, imports first
  uint32_t table_functions = 0;      // functions below this index may be in tables; calls through tables stand in the others
  std::vector<MemoryPlan> memories;
  std::vector<TablePlan> tables;
  std::vector<GlobalPlan> globals;
  uint32_t passive_data = 0;               // the first data segments
  std::vector<uint32_t> passive_elements;  // sizes of the first element segments, of functions
  std::vector<std::vector<ValType>> tags;
};

inline void write_type(ByteWriter& out, ValType type) { out.u8(type.bits() & 0xff); }

// An instruction that gives a constant of the type: small, extreme or any.
void write_constant(ByteWriter& out, Random& random, ValType type);

}  // namespace wplug::fuzz
