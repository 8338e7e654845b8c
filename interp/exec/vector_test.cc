// Vectors where values of another width are beside them: locals, parameters, results, calls, branches, globals, host
// functions.
#include <doctest/doctest.h>

#include <functional>

#include "interp/api/fixtures_test.h"
#include "interp/lower/code.h"

namespace wplug::test {
namespace {

constexpr uint8_t kV128 = 0x7b;

Bytes vector_const(uint64_t low, uint64_t high) {
  Bytes bytes = {0xfd, 0x0c};
  for (uint64_t half : {low, high}) {
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<uint8_t>(half >> (8 * i)));
  }
  return bytes;
}
Bytes get(uint8_t local) { return {0x20, local}; }
Bytes set(uint8_t local) { return {0x21, local}; }

// Calls export "f" of the module, with registers and without.
void check_results(const ModuleBuilder& builder, const std::vector<Value>& args, const std::vector<Value>& expected,
                   const std::function<std::vector<Extern>(Store&)>& imports = {}) {
  for (bool registers : {true, false}) {
    Config config;
    config.register_allocation = registers;
    World world({}, config);
    Instance instance = world.instantiate(builder, imports ? imports(world.store) : std::vector<Extern>());
    std::vector<Value> results;
    for (const Value& value : expected) results.push_back(Value::zero(value.type()));
    must(instance.get_func("f")->call(args, results));
    for (size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(registers);
      CAPTURE(i);
      CHECK(results[i].bits(0) == expected[i].bits(0));
      CHECK(results[i].bits(1) == expected[i].bits(1));
    }
  }
}

const Value kOne = Value::v128(0x0706050403020100, 0x0f0e0d0c0b0a0908), kTwo = Value::v128(0x1111, 0x2222);

TEST_CASE("vectors and numbers pass through a call in any order") {
  ModuleBuilder builder;
  // (i32, v128, i64, v128, f64) -> the reverse
  uint32_t type = builder.type({kI32, kV128, kI64, kV128, kF64}, {kF64, kV128, kI64, kV128, kI32});
  builder.func(type, get(4) + get(3) + get(2) + get(1) + get(0));
  Bytes forward = get(0) + get(1) + get(2) + get(3) + get(4) + Bytes{0x10, 0x00};
  builder.func(type, forward);
  builder.export_as("f", kFuncKind, 1);
  check_results(builder, {Value::i32(7), kOne, Value::i64(-9), kTwo, Value::f64(2.5)},
                {Value::f64(2.5), kTwo, Value::i64(-9), kOne, Value::i32(7)});
}

TEST_CASE("locals that are vectors begin as zero, beside others") {
  ModuleBuilder builder;
  uint32_t type = builder.type({kV128}, {kI32, kV128, kV128, kI64});
  // locals: i32, v128, v128, i64; all used in a loop that runs once
  Bytes body = Bytes{0x04, 0x01, kI32, 0x01, kV128, 0x01, kV128, 0x01, kI64} + Bytes{0x03, 0x40} + get(1) + get(2) +
               Bytes{0xfd, 0x1b, 0x00, 0x6a} + set(1) +                    // 1 += lane 0 of 2
               get(3) + get(0) + Bytes{0xfd, 0xae, 0x01} + set(3) +        // 3 := 3 + parameter, as i32x4
               get(4) + get(3) + Bytes{0xfd, 0x1d, 0x01, 0x7c} + set(4) +  // 4 += lane 1 of 3
               Bytes{0x0b} + get(1) + get(2) + get(3) + get(4) + Bytes{0x0b};
  builder.func_body(type, body);
  builder.export_as("f", kFuncKind, 0);
  check_results(builder, {kTwo}, {Value::i32(0), Value::v128(0, 0), kTwo, Value::i64(0x2222)});
}

TEST_CASE("a branch carries vectors past what is between") {
  ModuleBuilder builder;
  uint32_t type = builder.type({kI32}, {kI64, kV128, kI32});
  // block (result i64 v128 i32): 1, 2 (dropped by the branch), i64 5, one, 7; br_if 0; 6, two, 8 in their place
  Bytes carried = Bytes{0x42, 0x05} + vector_const(kOne.bits(0), kOne.bits(1)) + Bytes{0x41, 0x07};
  Bytes code = Bytes{0x02, 0x00} + Bytes{0x41, 0x01} + vector_const(3, 4) + carried + get(0) + Bytes{0x0d, 0x00} +
               Bytes{0x1a, 0x1a, 0x1a, 0x1a, 0x1a} + Bytes{0x42, 0x06} + vector_const(kTwo.bits(0), kTwo.bits(1)) +
               Bytes{0x41, 0x08, 0x0b};
  builder.type({}, {kI64, kV128, kI32});
  code[1] = 0x01;
  builder.func(type, code);
  builder.export_as("f", kFuncKind, 0);
  check_results(builder, {Value::i32(1)}, {Value::i64(5), kOne, Value::i32(7)});
  check_results(builder, {Value::i32(0)}, {Value::i64(6), kTwo, Value::i32(8)});
}

TEST_CASE("vectors live across a call keep both halves") {
  ModuleBuilder builder;
  uint32_t type = builder.type({kV128, kI32}, {kV128});
  uint32_t clobber = builder.type({kI32}, {kI32});
  // f: x := p0 + p0 (i32x4); loop { x := x ^ p0; n := g(n) } while n; x
  Bytes body = Bytes{0x01, 0x01, kV128} + get(0) + get(0) + Bytes{0xfd, 0xae, 0x01} + set(2) + Bytes{0x03, 0x40} +
               get(2) + get(0) + Bytes{0xfd, 0x51} + set(2) + get(1) + Bytes{0x10, 0x01} + Bytes{0x22, 0x01} +
               Bytes{0x0d, 0x00, 0x0b} + get(2) + Bytes{0x0b};
  builder.func_body(type, body);
  // g: uses vectors of its own, gives n - 1
  builder.func(clobber, vector_const(~uint64_t{0}, 5) + vector_const(9, 9) + Bytes{0xfd, 0x4e} + Bytes{0x1a} + get(0) +
                            Bytes{0x41, 0x01, 0x6b});
  builder.export_as("f", kFuncKind, 0);
  check_results(builder, {kOne, Value::i32(2)}, {Value::v128(0x0e0c0a0806040200, 0x1e1c1a1816141210)});
}

TEST_CASE("host functions and globals hold vectors") {
  ModuleBuilder builder;
  uint32_t type = builder.type({kI32, kV128}, {kV128, kI32});
  builder.import_func("m", "swap", type);
  uint32_t own = builder.type({kV128}, {kV128, kI32});
  builder.global(kV128, true, vector_const(1, 2) + Bytes{0x0b});
  // global := p; swap(3, global)
  builder.func(own, get(0) + Bytes{0x24, 0x00} + Bytes{0x41, 0x03} + Bytes{0x23, 0x00} + Bytes{0x10, 0x00});
  builder.export_as("f", kFuncKind, 1);
  auto imports = [](Store& store) {
    FuncType host;
    host.params = {ValType::i32(), ValType::v128()};
    host.results = {ValType::v128(), ValType::i32()};
    return std::vector<Extern>{
        Func::wrap(store, host, [](Caller&, std::span<const Value> args, std::span<Value> results) -> Result<void> {
          results[0] = Value::v128(args[1].bits(1), args[1].bits(0));
          results[1] = Value::i32(args[0].i32() + 1);
          return {};
        })};
  };
  check_results(builder, {kTwo}, {Value::v128(0x2222, 0x1111), Value::i32(4)}, imports);
}

TEST_CASE("a lane beyond the last is refused") {
  struct Case {
    Bytes code;
    const char* message;
  };
  for (const Case& c :
       {Case{vector_const(0, 0) + Bytes{0xfd, 0x15, 0x10}, "invalid lane index 16 in i8x16.extract_lane_s"},
        Case{vector_const(0, 0) + Bytes{0xfd, 0x1d, 0x02, 0xa7}, "invalid lane index 2 in i64x2.extract_lane"},
        Case{Bytes{0x41, 0x00} + vector_const(0, 0) + Bytes{0xfd, 0x55, 0x00, 0x00, 0x08, 0xfd, 0x1b, 0x00},
             "invalid lane index 8 in v128.load16_lane"}}) {
    ModuleBuilder builder;
    builder.memory(limits(1));
    builder.func(builder.type({}, {kI32}), c.code);
    World world;
    Error error = must_fail(Module::compile(world.engine, builder.build()));
    CHECK(error.kind() == ErrorKind::invalid);
    CHECK(contains(error.message(), c.message));
  }
}

TEST_CASE("wide products and sums leave their operands' homes alone") {
  ModuleBuilder builder;
  uint32_t type = builder.type({kI64, kI64}, {kI64, kI64, kI64, kI64});
  // Operands computed, so that both are on the stack: (a + 1) * (b + 1); then (a, b) - (1, 0).
  Bytes code = get(0) + Bytes{0x42, 0x01, 0x7c} + get(1) + Bytes{0x42, 0x01, 0x7c} + Bytes{0xfc, 0x16} + get(0) +
               get(1) + Bytes{0x42, 0x01, 0x42, 0x00} + Bytes{0xfc, 0x14};
  builder.func(type, code);
  builder.export_as("f", kFuncKind, 0);
  check_results(builder, {Value::i64(-2), Value::i64(-3)},
                {Value::i64(2), Value::i64(-3), Value::i64(-3), Value::i64(-3)});
  check_results(builder, {Value::i64(0), Value::i64(6)}, {Value::i64(7), Value::i64(0), Value::i64(-1), Value::i64(5)});
}

}  // namespace
}  // namespace wplug::test
