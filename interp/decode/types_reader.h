// Types in the binary format (spec 5.3). Like the reader's own functions, these record the first error in the reader
// and then give some harmless value: look at ok() before using it as a size or an index.
#pragma once

#include <cstdint>

#include "interp/base/byte_reader.h"
#include "wplug/types.h"

namespace wplug {

// Spec 5.4.1: no value, one value, or a function type by index.
struct BlockType {
  enum class Kind : uint8_t { empty, value, type_index };
  Kind kind = Kind::empty;
  ValType value;
  uint32_t type_index = 0;
};

ValType read_val_type(ByteReader& reader);
ValType read_ref_type(ByteReader& reader);
// A heap type, as the nullable reference to it.
ValType read_heap_type(ByteReader& reader);
FieldType read_field_type(ByteReader& reader);
BlockType read_block_type(ByteReader& reader);
// Sizes in limits are read with 64 bits, as the spec has them; the validator checks their range.
TableType read_table_type(ByteReader& reader);
MemoryType read_memory_type(ByteReader& reader);
GlobalType read_global_type(ByteReader& reader);

}  // namespace wplug
