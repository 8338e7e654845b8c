#include <algorithm>

#include "interp/decode/names.h"
#include "interp/lower/allocate.h"
#include "interp/lower/check.h"
#include "interp/lower/code.h"
#include "interp/lower/duplicate.h"
#include "interp/lower/emit.h"
#include "interp/lower/handlers.h"
#include "interp/lower/translate.h"
#include "interp/lower/unwind_table.h"

namespace wplug {

ModuleCode::ModuleCode(const ModuleDef& module, std::vector<const CanonicalType*> canonical, const Config& configuration,
                       std::string_view fallback)
    : def(module), types(std::move(canonical)), config(configuration), fallback_name(fallback) {
  uint32_t count = static_cast<uint32_t>(def.functions.size()) - def.imported_functions;
  functions = std::make_unique<FunctionCode[]>(count);
  for (uint32_t i = 0; i < count; ++i) {
    FunctionCode& function = functions[i];
    const CanonicalType* type = types[def.functions[def.imported_functions + i].type];
    function.index = def.imported_functions + i;
    largest_function = std::max<uint64_t>(largest_function, def.functions[function.index].body.size());
    function.module = this;
    function.param_slots = type->param_slots;
    function.result_slots = type->result_slots;
    function.frame_slots = std::max(type->param_slots + kHeaderSlots, type->result_slots);
    function.stub[0].handler = lazy_handler();
    function.stub[1].pointer = &function;
    function.entry = function.stub;
  }
}

ModuleCode::~ModuleCode() = default;

LoweredBody::LoweredBody() = default;
LoweredBody::~LoweredBody() = default;

bool LoweredBody::keep(const std::vector<Cell>& made, const Allocator& allocator) {
  memory = Block(allocator);
  if (!memory.allocate(made.size() * sizeof(Cell))) return false;
  std::copy(made.begin(), made.end(), static_cast<Cell*>(memory.data()));
  cells = {static_cast<Cell*>(memory.data()), made.size()};
  return true;
}

const NameSection& ModuleCode::names() {
  names_once.call([this] { name_section = decode_names(def); });
  return name_section;
}

std::string ModuleCode::function_name(uint32_t index) {
  const NameSection& section = names();
  if (auto at = section.functions.find(index); at != section.functions.end()) return std::string(at->second);
  for (const ExportDef& e : def.exports) {
    if (e.kind == ExternKind::func && e.index == index) return std::string(e.name);
  }
  return {};
}

std::string ModuleCode::module_name() {
  const NameSection& section = names();
  return section.module.empty() ? fallback_name : std::string(section.module);
}

namespace {

// Translates and allocates; deterministic, so that map_code() sees what lower_function() made.
Result<IrFunction> lower_to_ir(ModuleCode& module, uint32_t index, Allocation& allocation) {
  WPLUG_TRY_ASSIGN(IrFunction ir, translate(module, index));
  if constexpr (kProfile != Profile::small) duplicate_tails(ir);  // code that is faster, and larger
  [[maybe_unused]] const bool registers = module.config.register_allocation && kIntRegisters + kFloatRegisters > 0;
  allocation = registers ? allocate_registers(ir) : allocate_nothing(ir);
  return ir;
}

}  // namespace

Result<void> lower_function(ModuleCode& module, uint32_t index) {
  FunctionCode& function = module.function(index);
  if (function.entry.load(std::memory_order_acquire) != function.stub) return {};
  Allocation allocation;
  WPLUG_TRY_ASSIGN(IrFunction ir, lower_to_ir(module, index, allocation));
  auto body = std::make_unique<LoweredBody>();
  std::vector<uint32_t> starts;
  const std::vector<Cell> cells = emit_cells(module, ir, allocation, nullptr, &starts);
#if WPLUG_PARANOID
  WPLUG_TRY(check_allocation(module, ir, allocation, cells, starts));
#endif
  if (!body->keep(cells, module.config.allocator)) {
    return Error(ErrorKind::limit, "no memory for the code of function " + std::to_string(index) + ": " +
                                       std::to_string(cells.size() * sizeof(Cell)) + " bytes");
  }
  if (module.config.count_dispatches) count_dispatches(*body);
  body->unwind = make_unwind_table(ir, starts, module.config.metering);
  body->function = &function;
  const Locked lock(module.mutex);
  if (function.entry.load(std::memory_order_relaxed) != function.stub) return {};  // another thread was faster
  const Cell* entry = body->cells.data();
  function.body = body.get();
  function.frame_slots.store(std::max(ir.frame_slots, function.result_slots), std::memory_order_relaxed);
  module.bodies.emplace(entry, std::move(body));
  function.entry.store(entry, std::memory_order_release);
  return {};
}

const LoweredBody* find_body(ModuleCode& module, const Cell* pc) {
  const Locked lock(module.mutex);
  auto after = module.bodies.upper_bound(pc);
  if (after == module.bodies.begin()) return nullptr;
  const LoweredBody* body = std::prev(after)->second.get();
  return body->contains(pc) ? body : nullptr;
}

CodeMap map_code(ModuleCode& module, uint32_t index) {
  CodeMap map;
  Allocation allocation;
  Result<IrFunction> ir = lower_to_ir(module, index, allocation);
  if (ir.ok()) emit_cells(module, *ir, allocation, &map);
  if (map.entries.empty()) map.entries.push_back({0, {}});
  return map;
}

CodeLocation CodeMap::at(uint32_t cell) const {
  auto after = std::upper_bound(entries.begin(), entries.end(), cell,
                                [](uint32_t c, const Entry& entry) { return c < entry.cell; });
  return after == entries.begin() ? entries.front().location : std::prev(after)->location;
}

uint32_t CodeMap::count_at_target(uint32_t cell) const {
  auto at = std::lower_bound(labels.begin(), labels.end(), std::pair<uint32_t, uint32_t>{cell, 0});
  return at != labels.end() && at->first == cell ? at->second : 0;
}

}  // namespace wplug
