#include "interp/decode/types_reader.h"

#include <algorithm>
#include <string_view>

#include "interp/base/concat.h"

namespace wplug {

namespace {

constexpr uint8_t kNullableRef = 0x63;
constexpr uint8_t kNonNullRef = 0x64;
constexpr uint8_t kEmptyBlock = 0x40;
constexpr uint8_t kPackedI8 = 0x78;
constexpr uint8_t kPackedI16 = 0x77;

bool read_mutability(ByteReader& reader) {
  const size_t offset = reader.offset();
  const uint8_t mutability = reader.u8();
  if (mutability > 1) reader.fail_at(offset, concat("malformed mutability ", Hex{mutability}));
  return mutability == 1;
}

bool is_abstract_heap_type(uint8_t code) {
  return code >= static_cast<uint8_t>(HeapKind::exn) && code <= static_cast<uint8_t>(HeapKind::noexn);
}

ValType fail_type(ByteReader& reader, size_t offset, std::string_view what, uint8_t code) {
  const std::string_view why = code == 0x7b ? ": SIMD is not supported" : "";
  reader.fail_at(offset, concat("malformed ", what, " type ", Hex{code}, why));
  return ValType::i32();
}

}  // namespace

// An index is a non-negative s33. One that no module can have is as unknown as the largest.
ValType read_heap_type(ByteReader& reader) {
  const size_t offset = reader.offset();
  const uint8_t code = reader.peek();
  if (is_abstract_heap_type(code)) {
    (void)reader.u8();
    return ValType::ref(static_cast<HeapKind>(code), true);
  }
  if ((code & 0xc0) == 0x40) {
    (void)reader.u8();
    return fail_type(reader, offset, "heap", code);
  }
  const int64_t index = reader.s33();
  if (index < 0) reader.fail_at(offset, "integer representation of a heap type is negative");
  return ValType::ref_to(static_cast<uint32_t>(std::clamp<int64_t>(index, 0, ValType::kMostTypeIndex)), true);
}

ValType read_ref_type(ByteReader& reader) {
  const size_t offset = reader.offset();
  const uint8_t code = reader.u8();
  if (is_abstract_heap_type(code)) return ValType::ref(static_cast<HeapKind>(code), true);
  if (code == kNullableRef) return read_heap_type(reader);
  if (code == kNonNullRef) return read_heap_type(reader).with_null(false);
  return fail_type(reader, offset, "reference", code);
}

ValType read_val_type(ByteReader& reader) {
  const size_t offset = reader.offset();
  const uint8_t code = reader.peek();
  if (code == kNullableRef || code == kNonNullRef || is_abstract_heap_type(code)) return read_ref_type(reader);
  (void)reader.u8();
  switch (code) {
    case 0x7f: return ValType::i32();
    case 0x7e: return ValType::i64();
    case 0x7d: return ValType::f32();
    case 0x7c: return ValType::f64();
    case 0x7b: return ValType::v128();
    default: return fail_type(reader, offset, "value", code);
  }
}

FieldType read_field_type(ByteReader& reader) {
  FieldType field;
  const uint8_t code = reader.peek();
  if (code == kPackedI8 || code == kPackedI16) {
    (void)reader.u8();
    field.type = ValType::i32();
    field.packed = code == kPackedI8 ? Packed::i8 : Packed::i16;
  } else {
    field.type = read_val_type(reader);
  }
  field.is_mutable = read_mutability(reader);
  return field;
}

// A block type is a value type where its first byte is a negative s33 of one byte, else the index of a function type.
BlockType read_block_type(ByteReader& reader) {
  BlockType block;
  const uint8_t code = reader.peek();
  if (code == kEmptyBlock) {
    (void)reader.u8();
  } else if ((code & 0xc0) == 0x40) {
    block.kind = BlockType::Kind::value;
    block.value = read_val_type(reader);
  } else {
    const size_t offset = reader.offset();
    const int64_t index = reader.s33();
    if (index < 0) reader.fail_at(offset, "malformed block type");
    block.kind = BlockType::Kind::type_index;
    block.type_index = static_cast<uint32_t>(index);
  }
  return block;
}

namespace {

// The bits of a limits' first byte (spec 5.3.11; threads and custom-page-sizes proposals).
constexpr uint8_t kHasMax = 1, kIsShared = 2, kIs64 = 4, kHasPageSize = 8;

// Limits whose flags are among `allowed`; the flags.
uint8_t read_limits(ByteReader& reader, uint8_t allowed, Limits& limits) {
  const size_t offset = reader.offset();
  const uint8_t flags = reader.u8();
  if ((flags & ~allowed) != 0) {
    reader.fail_at(offset, concat("malformed limits flags ", Hex{flags}));
    return 0;
  }
  if (reader.ok() && reader.at_end()) {
    reader.fail_at(offset, concat("malformed limits flags ", Hex{flags}, ": no limits follow"));
    return 0;
  }
  limits.min = reader.u64();
  if ((flags & kHasMax) != 0) limits.max = reader.u64();
  limits.shared = (flags & kIsShared) != 0;
  limits.is_64 = (flags & kIs64) != 0;
  return flags;
}

}  // namespace

TableType read_table_type(ByteReader& reader) {
  TableType type;
  type.element = read_ref_type(reader);
  read_limits(reader, kHasMax | kIs64, type.limits);
  return type;
}

MemoryType read_memory_type(ByteReader& reader) {
  MemoryType type;
  const uint8_t flags = read_limits(reader, kHasMax | kIsShared | kIs64 | kHasPageSize, type.limits);
  if ((flags & kHasPageSize) == 0) return type;
  const size_t offset = reader.offset();
  type.page_size_log2 = reader.u32();
  // Which of the sizes that a number can hold are allowed, the validator says.
  if (type.page_size_log2 >= 64) {
    reader.fail_at(offset, concat("invalid custom page size: 2**", type.page_size_log2));
    type.page_size_log2 = 16;
  }
  return type;
}

GlobalType read_global_type(ByteReader& reader) {
  GlobalType type;
  type.type = read_val_type(reader);
  type.is_mutable = read_mutability(reader);
  return type;
}

}  // namespace wplug
