// The third pass: the fields of a module (spec 6.6.4 and on), in order.
#include <algorithm>

#include "interp/base/concat.h"
#include "interp/text/module_parser.h"

namespace wplug::text {

namespace {

constexpr unsigned kImport = 2, kFunc = 3, kTable = 4, kMemory = 5, kGlobal = 6, kExport = 7, kStart = 8, kElem = 9,
                   kCode = 10, kData = 11, kTag = 13;
constexpr unsigned kFuncRefCode = 0x70;
constexpr unsigned kI32Const = 0x41, kI64Const = 0x42, kRefFunc = 0xd2, kEnd = 0x0b;
constexpr unsigned kDefaultPageLog2 = 16;
// Locals of one function; ModuleLimits is stricter, and this keeps counts within 32 bits.
constexpr uint64_t kMostLocals = UINT32_MAX;

constexpr std::string_view kDefinitions[] = {"function", "table", "memory", "global", "tag"};

Bytes zero_offset(bool is_64) {
  Bytes out;
  put_u8(out, is_64 ? kI64Const : kI32Const);
  put_u8(out, 0);
  put_u8(out, kEnd);
  return out;
}

}  // namespace

ModuleParser::ModuleParser(Cursor& in, std::string_view name) : in_(in), module_name_(name) {
  // Those between the two ends; the source may be a script of many modules.
  const std::vector<Annotation>& all = in.source().annotations;
  const auto first = std::lower_bound(all.begin(), all.end(), in.at(),
                                      [](const Annotation& annotation, size_t at) { return annotation.before < at; });
  for (auto next = first; next != all.end() && next->before <= in.end(); ++next) annotations_.push_back(*next);
  taken_.resize(annotations_.size());
}

bool ModuleParser::run(Bytes& out) {
  if (!take_name(module_name_) || !collect()) return false;
  for (const size_t at : fields_) {
    in_.move_to(at);
    bool ok = true;
    if (in_.is_open(Word::type)) {
      ok = type_field();
    } else if (in_.is_open(Word::rec)) {
      ok = rec_field();
    }
    if (!ok) return false;
  }
  size_t after = fields_.empty() ? in_.at() : 0;
  for (const size_t at : fields_) {
    in_.move_to(at);
    if (!take_customs()) return false;
    if (in_.is_open(Word::type) || in_.is_open(Word::rec)) {
      in_.move_to(in_.closing(at));
      in_.take();
    } else if (!field()) {
      return false;
    }
    after = in_.at();
  }
  in_.move_to(after);
  if (!take_customs()) return false;
  if (!in_.at_end()) return in_.unexpected();
  if (!check_annotations()) return false;
  assemble(out);
  return true;
}

bool ModuleParser::field() {
  if (!in_.expect(TokenKind::left)) return false;
  if (!in_.is(TokenKind::keyword)) return in_.unexpected();
  switch (static_cast<Word>(in_.peek().word)) {
    case Word::import: return import_field();
    case Word::func: return func_field();
    case Word::table: return table_field();
    case Word::memory: return memory_field();
    case Word::global: return global_field();
    case Word::tag: return tag_field();
    case Word::export_: return export_field();
    case Word::start: return start_field();
    case Word::elem: return elem_field();
    case Word::data: return data_field();
    default: return in_.unexpected();
  }
}

// Imports

bool ModuleParser::check_import_order() {
  if (!first_defined_) return true;
  return in_.fail(concat("import after ", kDefinitions[static_cast<size_t>(*first_defined_)], " definition"));
}

void ModuleParser::add_import(const Bytes& module, const Bytes& name, Space kind, const Bytes& type) {
  Section& imports = section(kImport);
  ++imports.count;
  put_bytes(imports.items, module);
  put_bytes(imports.items, name);
  put_u8(imports.items, static_cast<unsigned>(kind));
  imports.items += type;
  ++next_[static_cast<size_t>(kind)];
}

bool ModuleParser::import_field() {
  if (!check_import_order()) return false;
  in_.take();
  Bytes module, name, type;
  if (!in_.name(module)) return false;
  if (!in_.is(TokenKind::string)) return import_items(module);
  Space kind{};
  if (!in_.name(name) || !in_.expect(TokenKind::left) || !extern_type(true, kind, type)) return false;
  add_import(module, name, kind, type);
  return in_.expect(TokenKind::right);
}

// The compact forms: `(item "n" (kind …))*`, or `(item "n")* (kind …)` for things of one type.
bool ModuleParser::import_items(const Bytes& module) {
  std::vector<Bytes> names;
  Bytes type;
  Space kind{};
  bool is_described = false;
  while (in_.accept_open(Word::item)) {
    Bytes name;
    if (!in_.name(name)) return false;
    if (in_.is(TokenKind::left) && names.empty()) {
      is_described = true;
      in_.take();
      type.clear();
      if (!extern_type(true, kind, type)) return false;
      add_import(module, name, kind, type);
    } else if (is_described) {
      return in_.unexpected();
    } else {
      names.push_back(std::move(name));
    }
    if (!in_.expect(TokenKind::right)) return false;
  }
  if (!is_described && (in_.is(TokenKind::left) || !names.empty())) {
    if (!in_.expect(TokenKind::left) || !extern_type(false, kind, type)) return false;
    for (const Bytes& name : names) add_import(module, name, kind, type);
  }
  return in_.expect(TokenKind::right);
}

bool ModuleParser::extern_type(bool id_allowed, Space& kind, Bytes& type) {
  const Word word = in_.is(TokenKind::keyword) ? static_cast<Word>(in_.peek().word) : Word::unknown;
  constexpr Word kWords[] = {Word::func, Word::table, Word::memory, Word::global, Word::tag};
  const auto found = std::ranges::find(kWords, word);
  if (found == std::end(kWords)) return in_.unexpected();
  kind = static_cast<Space>(found - kWords);
  in_.take();
  if (!id_allowed && in_.is(TokenKind::id)) return in_.fail("identifier not allowed");
  (void)in_.optional_identifier();
  std::string_view given;
  if (!take_name(given)) return false;
  if (!given.empty()) spaces_[static_cast<size_t>(kind)].names.emplace_back(next_[static_cast<size_t>(kind)], given);
  if (kind == Space::tag) put_u8(type, 0);
  bool ok = true;
  if (kind == Space::func || kind == Space::tag) {
    TypeUse use;
    uint32_t index = 0;
    ok = type_use(use, true) && resolve(use, index);
    put_u32(type, index);
  } else if (kind == Space::table) {
    ok = table_type(type);
  } else if (kind == Space::memory) {
    const bool is_64 = is_address_64();
    ok = limits(is_64, true, type);
  } else {
    ok = global_type(type);
  }
  return ok && in_.expect(TokenKind::right);
}

// Definitions

// The keyword and what every definition may begin with.
bool ModuleParser::head(Space space, Head& head) {
  in_.take();
  (void)in_.optional_identifier();
  const auto kind = static_cast<size_t>(space);
  head.index = next_[kind];
  std::string_view given;
  if (!take_name(given)) return false;
  if (!given.empty()) spaces_[kind].names.emplace_back(head.index, given);
  while (in_.accept_open(Word::export_)) {
    Section& exports = section(kExport);
    Bytes name;
    if (!in_.name(name) || !in_.expect(TokenKind::right)) return false;
    ++exports.count;
    put_bytes(exports.items, name);
    put_u8(exports.items, static_cast<unsigned>(space));
    put_u32(exports.items, head.index);
  }
  if (!in_.is_open(Word::import)) return true;
  if (!check_import_order()) return false;
  in_.take();
  in_.take();
  head.is_import = true;
  return in_.name(head.module) && in_.name(head.name) && in_.expect(TokenKind::right);
}

// Counts a definition, whose items go into the section.
void ModuleParser::define(Space space, unsigned section_id) {
  if (!first_defined_) first_defined_ = space;
  ++next_[static_cast<size_t>(space)];
  ++section(section_id).count;
}

bool ModuleParser::func_field() {
  Head start;
  TypeUse use;
  uint32_t type = 0;
  if (!head(Space::func, start) || !type_use(use, true) || !resolve(use, type)) return false;
  if (start.is_import) {
    Bytes item;
    put_u32(item, type);
    add_import(start.module, start.name, Space::func, item);
    return in_.expect(TokenKind::right);
  }
  define(Space::func, kFunc);
  put_u32(section(kFunc).items, type);
  return function_body(start.index, use, type) && in_.expect(TokenKind::right);
}

bool ModuleParser::function_body(uint32_t index, const TypeUse& use, uint32_t type) {
  // Clearing takes time by the most that were ever in it.
  if (locals_.bucket_count() > 1024) locals_ = {};
  locals_.clear();
  local_count_ = use.param_count;
  locals_unknown_ = false;
  if (use.index && use.is_empty()) {
    locals_unknown_ = type >= types_.size() || !types_[type].is_func;
    local_count_ = locals_unknown_ ? 0 : types_[type].params;
  }
  Names names;
  for (const auto& [local, name] : use.param_names) {
    if (!locals_.emplace(name, local).second) return in_.fail(concat("duplicate local $", name));
    names.emplace_back(local, name);
  }
  local_names_.push_back({index, std::move(names)});
  code_.clear();
  label_names_.clear();
  hints_.clear();
  label_count_ = 0;
  in_function_ = true;
  if (!locals() || !expression(FrameKind::sequence)) return false;
  in_function_ = false;
  put_u8(code_, kEnd);
  if (local_names_.back().names.empty()) local_names_.pop_back();
  if (!label_names_.empty()) all_label_names_.push_back({index, label_names_});
  if (!hints_.empty()) all_hints_.emplace_back(index, hints_);
  Section& bodies = section(kCode);
  ++bodies.count;
  put_bytes(bodies.items, code_);
  return true;
}

// `(local id t)` or `(local t*)`, any number, as runs of equal types.
bool ModuleParser::locals() {
  Bytes runs, type, last;
  uint32_t run_count = 0, run = 0;
  uint64_t total = local_count_;
  const auto end_run = [&] {
    if (run == 0) return;
    ++run_count;
    put_u32(runs, run);
    runs += last;
    run = 0;
  };
  const auto add = [&] {
    type.clear();
    if (!val_type(type)) return false;
    if (++total > kMostLocals) return in_.fail("too many locals");
    if (type != last) end_run();
    last = type;
    ++run;
    return true;
  };
  while (in_.accept_open(Word::local)) {
    if (in_.is(TokenKind::id)) {
      const size_t offset = in_.peek().begin;
      const std::string_view name = in_.identifier();
      const auto local = static_cast<uint32_t>(total);
      if (!locals_.emplace(name, local).second) return in_.fail_at(offset, concat("duplicate local $", name));
      local_names_.back().names.emplace_back(local, name);
      if (!add()) return false;
    } else {
      while (!in_.is(TokenKind::right)) {
        if (!add()) return false;
      }
    }
    if (!in_.expect(TokenKind::right)) return false;
  }
  end_run();
  put_u32(code_, run_count);
  code_ += runs;
  return true;
}

bool ModuleParser::tag_field() {
  Head start;
  TypeUse use;
  uint32_t type = 0;
  if (!head(Space::tag, start) || !type_use(use, true) || !resolve(use, type)) return false;
  Bytes item;
  put_u8(item, 0);
  put_u32(item, type);
  if (start.is_import) {
    add_import(start.module, start.name, Space::tag, item);
  } else {
    define(Space::tag, kTag);
    section(kTag).items += item;
  }
  return in_.expect(TokenKind::right);
}

bool ModuleParser::global_field() {
  Head start;
  Bytes type;
  if (!head(Space::global, start) || !global_type(type)) return false;
  if (start.is_import) {
    add_import(start.module, start.name, Space::global, type);
  } else {
    define(Space::global, kGlobal);
    if (!const_expression(FrameKind::sequence, type)) return false;
    section(kGlobal).items += type;
  }
  return in_.expect(TokenKind::right);
}

bool ModuleParser::table_field() {
  Head start;
  if (!head(Space::table, start)) return false;
  Bytes item;
  if (start.is_import) {
    if (!table_type(item)) return false;
    add_import(start.module, start.name, Space::table, item);
    return in_.expect(TokenKind::right);
  }
  const bool is_64 = is_address_64();
  define(Space::table, kTable);
  if (is_ref_type()) {
    RefType type;
    return ref_type(type) && inline_elements(start.index, is_64, type) && in_.expect(TokenKind::right);
  }
  Bytes size;
  if (!limits(is_64, false, size) || !ref_type(item)) return false;
  item += size;
  Section& tables = section(kTable);
  if (!in_.is(TokenKind::right)) {
    put_u8(tables.items, 0x40);
    put_u8(tables.items, 0x00);
    if (!const_expression(FrameKind::sequence, item)) return false;
  }
  tables.items += item;
  return in_.expect(TokenKind::right);
}

// `(elem …)` in a table, which has the size of its contents.
bool ModuleParser::inline_elements(uint32_t table, bool is_64, const RefType& type) {
  if (!in_.expect_open(Word::elem)) return false;
  const Bytes encoded = encode_ref(type);
  const bool is_funcref = encoded.size() == 1 && static_cast<uint8_t>(encoded[0]) == kFuncRefCode;
  Bytes items;
  uint32_t count = 0;
  bool uses_expressions = in_.is(TokenKind::left);
  if (uses_expressions) {
    if (!element_expressions(items, count)) return false;
  } else if (is_funcref) {
    if (!function_indices(items, count)) return false;
  } else {
    uses_expressions = true;
    for (; in_.is_index(); ++count) {
      put_u8(items, kRefFunc);
      if (!index(Space::func, items)) return false;
      put_u8(items, kEnd);
    }
  }
  if (!in_.expect(TokenKind::right)) return false;
  Bytes& tables = section(kTable).items;
  tables += encoded;
  put_u8(tables, 1u | (is_64 ? 4u : 0u));
  put_u32(tables, count);
  put_u32(tables, count);
  Section& elements = section(kElem);
  ++elements.count;
  ++next_[static_cast<size_t>(Space::elem)];
  const bool is_plain = table == 0 && (is_funcref || !uses_expressions);
  put_u8(elements.items, (uses_expressions ? 4u : 0u) | (is_plain ? 0u : 2u));
  if (!is_plain) put_u32(elements.items, table);
  elements.items += zero_offset(is_64);
  if (!is_plain) elements.items += uses_expressions ? encoded : Bytes(1, '\0');
  put_u32(elements.items, count);
  elements.items += items;
  return true;
}

bool ModuleParser::memory_field() {
  Head start;
  if (!head(Space::memory, start)) return false;
  Bytes item;
  const bool is_64 = is_address_64();
  if (start.is_import) {
    if (!limits(is_64, true, item)) return false;
    add_import(start.module, start.name, Space::memory, item);
    return in_.expect(TokenKind::right);
  }
  define(Space::memory, kMemory);
  std::optional<unsigned> page_log2;
  if (in_.is_open(Word::pagesize)) {
    page_log2 = 0;
    if (!page_size(*page_log2)) return false;
  }
  if (page_log2 || in_.is_open(Word::data)) {
    return inline_data(start.index, is_64, page_log2) && in_.expect(TokenKind::right);
  }
  if (!limits(is_64, true, item)) return false;
  section(kMemory).items += item;
  return in_.expect(TokenKind::right);
}

// `(data …)` in a memory, which has as many pages as that takes.
bool ModuleParser::inline_data(uint32_t memory, bool is_64, std::optional<unsigned> page_log2) {
  Bytes bytes;
  if (!in_.expect_open(Word::data) || !strings(bytes) || !in_.expect(TokenKind::right)) return false;
  const unsigned log2 = page_log2.value_or(kDefaultPageLog2);
  const uint64_t pages = (bytes.size() >> log2) + ((bytes.size() & ((uint64_t{1} << log2) - 1)) != 0 ? 1 : 0);
  Bytes& memories = section(kMemory).items;
  put_u8(memories, 1u | (is_64 ? 4u : 0u) | (page_log2 ? 8u : 0u));
  put_u64(memories, pages);
  put_u64(memories, pages);
  if (page_log2) put_u32(memories, log2);
  Section& data = section(kData);
  ++data.count;
  ++next_[static_cast<size_t>(Space::data)];
  put_u8(data.items, memory == 0 ? 0 : 2);
  if (memory != 0) put_u32(data.items, memory);
  data.items += zero_offset(is_64);
  put_bytes(data.items, bytes);
  return true;
}

bool ModuleParser::export_field() {
  in_.take();
  Section& exports = section(kExport);
  Bytes name;
  if (!in_.name(name) || !in_.expect(TokenKind::left) || !in_.is(TokenKind::keyword)) return in_.unexpected();
  constexpr Word kWords[] = {Word::func, Word::table, Word::memory, Word::global, Word::tag};
  const auto found = std::ranges::find(kWords, static_cast<Word>(in_.peek().word));
  if (found == std::end(kWords)) return in_.unexpected();
  in_.take();
  const auto space = static_cast<Space>(found - kWords);
  ++exports.count;
  put_bytes(exports.items, name);
  put_u8(exports.items, static_cast<unsigned>(space));
  return index(space, exports.items) && in_.expect(TokenKind::right) && in_.expect(TokenKind::right);
}

bool ModuleParser::start_field() {
  if (has_start_) return in_.fail("multiple start sections");
  in_.take();
  has_start_ = true;
  return index(Space::func, section(kStart).items) && in_.expect(TokenKind::right);
}

// Segments

bool ModuleParser::const_expression(FrameKind root, Bytes& out) {
  code_.clear();
  if (!expression(root)) return false;
  out += code_;
  put_u8(out, kEnd);
  return true;
}

// `(offset instr*)` or one folded instruction.
bool ModuleParser::offset_expression(Bytes& out) {
  if (!in_.accept_open(Word::offset)) return const_expression(FrameKind::single, out);
  return const_expression(FrameKind::sequence, out) && in_.expect(TokenKind::right);
}

bool ModuleParser::function_indices(Bytes& items, uint32_t& count) {
  for (; in_.is_index(); ++count) {
    if (!index(Space::func, items)) return false;
  }
  return true;
}

// `(item instr*)` or one folded instruction each.
bool ModuleParser::element_expressions(Bytes& items, uint32_t& count) {
  for (; in_.is(TokenKind::left); ++count) {
    if (in_.accept_open(Word::item)) {
      if (!const_expression(FrameKind::sequence, items) || !in_.expect(TokenKind::right)) return false;
    } else if (!const_expression(FrameKind::single, items)) {
      return false;
    }
  }
  return true;
}

bool ModuleParser::element_list(bool indices_allowed, Bytes& type, Bytes& items, uint32_t& count,
                                bool& uses_expressions) {
  if (in_.accept(Word::func) || (indices_allowed && (in_.is_index() || in_.is(TokenKind::right)))) {
    uses_expressions = false;
    return function_indices(items, count);
  }
  uses_expressions = true;
  return ref_type(type) && element_expressions(items, count);
}

// `(table x)` or `(memory x)`, if it is there; before WebAssembly 2.0 the index stood alone, with an offset behind it.
bool ModuleParser::target(Word word, Space space, bool& is_there, uint32_t& target) {
  is_there = true;
  if (in_.accept_open(word)) return index(space, target) && in_.expect(TokenKind::right);
  if (in_.is_index() && in_.peek(1).kind == TokenKind::left) return index(space, target);
  is_there = false;
  return true;
}

bool ModuleParser::elem_field() {
  in_.take();
  (void)in_.optional_identifier();
  ++next_[static_cast<size_t>(Space::elem)];
  const bool is_declarative = in_.accept(Word::declare);
  uint32_t table = 0;
  bool has_table = false;
  if (!is_declarative && !target(Word::table, Space::table, has_table, table)) return false;
  const bool is_active = has_table || (!is_declarative && in_.is(TokenKind::left) && !in_.is_open(Word::ref));
  Bytes offset, type, items;
  uint32_t count = 0;
  bool uses_expressions = false;
  if (is_active && !offset_expression(offset)) return false;
  if (!element_list(is_active, type, items, count, uses_expressions)) return false;
  const bool is_funcref = type.size() == 1 && static_cast<uint8_t>(type[0]) == kFuncRefCode;
  const bool is_plain = is_active && table == 0 && (is_funcref || !uses_expressions);
  unsigned flags = uses_expressions ? 4 : 0;
  if (!is_active) flags |= is_declarative ? 3 : 1;
  if (is_active && !is_plain) flags |= 2;
  Section& elements = section(kElem);
  ++elements.count;
  put_u8(elements.items, flags);
  if (is_active && !is_plain) put_u32(elements.items, table);
  elements.items += offset;
  if (!is_plain) elements.items += uses_expressions ? type : Bytes(1, '\0');
  put_u32(elements.items, count);
  elements.items += items;
  return in_.expect(TokenKind::right);
}

bool ModuleParser::strings(Bytes& out) {
  while (in_.is(TokenKind::string)) {
    if (!in_.string(out)) return false;
  }
  return true;
}

bool ModuleParser::data_field() {
  in_.take();
  (void)in_.optional_identifier();
  ++next_[static_cast<size_t>(Space::data)];
  bool has_memory = false;
  uint32_t memory = 0;
  if (!target(Word::memory, Space::memory, has_memory, memory)) return false;
  const bool is_active = has_memory || in_.is(TokenKind::left);
  Bytes offset, bytes;
  if (is_active && !offset_expression(offset)) return false;
  if (!strings(bytes)) return false;
  Section& data = section(kData);
  ++data.count;
  put_u8(data.items, !is_active ? 1 : memory == 0 ? 0 : 2);
  if (memory != 0) put_u32(data.items, memory);
  data.items += offset;
  put_bytes(data.items, bytes);
  return in_.expect(TokenKind::right);
}

}  // namespace wplug::text
