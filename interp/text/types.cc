// Types (spec 6.4), written as the binary format has them (5.3).
#include <bit>

#include "interp/base/concat.h"
#include "interp/text/module_parser.h"
#include "wplug/types.h"

namespace wplug::text {

namespace {

constexpr unsigned kFuncCode = 0x60, kStructCode = 0x5f, kArrayCode = 0x5e;
constexpr unsigned kSubCode = 0x50, kSubFinalCode = 0x4f, kRecCode = 0x4e;
constexpr unsigned kNullableCode = 0x63, kNonNullCode = 0x64;

unsigned code_of(HeapKind heap) { return static_cast<unsigned>(heap); }

// The code of a number or vector type; 0 for other words.
unsigned number_code(Word word) {
  switch (word) {
    case Word::i32: return 0x7f;
    case Word::i64: return 0x7e;
    case Word::f32: return 0x7d;
    case Word::f64: return 0x7c;
    case Word::v128: return 0x7b;
    default: return 0;
  }
}

unsigned heap_code(Word word) {
  switch (word) {
    case Word::any: return code_of(HeapKind::any);
    case Word::eq: return code_of(HeapKind::eq);
    case Word::i31: return code_of(HeapKind::i31);
    case Word::struct_: return code_of(HeapKind::struct_);
    case Word::array: return code_of(HeapKind::array);
    case Word::none: return code_of(HeapKind::none);
    case Word::func: return code_of(HeapKind::func);
    case Word::nofunc: return code_of(HeapKind::nofunc);
    case Word::extern_: return code_of(HeapKind::extern_);
    case Word::noextern: return code_of(HeapKind::noextern);
    case Word::exn: return code_of(HeapKind::exn);
    case Word::noexn: return code_of(HeapKind::noexn);
    default: return 0;
  }
}

// The heap type of the nullable references that have a word of their own.
unsigned ref_code(Word word) {
  switch (word) {
    case Word::anyref: return code_of(HeapKind::any);
    case Word::eqref: return code_of(HeapKind::eq);
    case Word::i31ref: return code_of(HeapKind::i31);
    case Word::structref: return code_of(HeapKind::struct_);
    case Word::arrayref: return code_of(HeapKind::array);
    case Word::nullref: return code_of(HeapKind::none);
    case Word::funcref: return code_of(HeapKind::func);
    case Word::nullfuncref: return code_of(HeapKind::nofunc);
    case Word::externref: return code_of(HeapKind::extern_);
    case Word::nullexternref: return code_of(HeapKind::noextern);
    case Word::exnref: return code_of(HeapKind::exn);
    case Word::nullexnref: return code_of(HeapKind::noexn);
    default: return 0;
  }
}

Word word_at(const Cursor& in) { return in.is(TokenKind::keyword) ? static_cast<Word>(in.peek().word) : Word::unknown; }

}  // namespace

// Values

bool ModuleParser::heap_type(Bytes& out) {
  if (const unsigned code = heap_code(word_at(in_)); code != 0) {
    in_.take();
    put_u8(out, code);
    return true;
  }
  uint32_t type = 0;
  if (!index(Space::type, type)) return false;
  put_s64(out, int64_t{type});
  return true;
}

bool ModuleParser::is_ref_type() const { return ref_code(word_at(in_)) != 0 || in_.is_open(Word::ref); }

bool ModuleParser::ref_type(RefType& type) {
  type.heap.clear();
  if (const unsigned code = ref_code(word_at(in_)); code != 0) {
    in_.take();
    type.nullable = true;
    put_u8(type.heap, code);
    return true;
  }
  if (!in_.expect_open(Word::ref)) return false;
  type.nullable = in_.accept(Word::null);
  return heap_type(type.heap) && in_.expect(TokenKind::right);
}

Bytes ModuleParser::encode_ref(const RefType& type) {
  // An abstract type is one byte with bit 6, which an index of one byte has not.
  const bool is_abstract = type.heap.size() == 1 && (type.heap[0] & 0x40) != 0;
  Bytes out;
  if (!type.nullable || !is_abstract) put_u8(out, type.nullable ? kNullableCode : kNonNullCode);
  return out + type.heap;
}

bool ModuleParser::ref_type(Bytes& out) {
  RefType type;
  if (!ref_type(type)) return false;
  out += encode_ref(type);
  return true;
}

bool ModuleParser::val_type(Bytes& out) {
  const unsigned code = number_code(word_at(in_));
  if (code == 0) return ref_type(out);
  in_.take();
  put_u8(out, code);
  return true;
}

bool ModuleParser::storage_type(Bytes& out) {
  if (in_.accept(Word::i8)) return put_u8(out, 0x78), true;
  if (in_.accept(Word::i16)) return put_u8(out, 0x77), true;
  return val_type(out);
}

bool ModuleParser::field_type(Bytes& out) {
  const bool is_mutable = in_.accept_open(Word::mut);
  if (!storage_type(out)) return false;
  put_u8(out, is_mutable ? 1 : 0);
  return !is_mutable || in_.expect(TokenKind::right);
}

bool ModuleParser::global_type(Bytes& out) {
  const bool is_mutable = in_.accept_open(Word::mut);
  if (!val_type(out)) return false;
  put_u8(out, is_mutable ? 1 : 0);
  return !is_mutable || in_.expect(TokenKind::right);
}

// Takes the address type of a table or memory, if there is one. The default is i32.
bool ModuleParser::is_address_64() {
  if (in_.accept(Word::i64)) return true;
  in_.accept(Word::i32);
  return false;
}

bool ModuleParser::page_size(unsigned& log2) {
  if (!in_.expect_open(Word::pagesize)) return false;
  uint64_t size = 0;
  const size_t offset = in_.peek().begin;
  if (!in_.u64(size)) return false;
  if (!std::has_single_bit(size)) return in_.fail_at(offset, concat("invalid custom page size ", size));
  log2 = static_cast<unsigned>(std::countr_zero(size));
  return in_.expect(TokenKind::right);
}

bool ModuleParser::limits(bool is_64, bool is_memory, Bytes& out) {
  uint64_t min = 0, max = 0;
  if (!in_.u64(min)) return false;
  const bool has_max = in_.is(TokenKind::natural);
  if (has_max && !in_.u64(max)) return false;
  const bool is_shared = is_memory && in_.accept(Word::shared);
  const bool has_page_size = is_memory && in_.is_open(Word::pagesize);
  unsigned page_log2 = 0;
  if (has_page_size && !page_size(page_log2)) return false;
  put_u8(out, (has_max ? 1u : 0u) | (is_shared ? 2u : 0u) | (is_64 ? 4u : 0u) | (has_page_size ? 8u : 0u));
  put_u64(out, min);
  if (has_max) put_u64(out, max);
  if (has_page_size) put_u32(out, page_log2);
  return true;
}

bool ModuleParser::table_type(Bytes& out) {
  const bool is_64 = is_address_64();
  Bytes size;
  if (!limits(is_64, false, size) || !ref_type(out)) return false;
  out += size;
  return true;
}

// Type uses

Bytes ModuleParser::TypeUse::signature() const {
  Bytes out;
  put_u32(out, param_count);
  out += params;
  put_u32(out, result_count);
  return out + results;
}

// `(param …)* (result …)*`.
bool ModuleParser::signature(TypeUse& use, bool names_allowed) {
  while (in_.accept_open(Word::param)) {
    if (names_allowed && in_.is(TokenKind::id)) {
      use.param_names.emplace_back(use.param_count++, in_.identifier());
      if (!val_type(use.params)) return false;
    } else {
      for (; !in_.is(TokenKind::right); ++use.param_count) {
        if (!val_type(use.params)) return false;
      }
    }
    if (!in_.expect(TokenKind::right)) return false;
  }
  while (in_.accept_open(Word::result)) {
    for (; !in_.is(TokenKind::right); ++use.result_count) {
      if (!val_type(use.results)) return false;
    }
    if (!in_.expect(TokenKind::right)) return false;
  }
  return true;
}

bool ModuleParser::type_use(TypeUse& use, bool names_allowed) {
  if (in_.accept_open(Word::type)) {
    uint32_t type = 0;
    if (!index(Space::type, type) || !in_.expect(TokenKind::right)) return false;
    use.index = type;
  }
  // Said here, before the types are compared: these come in one order only.
  return signature(use, names_allowed) &&
         ((!in_.is_open(Word::type) && !in_.is_open(Word::param)) || (in_.take(), in_.unexpected()));
}

// The index of the type that is used: given and equal to what is written out, or found, or added.
bool ModuleParser::resolve(TypeUse& use, uint32_t& index) {
  if (use.index && use.is_empty()) {
    index = *use.index;
    return true;
  }
  Bytes signature = use.signature();
  if (use.index) {
    index = *use.index;
    if (index >= types_.size()) return in_.fail(concat("unknown type ", index));
    const Type& type = types_[index];
    return (type.is_func && type.signature == signature) ||
           in_.fail(concat("inline function type differs from type ", index));
  }
  if (const auto found = plain_types_.find(signature); found != plain_types_.end()) {
    index = found->second;
    return true;
  }
  index = static_cast<uint32_t>(types_.size());
  Section& types = section(1);
  ++types.count;
  put_u8(types.items, kFuncCode);
  types.items += signature;
  add_type({std::move(signature), use.param_count, true}, true);
  return true;
}

// `is_plain`: it may stand for a type use that writes the type out (spec 6.4.10).
void ModuleParser::add_type(Type type, bool is_plain) {
  if (type.is_func && is_plain) plain_types_.emplace(type.signature, static_cast<uint32_t>(types_.size()));
  types_.push_back(std::move(type));
}

// Definitions

bool ModuleParser::type_field() {
  ++section(1).count;
  return in_.expect(TokenKind::left) && type_definition(section(1).items);
}

bool ModuleParser::rec_field() {
  if (!in_.expect_open(Word::rec)) return false;
  Bytes group;
  uint32_t count = 0;
  const size_t first = types_.size();
  decltype(plain_types_) plain;
  plain.swap(plain_types_);
  bool ok = true;
  for (; ok && !in_.is(TokenKind::right); ++count) ok = in_.expect(TokenKind::left) && type_definition(group);
  // Members of a larger group are not equal to a type on its own.
  if (count == 1) plain.merge(plain_types_);
  plain_types_.swap(plain);
  if (!ok) return false;
  Section& types = section(1);
  ++types.count;
  if (count != 1) {
    put_u8(types.items, kRecCode);
    put_u32(types.items, count);
  }
  types.items += group;
  return types_.size() == first + count && in_.expect(TokenKind::right);
}

// `type id? subtype )`, the parenthesis in front taken.
bool ModuleParser::type_definition(Bytes& out) {
  if (!in_.expect(Word::type)) return false;
  (void)in_.optional_identifier();
  std::string_view ignored;
  if (!take_name(ignored)) return false;
  Type type;
  bool is_plain = true;
  if (in_.accept_open(Word::sub)) {
    const bool is_final = in_.accept(Word::final);
    Bytes supertypes;
    uint32_t count = 0;
    for (; in_.is_index(); ++count) {
      if (!index(Space::type, supertypes)) return false;
    }
    is_plain = is_final && count == 0;
    if (!is_plain) {
      put_u8(out, is_final ? kSubFinalCode : kSubCode);
      put_u32(out, count);
      out += supertypes;
    }
    if (!composite_type(type, out) || !in_.expect(TokenKind::right)) return false;
  } else if (!composite_type(type, out)) {
    return false;
  }
  add_type(std::move(type), is_plain);
  return in_.expect(TokenKind::right);
}

bool ModuleParser::composite_type(Type& type, Bytes& out) {
  if (in_.accept_open(Word::struct_)) {
    put_u8(out, kStructCode);
    return struct_fields(out);
  }
  if (in_.accept_open(Word::array)) {
    put_u8(out, kArrayCode);
    return field_type(out) && in_.expect(TokenKind::right);
  }
  if (!in_.expect_open(Word::func)) return false;
  TypeUse use;
  if (!signature(use, true)) return false;
  type.is_func = true;
  type.params = use.param_count;
  type.signature = use.signature();
  put_u8(out, kFuncCode);
  out += type.signature;
  return in_.expect(TokenKind::right);
}

// `(field id t)` or `(field t*)`, any number of them, and the closing parenthesis.
bool ModuleParser::struct_fields(Bytes& out) {
  Bytes fields;
  uint32_t count = 0;
  const auto type = static_cast<uint32_t>(types_.size());
  NameMap names;
  Names list;
  while (in_.accept_open(Word::field)) {
    if (in_.is(TokenKind::id)) {
      const size_t offset = in_.peek().begin;
      const std::string_view name = in_.identifier();
      if (!names.emplace(name, count).second) return in_.fail_at(offset, concat("duplicate field $", name));
      list.emplace_back(count++, name);
      if (!field_type(fields)) return false;
    } else {
      for (; !in_.is(TokenKind::right); ++count) {
        if (!field_type(fields)) return false;
      }
    }
    if (!in_.expect(TokenKind::right)) return false;
  }
  put_u32(out, count);
  out += fields;
  if (!names.empty()) {
    field_names_.emplace(type, std::move(names));
    fields_by_type_.push_back({type, std::move(list)});
  }
  return in_.expect(TokenKind::right);
}

}  // namespace wplug::text
