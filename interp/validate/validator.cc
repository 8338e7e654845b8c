#include "interp/validate/validator.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interp/base/concat.h"
#include "interp/validate/check_features.h"
#include "interp/validate/function_validator.h"

namespace wplug {

namespace {

// Spec 3.2: what the address types reach.
constexpr uint64_t kMostElements = UINT32_MAX;

// The most pages of a memory: all bytes that the address type reaches, as far as memory.size can tell their number.
uint64_t most_pages(const MemoryType& type) {
  const uint32_t bits = type.limits.is_64 ? 64 : 32;
  if (type.page_size_log2 == 0) return type.limits.is_64 ? UINT64_MAX : UINT32_MAX;
  return uint64_t{1} << (bits - type.page_size_log2);
}

constexpr uint8_t kTypeSection = 1, kFunctionSection = 3, kTableSection = 4, kMemorySection = 5, kGlobalSection = 6,
                  kStartSection = 8, kElementSection = 9, kTagSection = 13;

// What is wrong with a memory's or table's limits, starting with `too_large` where they pass `most`; empty: nothing.
std::string wrong_limits(const Limits& limits, uint64_t most, std::string_view too_large) {
  const uint64_t larger = std::max(limits.min, limits.max.value_or(0));
  if (larger > most) return concat(too_large, ", found ", larger);
  if (limits.max.has_value() && limits.min > *limits.max) {
    return concat("size minimum must not be greater than maximum: ", limits.min, " and ", *limits.max);
  }
  return {};
}

// The same of a memory's whole type.
std::string wrong_memory(const MemoryType& type) {
  if (type.page_size_log2 != 0 && type.page_size_log2 != 16) {
    return concat("invalid custom page size: ", uint64_t{1} << type.page_size_log2, ", not 1 or 65536");
  }
  const uint64_t most = most_pages(type);
  const bool is_plain = !type.limits.is_64 && type.page_size_log2 == 16;
  std::string wrong =
      wrong_limits(type.limits, most, concat("memory size must be at most ", most, " pages", is_plain ? " (4GiB)" : ""));
  if (wrong.empty() && type.limits.shared && !type.limits.max.has_value()) return "shared memory must have maximum";
  return wrong;
}

// One module's validation, a function for each kind of definition.
class ModuleValidator {
 public:
  ModuleValidator(ModuleDef& module, const ModuleLimits& limits)
      : module_(module), limits_(limits), types_(module), bodies_(module, types_, limits) {}

  Result<void> run() {
    WPLUG_TRY(types_.validate(limits_, section_offset(kTypeSection)));
    WPLUG_TRY(function_types());
    WPLUG_TRY(memories());
    WPLUG_TRY(tables());
    WPLUG_TRY(tags());
    WPLUG_TRY(globals());
    WPLUG_TRY(exports());
    WPLUG_TRY(start());
    WPLUG_TRY(elements());
    WPLUG_TRY(data());
    return bodies();
  }

 private:
  Result<void> function_types();
  Result<void> memories();
  Result<void> tables();
  Result<void> tags();
  Result<void> globals();
  Result<void> exports();
  Result<void> export_names_differ();
  Result<void> start();
  Result<void> elements();
  Result<void> element(ElementDef& element, uint32_t index);
  Result<void> known(ValType type, ExternKind kind, uint32_t index, uint8_t section) const;
  Result<void> data();
  Result<void> bodies();

  Error invalid(size_t offset, std::string text) const { return Error(ErrorKind::invalid, std::move(text), offset); }
  // Where a definition without an offset of its own is to be looked for: its import or its section. For errors only:
  // slow.
  size_t offset_of(ExternKind kind, uint32_t index, uint8_t section) const;
  size_t section_offset(uint8_t id) const;
  size_t offset_of(std::string_view name) const {
    return static_cast<size_t>(reinterpret_cast<const uint8_t*>(name.data()) - module_.bytes.data());
  }
  size_t index_space(ExternKind kind) const;
  uint32_t all_globals() const { return static_cast<uint32_t>(module_.globals.size()); }

