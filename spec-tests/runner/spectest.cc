#include "spec-tests/runner/spectest.h"

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace wplug::spec {
namespace {

constexpr std::string_view kModule = "spectest";

// The scripts never look at what is printed.
Result<void> print_nothing(Caller&, std::span<const Value>, std::span<Value>) { return {}; }

void define_prints(Store& store, Linker& linker) {
  const ValType i32 = ValType::i32(), f32 = ValType::f32(), f64 = ValType::f64();
  const std::vector<std::pair<std::string_view, std::vector<ValType>>> functions = {
      {"print", {}},        {"print_i32", {i32}},          {"print_i64", {ValType::i64()}}, {"print_f32", {f32}},
      {"print_f64", {f64}}, {"print_i32_f32", {i32, f32}}, {"print_f64_f64", {f64, f64}},
  };
  for (const auto& [name, params] : functions) {
    linker.define(kModule, name, Func::wrap(store, FuncType{params, {}}, &print_nothing));
  }
}

Result<void> define_globals(Store& store, Linker& linker) {
  const std::pair<std::string_view, Value> globals[] = {
      {"global_i32", Value::i32(666)},
      {"global_i64", Value::i64(666)},
      {"global_f32", Value::f32(666.6f)},
      {"global_f64", Value::f64(666.6)},
  };
  for (const auto& [name, value] : globals) {
    WPLUG_TRY_ASSIGN(const Global global, Global::create(store, GlobalType{value.type(), false}, value));
    linker.define(kModule, name, global);
  }
  return {};
}

Result<Table> create_table(Store& store, bool is_64) {
  TableType type;
  type.limits.min = 10;
  type.limits.max = 20;
  type.limits.is_64 = is_64;
  return Table::create(store, type, Value::zero(type.element));
}

Result<Memory> create_memory(Store& store, bool shared) {
  MemoryType type;
  type.limits.min = 1;
  type.limits.max = 2;
  type.limits.shared = shared;
  return Memory::create(store, type);
}

}  // namespace

Result<void> define_spectest(Store& store, Linker& linker) {
  define_prints(store, linker);
  WPLUG_TRY(define_globals(store, linker));
  WPLUG_TRY_ASSIGN(const Table table, create_table(store, false));
  linker.define(kModule, "table", table);
  WPLUG_TRY_ASSIGN(const Memory memory, create_memory(store, false));
  linker.define(kModule, "memory", memory);
  if (auto table64 = create_table(store, true)) linker.define(kModule, "table64", *table64);
  if (auto shared = create_memory(store, true)) linker.define(kModule, "shared_memory", *shared);
  return {};
}

}  // namespace wplug::spec
