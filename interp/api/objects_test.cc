// Memories, tables, globals and host functions made by the embedder.
#include <string>

#include "interp/api/fixtures_test.h"
#include "wplug/func.h"

namespace wplug::test {
namespace {

TEST_CASE("a memory of the embedder has the size, type and contents it was given") {
  World world;
  MemoryType type;
  type.limits = {1, 3};
  Memory memory = must(Memory::create(world.store, type));
  CHECK(memory.pages() == 1);
  CHECK(memory.data().size() == 65536);
  memory.data()[65535] = 7;
  CHECK(must(memory.grow(2)) == 1);
  CHECK(memory.data()[65535] == 7);
  CHECK(memory.data().size() == 3 * 65536);
  CHECK(memory.type().limits.min == 3);
  CHECK(memory.type().limits.max == 3u);
  const Error error = must_fail(memory.grow(1));
  CHECK(error.kind() == ErrorKind::limit);
  CHECK(contains(error.message(), "3 pages cannot grow by 1"));
}

TEST_CASE("impossible memory types are misuse") {
  World world;
  MemoryType type;
  type.limits = {2, 1};
  CHECK(must_fail(Memory::create(world.store, type)).kind() == ErrorKind::misuse);
  type.limits = {65537, std::nullopt};
  CHECK(must_fail(Memory::create(world.store, type)).kind() == ErrorKind::misuse);
  type.limits = {1, 65537};
  CHECK(must_fail(Memory::create(world.store, type)).kind() == ErrorKind::misuse);
  type.limits = {1, std::nullopt, false, true};
  CHECK(contains(must_fail(Memory::create(world.store, type)).message(), "shared memory must have maximum"));
  type = MemoryType();
  type.page_size_log2 = 12;
  CHECK(must_fail(Memory::create(world.store, type)).kind() == ErrorKind::misuse);
  type.page_size_log2 = 0;
  type.limits = {uint64_t{1} << 32, std::nullopt};
  CHECK(must_fail(Memory::create(world.store, type)).kind() == ErrorKind::misuse);
}

TEST_CASE("memories of 64-bit addresses and of small pages are made, up to what there is room for") {
  World world;
  MemoryType type;
  type.page_size_log2 = 0;
  type.limits = {5, 7};
  Memory small = must(Memory::create(world.store, type));
  CHECK(small.size() == 5);
  CHECK(must(small.grow(2)) == 5);
  CHECK(must_fail(small.grow(1)).kind() == ErrorKind::limit);
  type = MemoryType();
  type.limits = {1, std::nullopt, true};
  Memory wide = must(Memory::create(world.store, type));
  CHECK(must_fail(wide.grow(uint64_t{1} << 47)).kind() == ErrorKind::limit);
  CHECK(must_fail(wide.grow(UINT64_MAX)).kind() == ErrorKind::limit);
  CHECK(wide.size() == 65536);
  type.limits.min = uint64_t{1} << 48;
  CHECK(must_fail(Memory::create(world.store, type)).kind() == ErrorKind::limit);
}

TEST_CASE("a table checks index and type of what is put into it") {
  World world;
  TableType type;
  type.element = ValType::externref();
  type.limits = {2, 4};
  Table table = must(Table::create(world.store, type, Value::externref(Ref::host(5))));
  CHECK(must(table.get(1)).ref().host_value() == 5);
  must(table.set(0, Value::externref(Ref::host(6))));
  CHECK(must(table.get(0)).ref().host_value() == 6);
  CHECK(must_fail(table.get(2)).kind() == ErrorKind::misuse);
  CHECK(contains(must_fail(table.set(2, Value::externref(Ref::null()))).message(), "index 2 >= size 2"));
  CHECK(must_fail(table.set(0, Value::i64(1))).kind() == ErrorKind::misuse);
  CHECK(must_fail(table.set(0, Value::ref(ValType::funcref(), Ref::null()))).kind() == ErrorKind::misuse);
  CHECK(must(table.grow(2, Value::externref(Ref::null()))) == 2);
  CHECK(must_fail(table.grow(1, Value::externref(Ref::null()))).kind() == ErrorKind::limit);
  CHECK(must_fail(table.grow(0, Value::i32(0))).kind() == ErrorKind::misuse);
  CHECK(table.type().limits.min == 4);
}

TEST_CASE("impossible table types and initial values are misuse") {
  World world;
  TableType type;
  type.element = ValType::i32();
  CHECK(must_fail(Table::create(world.store, type, Value::i32(0))).kind() == ErrorKind::misuse);
  type = TableType();
  type.limits = {5, 4};
  CHECK(must_fail(Table::create(world.store, type, Value::zero(ValType::funcref()))).kind() == ErrorKind::misuse);
  type.limits = {1, std::nullopt};
  CHECK(must_fail(Table::create(world.store, type, Value::zero(ValType::externref()))).kind() == ErrorKind::misuse);
  type.element = ValType::ref(HeapKind::func, false);
  CHECK(must_fail(Table::create(world.store, type, Value::zero(ValType::funcref()))).kind() == ErrorKind::misuse);
}

TEST_CASE("a global is set only when it is mutable and the type fits") {
  World world;
  Global fixed = must(Global::create(world.store, {ValType::i64(), false}, Value::i64(-3)));
  CHECK(fixed.get().i64() == -3);
  CHECK(must_fail(fixed.set(Value::i64(1))).kind() == ErrorKind::misuse);
  Global variable = must(Global::create(world.store, {ValType::f64(), true}, Value::f64(0.5)));
  must(variable.set(Value::f64(1.5)));
  CHECK(variable.get().f64() == 1.5);
  CHECK(contains(must_fail(variable.set(Value::f32(1))).message(), "f32 for a global of type f64"));
  CHECK(must_fail(Global::create(world.store, {ValType::i32(), true}, Value::i64(1))).kind() == ErrorKind::misuse);
}

TEST_CASE("a host function with boxed values is called with what it was given") {
  World world;
  const FuncType type{{ValType::i32(), ValType::f64()}, {ValType::i64(), ValType::f32()}};
  Func func = Func::wrap(world.store, type, [](Caller& caller, std::span<const Value> args, std::span<Value> results) {
    CHECK_FALSE(caller.has_memory());
    CHECK(caller.memory().empty());
    CHECK(caller.instance_impl() == nullptr);
    results[0] = Value::i64(args[0].i32() - 1);
    results[1] = Value::f32(static_cast<float>(args[1].f64()) * 2);
    return Result<void>();
  });
  const Value args[] = {Value::i32(-4), Value::f64(1.25)};
  Value results[2];
  must(func.call(args, results));
  CHECK(results[0].type() == ValType::i64());
  CHECK(results[0].i64() == -5);
  CHECK(results[1].f32() == 2.5f);
  CHECK(func.type() == type);
}

TEST_CASE("a call with the wrong number or type of values is misuse and calls nothing") {
  World world;
  int calls = 0;
  Func func = Func::wrap(world.store, {{ValType::i32()}, {ValType::i32()}},
                         [&calls](Caller&, std::span<const Value>, std::span<Value>) {
                           ++calls;
                           return Result<void>();
                         });
  Value result;
  const Value right = Value::i32(1), wrong = Value::i64(1);
  CHECK(must_fail(func.call({}, {&result, 1})).kind() == ErrorKind::misuse);
  CHECK(must_fail(func.call({&right, 1}, {})).kind() == ErrorKind::misuse);
  CHECK(contains(must_fail(func.call({&wrong, 1}, {&result, 1})).message(), "argument 0 is i64"));
  CHECK(calls == 0);
  must(func.call({&right, 1}, {&result, 1}));
  CHECK(calls == 1);
}

TEST_CASE("a host function whose result has another type than it declared is an error of the host") {
  World world;
  Func func =
      Func::wrap(world.store, {{}, {ValType::i32()}}, [](Caller&, std::span<const Value>, std::span<Value> results) {
        results[0] = Value::f32(1);
        return Result<void>();
      });
  Value result;
  const Error error = must_fail(func.call({}, {&result, 1}));
  CHECK(contains(error.to_string(), "f32"));
}

TEST_CASE("a raw host function works on its slots") {
  World world;
  uint64_t total = 10;
  HostCallback add = [](void* env, Caller&, uint64_t* slots) -> Result<void> {
    auto& sum = *static_cast<uint64_t*>(env);
    sum += slots[0];
    slots[0] = sum;
    return {};
  };
  Func func = Func::wrap_raw(world.store, {{ValType::i64()}, {ValType::i64()}}, add, &total);
  uint64_t slots[1] = {32};
  must(func.call_raw(slots));
  CHECK(slots[0] == 42);
  CHECK(total == 42);
  CHECK(Func::from_ref(world.store, func.ref()).impl() == func.impl());
}

TEST_CASE("functions with many values are called like others") {
  World world;
  FuncType type;
  type.params.assign(100, ValType::i32());
  type.results.assign(60, ValType::i32());
  Func func = Func::wrap(world.store, type, [](Caller&, std::span<const Value> args, std::span<Value> results) {
    for (size_t i = 0; i < results.size(); ++i) results[i] = Value::i32(args[i + 40].i32() + 1);
    return Result<void>();
  });
  std::vector<Value> args, results(60);
  for (int i = 0; i < 100; ++i) args.push_back(Value::i32(i));
  must(func.call(args, results));
  CHECK(results[0].i32() == 41);
  CHECK(results[59].i32() == 100);
}

TEST_CASE("function types of one engine are equal by address") {
  World world;
  HostCallback callback = [](void*, Caller&, uint64_t*) { return Result<void>(); };
  const Func a = Func::wrap_raw(world.store, {{ValType::i32()}, {}}, callback, nullptr);
  const Func b = Func::wrap_raw(world.store, {{ValType::i32()}, {}}, callback, nullptr);
  const Func c = Func::wrap_raw(world.store, {{}, {ValType::i32()}}, callback, nullptr);
  CHECK(&a.type() == &b.type());
  CHECK(&a.type() != &c.type());
}

}  // namespace
}  // namespace wplug::test
