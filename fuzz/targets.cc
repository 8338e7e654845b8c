#include "fuzz/targets.h"

#include <chrono>
#include <vector>

#include "wplug/engine.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/module.h"

namespace wplug::fuzz {

namespace {

constexpr uint64_t kFuel = 20'000;
constexpr uint64_t kMemoryBytes = uint64_t{4} << 20;

Engine make_engine(bool registers) {
  Config config;
  config.register_allocation = registers;
  config.limits.module_size = 1 << 20;
  return *Engine::create(config);
}

const Engine& engine(bool registers = true) {
  static const Engine engines[] = {make_engine(false), make_engine(true)};
  return engines[registers ? 1 : 0];
}

Result<void> zeros(Caller&, std::span<const Value>, std::span<Value> results) {
  for (Value& result : results) result = Value::zero(result.type());
  return {};
}

// Something of its type for each import; false when one is not to be had.
bool provide(Store& store, const Module& module, std::vector<Extern>& imports) {
  for (const ImportType& import : module.imports()) {
    switch (import.type.kind) {
      case ExternKind::func: imports.push_back(Func::wrap(store, import.type.func, zeros)); break;
      case ExternKind::memory: {
        Result<Memory> memory = Memory::create(store, import.type.memory);
        if (!memory.ok()) return false;
        imports.push_back(*memory);
        break;
      }
      case ExternKind::table: {
        Result<Table> table = Table::create(store, import.type.table, Value::zero(import.type.table.element));
        if (!table.ok()) return false;
        imports.push_back(*table);
        break;
      }
      case ExternKind::global: {
        Result<Global> global = Global::create(store, import.type.global, Value::zero(import.type.global.type));
        if (!global.ok()) return false;
        imports.push_back(*global);
        break;
      }
      default: return false;
    }
  }
  return true;
}

void call(Store& store, const Func& func) {
  std::vector<Value> arguments, results(func.type().results.size());
  for (ValType param : func.type().params) {
    if (!param.is_defaultable()) return;
    arguments.push_back(Value::zero(param));
  }
  (void)store.set_fuel(kFuel);
  store.set_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(1));
  (void)func.call(arguments, results);
}

}  // namespace

void validate_target(std::span<const uint8_t> bytes) { (void)Module::validate(engine(), bytes); }

void lower_target(std::span<const uint8_t> bytes) {
  for (bool registers : {false, true}) {
    const Result<Module> module = Module::compile(engine(registers), bytes);
    if (!module.ok() || !module->lower_all().ok()) return;
    for (uint32_t i = 0; i < module->function_count(); ++i) (void)module->print_code(i);
  }
}

void execute_target(std::span<const uint8_t> bytes) {
  const Result<Module> module = Module::compile(engine(), bytes);
  if (!module.ok()) return;
  StoreLimits limits;
  limits.memory_bytes = limits.total_memory_bytes = kMemoryBytes;
  limits.table_elements = 10'000;
  limits.stack_bytes = 1 << 16;
  Result<Store> store = Store::create(engine(), limits);
  if (!store.ok()) return;
  (void)store->set_fuel(kFuel);
  store->set_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(1));
  std::vector<Extern> imports;
  if (!provide(*store, *module, imports)) return;
  const Result<Instance> instance = Instance::create(*store, *module, imports);
  if (!instance.ok()) return;
  for (const ExportType& exported : module->exports()) {
    if (exported.type.kind == ExternKind::func) call(*store, *instance->get_func(exported.name));
  }
}

Target find_target(std::string_view name) {
  if (name == "validate") return validate_target;
  if (name == "lower") return lower_target;
  if (name == "execute") return execute_target;
  return nullptr;
}

}  // namespace wplug::fuzz
