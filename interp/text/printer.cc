// The module and its sections.
#include "interp/text/printer.h"

#include <algorithm>
#include <utility>

#include "interp/base/concat.h"
#include "interp/text/quote.h"
#include "interp/text/section_order.h"

namespace wplug::text {

namespace {

// Locals that one function may have in text; ModuleLimits is no larger.
constexpr uint64_t kMostLocals = 50'000;
// A module may refer to a long name or type often; a text of more than this many times its size is nobody's.
constexpr size_t kMostGrowth = 64, kLeastBound = size_t{64} << 20;
// Types with more parameters and results than this are named and not written out at each use.
constexpr size_t kMostWrittenOut = 16;

constexpr std::string_view kKeywords[] = {"func", "table", "memory", "global", "tag", "type", "elem", "data"};

// The place of a section among the others, from 1; 0 for custom ones and unknown ones.
size_t order_of(uint8_t id) {
  for (size_t i = 0; i < kSectionOrder.size(); ++i) {
    if (kSectionOrder[i].id == id) return i + 1;
  }
  return 0;
}

std::string_view keyword_of(Space space) { return kKeywords[static_cast<size_t>(space)]; }

}  // namespace

// Sections

bool Printer::scan() {
  ByteReader reader(bytes_);
  const std::span<const uint8_t> magic = reader.bytes(8);
  constexpr uint8_t kHead[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  if (!reader.ok() || !std::equal(magic.begin(), magic.end(), std::begin(kHead))) {
    error_ = std::make_unique<Error>(ErrorKind::malformed, "magic header not detected", 0);
    return false;
  }
  size_t last_order = 0;
  while (!reader.at_end()) {
    const size_t at = reader.offset();
    const uint8_t id = reader.u8();
    if (const size_t order = order_of(id); reader.ok() && order != 0) {
      if (order <= last_order) reader.fail_at(at, "unexpected content after last section");
      last_order = order;
    }
    const uint32_t size = reader.u32();
    if (reader.ok() && id > 13) reader.fail_at(at, concat("malformed section id ", id));
    if (reader.ok() && size > reader.remaining()) reader.fail_at(at, "length out of bounds");
    if (!reader.ok()) break;
    sections_.push_back({id, reader.offset(), reader.offset() + size});
    reader.skip(size);
  }
  if (!reader.ok()) error_ = std::make_unique<Error>(reader.error());
  if (error_ != nullptr) return false;
  for (const Section& section : sections_) {
    if (section.id != 0 || !options_.names) continue;
    ByteReader custom = reader_of(section);
    if (custom.name() == "name" && custom.ok()) {
      names_.read(custom);
      break;
    }
  }
  return true;
}

// Reads a vector of items.
bool Printer::each(const Section& section, void (Printer::*item)(ByteReader&, uint32_t)) {
  ByteReader reader = reader_of(section);
  const uint32_t count = reader.u32();
  const size_t most = kLeastBound + kMostGrowth * bytes_.size();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    (this->*item)(reader, i);
    if (out_.size() > most) reader.fail(concat("text longer than the limit of ", most, " bytes"), ErrorKind::limit);
  }
  if (reader.ok() && !reader.at_end()) reader.fail("section size mismatch");
  if (!reader.ok()) error_ = std::make_unique<Error>(reader.error());
  return error_ == nullptr;
}

Result<std::string> Printer::print() {
  if (!scan()) return *error_;
  out_ = concat("(module", names_.module().empty() ? "" : " ", identifier(names_.module()), "\n");
  indent_ = 1;
  std::string_view previous;
  for (const Section& section : sections_) {
    bool ok = true;
    switch (section.id) {
      case 0: custom(reader_of(section), previous); break;
      case 1: ok = each(section, &Printer::type_item); break;
      case 2: ok = each(section, &Printer::import_item); break;
      case 3: ok = each(section, &Printer::function_item); break;
      case 4: ok = each(section, &Printer::table_item); break;
      case 5: ok = each(section, &Printer::memory_item); break;
      case 6: ok = each(section, &Printer::global_item); break;
      case 7: ok = each(section, &Printer::export_item); break;
      case 8: {
        ByteReader reader = reader_of(section);
        line(concat("(start ", ref(Space::func, reader.u32()), ")"));
        break;
      }
      case 9: ok = each(section, &Printer::element_item); break;
      case 10: ok = each(section, &Printer::code_item); break;
      case 11: ok = each(section, &Printer::data_item); break;
      case 13: ok = each(section, &Printer::tag_item); break;
      default: break;  // the data count follows from the rest
    }
    if (!ok) return *error_;
    if (const size_t order = order_of(section.id); order != 0 && is_kept(section)) {
      previous = kSectionOrder[order - 1].name;
    }
  }
  if (functions_.size() != imported_functions_ + bodies_) {
    return Error(ErrorKind::malformed, "function and code section have inconsistent lengths", bytes_.size());
  }
  out_ += ")\n";
  return std::move(out_);
}

// Whether a section is there again when the text is read: empty ones are not, and the data count follows from the rest.
bool Printer::is_kept(const Section& section) const {
  constexpr uint8_t kStartId = 8, kDataCountId = 12;
  if (section.id == kDataCountId) return false;
  return section.id == kStartId || (section.begin < section.end && bytes_[section.begin] != 0);
}

// `previous` is the section in front of it; empty at the beginning.
void Printer::custom(ByteReader reader, std::string_view previous) {
  const std::string_view name = reader.name();
  if (!reader.ok() || (name == "name" && options_.names)) return;
  const std::string place = previous.empty() ? std::string("(before first)") : concat("(after ", previous, ")");
  const std::span<const uint8_t> payload = reader.bytes(reader.remaining());
  line(concat("(@custom ", quote(name), " ", place, " ",
              quote({reinterpret_cast<const char*>(payload.data()), payload.size()}), ")"));
}

// Types

std::string Printer::reference(bool nullable, const std::string& heap) const {
  return concat("(ref ", nullable ? "null " : "", heap, ")");
}

std::string Printer::heap_type(ByteReader& reader) {
  const size_t at = reader.offset();
  const int64_t code = reader.s33();
  if (code >= 0) return ref(Space::type, static_cast<uint32_t>(code));
  switch (static_cast<HeapKind>(code & 0x7f)) {
    case HeapKind::noexn: return "noexn";
    case HeapKind::nofunc: return "nofunc";
    case HeapKind::noextern: return "noextern";
    case HeapKind::none: return "none";
    case HeapKind::func: return "func";
    case HeapKind::extern_: return "extern";
    case HeapKind::any: return "any";
    case HeapKind::eq: return "eq";
    case HeapKind::i31: return "i31";
    case HeapKind::struct_: return "struct";
    case HeapKind::array: return "array";
    case HeapKind::exn: return "exn";
    default: break;
  }
  reader.fail_at(at, "malformed heap type");
  return {};
}

std::string Printer::ref_type(ByteReader& reader) {
  const uint8_t code = reader.peek();
  if (code == 0x63 || code == 0x64) {
    reader.skip(1);
    return reference(code == 0x63, heap_type(reader));
  }
  switch (static_cast<HeapKind>(code)) {
    case HeapKind::func: reader.skip(1); return "funcref";
    case HeapKind::extern_: reader.skip(1); return "externref";
    case HeapKind::any: reader.skip(1); return "anyref";
    case HeapKind::eq: reader.skip(1); return "eqref";
    case HeapKind::i31: reader.skip(1); return "i31ref";
    case HeapKind::struct_: reader.skip(1); return "structref";
    case HeapKind::array: reader.skip(1); return "arrayref";
    case HeapKind::exn: reader.skip(1); return "exnref";
    case HeapKind::none: reader.skip(1); return "nullref";
    case HeapKind::nofunc: reader.skip(1); return "nullfuncref";
    case HeapKind::noextern: reader.skip(1); return "nullexternref";
    case HeapKind::noexn: reader.skip(1); return "nullexnref";
    default: break;
  }
  reader.fail("malformed reference type");
  return {};
}

std::string Printer::val_type(ByteReader& reader) {
  switch (reader.peek()) {
    case 0x7f: reader.skip(1); return "i32";
    case 0x7e: reader.skip(1); return "i64";
    case 0x7d: reader.skip(1); return "f32";
    case 0x7c: reader.skip(1); return "f64";
    case 0x7b: reader.skip(1); return "v128";
    default: return ref_type(reader);
  }
}

std::string Printer::storage_type(ByteReader& reader) {
  const uint8_t code = reader.peek();
  if (code != 0x78 && code != 0x77) return val_type(reader);
  reader.skip(1);
  return code == 0x78 ? "i8" : "i16";
}

bool Printer::is_mutable(ByteReader& reader) {
  const uint8_t mutability = reader.u8();
  if (mutability > 1) reader.fail(concat("malformed mutability ", Hex{mutability}));
  return mutability == 1;
}

std::string Printer::field_type(ByteReader& reader) {
  std::string type = storage_type(reader);
  return is_mutable(reader) ? concat("(mut ", type, ")") : type;
}

std::string Printer::global_type(ByteReader& reader) {
  std::string type = val_type(reader);
  return is_mutable(reader) ? concat("(mut ", type, ")") : type;
}

std::string Printer::limits(ByteReader& reader) {
  const uint8_t flags = reader.u8();
  if (flags > 15) reader.fail("malformed limits flags");
  std::string text = (flags & 4) != 0 ? "i64 " : "";
  text += std::to_string(reader.u64());
  if ((flags & 1) != 0) text += concat(" ", reader.u64());
  if ((flags & 2) != 0) text += " shared";
  if ((flags & 8) != 0) {
    const uint32_t log2 = reader.u32();
    if (log2 > 63) reader.fail("invalid custom page size");
    text += concat(" (pagesize ", uint64_t{1} << (log2 & 63), ")");
  }
  return text;
}

std::string Printer::table_type(ByteReader& reader) {
  const std::string type = ref_type(reader);
  return concat(limits(reader), " ", type);
}

void Printer::type_item(ByteReader& reader, uint32_t) {
  const auto definition = [&] {
    const auto index = static_cast<uint32_t>(types_.size());
    types_.emplace_back();
    const std::string body = sub_type(reader, index);
    line(concat(head(Space::type, index), " ", body, ")"));
  };
  if (reader.peek() != 0x4e) return definition();
  reader.skip(1);
  const uint32_t count = reader.u32();
  if (count == 1) return definition();
  line("(rec");
  ++indent_;
  for (uint32_t i = 0; i < count && reader.ok(); ++i) definition();
  --indent_;
  line(")");
}

std::string Printer::sub_type(ByteReader& reader, uint32_t index) {
  const uint8_t code = reader.peek();
  if (code != 0x50 && code != 0x4f) return composite_type(reader, index);
  reader.skip(1);
  std::string text = code == 0x4f ? "(sub final" : "(sub";
  const uint32_t supertypes = reader.u32();
  for (uint32_t i = 0; i < supertypes && reader.ok(); ++i) text += concat(" ", ref(Space::type, reader.u32()));
  std::string inner = composite_type(reader, index);
  // The default is written without.
  return code == 0x4f && supertypes == 0 ? inner : concat(text, " ", inner, ")");
}

std::string Printer::composite_type(ByteReader& reader, uint32_t index) {
  const uint8_t code = reader.u8();
  if (code == 0x5e) return concat("(array ", field_type(reader), ")");
  if (code == 0x5f) {
    std::string text = "(struct";
    const uint32_t fields = reader.u32();
    for (uint32_t i = 0; i < fields && reader.ok(); ++i) {
      const std::string_view name = names_.field(index, i);
      text += concat(" (field ", identifier(name), name.empty() ? "" : " ", field_type(reader), ")");
    }
    return text + ")";
  }
  if (code != 0x60) {
    reader.fail("malformed definition type");
    return {};
  }
  Type type;
  type.is_func = true;
  std::string text = "(func";
  for (std::vector<std::string>* list : {&type.params, &type.results}) {
    const uint32_t count = reader.u32();
    for (uint32_t i = 0; i < count && reader.ok(); ++i) {
      list->push_back(val_type(reader));
      text += concat(i != 0 ? " " : list == &type.params ? " (param " : " (result ", list->back());
    }
    if (count != 0) text += ")";
  }
  types_[index] = std::move(type);
  return text + ")";
}

// `(type 3)`, and the type written out with the names that a function gives its parameters.
std::string Printer::type_use(uint32_t type, std::optional<uint32_t> function) {
  std::string text = concat("(type ", ref(Space::type, type), ")");
  if (type >= types_.size() || !types_[type].is_func) return text;
  const Type& written = types_[type];
  if (written.params.size() + written.results.size() > kMostWrittenOut) return text;
  for (uint32_t i = 0; i < written.params.size(); ++i) {
    const std::string_view name = function ? names_.local(*function, i) : std::string_view();
    text += concat(" (param ", identifier(name), name.empty() ? "" : " ", written.params[i], ")");
  }
  for (size_t i = 0; i < written.results.size(); ++i) {
    text += concat(i == 0 ? " (result " : " ", written.results[i], i + 1 == written.results.size() ? ")" : "");
  }
  return text;
}

// Fields

std::string Printer::ref(Space space, uint32_t index) const {
  const std::string_view name = names_.of(space, index);
  return name.empty() ? std::to_string(index) : identifier(name);
}

// "(func $f (;3;)"
std::string Printer::head(Space space, uint32_t index) const {
  const std::string_view name = names_.of(space, index);
  return concat("(", keyword_of(space), name.empty() ? "" : " ", identifier(name), " (;", index, ";)");
}

uint32_t Printer::next(Space space) { return counts_[static_cast<size_t>(space)]++; }

void Printer::import_item(ByteReader& reader, uint32_t) {
  const std::string_view module = reader.name();
  const std::string_view name = reader.name();
  const uint8_t kind = reader.u8();
  if (kind > 4) {
    reader.fail(concat("malformed import kind ", Hex{kind}));
    return;
  }
  const auto space = static_cast<Space>(kind);
  const uint32_t index = next(space);
  if (space == Space::func) ++imported_functions_;
  std::string type;
  if (space == Space::func) {
    functions_.push_back(reader.u32());
    type = type_use(functions_.back(), std::nullopt);
  } else if (space == Space::table) {
    type = table_type(reader);
  } else if (space == Space::memory) {
    type = limits(reader);
  } else if (space == Space::global) {
    type = global_type(reader);
  } else {
    reader.skip(1);
    type = type_use(reader.u32(), std::nullopt);
  }
  line(concat("(import ", quote(module), " ", quote(name), " ", head(space, index), " ", type, "))"));
}

void Printer::function_item(ByteReader& reader, uint32_t) { functions_.push_back(reader.u32()); }

void Printer::tag_item(ByteReader& reader, uint32_t) {
  reader.skip(1);
  line(concat(head(Space::tag, next(Space::tag)), " ", type_use(reader.u32(), std::nullopt), ")"));
}

void Printer::table_item(ByteReader& reader, uint32_t) {
  const bool has_init = reader.peek() == 0x40;
  if (has_init) reader.skip(2);
  const std::string type = table_type(reader);
  line(concat(head(Space::table, next(Space::table)), " ", type, has_init ? " " : "",
              has_init ? expression(reader) : std::string(), ")"));
}

void Printer::memory_item(ByteReader& reader, uint32_t) {
  line(concat(head(Space::memory, next(Space::memory)), " ", limits(reader), ")"));
}

void Printer::global_item(ByteReader& reader, uint32_t) {
  const std::string type = global_type(reader);
  line(concat(head(Space::global, next(Space::global)), " ", type, " ", expression(reader), ")"));
}

void Printer::export_item(ByteReader& reader, uint32_t) {
  const std::string_view name = reader.name();
  const uint8_t kind = reader.u8();
  if (kind > 4) {
    reader.fail(concat("malformed export kind ", Hex{kind}));
    return;
  }
  const auto space = static_cast<Space>(kind);
  line(concat("(export ", quote(name), " (", keyword_of(space), " ", ref(space, reader.u32()), "))"));
}

// A constant expression: one folded instruction, or plain ones.
std::string Printer::expression(ByteReader& reader) {
  std::string text;
  size_t count = 0;
  for (size_t depth = 1; reader.ok();) {
    Op op = Op::nop;
    const std::string instruction = this->instruction(reader, op);
    if (op == Op::end && --depth == 0) break;
    if (is_structured(op)) {
      ++depth;
      count += 2;  // no single folded instruction
    }
    text += concat(count == 0 ? "" : " ", instruction);
    ++count;
  }
  return count == 1 ? concat("(", text, ")") : text;
}

std::string Printer::offset(ByteReader& reader) { return concat("(offset ", unfolded(expression(reader)), ")"); }

std::string Printer::unfolded(std::string text) {
  return text.starts_with('(') ? text.substr(1, text.size() - 2) : text;
}

void Printer::element_item(ByteReader& reader, uint32_t index) {
  const uint32_t flags = reader.u32();
  if (flags > 7) {
    reader.fail(concat("malformed elements segment kind ", flags));
    return;
  }
  const bool is_active = (flags & 1) == 0, is_explicit = (flags & 2) != 0, uses_expressions = (flags & 4) != 0;
  std::string text = head(Space::elem, index);
  if (is_active) {
    const uint32_t table = is_explicit ? reader.u32() : 0;
    if (table != 0) text += concat(" (table ", ref(Space::table, table), ")");
    text += concat(" ", offset(reader));
  } else if (is_explicit) {
    text += " declare";
  }
  std::string type = uses_expressions ? "funcref" : "func";
  if (!is_active || is_explicit) {
    if (uses_expressions) {
      type = ref_type(reader);
    } else {
      reader.skip(1);
    }
  }
  text += concat(" ", type);
  const uint32_t count = reader.u32();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    text += uses_expressions ? concat(" (item ", unfolded(expression(reader)), ")")
                             : concat(" ", ref(Space::func, reader.u32()));
  }
  line(text + ")");
}

