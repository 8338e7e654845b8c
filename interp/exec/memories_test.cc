// Accesses that are not near: other memories, 64-bit addresses, small pages; in every form of the code.
#include <doctest/doctest.h>

#include "interp/api/fixtures_test.h"
#include "wplug/trap.h"

namespace wplug::test {
namespace {

constexpr uint64_t kPage = 65536;

// The result of function 0, or the name of its trap.
std::string run(const ModuleBuilder& builder, const Config& config, std::vector<Value> args, Value result) {
  World world({}, config);
  Instance instance = world.instantiate(builder);
  Result<void> called = instance.get_func("f")->call(args, {&result, 1});
  if (!called.ok()) return called.error().message();
  return result.type() == ValType::i32() ? std::to_string(result.i32()) : std::to_string(result.i64());
}

TEST_CASE("a 64-bit effective address that wraps around is out of bounds, whatever the memory") {
  for (const Config& config : bounds_configs()) {
    for (uint8_t memory : {0, 1}) {
      ModuleBuilder builder;
      builder.memory({4, 1});
      builder.memory({4, 1});
      // (i64.load offset=2^63 (local.get 0)) of the memory
      builder.func(builder.type({kI64}, {kI64}), {0x20, 0, 0x29, 0x43, memory, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                                  0x80, 0x80, 0x01});
      builder.export_as("f", kFuncKind, 0);
      CHECK(run(builder, config, {Value::i64(INT64_MIN)}, Value::i64(0)) == "out of bounds memory access");
      CHECK(run(builder, config, {Value::i64(INT64_MIN + 8)}, Value::i64(0)) == "out of bounds memory access");
      CHECK(run(builder, config, {Value::i64(0)}, Value::i64(0)) == "out of bounds memory access");
    }
  }
}

TEST_CASE("the last bytes of every kind of memory can be reached and the next ones not") {
  struct Kind {
    Bytes limits;
    uint64_t size;
    bool is_64;
  };
  const Kind kinds[] = {{{0, 1}, kPage, false},       {{3, 1, 1}, kPage, false},   {{4, 1}, kPage, true},
                        {{7, 1, 1}, kPage, true},     {{8, 9, 0}, 9, false},       {{12, 9, 0}, 9, true},
                        {{8, 0x83, 0x20, 0}, 4099, false}};
  for (const Config& config : bounds_configs()) {
    for (const Kind& kind : kinds) {
      for (uint8_t memory : {0, 1}) {
        CAPTURE(kind.size);
        CAPTURE(int{memory});
        ModuleBuilder builder;
        builder.memory(memory == 0 ? kind.limits : Bytes{0, 0});
        builder.memory(memory == 0 ? Bytes{0, 0} : kind.limits);
        // store 77 at the address, load it again
        builder.func(builder.type({kind.is_64 ? kI64 : kI32}, {kI32}),
                     {0x20, 0, 0x41, 0xcd, 0, 0x36, 0x40, memory, 0, 0x20, 0, 0x28, 0x40, memory, 0});
        builder.export_as("f", kFuncKind, 0);
        const auto at = [&](uint64_t address) {
          return std::vector<Value>{kind.is_64 ? Value::i64(static_cast<int64_t>(address))
                                               : Value::i32(static_cast<int32_t>(address))};
        };
        CHECK(run(builder, config, at(kind.size - 4), Value::i32(0)) == "77");
        CHECK(run(builder, config, at(kind.size - 3), Value::i32(0)) == "out of bounds memory access");
        CHECK(run(builder, config, at(kind.size), Value::i32(0)) == "out of bounds memory access");
        CHECK(run(builder, config, at(kind.is_64 ? UINT64_MAX : UINT32_MAX), Value::i32(0)) ==
              "out of bounds memory access");
      }
    }
  }
}

TEST_CASE("an index into a 64-bit table is not taken modulo 2^32") {
  for (const Config& config : bounds_configs()) {
    ModuleBuilder builder;
    const uint32_t number = builder.type({}, {kI32});
    builder.table(kFuncref, {4, 2});
    // (call_indirect (type number) (local.get 0))
    builder.func(builder.type({kI64}, {kI32}), {0x20, 0, 0x11, static_cast<uint8_t>(number), 0});
    builder.func(number, {0x41, 5});
    builder.export_as("f", kFuncKind, 0);
    builder.elements(i64_const(1), {1});
    CHECK(run(builder, config, {Value::i64(1)}, Value::i32(0)) == "5");
    CHECK(run(builder, config, {Value::i64((int64_t{1} << 32) + 1)}, Value::i32(0)) == "undefined element");
    CHECK(run(builder, config, {Value::i64(-1)}, Value::i32(0)) == "undefined element");
  }
}

TEST_CASE("a 64-bit memory that cannot grow so much says -1 with 64 bits, and stays") {
  for (const Config& config : bounds_configs()) {
    ModuleBuilder builder;
    builder.memory({4, 1});
    builder.func(builder.type({kI64}, {kI64}), {0x20, 0, 0x40, 0});
    builder.export_as("f", kFuncKind, 0);
    for (int64_t pages : {int64_t{1} << 16, int64_t{1} << 32, int64_t{1} << 48, INT64_MAX, int64_t{-1}}) {
      CHECK(run(builder, config, {Value::i64(pages)}, Value::i64(0)) == "-1");
    }
    CHECK(run(builder, config, {Value::i64(2)}, Value::i64(0)) == "1");
  }
}

TEST_CASE("far accesses and atomics count as one instruction each, like all others") {
  for (const Config& config : bounds_configs()) {
    World world({}, config);
    ModuleBuilder builder;
    builder.memory({4, 1});
    // i64.const, i64.const, i64.store, i64.const, i64.load, drop, i64.const, i32.const, i32.atomic.rmw.add, drop
    builder.func(builder.type({}, {}), {0x42, 0, 0x42, 1, 0x37, 3, 0, 0x42, 0, 0x29, 3, 0, 0x1a, 0x42, 0, 0x41, 1, 0xfe,
                                        0x1e, 2, 0, 0x1a});
    builder.export_as("f", kFuncKind, 0);
    Func f = *world.instantiate(builder).get_func("f");
    const uint64_t before = world.store.fuel_consumed();
    must(f.call({}, {}));
    const uint64_t all = world.store.fuel_consumed() - before;
    CHECK(all == 10);
    for (uint64_t fuel = 0; fuel < all; ++fuel) {
      must(world.store.set_fuel(fuel));
      CHECK(must_fail(f.call({}, {})).trap()->kind() == TrapKind::out_of_fuel);
    }
    must(world.store.set_fuel(all));
    must(f.call({}, {}));
  }
}

}  // namespace
}  // namespace wplug::test
