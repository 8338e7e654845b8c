// Instructions as text, by the immediates column of opcodes.def; and the search for one of them.
#include <array>
#include <bit>
#include <charconv>
#include <utility>

#include "interp/base/concat.h"
#include "interp/decode/instruction_reader.h"
#include "interp/text/printer.h"
#include "interp/text/quote.h"
#include "interp/wasm/access.h"

namespace wplug::text {

namespace {

// Instructions shown in front of one that is found.
constexpr size_t kShownBefore = 3;

// The shortest decimal that reads back as the same number; NaNs with their payload.
template <class Float, class Bits>
std::string float_text(Bits bits, int significand_bits) {
  const Bits sign = Bits{1} << (sizeof(Bits) * 8 - 1);
  const Bits payload = bits & ((Bits{1} << significand_bits) - 1);
  const Bits exponent = (bits & ~sign) >> significand_bits;
  const std::string minus = (bits & sign) != 0 ? "-" : "";
  if (exponent == static_cast<Bits>(~sign) >> significand_bits) {
    if (payload == 0) return minus + "inf";
    return payload == Bits{1} << (significand_bits - 1) ? minus + "nan" : concat(minus, "nan:0x", Hex{payload});
  }
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::bit_cast<Float>(bits)).ptr;
  return std::string(text.data(), end);
}

std::string f32_text(uint32_t bits) { return float_text<float>(bits, 23); }
std::string f64_text(uint64_t bits) { return float_text<double>(bits, 52); }

}  // namespace

// Labels

void Printer::push_label(std::string_view name) {
  body_.labels.push_back(name);
  size_t shadowed = 0;
  if (!name.empty()) shadowed = std::exchange(body_.innermost[name], body_.labels.size());
  body_.shadowed.push_back(shadowed);
}

void Printer::pop_label() {
  if (body_.labels.empty()) return;
  if (!body_.labels.back().empty()) body_.innermost[body_.labels.back()] = body_.shadowed.back();
  body_.labels.pop_back();
  body_.shadowed.pop_back();
}

// By name where the name means this block.
std::string Printer::label(uint32_t depth) const {
  if (depth < body_.labels.size()) {
    const size_t place = body_.labels.size() - depth;
    const std::string_view name = body_.labels[place - 1];
    if (!name.empty() && body_.innermost.at(name) == place) return identifier(name);
  }
  return std::to_string(depth);
}

// Instructions

std::string Printer::instruction(ByteReader& reader, Op& op) {
  if (!read_opcode(reader, op)) return {};
  std::string text(info(op).text);
  if (is_structured(op)) return text + block(reader, op);
  if (op == Op::end || op == Op::delegate) pop_label();
  return text + immediates(reader, op);
}

// The label and the type; the clauses of try_table, which see the labels around it.
std::string Printer::block(ByteReader& reader, Op op) {
  const std::string_view name =
      body_.in_function ? names_.label(body_.function, body_.label_count++) : std::string_view();
  std::string text = name.empty() ? "" : " " + identifier(name);
  const uint8_t code = reader.peek();
  if (code == 0x40) {
    reader.skip(1);
  } else if ((code & 0xc0) == 0x40) {
    text += concat(" (result ", val_type(reader), ")");
  } else {
    const int64_t type = reader.s33();
    if (type < 0) reader.fail("malformed block type");
    text += concat(" (type ", ref(Space::type, static_cast<uint32_t>(type)), ")");
  }
  if (op == Op::try_table) text += catches(reader);
  push_label(name);
  return text;
}

std::string Printer::catches(ByteReader& reader) {
  constexpr std::string_view kClauses[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  std::string text;
  const uint32_t count = reader.u32();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const uint8_t kind = reader.u8();
    if (kind > 3) {
      reader.fail(concat("malformed catch clause ", Hex{kind}));
      break;
    }
    text += concat(" (", kClauses[kind]);
    if (kind < 2) text += concat(" ", ref(Space::tag, reader.u32()));
    text += concat(" ", label(reader.u32()), ")");
  }
  return text;
}

// " $t", or nothing for the first one without a name.
std::string Printer::optional(Space space, uint32_t index) const {
  return index == 0 && names_.of(space, 0).empty() ? std::string() : " " + ref(space, index);
}

std::string Printer::local(uint32_t index) const {
  const std::string_view name = names_.local(body_.function, index);
  return " " + (name.empty() || !body_.in_function ? std::to_string(index) : identifier(name));
}

std::string Printer::memarg(ByteReader& reader, Op op) {
  const uint32_t flags = reader.u32();
  if (flags >= 0x80) reader.fail(concat("malformed memop flags ", Hex{flags}));
  const uint32_t memory = (flags & 0x40) != 0 ? reader.u32() : 0;
  const uint64_t offset = reader.u64();
  std::string text = optional(Space::memory, memory);
  if (offset != 0) text += concat(" offset=", offset);
  if ((flags & 0x3f) != access_log2(info(op).text)) text += concat(" align=", uint64_t{1} << (flags & 0x3f));
  return text;
}

