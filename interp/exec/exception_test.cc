// Exceptions beyond the suite: what code finds after a catch in every configuration, exact counts, hosts that throw and pass on, limits of time.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>

#include "interp/api/fixtures_test.h"
#include "interp/exec/guard.h"
#include "wplug/exception.h"
#include "wplug/ref.h"
#include "wplug/text.h"
#include "wplug/trap.h"

namespace wplug::test {
namespace {

constexpr uint8_t kBlock = 0x02, kLoop = 0x03, kTry = 0x06, kCatch = 0x07, kThrow = 0x08, kRethrow = 0x09, kThrowRef = 0x0a, kEnd = 0x0b,
                  kBr = 0x0c, kBrIf = 0x0d, kReturn = 0x0f, kCall = 0x10, kReturnCall = 0x12, kCatchAll = 0x19, kDrop = 0x1a,
                  kTryTable = 0x1f, kGet = 0x20, kSet = 0x21, kTee = 0x22, kConst = 0x41, kEqz = 0x45, kEq = 0x46, kAdd = 0x6a, kSub = 0x6b,
                  kMul = 0x6c, kVoid = 0x40;

std::vector<Config> all_configs() {
  std::vector<Config> configs;
  for (bool registers : {true, false}) {
    for (bool metering : {true, false}) {
      Config config;
      config.register_allocation = registers;
      config.metering = metering;
      configs.push_back(config);
    }
  }
  return configs;
}

Result<int32_t> call(const Instance& instance, std::string_view name, int32_t argument) {
  Value value = Value::i32(argument), result;
  WPLUG_TRY(instance.get_func(name)->call({&value, 1}, {&result, 1}));
  return result.i32();
}

TrapKind trap_of(const Error& error) {
  REQUIRE(error.trap() != nullptr);
  return error.trap()->kind();
}

// Type 0 () -> (), 1 (i32) -> (i32), 2 (i32) -> (). Tag 0 carries nothing, tag 1 an i32.
// Function 0, throw_if (i32): throws tag 1 with its argument unless that is 0.
struct Builder : ModuleBuilder {
  Builder() {
    type({}, {});
    type({kI32}, {kI32});
    type({kI32}, {});
    tag(0);
    tag(2);
    func(2, {0x20, 0, 0x04, kVoid, kGet, 0, kThrow, 1, kEnd});
  }
};
constexpr uint32_t kUnary = 1;

TEST_CASE("a handler finds the locals as they were when the exception was thrown") {
  // x = 1; throw_if(n == 5 ? 7 : 0); x = 2; throw_if(n == 6 ? 7 : 0); x = 3; the result: 100 * thrown value + x, with the loop's counter
  // and a value on the stack alive all the while
  Builder builder;
  const Bytes may_throw_at_5 = {kGet, 0, kConst, 5, kEq, kConst, 7, kMul, kCall, 0};
  const Bytes may_throw_at_6 = {kGet, 0, kConst, 6, kEq, kConst, 7, kMul, kCall, 0};
  const Bytes code = Bytes{1, 3, kI32} +  // locals 1 x, 2 rounds, 3 sum
                     Bytes{kLoop, kVoid} +
                     Bytes{kGet, 2, kConst, 3, kMul} +  // on the stack through the try
                     Bytes{kBlock, kI32} +
                     Bytes{kTryTable, kVoid, 1, 0, 1, 0} +
                     Bytes{kConst, 1, kSet, 1} + may_throw_at_5 + Bytes{kConst, 2, kSet, 1} + may_throw_at_6 +
                     Bytes{kConst, 3, kSet, 1, kEnd, kConst, 0, kEnd} +
                     Bytes{kConst, 0xe4, 0, kMul, kGet, 1, kAdd, kAdd, kGet, 3, kAdd, kSet, 3} +
                     Bytes{kGet, 2, kConst, 1, kAdd, kTee, 2, kConst, 4, kSub, kBrIf, 0, kEnd} + Bytes{kGet, 3, kEnd};
  builder.func_body(kUnary, code);
  builder.export_as("f", kFuncKind, 1);
  const int32_t stack = 3 * (0 + 1 + 2 + 3);
  for (const Config& config : all_configs()) {
    World world({}, config);
    Instance instance = world.instantiate(builder);
    CHECK(must(call(instance, "f", 0)) == 4 * 3 + stack);
    CHECK(must(call(instance, "f", 5)) == 4 * 701 + stack);
    CHECK(must(call(instance, "f", 6)) == 4 * 702 + stack);
  }
}

TEST_CASE("a handler at a loop's label starts the next round") {
  // loop (param i32): try throw_if(n) with n counted down, the thrown value is the loop's parameter
  Builder builder;
  const uint32_t sum = 1;
  builder.func_body(kUnary, Bytes{1, 1, kI32} + Bytes{kConst, 0} +
                                Bytes{kLoop, 2, kGet, sum, kAdd, kSet, sum} +
                                Bytes{kTryTable, kVoid, 1, 0, 1, 0, kGet, 0, kGet, 0, kConst, 1, kSub, kSet, 0, kCall, 0, kEnd, kEnd} +
                                Bytes{kGet, sum, kEnd});
  builder.export_as("f", kFuncKind, 1);
  for (const Config& config : all_configs()) {
    World world({}, config);
    CHECK(must(call(world.instantiate(builder), "f", 100)) == 5050);
  }
}

TEST_CASE("a legacy handler rethrows what it caught, from under its values") {
  // try { try { throw_if(n) } catch tag1 { rethrow when the value is odd } } catch tag1 { 1000 + value }
  Builder builder;
  builder.func(kUnary, Bytes{kTry, kI32, kTry, kI32, kGet, 0, kCall, 0, kConst, 0, kCatch, 1} +
                           Bytes{kConst, 2, 0x70, 0x04, kVoid, kRethrow, 1, kEnd, kConst, 1, kEnd} +
                           Bytes{kCatch, 1, kConst, 0xe8, 7, kAdd, kCatchAll, kConst, 77, kEnd});
  builder.export_as("f", kFuncKind, 1);
  for (const Config& config : all_configs()) {
    World world({}, config);
    Instance instance = world.instantiate(builder);
    CHECK(must(call(instance, "f", 0)) == 0);
    CHECK(must(call(instance, "f", 4)) == 1);
    CHECK(must(call(instance, "f", 5)) == 1005);
  }
}

// f(n): n times { try { throw_if(5) } catch tag1 (5); s += 5 }; s. Per round, of f: get throw_if const call; and after the catch 10.
Builder counting_module() {
  Builder builder;
  builder.func_body(kUnary, Bytes{1, 1, kI32} + Bytes{kLoop, kVoid, kBlock, kI32} +
                                Bytes{kTryTable, kVoid, 1, 0, 1, 0, kConst, 5, kCall, 0, kEnd, 0x00, kEnd} +
                                Bytes{kGet, 1, kAdd, kSet, 1, kGet, 0, kConst, 1, kSub, kTee, 0, kBrIf, 0, kEnd} +
                                Bytes{kGet, 1, kEnd});
  builder.export_as("f", kFuncKind, 1);
  return builder;
}
// In f: const call; get add set get const sub tee br_if. In throw_if: get if get throw.
constexpr uint64_t kRound = 2 + 8 + 4;

TEST_CASE("a throw counts one, and every instruction before and after it") {
  for (bool registers : {true, false}) {
    Config config;
    config.register_allocation = registers;
    World world({}, config);
    Instance instance = world.instantiate(counting_module());
    CHECK(must(call(instance, "f", 10)) == 50);
    CHECK(world.store.fuel_consumed() == 10 * kRound + 1);
  }
}

TEST_CASE("code with exceptions stops at the very instruction where fuel ends") {
  for (bool registers : {true, false}) {
    Config config;
    config.register_allocation = registers;
    const uint64_t need = 4 * kRound + 1;
    for (uint64_t fuel = 0; fuel <= need; ++fuel) {
      World world({}, config);
      Instance instance = world.instantiate(counting_module());
      must(world.store.set_fuel(fuel));
      Result<int32_t> result = call(instance, "f", 4);
      CHECK(result.ok() == (fuel == need));
      CHECK(world.store.fuel_consumed() == fuel);
      if (!result.ok()) CHECK(trap_of(result.error()) == TrapKind::out_of_fuel);
    }
  }
}

TEST_CASE("an exception that leaves the guest counts as far as it was run, and says what it is and where") {
  for (bool registers : {true, false}) {
    Config config;
    config.register_allocation = registers;
    World world({}, config);
    Builder builder;
    builder.func(kUnary, {kGet, 0, kCall, 0, kGet, 0});
    builder.export_as("f", kFuncKind, 1);
    builder.export_as("throw_if", kFuncKind, 0);
    builder.export_as("tag", kTagKind, 1);
    Instance instance = world.instantiate(builder);
    const Error error = must_fail(call(instance, "f", 7));
    CHECK(world.store.fuel_consumed() == 2 + 4);
    CHECK(error.kind() == ErrorKind::trap);
    CHECK(error.message() == "uncaught exception: i32 7");
    CHECK(trap_of(error) == TrapKind::uncaught_exception);
    REQUIRE(error.trap()->exception() != nullptr);
    CHECK(error.trap()->exception()->tag() == *instance.get_tag("tag"));
    REQUIRE(error.trap()->exception()->values().size() == 1);
    CHECK(error.trap()->exception()->values()[0].i32() == 7);
    REQUIRE(error.trap()->backtrace().size() == 2);
    CHECK(error.trap()->backtrace()[0].function == "throw_if");
    CHECK(error.trap()->backtrace()[1].function == "f");
    CHECK(must(call(instance, "f", 0)) == 0);
  }
}

TEST_CASE("throwing null is a trap that counts once and that nothing catches") {
  World world;
  Builder builder;
  builder.func(kUnary, {kBlock, kVoid, kTryTable, kVoid, 1, 2, 0, 0xd0, kExnref, kThrowRef, kEnd, kEnd, kConst, 1});
  builder.export_as("f", kFuncKind, 1);
  const Error error = must_fail(call(world.instantiate(builder), "f", 0));
  CHECK(trap_of(error) == TrapKind::null_exception_reference);
  CHECK(error.trap()->exception() == nullptr);
  CHECK(world.store.fuel_consumed() == 2);
}

// A throw below so many try blocks that do not catch it, each with one handler.
Bytes nested(uint32_t depth) {
  Bytes code = {kBlock, kVoid};
  for (uint32_t i = 0; i < depth; ++i) code.insert(code.end(), {kTryTable, kVoid, 1, 0, 0, 0});
  code.insert(code.end(), {kConst, 1, kThrow, 1});
  code.insert(code.end(), depth + 1, kEnd);
  return code;
}

TEST_CASE("a throw costs one more for each 8 handlers and try blocks that it passes") {
  for (uint32_t depth : {3u, 4u, 100u}) {
    World world;
    Builder builder;
    builder.func(kUnary, Bytes{kBlock, kVoid, kTryTable, kVoid, 1, 2, 0} + nested(depth) + Bytes{kEnd, kEnd, kConst, 1});
    builder.export_as("f", kFuncKind, 1);
    Instance instance = world.instantiate(builder);
    const uint64_t need = 3 + 2 * depth / 8;
    CHECK(must(call(instance, "f", 0)) == 1);
    CHECK(world.store.fuel_consumed() == need);
    for (uint64_t fuel = 0; fuel < need; ++fuel) {
      must(world.store.set_fuel(fuel));
      const uint64_t before = world.store.fuel_consumed();
      CHECK(trap_of(must_fail(call(instance, "f", 0))) == TrapKind::out_of_fuel);
      CHECK(world.store.fuel_consumed() == before + fuel);
    }
  }
}

TEST_CASE("a deadline ends a guest that does nothing but throw through many try blocks or frames") {
  Builder builder;
  // 1: for ever { try nested(20000) catch_all }
  builder.func(kUnary, Bytes{kLoop, kVoid, kBlock, kVoid, kTryTable, kVoid, 1, 2, 0} + nested(20'000) +
                           Bytes{kEnd, kEnd, kBr, 0, kEnd, kConst, 1});
  // 2: recurses n deep, then throws. 3: for ever { try deep(20000) catch_all }
  builder.func(2, {kGet, 0, kEqz, 0x04, kVoid, kConst, 1, kThrow, 1, kEnd, kGet, 0, kConst, 1, kSub, kCall, 2});
  builder.func(kUnary, Bytes{kLoop, kVoid, kBlock, kVoid, kTryTable, kVoid, 1, 2, 0, kConst} + signed_leb(20'000) +
                           Bytes{kCall, 2, kEnd, kEnd, kBr, 0, kEnd, kConst, 1});
  builder.export_as("blocks", kFuncKind, 1);
  builder.export_as("frames", kFuncKind, 3);
  StoreLimits limits;
  limits.stack_bytes = 4 << 20;
  for (const Config& config : all_configs()) {
    World world(limits, config);
    Instance instance = world.instantiate(builder);
    for (const char* name : {"blocks", "frames"}) {
      world.store.set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
      CHECK(trap_of(must_fail(call(instance, name, 0))) == TrapKind::deadline_exceeded);
    }
  }
}

TEST_CASE("an exception goes through frames without end and is caught below them") {
  Builder builder;
  builder.func(2, {kGet, 0, kEqz, 0x04, kVoid, kConst, 9, kThrow, 1, kEnd, kGet, 0, kConst, 1, kSub, kCall, 1});
  builder.func(kUnary, {kBlock, kI32, kTryTable, kVoid, 1, 0, 1, 0, kGet, 0, kCall, 1, kEnd, 0x00, kEnd});
  builder.export_as("f", kFuncKind, 2);
  StoreLimits limits;
  limits.stack_bytes = 64 << 20;
  World world(limits);
  CHECK(must(call(world.instantiate(builder), "f", 500'000)) == 9);
}

// Vectors

// Each gives (n, n in both lanes, 2.5, lanes 3 and 4) by another way from a throw to a handler; "live" the last plus a vector that was there before.
constexpr std::string_view kVectorExceptions = R"(
  (import "" "collect" (func $collect))
  (import "" "throw" (func $host_throw (param i32)))
  (import "" "tag" (tag $t (param i32 v128 f64 v128)))
  (type $values (func (param i32) (result i32 v128 f64 v128)))
  (func $throw (export "throw") (param $n i32)
    (throw $t (local.get $n) (i64x2.splat (i64.extend_i32_s (local.get $n))) (f64.const 2.5) (v128.const i64x2 3 4)))
  (func (export "catch") (type $values)
    (block $h (result i32 v128 f64 v128)
      (try_table (catch $t $h) (call $throw (local.get 0)))
      (unreachable)))
  (func (export "from host") (type $values)
    (block $h (result i32 v128 f64 v128)
      (try_table (catch $t $h) (call $host_throw (local.get 0)))
      (unreachable)))
  (func (export "by reference") (type $values) (local $e exnref)
    (block $outer (result i32 v128 f64 v128)
      (try_table (catch $t $outer)
        (block $inner (result i32 v128 f64 v128 exnref)
          (try_table (catch_ref $t $inner) (call $throw (local.get 0)))
          (unreachable))
        (local.set $e) (drop) (drop) (drop) (drop)
        (call $collect)
        (throw_ref (local.get $e)))
      (unreachable)))
  (func (export "legacy") (type $values)
    (try (result i32 v128 f64 v128)
      (do
        (try (result i32 v128 f64 v128)
          (do (call $throw (local.get 0)) (unreachable))
          (catch $t (drop) (drop) (drop) (drop) (call $collect) (rethrow 0))))
      (catch $t)))
  (func (export "live") (param $n i32) (result v128) (local $before v128)
    (local.set $before (v128.const i64x2 100 200))
    (i64x2.mul (v128.const i64x2 1 2)
      (block $h (result i32 v128 f64 v128)
        (try_table (catch $t $h) (call $throw (local.get $n)))
        (unreachable))
      (i64x2.add (local.get $before)) (local.set $before) (drop) (drop) (drop) (local.get $before)))
)";

TEST_CASE("an exception carries vectors beside numbers, whichever way it goes to its handler") {
  for (const Config& config : all_configs()) {
    World world({}, config);
    const ValType v128 = ValType::v128();
    const Tag tag = must(Tag::create(world.store, FuncType{{ValType::i32(), v128, ValType::f64(), v128}, {}}));
    const Func collect = Func::wrap(world.store, FuncType{}, [&](Caller&, std::span<const Value>, std::span<Value>) {
      return collect_garbage(world.store);
    });
    const Func thrower =
        Func::wrap(world.store, FuncType{{ValType::i32()}, {}}, [&](Caller&, std::span<const Value> args, std::span<Value>) {
          const auto n = static_cast<uint64_t>(args[0].i32());
          return Result<void>(
              tag.exception(std::vector<Value>{args[0], Value::v128(n, n), Value::f64(2.5), Value::v128(3, 4)}));
        });
    const Module module = must(Module::compile(world.engine, must(parse_wat(kVectorExceptions))));
    const Instance instance = must(Instance::create(world.store, module, std::vector<Extern>{collect, thrower, tag}));
    const Value n = Value::i32(77);
    for (std::string_view way : {"catch", "from host", "by reference", "legacy"}) {
      CAPTURE(way);
      std::vector<Value> results(4);
      must(instance.get_func(way)->call({&n, 1}, results));
      CHECK(results[0].i32() == 77);
      CHECK(results[1].bits(0) == 77);
      CHECK(results[1].bits(1) == 77);
      CHECK(results[2].f64() == 2.5);
      CHECK(results[3].bits(0) == 3);
      CHECK(results[3].bits(1) == 4);
    }
    Value sum;
    must(instance.get_func("live")->call({&n, 1}, {&sum, 1}));
    CHECK(sum.bits(0) == 103);
    CHECK(sum.bits(1) == 2 * 204);
    const Error error = must_fail(instance.get_func("throw")->call({&n, 1}, {}));
    REQUIRE(error.trap()->exception() != nullptr);
    const std::span<const Value> values = error.trap()->exception()->values();
    REQUIRE(values.size() == 4);
    CHECK(values[1].bits(1) == 77);
    CHECK(values[3].bits(0) == 3);
    CHECK(values[3].bits(1) == 4);
  }
}

// Host functions

TEST_CASE("a host function throws, and the guest catches it by its tag and finds the values") {
  for (const Config& config : all_configs()) {
    World world({}, config);
    const Tag tag = must(Tag::create(world.store, FuncType{{ValType::i64(), ValType::i32()}, {}}));
    const Tag other = must(Tag::create(world.store, tag.type()));
    bool throw_other = false;
    Func thrower = Func::wrap(world.store, FuncType{{ValType::i32()}, {}}, [&](Caller&, std::span<const Value> args, std::span<Value>) {
      return Result<void>((throw_other ? other : tag).exception(std::vector<Value>{Value::i64(1), args[0]}));
    });
    ModuleBuilder builder;
    builder.type({}, {});
    builder.type({kI32}, {kI32});
    builder.type({kI32}, {});
    builder.type({kI64, kI32}, {});
    builder.type({}, {kI64, kI32});
    builder.import_func("", "throw", 2);
    builder.import_tag("", "tag", 3);
    // The first tail-calls the host function: its try block is gone by then. The second calls the first and catches.
    builder.func(2, {kTryTable, kVoid, 1, 2, 0, kGet, 0, kReturnCall, 0, kEnd});
    builder.func(kUnary, {kBlock, 4, kTryTable, kVoid, 1, 0, 0, 0, kGet, 0, kCall, 0, kEnd, 0x00, kEnd, kSet, 0, kDrop, kGet, 0});
    builder.func(kUnary, {kBlock, 4, kTryTable, kVoid, 1, 0, 0, 0, kGet, 0, kCall, 1, kEnd, 0x00, kEnd, kSet, 0, kDrop, kGet, 0});
    builder.export_as("direct", kFuncKind, 2);
    builder.export_as("tail", kFuncKind, 3);
    Instance instance = world.instantiate(builder, {thrower, tag});
    CHECK(must(call(instance, "direct", 41)) == 41);
    CHECK(must(call(instance, "tail", 42)) == 42);
    throw_other = true;
    const Error error = must_fail(call(instance, "direct", 43));
    CHECK(trap_of(error) == TrapKind::uncaught_exception);
    CHECK(error.trap()->exception()->tag() == other);
    CHECK(error.trap()->exception()->values()[1].i32() == 43);
    CHECK(error.trap()->backtrace().size() == 1);
  }
}

TEST_CASE("a host function passes on what it did not catch, through both instances and the host") {
  for (const Config& config : all_configs()) {
    World world({}, config);
    Builder inner;
    inner.export_as("throw_if", kFuncKind, 0);
    inner.export_as("tag", kTagKind, 1);
    Instance thrower = world.instantiate(inner);
    int passed_on = 0;
    Func host = Func::wrap(world.store, FuncType{{ValType::i32()}, {}}, [&](Caller&, std::span<const Value> args, std::span<Value>) {
      Result<void> result = thrower.get_func("throw_if")->call(args, {});
      passed_on += result.ok() ? 0 : 1;
      return result;
    });
    ModuleBuilder builder;
    builder.type({kI32}, {kI32});
    builder.type({kI32}, {});
    builder.import_func("", "host", 1);
    builder.import_tag("", "tag", 1);
    builder.func(0, {kBlock, kI32, kTryTable, kVoid, 1, 0, 0, 0, kGet, 0, kCall, 0, kEnd, kConst, 0, kReturn, kEnd});
    builder.export_as("f", kFuncKind, 1);
    Instance instance = world.instantiate(builder, {host, *thrower.get_tag("tag")});
    CHECK(must(call(instance, "f", 0)) == 0);
    CHECK(must(call(instance, "f", 3)) == 3);
    CHECK(passed_on == 1);
  }
}

TEST_CASE("errors of host functions, exits and traps are nobody's exceptions") {
  World world;
  std::function<Error()> make;
  Func host = Func::wrap(world.store, FuncType{{}, {}},
                         [&](Caller&, std::span<const Value>, std::span<Value>) { return Result<void>(make()); });
  ModuleBuilder builder;
  builder.type({}, {});
  builder.type({kI32}, {kI32});
  builder.import_func("", "host", 0);
  builder.func(1, {kBlock, kVoid, kTryTable, kVoid, 1, 2, 0, kCall, 0, kEnd, kEnd, kConst, 1});
  builder.export_as("f", kFuncKind, 1);
  Instance instance = world.instantiate(builder, {host});
  make = [] { return Error::guest_exit(3); };
  CHECK(must_fail(call(instance, "f", 0)).exit_code() == 3);
  make = [] { return Error(Trap(TrapKind::unreachable)); };
  CHECK(trap_of(must_fail(call(instance, "f", 0))) == TrapKind::unreachable);
  make = [] { return Error(ErrorKind::host, "no"); };
  CHECK(trap_of(must_fail(call(instance, "f", 0))) == TrapKind::host_error);
  // An exception of another store means nothing here, but it is passed on.
  Store elsewhere = must(Store::create(world.engine));
  const Tag foreign = must(Tag::create(elsewhere, FuncType{}));
  make = [&] { return foreign.exception({}); };
  CHECK(trap_of(must_fail(call(instance, "f", 0))) == TrapKind::uncaught_exception);
  const Tag own = must(Tag::create(world.store, FuncType{}));
  make = [&] { return own.exception({}); };
  CHECK(must(call(instance, "f", 0)) == 1);
}

TEST_CASE("tags are made, matched and described by their types") {
  World world;
  CHECK(must_fail(Tag::create(world.store, FuncType{{}, {ValType::i32()}})).kind() == ErrorKind::misuse);
  const Tag tag = must(Tag::create(world.store, FuncType{{ValType::i32()}, {}}));
  CHECK(tag.exception(std::vector<Value>{}).kind() == ErrorKind::misuse);
  CHECK(tag.exception(std::vector<Value>{Value::i64(1)}).kind() == ErrorKind::misuse);
  ModuleBuilder builder;
  builder.type({kI64}, {});
  builder.import_tag("m", "t", 0);
  builder.export_as("out", kTagKind, 0);
  const Module module = compile(world.engine, builder);
  CHECK(module.imports()[0].type.to_string() == "tag (i64)");
  CHECK(module.exports()[0].type.to_string() == "tag (i64)");
  const Error error = must_fail(Instance::create(world.store, module, std::vector<Extern>{tag}));
  CHECK(error.kind() == ErrorKind::link);
  CHECK(contains(error.message(), "incompatible import type: m.t is tag (i32), module wants tag (i64)"));
  const Tag wide = must(Tag::create(world.store, FuncType{{ValType::i64()}, {}}));
  Instance instance = must(Instance::create(world.store, module, std::vector<Extern>{wide}));
  CHECK(*instance.get_tag("out") == wide);
  CHECK_FALSE(instance.get_tag("in").has_value());
}

}  // namespace
}  // namespace wplug::test
