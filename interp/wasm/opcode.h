// The instruction set as types, from opcodes.def.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "interp/wasm/profile.h"
#include "wplug/features.h"

namespace wplug {

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
  tag,            // index
  type,           // index
  type_field,     // index = type, index2 = field
  type_type,      // index = destination, index2 = source
  type_data,      // index = type, index2 = data segment
  type_elem,      // index = type, index2 = element segment
  type_count,     // index = type, index2 = how many
  cast_branch,    // index = label, type = from, type2 = to
  try_table,      // block, catches
  memarg_lane,    // as memarg, index2 = lane
  lane,           // index
  lanes,          // value, value2: 16 lane numbers, a byte each, the first lowest
  v128,           // value, value2: low and high half
  zero_byte,
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

// For what is made of it at compile time; running code asks info().
inline constexpr OpInfo kOpInfo[] = {
#define WPLUG_OPCODE(name, text, prefix, code, immediates, signature, feature) \
  {text, prefix, code, ImmediateKind::immediates, signature, Feature::feature},
#include "interp/wasm/opcodes.def"
};
inline constexpr size_t kOpCount = sizeof(kOpInfo) / sizeof(kOpInfo[0]);

namespace detail {

constexpr size_t count_rows() {
  size_t rows = 0;
  for (size_t i = 0; i < kOpCount; ++i) {
    if (in_build(kOpInfo[i].feature)) rows = i + 1;
  }
  return rows;
}

}  // namespace detail

// Instructions up to the last one whose feature is in this build. Of those behind, only immediates and feature are kept: enough to read over
// them, and to refuse them by the feature's name.
inline constexpr size_t kOpRows = detail::count_rows();

namespace detail {

constexpr size_t count_text() {
  size_t size = 0;
  for (size_t i = 0; i < kOpRows; ++i) size += kOpInfo[i].text.size();
  return size;
}

// kOpInfo as running code has it: without pointers, which would be relocated and take three times the room.
struct OpTables {
  struct Row {
    uint16_t text_at = 0;
    uint16_t code = 0;
    uint8_t text_size = 0;
    uint8_t prefix = 0;
  };
  std::array<char, count_text()> text{};
  std::array<Row, kOpRows> rows{};
  std::array<ImmediateKind, kOpCount> immediates{};
  std::array<Feature, kOpCount> features{};
};

constexpr OpTables make_op_tables() {
  OpTables tables;
  size_t at = 0;
  for (size_t i = 0; i < kOpCount; ++i) {
    const OpInfo& op = kOpInfo[i];
    tables.immediates[i] = op.immediates;
    tables.features[i] = op.feature;
    if (i >= kOpRows) continue;
    tables.rows[i] = {static_cast<uint16_t>(at), static_cast<uint16_t>(op.code), static_cast<uint8_t>(op.text.size()), op.prefix};
    for (char letter : op.text) tables.text[at++] = letter;
  }
  return tables;
}

inline constexpr OpTables kOpTables = make_op_tables();

}  // namespace detail

// One row of the table, but for the signature (validate/signature.h).
struct OpRow {
  std::string_view text;  // "an instruction" where the build has no more of it
  uint8_t prefix;
  uint32_t code;
  ImmediateKind immediates;
  Feature feature;
};

constexpr OpRow info(Op op) {
  const size_t i = static_cast<size_t>(op);
  const detail::OpTables& tables = detail::kOpTables;
  if (i >= kOpRows) return {"an instruction", 0, 0, tables.immediates[i], tables.features[i]};
  const detail::OpTables::Row& row = tables.rows[i];
  return {{tables.text.data() + row.text_at, row.text_size}, row.prefix, row.code, tables.immediates[i], tables.features[i]};
}

constexpr Feature feature_of(Op op) { return detail::kOpTables.features[static_cast<size_t>(op)]; }

// Whether an instruction begins a block, which its own `end` closes (or `delegate`, of a legacy `try`).
constexpr bool opens_block(Op op) {
  return op == Op::block || op == Op::loop || op == Op::if_ || op == Op::try_table || op == Op::try_;
}
// Whether an instruction only marks structure: it executes nothing and costs nothing.
constexpr bool is_structure(Op op) {
  return (opens_block(op) && op != Op::if_) || op == Op::else_ || op == Op::end || op == Op::catch_ || op == Op::catch_all ||
         op == Op::delegate;
}

}  // namespace wplug