std::string Printer::pair(ByteReader& reader, Space first, Space second) {
  const std::string text = concat(" ", ref(first, reader.u32()));
  return concat(text, " ", ref(second, reader.u32()));
}

// The binary has the segment in front, the text the table or memory.
std::string Printer::segment_pair(ByteReader& reader, Space segment, Space target) {
  const uint32_t from = reader.u32();
  const uint32_t to = reader.u32();
  return concat(to == 0 ? "" : " ", to == 0 ? "" : ref(target, to), " ", ref(segment, from));
}

std::string Printer::immediates(ByteReader& reader, Op op) {
  const auto index = [&](Space space) { return " " + ref(space, reader.u32()); };
  switch (info(op).immediates) {
    case ImmediateKind::none:
    case ImmediateKind::block_type:
    case ImmediateKind::try_table: return {};
    case ImmediateKind::label: return " " + label(reader.u32());
    case ImmediateKind::label_table: {
      std::string text;
      const uint32_t count = reader.u32();
      for (uint32_t i = 0; i < count && reader.ok(); ++i) text += " " + label(reader.u32());
      return text + " " + label(reader.u32());
    }
    case ImmediateKind::func: return index(Space::func);
    case ImmediateKind::type_table: {
      const uint32_t type = reader.u32();
      return concat(optional(Space::table, reader.u32()), " (type ", ref(Space::type, type), ")");
    }
    case ImmediateKind::local: return local(reader.u32());
    case ImmediateKind::global: return index(Space::global);
    case ImmediateKind::table: return optional(Space::table, reader.u32());
    case ImmediateKind::table_table: return pair(reader, Space::table, Space::table);
    case ImmediateKind::elem: return index(Space::elem);
    case ImmediateKind::elem_table: return segment_pair(reader, Space::elem, Space::table);
    case ImmediateKind::data: return index(Space::data);
    case ImmediateKind::data_memory: return segment_pair(reader, Space::data, Space::memory);
    case ImmediateKind::memory: return optional(Space::memory, reader.u32());
    case ImmediateKind::memory_memory: {
      const uint32_t to = reader.u32(), from = reader.u32();
      return to == 0 && from == 0 ? "" : concat(" ", ref(Space::memory, to), " ", ref(Space::memory, from));
    }
    case ImmediateKind::memarg: return memarg(reader, op);
    case ImmediateKind::i32: return concat(" ", reader.s32());
    case ImmediateKind::i64: return concat(" ", reader.s64());
    case ImmediateKind::f32: return " " + f32_text(reader.f32_bits());
    case ImmediateKind::f64: return " " + f64_text(reader.f64_bits());
    case ImmediateKind::select_types: {
      std::string text = " (result";
      const uint32_t count = reader.u32();
      for (uint32_t i = 0; i < count && reader.ok(); ++i) text += " " + val_type(reader);
      return text + ")";
    }
    case ImmediateKind::heap_type:
      if (op == Op::ref_null) return " " + heap_type(reader);
      return " " + reference(op == Op::ref_test_null || op == Op::ref_cast_null, heap_type(reader));
    case ImmediateKind::tag: return index(Space::tag);
    case ImmediateKind::type: return index(Space::type);
    case ImmediateKind::type_field: {
      const uint32_t type = reader.u32();
      const uint32_t field = reader.u32();
      const std::string_view name = names_.field(type, field);
      return concat(" ", ref(Space::type, type), " ", name.empty() ? std::to_string(field) : identifier(name));
    }
    case ImmediateKind::type_type: return pair(reader, Space::type, Space::type);
    case ImmediateKind::type_data: return pair(reader, Space::type, Space::data);
    case ImmediateKind::type_elem: return pair(reader, Space::type, Space::elem);
    case ImmediateKind::type_count: {
      const std::string type = index(Space::type);
      return concat(type, " ", reader.u32());
    }
    case ImmediateKind::cast_branch: {
      const uint8_t flags = reader.u8();
      if (flags > 3) reader.fail(concat("malformed br_on_cast flags ", Hex{flags}));
      const std::string target = label(reader.u32());
      const std::string from = reference((flags & 1) != 0, heap_type(reader));
      return concat(" ", target, " ", from, " ", reference((flags & 2) != 0, heap_type(reader)));
    }
    case ImmediateKind::memarg_lane: {
      std::string text = memarg(reader, op);
      return concat(text, " ", reader.u8());
    }
    case ImmediateKind::lane: return concat(" ", reader.u8());
    case ImmediateKind::lanes: {
      std::string text;
      for (int i = 0; i < 16; ++i) text += concat(" ", reader.u8());
      return text;
    }
    case ImmediateKind::v128: {
      std::string text = " i32x4";
      for (int i = 0; i < 4; ++i) text += concat(" 0x", Hex{reader.f32_bits()});
      return text;
    }
    case ImmediateKind::zero_byte: reader.skip(1); return {};
  }
  return {};
}

