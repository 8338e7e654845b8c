// WebAssembly's types (spec 3.0, section 2.3 "Types").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wplug {

// Abstract heap types by their binary code; `concrete` stands for a type index.
enum class HeapKind : uint8_t {
  noexn = 0x74,
  nofunc = 0x73,
  noextern = 0x72,
  none = 0x71,
  func = 0x70,
  extern_ = 0x6f,
  any = 0x6e,
  eq = 0x6d,
  i31 = 0x6c,
  struct_ = 0x6b,
  array = 0x6a,
  exn = 0x69,
  concrete = 0x00,
};

// A value type in 32 bits: numeric and vector types by code; references as nullability, heap kind and type index.
// Plain value, equality is identity of the type.
class ValType {
 public:
  constexpr ValType() = default;

  static constexpr ValType i32() { return ValType(0x7f); }
  static constexpr ValType i64() { return ValType(0x7e); }
  static constexpr ValType f32() { return ValType(0x7d); }
  static constexpr ValType f64() { return ValType(0x7c); }
  static constexpr ValType v128() { return ValType(0x7b); }
  static constexpr ValType funcref() { return ref(HeapKind::func, true); }
  static constexpr ValType externref() { return ref(HeapKind::extern_, true); }
  static constexpr ValType exnref() { return ref(HeapKind::exn, true); }
  static constexpr ValType ref(HeapKind heap, bool nullable) {
    return ValType(kRefBit | (nullable ? kNullableBit : 0u) | static_cast<uint32_t>(heap));
  }
  // A reference to the type at `index` (of a module, or canonical in an engine: the context says which).
  static constexpr ValType ref_to(uint32_t index, bool nullable) {
    return ValType(kRefBit | (nullable ? kNullableBit : 0u) | (index << kIndexShift));
  }
  // The validator's bottom type; never in a module.
  static constexpr ValType bottom() { return ValType(1); }
  // The validator's bottom reference type: some reference, not null; never in a module.
  static constexpr ValType bottom_ref() { return ValType(kRefBit | 1); }

  constexpr bool is_bottom() const { return bits_ == 1; }
  constexpr bool is_bottom_ref() const { return bits_ == (kRefBit | 1); }
  constexpr bool is_num() const { return bits_ >= 0x7c && bits_ <= 0x7f; }
  constexpr bool is_float() const { return bits_ == 0x7c || bits_ == 0x7d; }
  constexpr bool is_vec() const { return bits_ == 0x7b; }
  constexpr bool is_ref() const { return (bits_ & kRefBit) != 0; }
  constexpr bool is_nullable() const { return (bits_ & kNullableBit) != 0; }
  constexpr bool is_defaultable() const { return !is_ref() || is_nullable(); }
  // The same reference type, nullable or not.
  constexpr ValType with_null(bool nullable) const {
    return ValType(nullable ? bits_ | kNullableBit : bits_ & ~kNullableBit);
  }
  constexpr HeapKind heap() const { return static_cast<HeapKind>(bits_ & 0xff); }
  constexpr bool is_concrete() const { return is_ref() && heap() == HeapKind::concrete; }
  constexpr uint32_t type_index() const { return bits_ >> kIndexShift; }
  // 8-byte slots that a value of this type takes in a frame: 2 for v128, else 1.
  constexpr uint32_t slots() const { return is_vec() ? 2 : 1; }
  constexpr uint32_t bits() const { return bits_; }
  static constexpr ValType from_bits(uint32_t bits) { return ValType(bits); }

  constexpr bool operator==(const ValType&) const = default;

  // The largest index that ref_to() can hold.
  static constexpr uint32_t kMostTypeIndex = 0x3fffff;

  // The text format's name: "i32", "funcref", "(ref null 3)".
  std::string to_string() const;

 private:
  static constexpr uint32_t kRefBit = 0x100, kNullableBit = 0x200;
  static constexpr int kIndexShift = 10;
  constexpr explicit ValType(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  bool operator==(const FuncType&) const = default;
  std::string to_string() const;  // "(i32, i32) -> (i64)"
};

// What a field of a structure or an element of an array holds (spec 2.3.9): a value, or an integer narrowed to 8 or 16 bits.
enum class Packed : uint8_t { none, i8, i16 };
struct FieldType {
  ValType type;  // as instructions see it: i32 for a packed one
  Packed packed = Packed::none;
  bool is_mutable = false;
  // Bytes in an object.
  constexpr uint32_t size() const {
    if (packed != Packed::none) return packed == Packed::i8 ? 1 : 2;
    if (type.is_vec()) return 16;
    return type == ValType::i32() || type == ValType::f32() ? 4 : 8;
  }
  bool operator==(const FieldType&) const = default;
};

// A type definition (spec 2.3.11): a function, structure or array type, and its place among the subtypes.
enum class CompositeKind : uint8_t { func, struct_, array };
struct SubType {
  CompositeKind kind = CompositeKind::func;
  bool is_final = true;
  std::optional<uint32_t> supertype;  // type index
  FuncType func;                      // of a function type
  std::vector<FieldType> fields;      // of a structure; of an array its one element type
};

// Sizes in units of the thing: pages for memories, elements for tables.
struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max;
  bool is_64 = false;   // addressed by i64 (memory64)
  bool shared = false;  // threads
  bool operator==(const Limits&) const = default;
};

struct MemoryType {
  Limits limits;
  uint32_t page_size_log2 = 16;
  bool operator==(const MemoryType&) const = default;
};

struct TableType {
  ValType element = ValType::funcref();
  Limits limits;
  bool operator==(const TableType&) const = default;
};

struct GlobalType {
  ValType type;
  bool is_mutable = false;
  bool operator==(const GlobalType&) const = default;
};

enum class ExternKind : uint8_t { func = 0, table = 1, memory = 2, global = 3, tag = 4 };
const char* to_string(ExternKind kind);

// The type of an import or export: `kind` says which member counts.
struct ExternType {
  ExternKind kind = ExternKind::func;
  FuncType func;  // of a tag too: what its exceptions carry are the parameters
  TableType table;
  MemoryType memory;
  GlobalType global;
  std::string to_string() const;
};

struct ImportType {
  std::string module;
  std::string name;
  ExternType type;
};

struct ExportType {
  std::string name;
  ExternType type;
};

}  // namespace wplug
