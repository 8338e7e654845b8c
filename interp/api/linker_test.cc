#include "wplug/linker.h"

#include <string>

#include "interp/api/fixtures_test.h"
#include "interp/store/runtime.h"

namespace wplug::test {
namespace {

MemoryType memory_type(uint64_t min, std::optional<uint64_t> max) {
  MemoryType type;
  type.limits.min = min;
  type.limits.max = max;
  return type;
}

HostCallback nothing() {
  return [](void*, Caller&, uint64_t*) { return Result<void>(); };
}

// The link error of a module that imports `imported` as env.x, when env.x is `external`.
std::string link_error(World& world, const ModuleBuilder& importer, const Extern& external) {
  Linker linker;
  linker.define("env", "x", external);
  const Error error = must_fail(linker.instantiate(world.store, compile(world.engine, importer)));
  CHECK(error.kind() == ErrorKind::link);
  return error.message();
}

bool links(World& world, const ModuleBuilder& importer, const Extern& external) {
  Linker linker;
  linker.define("env", "x", external);
  return linker.instantiate(world.store, compile(world.engine, importer)).ok();
}

ModuleBuilder importing_func(const Bytes& params, const Bytes& results) {
  ModuleBuilder builder;
  builder.type(params, results);
  builder.import_func("env", "x", 0);
  return builder;
}

ModuleBuilder importing_memory(const Bytes& limits) {
  ModuleBuilder builder;
  builder.import_memory("env", "x", limits);
  return builder;
}

ModuleBuilder importing_table(uint8_t element, const Bytes& limits) {
  ModuleBuilder builder;
  builder.import_table("env", "x", element, limits);
  return builder;
}

ModuleBuilder importing_global(uint8_t type, bool is_mutable) {
  ModuleBuilder builder;
  builder.import_global("env", "x", type, is_mutable);
  return builder;
}

TEST_CASE("one error lists all missing imports with their types") {
  World world;
  ModuleBuilder builder;
  builder.type({kI32}, {});
  builder.import_func("env", "log", 0);
  builder.import_func("env", "there", 0);
  builder.import_memory("other", "m", limits(1));
  Linker linker;
  linker.define_raw("env", "there", {{ValType::i32()}, {}}, nothing(), nullptr);
  CHECK(linker.has("env", "there"));
  CHECK_FALSE(linker.has("env", "log"));
  const Error error = must_fail(linker.instantiate(world.store, compile(world.engine, builder)));
  CHECK(error.kind() == ErrorKind::link);
  CHECK(error.message().starts_with("unknown import: env.log ("));
  CHECK(contains(error.message(), "(i32) -> ()"));
  CHECK(contains(error.message(), "other.m ("));
  CHECK_FALSE(contains(error.message(), "there"));
  CHECK(world.store.impl()->functions.empty());
}

TEST_CASE("a long list of missing imports is cut") {
  World world;
  ModuleBuilder builder;
  builder.type({}, {});
  for (int i = 0; i < 50; ++i) builder.import_func("env", "f" + std::to_string(i), 0);
  const Error error = must_fail(Linker().instantiate(world.store, compile(world.engine, builder)));
  CHECK(contains(error.message(), "env.f7 "));
  CHECK_FALSE(contains(error.message(), "env.f8 "));
  CHECK(contains(error.message(), "and 42 more"));
}

TEST_CASE("too few or too many imports are a link error") {
  World world;
  const Module module = compile(world.engine, importing_memory(limits(1)));
  const Memory memory = must(Memory::create(world.store, memory_type(1, 2)));
  CHECK(must_fail(Instance::create(world.store, module, {})).message().starts_with("unknown import: env.x"));
  const Extern two[] = {memory, memory};
  CHECK(must_fail(Instance::create(world.store, module, two)).kind() == ErrorKind::link);
}

TEST_CASE("a function is imported only with its exact type") {
  World world;
  const Func func = Func::wrap_raw(world.store, {{ValType::i32()}, {}}, nothing(), nullptr);
  CHECK(links(world, importing_func({kI32}, {}), func));
  const std::string message = link_error(world, importing_func({kI64}, {}), func);
  CHECK(message.starts_with("incompatible import type: env.x is "));
  CHECK(contains(message, "(i32) -> ()"));
  CHECK(contains(message, "module wants"));
  CHECK(contains(message, "(i64) -> ()"));
  link_error(world, importing_func({kI32}, {kI32}), func);
  link_error(world, importing_memory(limits(0)), func);
}

TEST_CASE("a host function defined in a linker is imported only with its exact type") {
  World world;
  Linker linker;
  linker.define_func("env", "x", {{ValType::i32()}, {}},
                     [](Caller&, std::span<const Value>, std::span<Value>) { return Result<void>(); });
  CHECK(linker.instantiate(world.store, compile(world.engine, importing_func({kI32}, {}))).ok());
  const Error error = must_fail(linker.instantiate(world.store, compile(world.engine, importing_func({kF32}, {}))));
  CHECK(error.message().starts_with("incompatible import type: env.x is "));
  const Error kind = must_fail(linker.instantiate(world.store, compile(world.engine, importing_memory(limits(0)))));
  CHECK(kind.message().starts_with("incompatible import type: env.x is "));
}

TEST_CASE("a memory is imported by the size it has now and the maximum it declares") {
  World world;
  Memory memory = must(Memory::create(world.store, memory_type(1, 3)));
  CHECK(links(world, importing_memory(limits(1)), memory));
  CHECK(links(world, importing_memory(limits(0, 3)), memory));
  CHECK(links(world, importing_memory(limits(1, 4)), memory));
  link_error(world, importing_memory(limits(2)), memory);
  link_error(world, importing_memory(limits(1, 2)), memory);
  must(memory.grow(1));
  CHECK(links(world, importing_memory(limits(2)), memory));
  const Memory unbounded = must(Memory::create(world.store, memory_type(1, std::nullopt)));
  link_error(world, importing_memory(limits(1, 3)), unbounded);
}

TEST_CASE("a table is imported by element type, size and maximum") {
  World world;
  TableType type;
  type.limits = {5, 10};
  const Table table = must(Table::create(world.store, type, Value::zero(ValType::funcref())));
  CHECK(links(world, importing_table(kFuncref, limits(5, 10)), table));
  CHECK(links(world, importing_table(kFuncref, limits(0)), table));
  link_error(world, importing_table(kFuncref, limits(6)), table);
  link_error(world, importing_table(kFuncref, limits(5, 9)), table);
  link_error(world, importing_table(kExternref, limits(5, 10)), table);
}

TEST_CASE("a global is imported by type and mutability") {
  World world;
  const Global fixed = must(Global::create(world.store, {ValType::i32(), false}, Value::i32(1)));
  const Global variable = must(Global::create(world.store, {ValType::i32(), true}, Value::i32(1)));
  CHECK(links(world, importing_global(kI32, false), fixed));
  CHECK(links(world, importing_global(kI32, true), variable));
  link_error(world, importing_global(kI32, true), fixed);
  link_error(world, importing_global(kI32, false), variable);
  link_error(world, importing_global(kI64, false), fixed);
}

TEST_CASE("objects of another store are misuse") {
  World world, other;
  const Memory memory = must(Memory::create(other.store, memory_type(1, 2)));
  Linker linker;
  linker.define("env", "x", memory);
  const Error error = must_fail(linker.instantiate(world.store, compile(world.engine, importing_memory(limits(1)))));
  CHECK(error.kind() == ErrorKind::misuse);
  CHECK(contains(error.message(), "env.x"));
}

TEST_CASE("a later definition replaces an earlier one, and an instance defines all its exports") {
  World world;
  ModuleBuilder exporter;
  exporter.memory(limits(2));
  exporter.global(kI32, false, i32_const(5));
  exporter.export_as("m", kMemoryKind, 0);
  exporter.export_as("g", kGlobalKind, 0);
  Linker linker;
  linker.define("env", "m", must(Memory::create(world.store, memory_type(1, 1))));
  linker.define_instance("env", world.instantiate(exporter));
  ModuleBuilder importer;
  importer.import_memory("env", "m", limits(2));
  importer.import_global("env", "g", kI32, false);
  importer.export_as("m", kMemoryKind, 0);
  Instance instance = must(linker.instantiate(world.store, compile(world.engine, importer)));
  CHECK(instance.get_memory("m")->pages() == 2);
  linker.define("env", "m", must(Memory::create(world.store, memory_type(1, 1))));
  CHECK_FALSE(linker.instantiate(world.store, compile(world.engine, importer)).ok());
}

struct Sum {
  int64_t total = 0;
};
Result<int64_t> add(Sum& sum, Caller& caller, int32_t a, int64_t b) {
  CHECK(caller.memory().size() == 65536);
  CHECK(caller.instance_impl() != nullptr);
  sum.total += a + b;
  return sum.total;
}

// A module that exports `run`, which calls its import env.x with (2, 40).
ModuleBuilder calling_import() {
  ModuleBuilder builder;
  builder.type({kI32, kI64}, {kI64});
  builder.type({}, {kI64});
  builder.import_func("env", "x", 0);
  builder.memory(limits(1));
  builder.func(1, {0x41, 2, 0x42, 40, 0x10, 0});
  builder.export_as("run", kFuncKind, 1);
  return builder;
}

TEST_CASE("a plain function bound at compile time is called by guests of any store") {
  Sum sum;
  Linker linker;
  linker.define_host<&add>("env", "x", &sum);
  for (int64_t expected : {42, 84}) {
    World world;
    Instance instance = must(linker.instantiate(world.store, compile(world.engine, calling_import())));
    Value result;
    must(instance.get_func("run")->call({}, {&result, 1}));
    CHECK(result.i64() == expected);
  }
}

TEST_CASE("a guest calls a boxed host function, and the host sees its store and user data") {
  World world;
  int user = 0;
  world.store.set_user_data(&user);
  Linker linker;
  linker.define_func("env", "x", {{ValType::i32(), ValType::i64()}, {ValType::i64()}},
                     [](Caller& caller, std::span<const Value> args, std::span<Value> results) {
                       ++*static_cast<int*>(caller.store().user_data());
                       results[0] = Value::i64(args[0].i32() * args[1].i64());
                       return Result<void>();
                     });
  Instance instance = must(linker.instantiate(world.store, compile(world.engine, calling_import())));
  Value result;
  must(instance.get_func("run")->call({}, {&result, 1}));
  CHECK(result.i64() == 80);
  CHECK(user == 1);
}

TEST_CASE("a guest calls an export of another instance") {
  World world;
  ModuleBuilder callee;
  callee.type({kI32, kI64}, {kI64});
  callee.global(kI64, false, i64_const(100));
  callee.func(0, {0x20, 0, 0xac, 0x20, 1, 0x7c, 0x23, 0, 0x7c});  // a + b + global
  callee.export_as("x", kFuncKind, 0);
  Linker linker;
  linker.define_instance("env", world.instantiate(callee));
  Instance instance = must(linker.instantiate(world.store, compile(world.engine, calling_import())));
  Value result;
  must(instance.get_func("run")->call({}, {&result, 1}));
  CHECK(result.i64() == 142);
}

}  // namespace
}  // namespace wplug::test