// Search

Result<CodePlace> Printer::find(size_t offset) {
  options_.names = true;
  if (!scan()) return *error_;
  const auto code = std::find_if(sections_.begin(), sections_.end(), [&](const Section& section) {
    return section.id == 10 && section.begin <= offset && offset < section.end;
  });
  const Error outside(ErrorKind::misuse, concat("no instruction has the byte at ", offset));
  if (code == sections_.end()) return outside;
  const auto imports = std::find_if(sections_.begin(), sections_.end(), [](const Section& s) { return s.id == 2; });
  if (imports != sections_.end() && !each(*imports, &Printer::import_item)) return *error_;
  ByteReader reader = reader_of(*code);
  const uint32_t bodies = reader.u32();
  for (uint32_t i = 0; i < bodies && reader.ok(); ++i) {
    const uint32_t size = reader.u32();
    const size_t begin = reader.offset();
    reader.skip(size);
    if (!reader.ok() || offset < begin) break;
    if (offset >= begin + size) continue;
    return find_in(ByteReader(bytes_, begin, begin + size), counts_[static_cast<size_t>(Space::func)] + i, offset);
  }
  if (!reader.ok()) return reader.error();
  return outside;
}

Result<CodePlace> Printer::find_in(ByteReader reader, uint32_t function, size_t offset) {
  CodePlace place;
  place.function = function;
  place.function_name = names_.of(Space::func, function);
  const uint32_t runs = reader.u32();
  for (uint32_t i = 0; i < runs && reader.ok(); ++i) {
    (void)reader.u32();
    (void)val_type(reader);
  }
  body_ = {};
  body_.function = function;
  body_.in_function = true;
  while (reader.ok() && !reader.at_end()) {
    Op op = Op::nop;
    place.offset = reader.offset();
    place.instruction = instruction(reader, op);
    if (!reader.ok()) break;
    if (offset < reader.offset()) return place;
    place.before.push_back(std::move(place.instruction));
    if (place.before.size() > kShownBefore) place.before.erase(place.before.begin());
  }
  if (!reader.ok()) return reader.error();
  return Error(ErrorKind::misuse, concat("no instruction has the byte at ", offset));
}

// Names

void ModuleNames::read_map(ByteReader& reader, uint64_t base, bool unique, Map& map) {
  // A name of any length would be printed as often as the module likes.
  constexpr size_t kMostLength = 128;
  std::unordered_map<std::string_view, uint64_t> seen;
  const uint32_t count = reader.u32();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = reader.u32();
    const std::string_view name = reader.name();
    if (!reader.ok()) return;
    if (name.empty() || name.size() > kMostLength || map.contains(base | index)) continue;
    if (unique) {
      const auto [first, is_new] = seen.emplace(name, base | index);
      if (!is_new) {  // nothing may have a name that two have
        map.erase(first->second);
        continue;
      }
    }
    map.emplace(base | index, name);
  }
}

void ModuleNames::read_indirect(ByteReader& reader, bool unique, Map& map) {
  const uint32_t count = reader.u32();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const uint32_t outer = reader.u32();
    read_map(reader, key(outer, 0), unique, map);
  }
}

void ModuleNames::read(ByteReader& reader) {
  const auto map = [&](Space space) -> Map& { return spaces_[static_cast<size_t>(space)]; };
  while (!reader.at_end()) {
    const uint8_t id = reader.u8();
    const uint32_t size = reader.u32();
    const size_t begin = reader.offset();
    ByteReader part(reader.bytes(size), begin);
    if (!reader.ok()) return;
    switch (id) {
      case 0: {
        const std::string_view name = part.name();
        if (name.size() <= 128) module_ = name;
        break;
      }
      case 1: read_map(part, 0, true, map(Space::func)); break;
      case 2: read_indirect(part, true, locals_); break;
      case 3: read_indirect(part, false, labels_); break;
      case 4: read_map(part, 0, true, map(Space::type)); break;
      case 5: read_map(part, 0, true, map(Space::table)); break;
      case 6: read_map(part, 0, true, map(Space::memory)); break;
      case 7: read_map(part, 0, true, map(Space::global)); break;
      case 8: read_map(part, 0, true, map(Space::elem)); break;
      case 9: read_map(part, 0, true, map(Space::data)); break;
      case 10: read_indirect(part, true, fields_); break;
      case 11: read_map(part, 0, true, map(Space::tag)); break;
      default: break;
    }
  }
}

}  // namespace wplug::text