  ModuleDef& module_;
  const ModuleLimits& limits_;
  ModuleTypes types_;
  FunctionValidator bodies_;
};

size_t ModuleValidator::section_offset(uint8_t id) const {
  for (const SectionDef& section : module_.sections) {
    if (section.id == id) return section.payload.begin;
  }
  return 0;
}

size_t ModuleValidator::offset_of(ExternKind kind, uint32_t index, uint8_t section) const {
  for (const ImportDef& import : module_.imports) {
    if (import.kind == kind && import.index == index) return import.offset;
  }
  return section_offset(section);
}

Result<void> ModuleValidator::function_types() {
  for (uint32_t i = 0; i < module_.functions.size(); ++i) {
    const uint32_t type = module_.functions[i].type;
    if (type >= module_.types.size()) {
      return invalid(offset_of(ExternKind::func, i, kFunctionSection),
                     concat("unknown type ", type, " (function ", i, ")"));
    }
    if (module_.types[type].kind != CompositeKind::func) {
      return invalid(offset_of(ExternKind::func, i, kFunctionSection),
                     concat("type mismatch: type ", type, " is not a function type (function ", i, ")"));
    }
  }
  return {};
}

Result<void> ModuleValidator::memories() {
  for (uint32_t i = 0; i < module_.memories.size(); ++i) {
    const MemoryType& type = module_.memories[i];
    std::string wrong = wrong_memory(type);
    if (wrong.empty()) continue;
    return invalid(offset_of(ExternKind::memory, i, kMemorySection), concat(wrong, " (memory ", i, ")"));
  }
  return {};
}

Result<void> ModuleValidator::tables() {
  for (uint32_t i = 0; i < module_.tables.size(); ++i) {
    const TableDef& table = module_.tables[i];
    const Limits& limits = table.type.limits;
    WPLUG_TRY(known(table.type.element, ExternKind::table, i, kTableSection));
    const uint64_t most = limits.is_64 ? UINT64_MAX : kMostElements;
    std::string wrong = wrong_limits(limits, most, concat("table size must be at most ", most));
    if (!wrong.empty()) {
      return invalid(offset_of(ExternKind::table, i, kTableSection), concat(wrong, " (table ", i, ")"));
    }
    if (table.init.has_value()) {
      // Tables come before globals: only imported ones exist yet (spec 3.5.14).
      WPLUG_TRY(bodies_.validate_const(*table.init, table.type.element, module_.imported_globals, "table", i));
    } else if (i >= module_.imported_tables && !table.type.element.is_defaultable()) {
      return invalid(offset_of(ExternKind::table, i, kTableSection),
                     concat("type mismatch: no value for the elements of type ", table.type.element.to_string(),
                            " (table ", i, ")"));
    }
  }
  return {};
}

Result<void> ModuleValidator::tags() {
  for (uint32_t i = 0; i < module_.tags.size(); ++i) {
    const uint32_t type = module_.tags[i].type;
    if (type >= module_.types.size()) {
      return invalid(offset_of(ExternKind::tag, i, kTagSection), concat("unknown type ", type, " (tag ", i, ")"));
    }
    const SubType& defined = module_.types[type];
    if (defined.kind != CompositeKind::func) {
      return invalid(offset_of(ExternKind::tag, i, kTagSection), concat("non-function type ", type, " (tag ", i, ")"));
    }
    if (defined.func.results.empty()) continue;
    return invalid(offset_of(ExternKind::tag, i, kTagSection),
                   concat("non-empty tag result type: ", defined.func.to_string(), " (tag ", i, ")"));
  }
  return {};
}

Result<void> ModuleValidator::globals() {
  for (uint32_t i = 0; i < module_.globals.size(); ++i) {
    const GlobalDef& global = module_.globals[i];
    WPLUG_TRY(known(global.type.type, ExternKind::global, i, kGlobalSection));
    if (i < module_.imported_globals) continue;
    WPLUG_TRY(bodies_.validate_const(global.init, global.type.type, i, "global", i));
  }
  return {};
}

size_t ModuleValidator::index_space(ExternKind kind) const {
  switch (kind) {
    case ExternKind::func: return module_.functions.size();
    case ExternKind::table: return module_.tables.size();
    case ExternKind::memory: return module_.memories.size();
    case ExternKind::global: return module_.globals.size();
    case ExternKind::tag: return module_.tags.size();
    default: return 0;
  }
}

Result<void> ModuleValidator::exports() {
  for (const ExportDef& exported : module_.exports) {
    if (exported.index >= index_space(exported.kind)) {
      return invalid(offset_of(exported.name), concat("unknown ", to_string(exported.kind), " ", exported.index,
                                                      " (export \"", exported.name, "\")"));
    }
    if (exported.kind == ExternKind::func) module_.functions[exported.index].declared = true;
  }
  return export_names_differ();
}

// By sorting: a hash table could be made slow by whoever chooses the names.
Result<void> ModuleValidator::export_names_differ() {
  std::vector<std::string_view> names;
  names.reserve(module_.exports.size());
  for (const ExportDef& exported : module_.exports) names.push_back(exported.name);
  std::sort(names.begin(), names.end());
  const auto twin = std::adjacent_find(names.begin(), names.end());
  if (twin == names.end()) return {};
  return invalid(std::max(offset_of(twin[0]), offset_of(twin[1])), concat("duplicate export name \"", *twin, "\""));
}

Result<void> ModuleValidator::start() {
  if (!module_.start.has_value()) return {};
  const uint32_t function = *module_.start;
  const size_t offset = section_offset(kStartSection);
  if (function >= module_.functions.size()) return invalid(offset, concat("unknown function ", function, " (start)"));
  const FuncType& type = module_.function_type(function);
  if (type.params.empty() && type.results.empty()) return {};
  return invalid(offset, concat("start function ", function, " must be of type () -> (), found ", type.to_string()));
}

Result<void> ModuleValidator::elements() {
  for (uint32_t i = 0; i < module_.elements.size(); ++i) WPLUG_TRY(element(module_.elements[i], i));
  return {};
}

Result<void> ModuleValidator::known(ValType type, ExternKind kind, uint32_t index, uint8_t section) const {
  if (types_.knows(type)) return {};
  return invalid(offset_of(kind, index, section),
                 concat("unknown type ", type.type_index(), " (", to_string(kind), " ", index, ")"));
}

Result<void> ModuleValidator::element(ElementDef& element, uint32_t index) {
  if (!types_.knows(element.type)) {
    return invalid(section_offset(kElementSection),
                   concat("unknown type ", element.type.type_index(), " (elem segment ", index, ")"));
  }
  for (uint32_t function : element.functions) {
    if (function >= module_.functions.size()) {
      return invalid(section_offset(kElementSection),
                     concat("unknown function ", function, " (elem segment ", index, ")"));
    }
    module_.functions[function].declared = true;
  }
  for (ConstExpr expression : element.expressions) {
    WPLUG_TRY(bodies_.validate_const(expression, element.type, all_globals(), "elem segment", index));
    element.allocates |= bodies_.allocates();
  }
  if (element.mode != SegmentMode::active) return {};
  if (element.table >= module_.tables.size()) {
    return invalid(element.offset.begin, concat("unknown table ", element.table, " (elem segment ", index, ")"));
  }
  const TableType& table = module_.tables[element.table].type;
  if (!types_.matches(element.type, table.element)) {
    return invalid(element.offset.begin, concat("type mismatch: table of ", table.element.to_string(), ", elements of ",
                                                element.type.to_string(), " (elem segment ", index, ")"));
  }
  const ValType address = table.limits.is_64 ? ValType::i64() : ValType::i32();
  return bodies_.validate_const(element.offset, address, all_globals(), "elem segment", index);
}

Result<void> ModuleValidator::data() {
  for (uint32_t i = 0; i < module_.data.size(); ++i) {
    const DataDef& segment = module_.data[i];
    if (segment.mode != SegmentMode::active) continue;
    if (segment.memory >= module_.memories.size()) {
      return invalid(segment.offset.begin, concat("unknown memory ", segment.memory, " (data segment ", i, ")"));
    }
    const ValType address = module_.memories[segment.memory].limits.is_64 ? ValType::i64() : ValType::i32();
    WPLUG_TRY(bodies_.validate_const(segment.offset, address, all_globals(), "data segment", i));
  }
  return {};
}

Result<void> ModuleValidator::bodies() {
  for (uint32_t i = module_.imported_functions; i < module_.functions.size(); ++i) WPLUG_TRY(bodies_.validate_body(i));
  return {};
}

}  // namespace

Result<void> validate_module(ModuleDef& module, const ModuleLimits& limits, Features features) {
  WPLUG_TRY(check_features(module, features));
  return ModuleValidator(module, limits).run();
}

}  // namespace wplug
