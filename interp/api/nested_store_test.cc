#include "wplug/nested_store.h"

#include <chrono>

#include "interp/api/fixtures_test.h"
#include "wplug/memory.h"
#include "wplug/notice.h"
#include "wplug/text.h"

namespace wplug::test {
namespace {

TEST_CASE("a nested store has what is left of its outer store") {
  StoreLimits limits;
  limits.memory_bytes = 1 << 20;
  World world(limits);
  must(world.store.set_fuel(100));
  world.store.charge(30);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  world.store.set_deadline(deadline);
  const Store inner = must(make_nested_store(world.store));
  CHECK(inner.fuel() == 70u);
  CHECK(inner.deadline() == deadline);
  CHECK(inner.limits().memory_bytes == 1 << 20);
}

TEST_CASE("interrupting the outer store interrupts the nested one") {
  World world;
  const Store inner = must(make_nested_store(world.store));
  CHECK(!inner.interrupted());
  world.store.interrupt_handle().interrupt();
  CHECK(inner.interrupted());
}

TEST_CASE("a notice that a nested store gave is not given again by the outer one") {
  World world;
  int given = 0;
  // Runs for several slices, between which it looks at the clock.
  const Module module = must(Module::compile(world.engine, must(parse_wat(R"((module (func (export "f") (local i32)
    (loop $l (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 200000)))))))"))));
  const auto run_in = [&module](Store& store) {
    return must(Linker().instantiate(store, module)).get_func("f")->call({}, {}).ok();
  };
  set_notice(world.store, std::chrono::steady_clock::now(), [&given] { ++given; });
  Store inner = must(make_nested_store(world.store));
  CHECK(run_in(inner));
  CHECK(given == 1);
  CHECK(run_in(world.store));
  CHECK(given == 1);
  Store second = must(make_nested_store(world.store));
  CHECK(run_in(second));
  CHECK(given == 1);
}

TEST_CASE("what a nested store used counts for the outer one") {
  StoreLimits limits;
  limits.memory_bytes = 2 << 16;
  World world(limits);
  MemoryType type;
  type.limits.min = 1;
  must(Memory::create(world.store, type));
  Store inner = must(make_nested_store(world.store));
  inner.charge(12);
  Memory memory = must(Memory::create(inner, type));
  must(memory.grow(1));
  CHECK(must_fail(memory.grow(1)).kind() == ErrorKind::limit);
  absorb_nested_store(world.store, inner);
  CHECK(world.store.fuel_consumed() == 12);
  CHECK(world.store.peak_memory_bytes() == 3 << 16);
  CHECK(world.store.memory_denials() == 1);
}

}  // namespace
}  // namespace wplug::test
