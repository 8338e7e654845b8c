// Cases that the lowering once got wrong, or could: run in every configuration against the result of the spec.
#include <bit>

#include <doctest/doctest.h>

#include "interp/api/fixtures_test.h"

namespace wplug::test {
namespace {

// The result of function 0, type (i64) -> (i32), in both forms of the code.
std::vector<int32_t> results(const Bytes& code, int64_t argument) {
  std::vector<int32_t> all;
  for (bool registers : {true, false}) {
    Config config;
    config.register_allocation = registers;
    World world({}, config);
    ModuleBuilder builder;
    builder.func(builder.type({kI64}, {kI32}), code);
    builder.export_as("f", kFuncKind, 0);
    Instance instance = world.instantiate(builder);
    Value value = Value::i64(argument), result;
    must(instance.get_func("f")->call({&value, 1}, {&result, 1}));
    all.push_back(result.i32());
  }
  return all;
}

TEST_CASE("a wide constant on the left of a comparison leaves the other operand alone") {
  // i64.le_u (i64.const 0x80000000) (i64.and (local.get 0) (i64.const 7))
  Bytes code = {0x42, 0x80, 0x80, 0x80, 0x80, 0x08, 0x20, 0x00, 0x42, 0x07, 0x83, 0x58};
  CHECK(results(code, 1) == std::vector<int32_t>{0, 0});
}

TEST_CASE("an operand read before a later local.set of the same local keeps its value") {
  // (i64.eq (local.get 0) (local.tee 0 (i64.add (local.get 0) (i64.const 1))))
  Bytes code = {0x20, 0x00, 0x20, 0x00, 0x42, 0x01, 0x7c, 0x22, 0x00, 0x51};
  CHECK(results(code, 41) == std::vector<int32_t>{0, 0});
}

TEST_CASE("a branch drops what is between its values and the label's") {
  // (i32.wrap x) (block (result i32) (i32.const 5) (i32.sub (i32.wrap x) (i32.const 1)) (br 0)) (i32.add)
  Bytes code = {0x20, 0x00, 0xa7, 0x02, 0x7f, 0x41, 0x05, 0x20, 0x00, 0xa7, 0x41, 0x01, 0x6b, 0x0c, 0x00, 0x0b, 0x6a};
  CHECK(results(code, 10) == std::vector<int32_t>{19, 19});
}

TEST_CASE("an f32 leaves the engine without what its register held before") {
  for (bool registers : {true, false}) {
    Config config;
    config.register_allocation = registers;
    World world({}, config);
    ModuleBuilder builder;
    // (f32.demote_f64 (f64.add (local.get 0) (f64.const 1)))
    builder.func(builder.type({kF64}, {kF32}), {0x20, 0x00, 0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0xa0, 0xb6});
    builder.export_as("f", kFuncKind, 0);
    Instance instance = world.instantiate(builder);
    Value value = Value::f64(0.1), result;
    must(instance.get_func("f")->call({&value, 1}, {&result, 1}));
    CHECK(result.bits() == std::bit_cast<uint32_t>(1.1f));
  }
}

}  // namespace
}  // namespace wplug::test
