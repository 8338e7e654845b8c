#include <doctest/doctest.h>

#include <string>

#include "interp/api/fixtures_test.h"
#include "interp/store/runtime.h"
#include "wplug/engine.h"
#include "wplug/store.h"

namespace wplug {
namespace {

constexpr uint64_t kPage = 65536;

Store make_store(const StoreLimits& limits = {}) {
  auto engine = Engine::create();
  REQUIRE(engine.ok());
  auto store = Store::create(*engine, limits);
  REQUIRE(store.ok());
  return std::move(*store);
}

MemoryType pages(uint64_t min, std::optional<uint64_t> max = std::nullopt) {
  MemoryType type;
  type.limits.min = min;
  type.limits.max = max;
  return type;
}

TEST_CASE("a memory grows up to its type's maximum, which is no denial") {
  Store store = make_store();
  auto memory = new_memory(*store.impl(), pages(1, 3));
  REQUIRE(memory.ok());
  CHECK((*memory)->size == kPage);
  CHECK(grow_memory(*store.impl(), **memory, 0) == 1);
  CHECK(grow_memory(*store.impl(), **memory, 2) == 1);
  CHECK((*memory)->size == 3 * kPage);
  CHECK(grow_memory(*store.impl(), **memory, 1) == UINT64_MAX);
  CHECK(grow_memory(*store.impl(), **memory, UINT64_MAX) == UINT64_MAX);
  CHECK(store.memory_denials() == 0);
  CHECK(store.memory_bytes() == 3 * kPage);
}

TEST_CASE("a memory never grows beyond 65536 pages") {
  Store store = make_store();
  auto memory = new_memory(*store.impl(), pages(0));
  REQUIRE(memory.ok());
  CHECK(grow_memory(*store.impl(), **memory, 65537) == UINT64_MAX);
  CHECK(store.memory_denials() == 0);
}

TEST_CASE("growing beyond the limit of one memory is a denial") {
  StoreLimits limits;
  limits.memory_bytes = 2 * kPage + 5;
  Store store = make_store(limits);
  auto memory = new_memory(*store.impl(), pages(1));
  REQUIRE(memory.ok());
  CHECK(grow_memory(*store.impl(), **memory, 2) == UINT64_MAX);
  CHECK(store.memory_denials() == 1);
  CHECK(grow_memory(*store.impl(), **memory, 1) == 1);
  CHECK(grow_memory(*store.impl(), **memory, 1) == UINT64_MAX);
  CHECK(store.memory_denials() == 2);
  CHECK(store.memory_bytes() == 2 * kPage);
}

TEST_CASE("the limit of all memories counts them together") {
  StoreLimits limits;
  limits.total_memory_bytes = 4 * kPage;
  Store store = make_store(limits);
  auto first = new_memory(*store.impl(), pages(1));
  auto second = new_memory(*store.impl(), pages(2));
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  auto third = new_memory(*store.impl(), pages(2));
  REQUIRE_FALSE(third.ok());
  CHECK(third.error().kind() == ErrorKind::limit);
  CHECK(third.error().message().find("327680 bytes > limit of all memories of 262144 bytes") != std::string::npos);
  CHECK(grow_memory(*store.impl(), **first, 1) == 1);
  CHECK(grow_memory(*store.impl(), **second, 1) == UINT64_MAX);
  CHECK(store.memory_denials() == 1);
  CHECK(store.memory_bytes() == 4 * kPage);
  CHECK(store.peak_memory_bytes() == 4 * kPage);
}

TEST_CASE("a memory that starts beyond a limit is refused before it is allocated") {
  StoreLimits limits;
  limits.memory_bytes = kPage;
  Store store = make_store(limits);
  auto memory = new_memory(*store.impl(), pages(65536));
  REQUIRE_FALSE(memory.ok());
  CHECK(memory.error().kind() == ErrorKind::limit);
  CHECK(store.impl()->memories.empty());
  CHECK(store.peak_memory_bytes() == 0);
}

TEST_CASE("contents survive growth, small memories and large ones alike") {
  for (std::optional<uint64_t> max : {std::optional<uint64_t>(8), std::optional<uint64_t>(65536)}) {
    Store store = make_store();
    auto memory = new_memory(*store.impl(), pages(1, max));
    REQUIRE(memory.ok());
    (*memory)->base[0] = 1;
    (*memory)->base[kPage - 1] = 2;
    for (uint64_t grown = 1; grown < 8; ++grown) REQUIRE(grow_memory(*store.impl(), **memory, 1) == grown);
    CHECK((*memory)->base[0] == 1);
    CHECK((*memory)->base[kPage - 1] == 2);
    CHECK((*memory)->base[kPage] == 0);
    CHECK((*memory)->base[8 * kPage - 1] == 0);
  }
}

TEST_CASE("the context caches where accesses of each size end, and follows growth") {
  test::World world;
  StoreImpl& impl = *world.store.impl();
  test::ModuleBuilder builder;
  builder.memory(test::limits(0, 4));
  InstanceImpl* instance = world.instantiate(builder).impl();
  MemoryInstance* memory = instance->memories[0];
  load_instance(impl.context, instance);
  for (uint64_t limit : impl.context.memory_limit) CHECK(limit == 0);
  CHECK(grow_memory(impl, *memory, 1) == 0);
  CHECK(impl.context.memory_base == memory->base);
  CHECK(impl.context.memory_limit[0] == kPage);
  CHECK(impl.context.memory_limit[1] == kPage - 1);
  CHECK(impl.context.memory_limit[2] == kPage - 3);
  CHECK(impl.context.memory_limit[3] == kPage - 7);
  CHECK(impl.context.memory_limit[4] == kPage - 15);
  load_instance(impl.context, nullptr);
  CHECK(impl.context.memory_base == nullptr);
  CHECK(impl.context.memory_limit[0] == 0);
}

}  // namespace
}  // namespace wplug
