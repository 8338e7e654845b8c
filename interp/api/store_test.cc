#include "wplug/store.h"

#include <chrono>
#include <cstring>
#include <optional>
#include <string>

#include "interp/api/fixtures_test.h"
#include "interp/store/runtime.h"

namespace wplug::test {
namespace {

TEST_CASE("a build says what it is") {
  const BuildInfo info = build_info();
  CHECK(std::strlen(info.version) > 0);
  CHECK((std::string(info.dispatch) == "tail" || std::string(info.dispatch) == "loop"));
  CHECK(info.int_registers >= 0);
  CHECK(std::strlen(info.compiler) > 5);
}

TEST_CASE("guard pages are either there or refused with what to do") {
  Config config;
  config.memory = MemoryKind::guard_pages;
  auto engine = Engine::create(config);
  if (engine.ok()) {
    CHECK(engine->config().memory == MemoryKind::guard_pages);
  } else {
    CHECK(engine.error().kind() == ErrorKind::misuse);
    CHECK(contains(engine.error().message(), "explicit_checks"));
  }
}

TEST_CASE("fuel is what is left of the last amount set") {
  World world;
  CHECK(world.store.fuel() == std::nullopt);
  must(world.store.set_fuel(100));
  world.store.charge(30);
  CHECK(world.store.fuel() == 70u);
  CHECK(world.store.fuel_consumed() == 30);
  must(world.store.set_fuel(5));
  CHECK(world.store.fuel() == 5u);
  world.store.charge(9);
  CHECK(world.store.fuel() == 0u);
  CHECK(world.store.fuel_consumed() == 39);
  must(world.store.set_fuel(std::nullopt));
  CHECK(world.store.fuel() == std::nullopt);
}

TEST_CASE("amounts of fuel beyond what can be counted saturate") {
  World world;
  world.store.charge(10);
  must(world.store.set_fuel(UINT64_MAX));
  REQUIRE(world.store.fuel().has_value());
  CHECK(*world.store.fuel() > UINT64_MAX - 100);
  world.store.charge(UINT64_MAX);
  world.store.charge(UINT64_MAX);
  CHECK(world.store.fuel() == 0u);
}

TEST_CASE("an engine that does not meter refuses a fuel limit and counts nothing") {
  Config config;
  config.metering = false;
  World world({}, config);
  CHECK(must_fail(world.store.set_fuel(10)).kind() == ErrorKind::misuse);
  must(world.store.set_fuel(std::nullopt));
  world.store.charge(10);
  CHECK(world.store.fuel_consumed() == 0);
}

TEST_CASE("a deadline is kept to the nanosecond and can be taken back") {
  World world;
  CHECK(world.store.deadline() == std::nullopt);
  const auto at = std::chrono::steady_clock::now() + std::chrono::hours(1);
  world.store.set_deadline(at);
  CHECK(world.store.deadline() == at);
  world.store.set_deadline(std::nullopt);
  CHECK(world.store.deadline() == std::nullopt);
}

TEST_CASE("changing fuel or deadline makes running code ask at its next check") {
  World world;
  Context& context = world.store.impl()->context;
  context.slice_end = 1000;
  must(world.store.set_fuel(10));
  CHECK(context.slice_end <= context.consumed);
  context.slice_end = 1000;
  world.store.set_deadline(std::chrono::steady_clock::now());
  CHECK(context.slice_end <= context.consumed);
}

TEST_CASE("an interrupt handle reaches its store and may outlive it") {
  std::optional<InterruptHandle> handle;
  {
    World world;
    handle = world.store.interrupt_handle();
    const Context& context = world.store.impl()->context;
    CHECK(context.interrupt->load() == 0);
    handle->interrupt();
    CHECK(context.interrupt->load() != 0);
    world.store.clear_interrupt();
    CHECK(context.interrupt->load() == 0);
  }
  handle->interrupt();
  const InterruptHandle copy = *handle;
  copy.interrupt();
}

TEST_CASE("a store that moves keeps its objects and knows its handle") {
  World world;
  ModuleBuilder builder;
  builder.memory(limits(1));
  builder.export_as("memory", kMemoryKind, 0);
  Instance instance = world.instantiate(builder);
  Store moved = std::move(world.store);
  CHECK(moved.impl()->owner == &moved);
  CHECK(instance.get_memory("memory")->size() == 65536);
  World other;
  other.store = std::move(moved);
  CHECK(other.store.impl()->owner == &other.store);
  instance.get_memory("memory")->data()[0] = 1;
  int data = 0;
  other.store.set_user_data(&data);
  CHECK(other.store.user_data() == &data);
}

TEST_CASE("a store needs a stack of some size, and one that the system can give") {
  const Engine engine = must(Engine::create());
  StoreLimits limits;
  limits.stack_bytes = 0;
  CHECK(must_fail(Store::create(engine, limits)).kind() == ErrorKind::misuse);
  limits.stack_bytes = UINT64_MAX;
  CHECK(must_fail(Store::create(engine, limits)).kind() == ErrorKind::misuse);
  limits.stack_bytes = 4096;
  Store store = must(Store::create(engine, limits));
  const Context& context = store.impl()->context;
  CHECK(context.stack_limit - context.stack_top == 512);
}

}  // namespace
}  // namespace wplug::test