void Printer::data_item(ByteReader& reader, uint32_t index) {
  const uint32_t flags = reader.u32();
  if (flags > 2) {
    reader.fail(concat("malformed data segment kind ", flags));
    return;
  }
  std::string text = head(Space::data, index);
  const uint32_t memory = flags == 2 ? reader.u32() : 0;
  if (memory != 0) text += concat(" (memory ", ref(Space::memory, memory), ")");
  if (flags != 1) text += concat(" ", offset(reader));
  const std::span<const uint8_t> bytes = reader.bytes(reader.u32());
  line(concat(text, " ", quote({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), ")"));
}

// Functions

std::string Printer::locals(ByteReader& reader, uint32_t function) {
  std::string text;
  const uint32_t type = functions_[function];
  uint64_t total = type < types_.size() ? types_[type].params.size() : 0;
  const uint32_t runs = reader.u32();
  for (uint32_t i = 0; i < runs && reader.ok(); ++i) {
    const uint32_t count = reader.u32();
    const std::string local = val_type(reader);
    if (count > kMostLocals - std::min(total, kMostLocals)) {
      reader.fail(concat("more locals than the limit of ", kMostLocals), ErrorKind::limit);
      break;
    }
    for (uint32_t k = 0; k < count; ++k, ++total) {
      const std::string_view name = names_.local(function, static_cast<uint32_t>(total));
      text += concat(" (local ", identifier(name), name.empty() ? "" : " ", local, ")");
    }
  }
  return text;
}

void Printer::code_item(ByteReader& reader, uint32_t index) {
  const uint32_t function = imported_functions_ + index;
  const uint32_t size = reader.u32();
  const size_t begin = reader.offset();
  if (function >= functions_.size() || size > reader.remaining()) {
    reader.fail(function >= functions_.size() ? "function and code section have inconsistent lengths"
                                              : "unexpected end of section or function");
    return;
  }
  reader.skip(size);
  ++bodies_;
  ByteReader body(bytes_, begin, begin + size);
  line(concat(head(Space::func, function), " ", type_use(functions_[function], function)));
  ++indent_;
  const std::string declared = locals(body, function);
  if (!declared.empty()) line(std::string_view(declared).substr(1));
  this->body(body, function);
  --indent_;
  out_.pop_back();
  out_ += ")\n";
  if (!body.ok()) reader.fail(body.error());
}

void Printer::body(ByteReader& reader, uint32_t function) {
  body_ = {};
  body_.function = function;
  body_.in_function = true;
  size_t depth = 1;
  while (reader.ok()) {
    const size_t at = reader.offset();
    Op op = Op::nop;
    std::string text = instruction(reader, op);
    if (!reader.ok()) break;
    const bool closes = op == Op::end || op == Op::delegate;
    const bool divides = op == Op::else_ || op == Op::catch_ || op == Op::catch_all;
    if (closes && --depth == 0) break;
    if (closes || divides) --indent_;
    if (options_.offsets) text = concat("(;", Hex{at}, ";) ", text);
    line(text);
    const bool opens = is_structured(op);
    if (opens) ++depth;
    if (opens || divides) ++indent_;
  }
  body_.in_function = false;
  if (reader.ok() && !reader.at_end()) reader.fail("END opcode expected at the end of the function");
}

}  // namespace wplug::text

namespace wplug {

Result<std::string> print_wat(std::span<const uint8_t> module, const PrintOptions& options) {
  return text::Printer(module, options).print();
}

Result<CodePlace> find_code(std::span<const uint8_t> module, size_t offset) {
  return text::Printer(module, {}).find(offset);
}

}  // namespace wplug
