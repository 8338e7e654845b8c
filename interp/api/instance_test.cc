#include "wplug/instance.h"

#include <string>

#include "interp/api/fixtures_test.h"
#include "interp/store/runtime.h"
#include "wplug/trap.h"

namespace wplug::test {
namespace {

constexpr uint64_t kPage = 65536;

Result<Instance> try_instantiate(World& world, const ModuleBuilder& builder, std::vector<Extern> imports = {}) {
  return Instance::create(world.store, compile(world.engine, builder), imports);
}

TEST_CASE("globals are initialized by constant expressions, earlier globals included") {
  World world;
  ModuleBuilder builder;
  builder.import_global("env", "base", kI32, false);
  builder.global(kI32, false, global_get(0));
  builder.global(kI32, true, Bytes{0x23, 0, 0x41, 5, 0x6a, 0x41, 3, 0x6c, 0x41, 1, 0x6b, 0x0b});  // (base + 5) * 3 - 1
  builder.global(kI64, false, i64_const(-9));
  builder.global(kI32, false, i32_const(-1));
  builder.export_as("same", kGlobalKind, 1);
  builder.export_as("computed", kGlobalKind, 2);
  builder.export_as("wide", kGlobalKind, 3);
  builder.export_as("minus one", kGlobalKind, 4);
  Global base = must(Global::create(world.store, {ValType::i32(), false}, Value::i32(-10)));
  Instance instance = world.instantiate(builder, {base});
  CHECK(instance.get_global("same")->get().i32() == -10);
  CHECK(instance.get_global("computed")->get().i32() == -16);
  CHECK(instance.get_global("wide")->get().i64() == -9);
  CHECK(instance.get_global("minus one")->get().bits() == 0xffffffffu);
}

TEST_CASE("an export is found by name and kind") {
  World world;
  ModuleBuilder builder;
  builder.type({}, {});
  builder.func(0, {});
  builder.memory(limits(1));
  builder.table(kFuncref, limits(4));
  for (const char* name : {"zero", "", "a", "memory", "middle"}) builder.export_as(name, kFuncKind, 0);
  builder.export_as("m", kMemoryKind, 0);
  builder.export_as("t", kTableKind, 0);
  Instance instance = world.instantiate(builder);
  for (const char* name : {"zero", "", "a", "memory", "middle"}) CHECK(instance.get_func(name).has_value());
  CHECK_FALSE(instance.get_func("b").has_value());
  CHECK_FALSE(instance.get_func("m").has_value());
  CHECK_FALSE(instance.get_memory("memory").has_value());
  CHECK(instance.get_memory("m")->size() == kPage);
  CHECK(instance.get_table("t")->size() == 4);
  CHECK_FALSE(instance.get_export("missing").has_value());
  CHECK(kind_of(*instance.get_export("t")) == ExternKind::table);
  CHECK(instance.module().function_count() == 1);
}

TEST_CASE("a function has one identity however it is reached") {
  World world;
  ModuleBuilder builder;
  builder.type({}, {});
  builder.func(0, {});
  builder.func(0, {});
  builder.table(kFuncref, limits(2));
  builder.global(kFuncref, false, ref_func(1));
  builder.elements(i32_const(0), {1, 0});
  builder.export_as("f", kFuncKind, 1);
  builder.export_as("again", kFuncKind, 1);
  builder.export_as("t", kTableKind, 0);
  builder.export_as("g", kGlobalKind, 0);
  Instance instance = world.instantiate(builder);
  const Ref ref = instance.get_func("f")->ref();
  CHECK(instance.get_func("again")->ref() == ref);
  CHECK(must(instance.get_table("t")->get(0)).ref() == ref);
  CHECK_FALSE(must(instance.get_table("t")->get(1)).ref() == ref);
  CHECK(instance.get_global("g")->get().ref() == ref);
}

TEST_CASE("active segments are written in order until one is out of bounds") {
  World world;
  MemoryType type;
  type.limits = {1, std::nullopt};
  Memory memory = must(Memory::create(world.store, type));
  ModuleBuilder builder;
  builder.import_memory("env", "m", limits(1));
  builder.data(i32_const(0), "first");
  builder.data(i32_const(65534), "second");
  builder.data(i32_const(100), "third");
  const Error error = must_fail(try_instantiate(world, builder, {memory}));
  REQUIRE(error.kind() == ErrorKind::trap);
  CHECK(error.trap()->kind() == TrapKind::out_of_bounds_memory_access);
  CHECK(
      contains(error.trap()->message(), "out of bounds memory access: data segment 1: offset 65534 + 6 > size 65536"));
  CHECK(memory.data()[0] == 'f');
  CHECK(memory.data()[65535] == 0);
  CHECK(memory.data()[100] == 0);
}

TEST_CASE("a data segment at a negative offset is out of bounds, one of no bytes at the end is not") {
  World world;
  ModuleBuilder negative;
  negative.memory(limits(1));
  negative.data(i32_const(-1), "x");
  CHECK(must_fail(try_instantiate(world, negative)).kind() == ErrorKind::trap);
  ModuleBuilder at_end;
  at_end.memory(limits(1));
  at_end.data(i32_const(65536), "");
  CHECK(try_instantiate(world, at_end).ok());
  ModuleBuilder beyond;
  beyond.memory(limits(1));
  beyond.data(i32_const(65537), "");
  CHECK(must_fail(try_instantiate(world, beyond)).kind() == ErrorKind::trap);
}

TEST_CASE("what an element segment wrote stays when a later one traps, and its functions live on") {
  World world;
  TableType type;
  type.limits = {3, std::nullopt};
  Table table = must(Table::create(world.store, type, Value::zero(ValType::funcref())));
  ModuleBuilder builder;
  builder.type({}, {kI32});
  builder.import_table("env", "t", kFuncref, limits(1));
  builder.func(0, {0x41, 42});
  builder.elements(i32_const(1), {0});
  builder.elements(i32_const(2), {0, 0});
  const Error error = must_fail(try_instantiate(world, builder, {table}));
  REQUIRE(error.kind() == ErrorKind::trap);
  CHECK(error.trap()->kind() == TrapKind::out_of_bounds_table_access);
  CHECK(contains(error.message(), "element segment 1: offset 2 + 2 > size 3"));
  CHECK(must(table.get(2)).ref().is_null());
  Value result;
  must(Func::from_ref(world.store, must(table.get(1)).ref()).call({}, {&result, 1}));
  CHECK(result.i32() == 42);
}

TEST_CASE("an active segment is dropped once it is written, a passive one is not") {
  World world;
  ModuleBuilder builder;
  builder.type({}, {});
  builder.func(0, {});
  builder.table(kFuncref, limits(4));
  builder.elements(i32_const(0), {0});
  builder.passive_elements({0, 0});
  Instance instance = world.instantiate(builder);
  InstanceImpl& impl = *instance.impl();
  CHECK_FALSE(table_init(impl, 0, 0, 0, 0, 1));
  CHECK(table_init(impl, 0, 0, 4, 0, 0));
  CHECK(table_init(impl, 0, 1, 2, 0, 2));
  CHECK_FALSE(table_init(impl, 0, 1, 3, 0, 2));
  CHECK_FALSE(table_init(impl, 0, 1, 0, 1, 2));
  CHECK_FALSE(table_init(impl, 0, 1, UINT64_MAX, 0, 2));
  CHECK_FALSE(table_init(impl, 0, 1, 0, UINT64_MAX, 2));
}

TEST_CASE("host functions see the memory exported as memory, else the first") {
  World world;
  ModuleBuilder unnamed;
  unnamed.memory(limits(1));
  Instance first = world.instantiate(unnamed);
  CHECK(first.impl()->exported_memory == first.impl()->memories[0]);
  ModuleBuilder none;
  CHECK(world.instantiate(none).impl()->exported_memory == nullptr);
}

TEST_CASE("the start function runs last, and its trap fails the instantiation") {
  World world;
  ModuleBuilder builder;
  builder.type({}, {});
  builder.memory(limits(1));
  builder.global(kI32, true, i32_const(1));
  // Copies the byte that the data segment wrote into the global.
  builder.func(0, {0x41, 3, 0x2d, 0, 0, 0x24, 0});
  builder.data(i32_const(3), "A");
  builder.start(0);
  builder.export_as("g", kGlobalKind, 0);
  CHECK(world.instantiate(builder).get_global("g")->get().i32() == 'A');
  ModuleBuilder trapping;
  trapping.type({}, {});
  trapping.func(0, {0x00});
  trapping.start(0);
  const Error error = must_fail(try_instantiate(world, trapping));
  REQUIRE(error.kind() == ErrorKind::trap);
  CHECK(error.trap()->kind() == TrapKind::unreachable);
}

TEST_CASE("the number of instances is limited") {
  StoreLimits store_limits;
  store_limits.instances = 2;
  World world(store_limits);
  world.instantiate(ModuleBuilder());
  world.instantiate(ModuleBuilder());
  const Error error = must_fail(try_instantiate(world, ModuleBuilder()));
  CHECK(error.kind() == ErrorKind::limit);
  CHECK(contains(error.message(), "2 instances"));
}

TEST_CASE("an instantiation that meets a limit leaves nothing behind") {
  StoreLimits store_limits;
  store_limits.table_elements = 100;
  World world(store_limits);
  ModuleBuilder builder;
  builder.memory(limits(2));
  builder.global(kI32, false, i32_const(1));
  builder.table(kFuncref, limits(100));
  builder.table(kFuncref, limits(101));
  const Error error = must_fail(try_instantiate(world, builder));
  CHECK(error.kind() == ErrorKind::limit);
  const StoreImpl& impl = *world.store.impl();
  CHECK(impl.instances.empty());
  CHECK(impl.memories.empty());
  CHECK(impl.tables.empty());
  CHECK(impl.globals.empty());
  CHECK(world.store.memory_bytes() == 0);
  CHECK(world.store.peak_memory_bytes() == 0);
}

TEST_CASE("a module of another engine is misuse") {
  World world, other;
  const Error error = must_fail(Instance::create(world.store, compile(other.engine, ModuleBuilder()), {}));
  CHECK(error.kind() == ErrorKind::misuse);
}

TEST_CASE("ten thousand instances of a small module live in one process") {
  World world;
  ModuleBuilder builder;
  builder.type({}, {kI32});
  builder.memory(limits(1));
  builder.func(0, {0x41, 8, 0x28, 2, 0});  // i32.load of address 8
  builder.data(i32_const(8), "\x2a");
  builder.export_as("memory", kMemoryKind, 0);
  builder.export_as("f", kFuncKind, 0);
  const Module module = compile(world.engine, builder);
  constexpr size_t kInstances = 10'000;
  std::vector<Instance> instances;
  for (size_t i = 0; i < kInstances; ++i) instances.push_back(must(Instance::create(world.store, module, {})));
  CHECK(world.store.memory_bytes() == kInstances * kPage);
  instances[0].get_memory("memory")->data()[8] = 1;
  for (size_t i : {size_t{0}, size_t{1}, kInstances / 2, kInstances - 1}) {
    Value result;
    must(instances[i].get_func("f")->call({}, {&result, 1}));
    CHECK(result.i32() == (i == 0 ? 1 : 42));
  }
}

TEST_CASE("ten thousand stores, each with an instance of its own, live in one process") {
  const Engine engine = must(Engine::create());
  ModuleBuilder builder;
  builder.memory(limits(1, 16));
  builder.export_as("memory", kMemoryKind, 0);
  const Module module = compile(engine, builder);
  std::vector<Store> stores;
  for (size_t i = 0; i < 10'000; ++i) {
    stores.push_back(must(Store::create(engine)));
    Instance instance = must(Instance::create(stores.back(), module, {}));
    REQUIRE(must(instance.get_memory("memory")->grow(15)) == 1);
    instance.get_memory("memory")->data()[16 * kPage - 1] = 1;
  }
  CHECK(stores.front().memory_bytes() == 16 * kPage);
  CHECK(stores.back().impl()->owner == &stores.back());
}

}  // namespace
}  // namespace wplug::test
