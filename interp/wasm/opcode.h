// The instruction set as types, from opcodes.def.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wplug {

enum class Feature : uint8_t {
#define WPLUG_FEATURE(name, text) name,
#include "interp/wasm/features.def"
};

// What follows an opcode in the binary format.
enum class ImmediateKind : uint8_t {
  none,
  block_type,     // BlockType
  label,          // index
  label_table,    // labels, then the default in index
  func,           // index
  type_table,     // index = type, index2 = table
  local,          // index
  global,         // index
  table,          // index
  table_table,    // index = destination, index2 = source
  elem,           // index
  elem_table,     // index = element segment, index2 = table
  data,           // index
  data_memory,    // index = data segment, index2 = memory
  memory,         // index
  memory_memory,  // index = destination, index2 = source
  memarg,         // index = memory, align (log2), value = offset
  i32,            // value, sign-extended
  i64,            // value
  f32,            // value, bits
  f64,            // value, bits
  select_types,   // index = how many, type = the first
  heap_type,      // type, as the nullable reference to it
};

// Dense: the row number in opcodes.def.
enum class Op : uint16_t {
#define WPLUG_OPCODE(name, text, prefix, code, immediates, signature, feature) name,
#include "interp/wasm/opcodes.def"
};

struct OpInfo {
  std::string_view text;
  uint8_t prefix;
  uint32_t code;
  ImmediateKind immediates;
  std::string_view signature;
  Feature feature;
};

inline constexpr OpInfo kOpInfo[] = {
#define WPLUG_OPCODE(name, text, prefix, code, immediates, signature, feature) \
  {text, prefix, code, ImmediateKind::immediates, signature, Feature::feature},
#include "interp/wasm/opcodes.def"
};
inline constexpr size_t kOpCount = sizeof(kOpInfo) / sizeof(kOpInfo[0]);

constexpr const OpInfo& info(Op op) { return kOpInfo[static_cast<size_t>(op)]; }

}  // namespace wplug
