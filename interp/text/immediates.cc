// Plain instructions: the opcode and what follows it, by the immediates column of opcodes.def (spec 6.5.2 and on).
#include <bit>

#include "interp/base/concat.h"
#include "interp/text/module_parser.h"
#include "interp/text/numbers.h"
#include "interp/wasm/access.h"

namespace wplug::text {

namespace {

// A vector constant's shape.
struct Shape {
  Word word;
  unsigned lane_bits;
  bool is_float;
};
constexpr Shape kShapes[] = {{Word::i8x16, 8, false},  {Word::i16x8, 16, false}, {Word::i32x4, 32, false},
                             {Word::i64x2, 64, false}, {Word::f32x4, 32, true},  {Word::f64x2, 64, true}};
constexpr unsigned kVectorBits = 128;
constexpr size_t kShuffleLanes = 16;
constexpr unsigned kHasMemory = 0x40;  // in the flags of a memarg

}  // namespace

void put_op(Op op, Bytes& out) {
  const OpRow row = info(op);
  if (row.prefix == 0) return put_u8(out, row.code);
  put_u8(out, row.prefix);
  put_u32(out, row.code);
}

bool ModuleParser::instruction(Op op, Bytes& out) {
  switch (op) {
    case Op::select: return select(out);
    case Op::ref_test: return ref_instruction(Op::ref_test_null, Op::ref_test, out);
    case Op::ref_cast: return ref_instruction(Op::ref_cast_null, Op::ref_cast, out);
    default: put_op(op, out); return immediates(op, out);
  }
}

bool ModuleParser::immediates(Op op, Bytes& out) {
  uint64_t value = 0;
  switch (info(op).immediates) {
    case ImmediateKind::none: return true;
    case ImmediateKind::label: return label(out);
    case ImmediateKind::label_table: return label_table(out);
    case ImmediateKind::func: return index(Space::func, out);
    case ImmediateKind::type_table: return indirect(out);
    case ImmediateKind::local: return local(out);
    case ImmediateKind::global: return index(Space::global, out);
    case ImmediateKind::table: return optional_index(Space::table, out);
    case ImmediateKind::table_table: return optional_pair(Space::table, out);
    case ImmediateKind::elem: return index(Space::elem, out);
    case ImmediateKind::elem_table: return optional_first(Space::table, Space::elem, out);
    case ImmediateKind::data: uses_data_ = true; return index(Space::data, out);
    case ImmediateKind::data_memory: uses_data_ = true; return optional_first(Space::memory, Space::data, out);
    case ImmediateKind::memory: return optional_index(Space::memory, out);
    case ImmediateKind::memory_memory: return optional_pair(Space::memory, out);
    case ImmediateKind::memarg: return memarg(op, out);
    case ImmediateKind::i32:
      if (!number(32, false, value)) return false;
      put_s64(out, static_cast<int32_t>(static_cast<uint32_t>(value)));
      return true;
    case ImmediateKind::i64:
      if (!number(64, false, value)) return false;
      put_s64(out, static_cast<int64_t>(value));
      return true;
    case ImmediateKind::f32:
      if (!number(32, true, value)) return false;
      put_fixed(out, value, 4);
      return true;
    case ImmediateKind::f64:
      if (!number(64, true, value)) return false;
      put_fixed(out, value, 8);
      return true;
    case ImmediateKind::heap_type: return heap_type(out);
    case ImmediateKind::tag: return index(Space::tag, out);
    case ImmediateKind::type: return index(Space::type, out);
    case ImmediateKind::type_field: return struct_field(out);
    case ImmediateKind::type_type: return index(Space::type, out) && index(Space::type, out);
    case ImmediateKind::type_data: uses_data_ = true; return index(Space::type, out) && index(Space::data, out);
    case ImmediateKind::type_elem: return index(Space::type, out) && index(Space::elem, out);
    case ImmediateKind::type_count:
      if (!index(Space::type, out) || !in_.natural(UINT32_MAX, "i32", value)) return false;
      put_u64(out, value);
      return true;
    case ImmediateKind::cast_branch: return cast_branch(out);
    case ImmediateKind::memarg_lane: return memarg_lane(op, out);
    case ImmediateKind::lane: return lane(out);
    case ImmediateKind::lanes: return lanes(out);
    case ImmediateKind::v128: return vector_constant(out);
    case ImmediateKind::zero_byte: put_u8(out, 0); return true;
    case ImmediateKind::block_type:
    case ImmediateKind::try_table:
    case ImmediateKind::select_types: break;  // not read here
  }
  return in_.unexpected();
}

bool ModuleParser::select(Bytes& out) {
  if (!in_.is_open(Word::result)) {
    put_op(Op::select, out);
    return true;
  }
  TypeUse use;
  if (!signature(use, false)) return false;
  put_op(Op::select_t, out);
  put_u32(out, use.result_count);
  out += use.results;
  return true;
}

// Indices

bool ModuleParser::label(Bytes& out) {
  uint32_t depth = 0;
  if (!in_.is(TokenKind::id)) {
    if (!in_.u32(depth)) return false;
  } else {
    const size_t offset = in_.peek().begin;
    const std::string_view name = in_.identifier();
    const auto found = label_by_name_.find(name);
    if (found == label_by_name_.end()) return in_.fail_at(offset, concat("unknown label $", name));
    depth = static_cast<uint32_t>(labels_.size()) - found->second;
  }
  put_u32(out, depth);
  return true;
}

bool ModuleParser::label_table(Bytes& out) {
  Bytes labels, last;
  uint32_t count = 0;
  if (!label(last)) return false;
  for (; in_.is_index(); ++count) {
    labels += last;
    last.clear();
    if (!label(last)) return false;
  }
  put_u32(out, count);
  out += labels;
  out += last;
  return true;
}

bool ModuleParser::local(Bytes& out) {
  uint32_t local = 0;
  if (!in_.is(TokenKind::id)) {
    if (!in_.u32(local)) return false;
  } else {
    const size_t offset = in_.peek().begin;
    const std::string_view name = in_.identifier();
    if (in_function_ && locals_unknown_) return in_.fail_at(offset, "unknown type");
    const auto found = locals_.find(name);
    if (!in_function_ || found == locals_.end()) return in_.fail_at(offset, concat("unknown local $", name));
    local = found->second;
  }
  put_u32(out, local);
  return true;
}

bool ModuleParser::optional_index(Space space, Bytes& out) {
  if (in_.is_index()) return index(space, out);
  put_u32(out, 0);
  return true;
}

// Both or none.
bool ModuleParser::optional_pair(Space space, Bytes& out) {
  if (in_.is_index()) return index(space, out) && index(space, out);
  put_u32(out, 0);
  put_u32(out, 0);
  return true;
}

// The text has the table or memory in front and may leave it out, the binary has it behind.
bool ModuleParser::optional_first(Space optional, Space last, Bytes& out) {
  uint32_t first = 0, second = 0;
  const Token& next = in_.peek(1);
  if (next.kind == TokenKind::natural || next.kind == TokenKind::id) {
    if (!index(optional, first)) return false;
  }
  if (!index(last, second)) return false;
  put_u32(out, second);
  put_u32(out, first);
  return true;
}

bool ModuleParser::indirect(Bytes& out) {
  uint32_t table = 0, type = 0;
  if (in_.is_index() && !index(Space::table, table)) return false;
  TypeUse use;
  if (!type_use(use, false) || !resolve(use, type)) return false;
  put_u32(out, type);
  put_u32(out, table);
  return true;
}

bool ModuleParser::ref_instruction(Op nullable, Op non_null, Bytes& out) {
  RefType type;
  if (!ref_type(type)) return false;
  put_op(type.nullable ? nullable : non_null, out);
  out += type.heap;
  return true;
}

bool ModuleParser::struct_field(Bytes& out) {
  uint32_t type = 0, field = 0;
  if (!index(Space::type, type)) return false;
  if (!in_.is(TokenKind::id)) {
    if (!in_.u32(field)) return false;
  } else {
    const size_t offset = in_.peek().begin;
    const std::string_view name = in_.identifier();
    const auto names = field_names_.find(type);
    if (names == field_names_.end() || !names->second.contains(name)) {
      return in_.fail_at(offset, concat("unknown field $", name));
    }
    field = names->second.at(name);
  }
  put_u32(out, type);
  put_u32(out, field);
  return true;
}

bool ModuleParser::cast_branch(Bytes& out) {
  Bytes target;
  RefType from, to;
  if (!label(target) || !ref_type(from) || !ref_type(to)) return false;
  put_u8(out, (from.nullable ? 1u : 0u) | (to.nullable ? 2u : 0u));
  out += target;
  out += from.heap;
  out += to.heap;
  return true;
}

// Memory

bool ModuleParser::memarg(Op op, Bytes& out) {
  uint32_t memory = 0;
  if (in_.is_index() && !index(Space::memory, memory)) return false;
  uint64_t offset = 0, align = uint64_t{1} << access_log2(info(op).text);
  if (in_.is(Word::offset_is)) {
    if (!parse_natural(in_.text().substr(7), offset)) return in_.fail("offset out of range");
    in_.take();
  }
  if (in_.is(Word::align_is)) {
    if (!parse_natural(in_.text().substr(6), align) || !std::has_single_bit(align)) {
      return in_.fail("alignment must be a power of two");
    }
    in_.take();
  }
  put_u8(out, static_cast<unsigned>(std::countr_zero(align)) | (memory != 0 ? kHasMemory : 0));
  if (memory != 0) put_u32(out, memory);
  put_u64(out, offset);
  return true;
}

// A number in front is the memory when more follows: the lane comes last.
bool ModuleParser::memarg_lane(Op op, Bytes& out) {
  const Token& next = in_.peek(1);
  const bool lane_only = in_.is(TokenKind::natural) && next.kind != TokenKind::natural &&
                         !(next.kind == TokenKind::keyword && (next.word == static_cast<uint16_t>(Word::offset_is) ||
                                                               next.word == static_cast<uint16_t>(Word::align_is)));
  if (!lane_only) return memarg(op, out) && lane(out);
  put_u8(out, access_log2(info(op).text));
  put_u64(out, 0);
  return lane(out);
}

// Constants

bool ModuleParser::number(unsigned bits, bool is_float, uint64_t& value) {
  if (!in_.is_number() || (!is_float && in_.is(TokenKind::floating))) return in_.unexpected();
  const std::string_view text = in_.text();
  bool ok = false;
  if (is_float && bits == 32) {
    uint32_t narrow = 0;
    ok = parse_f32(text, narrow);
    value = narrow;
  } else {
    ok = is_float ? parse_f64(text, value) : parse_integer(text, bits, value);
  }
  if (!ok) return in_.fail(concat("constant out of range: ", text));
  in_.take();
  return true;
}

// How many numbers follow, `most` at most.
size_t ModuleParser::numbers(size_t most) const {
  size_t count = 0;
  const auto is_number = [](TokenKind kind) {
    return kind == TokenKind::natural || kind == TokenKind::integer || kind == TokenKind::floating;
  };
  while (count < most && is_number(in_.peek(count).kind)) ++count;
  return count;
}

bool ModuleParser::vector_constant(Bytes& out) {
  for (const Shape& shape : kShapes) {
    if (!in_.accept(shape.word)) continue;
    const size_t lanes = kVectorBits / shape.lane_bits;
    if (const size_t count = numbers(lanes + 1); count != lanes) {
      for (size_t i = 0; i < count; ++i) in_.take();
      return in_.fail(concat("wrong number of lane literals: ", lanes, " expected"));
    }
    for (size_t i = 0; i < lanes; ++i) {
      uint64_t value = 0;
      if (!number(shape.lane_bits, shape.is_float, value)) return false;
      put_fixed(out, value, shape.lane_bits / 8);
    }
    return true;
  }
  return in_.unexpected();
}

bool ModuleParser::lane(Bytes& out) {
  uint64_t value = 0;
  if (!in_.natural(UINT8_MAX, "i8", value)) return false;
  put_u8(out, static_cast<unsigned>(value));
  return true;
}

bool ModuleParser::lanes(Bytes& out) {
  size_t count = 0;
  for (; in_.is(TokenKind::natural) && count < kShuffleLanes; ++count) {
    if (!lane(out)) return false;
  }
  if (count == kShuffleLanes && !in_.is_number()) return true;
  if (in_.is_number() && !in_.is(TokenKind::natural)) return in_.fail(concat("i8 constant out of range: ", in_.text()));
  return in_.fail(concat("invalid lane length: ", kShuffleLanes, " lanes expected"));
}

}  // namespace wplug::text
