// Metering is exact and the same whatever the engine's configuration; it stops at the instruction where the limit is.
#include <doctest/doctest.h>

#include <vector>

#include "interp/api/fixtures_test.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/trap.h"

namespace wplug::test {
namespace {

// count(n): a loop of n rounds, each storing its number at address 0 and calling the empty function 1; then bulk fills.
Bytes counting_module() {
  ModuleBuilder builder;
  uint32_t unary = builder.type({kI32}, {kI32});
  uint32_t nothing = builder.type({}, {});
  builder.memory(limits(1, 4));
  Bytes body = Bytes{0x01, 0x01, kI32} +                    // one local i32
               Bytes{0x03, 0x40} +                          // loop
               Bytes{0x41, 0x00, 0x20, 0x01, 0x36, 0x02, 0x00} +  // i32.store (0, local 1)
               Bytes{0x10, 0x01} +                          // call 1
               Bytes{0x20, 0x01, 0x41, 0x01, 0x6a, 0x22, 0x01} +  // local 1 += 1
               Bytes{0x20, 0x00, 0x49, 0x0d, 0x00, 0x0b} +  // br_if 0 (local 1 < local 0); end
               Bytes{0x41, 0x10, 0x41, 0x07, 0x41, 0xc0, 0x00, 0xfc, 0x0b, 0x00} +  // memory.fill (16, 7, 64)
               Bytes{0x20, 0x01, 0x0b};
  builder.func_body(unary, body);
  builder.func(nothing, {0x01});  // nop
  builder.export_as("count", kFuncKind, 0);
  builder.export_as("memory", kMemoryKind, 0);
  return builder.build();
}

struct Outcome {
  bool finished = false;
  uint64_t consumed = 0;
  uint32_t stored = 0;
  uint8_t filled = 0;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

Outcome run(const Config& config, int32_t rounds, std::optional<uint64_t> fuel) {
  Engine engine = Engine::create(config).value();
  Module module = Module::compile(engine, counting_module()).value();
  Store store = Store::create(engine).value();
  Instance instance = Linker().instantiate(store, module).value();
  if (fuel) REQUIRE(store.set_fuel(fuel).ok());
  Value argument = Value::i32(rounds), result;
  Result<void> called = instance.get_func("count")->call({&argument, 1}, {&result, 1});
  Outcome outcome;
  outcome.finished = called.ok();
  outcome.consumed = store.fuel_consumed();
  auto memory = instance.get_memory("memory")->data();
  outcome.stored = memory[0] | memory[1] << 8u;
  outcome.filled = memory[20];
  if (!called.ok()) outcome.error = called.error().message();
  return outcome;
}

// Per round: const get store call nop get const add tee get lt_u br_if. After: 3 consts, fill and 64/8, get.
constexpr uint64_t kRound = 12, kAfter = 3 + 1 + 8 + 1;

TEST_CASE("every executed instruction of the module counts one, and bulk operations by length") {
  for (const Config& config : bounds_configs()) {
    Outcome outcome = run(config, 10, std::nullopt);
    CHECK(outcome.finished);
    CHECK(outcome.consumed == 10 * kRound + kAfter);
  }
}

TEST_CASE("a program with exactly the fuel it needs finishes, with one less it does not") {
  const uint64_t need = 50 * kRound + kAfter;
  for (const Config& config : bounds_configs()) {
    CHECK(run(config, 50, need).finished);
    Outcome stopped = run(config, 50, need - 1);
    CHECK_FALSE(stopped.finished);
    CHECK(stopped.error == "out of fuel");
    CHECK(stopped.consumed == need - 1);
  }
}

TEST_CASE("code stops at the very instruction where fuel ends, seen from the stores it made") {
  for (const Config& config : bounds_configs()) {
    for (uint64_t fuel = 0; fuel < 5 * kRound; ++fuel) {
      Outcome outcome = run(config, 5, fuel);
      CHECK_FALSE(outcome.finished);
      CHECK(outcome.consumed == fuel);
      // The third instruction of a round stores the round's number.
      uint32_t rounds_stored = static_cast<uint32_t>((fuel + kRound - 3) / kRound);
      CHECK(outcome.stored == (rounds_stored == 0 ? 0 : rounds_stored - 1));
    }
  }
}

TEST_CASE("a bulk operation that does not fit into the fuel does nothing") {
  const uint64_t before_fill = 5 * kRound + 3;
  for (const Config& config : bounds_configs()) {
    CHECK(run(config, 5, before_fill + 8).filled == 0);
    CHECK(run(config, 5, before_fill + 9).filled == 7);
  }
}

TEST_CASE("straight-line code behind a bulk operation stops where fuel ends, too") {
  // memory.fill (16, 7, 4000), then i32.store (0, n) for n = 1 to 5
  ModuleBuilder builder;
  const uint32_t type = builder.type({}, {});
  builder.memory(limits(1));
  Bytes code = {0x41, 0x10, 0x41, 0x07, 0x41, 0xa0, 0x1f, 0xfc, 0x0b, 0x00};
  for (uint8_t n = 1; n <= 5; ++n) code = code + Bytes{0x41, 0x00, 0x41, n, 0x36, 0x02, 0x00};
  builder.func(type, code);
  builder.export_as("f", kFuncKind, 0);
  builder.export_as("memory", kMemoryKind, 0);
  const uint64_t filled = 4 + 4000 / 8, need = filled + 5 * 3;
  for (const Config& config : bounds_configs()) {
    Engine engine = Engine::create(config).value();
    Module module = Module::compile(engine, builder.build()).value();
    for (uint64_t fuel = filled; fuel <= need; ++fuel) {
      Store store = Store::create(engine).value();
      Instance instance = Linker().instantiate(store, module).value();
      REQUIRE(store.set_fuel(fuel).ok());
      const Result<void> called = instance.get_func("f")->call({}, {});
      CHECK(called.ok() == (fuel == need));
      CHECK(store.fuel_consumed() == fuel);
      CHECK(instance.get_memory("memory")->data()[0] == (fuel - filled) / 3);
    }
  }
}

TEST_CASE("fuel limits are refused by an engine that does not meter") {
  Config config;
  config.metering = false;
  Engine engine = Engine::create(config).value();
  Store store = Store::create(engine).value();
  CHECK_FALSE(store.set_fuel(10).ok());
  CHECK(run(config, 10, std::nullopt).finished);
  CHECK(run(config, 10, std::nullopt).consumed == 0);
}

TEST_CASE("a trap's count includes the instruction that trapped, in every configuration") {
  ModuleBuilder builder;
  uint32_t type = builder.type({kI32}, {kI32});
  builder.memory(limits(1));
  // i32.load (local 0 + 1 - 1)
  builder.func(type, {0x20, 0x00, 0x41, 0x01, 0x6a, 0x41, 0x01, 0x6b, 0x28, 0x02, 0x00});
  builder.export_as("load", kFuncKind, 0);
  for (const Config& config : bounds_configs()) {
    Engine engine = Engine::create(config).value();
    Module module = Module::compile(engine, builder.build()).value();
    Store store = Store::create(engine).value();
    Instance instance = Linker().instantiate(store, module).value();
    Value argument = Value::i32(0x10000), result;
    Result<void> called = instance.get_func("load")->call({&argument, 1}, {&result, 1});
    REQUIRE_FALSE(called.ok());
    REQUIRE(called.error().trap() != nullptr);
    CHECK(called.error().trap()->kind() == TrapKind::out_of_bounds_memory_access);
    REQUIRE(called.error().trap()->backtrace().size() == 1);
    CHECK(called.error().trap()->backtrace()[0].function == "load");
    CHECK(store.fuel_consumed() == 6);
  }
}

}  // namespace
}  // namespace wplug::test
