#include "abi/extism/kernel.h"

#include <doctest/doctest.h>

#include <set>

#include "wplug/engine.h"

namespace wplug {
namespace {

// A kernel in a store that may hold so many pages.
struct Fixture {
  explicit Fixture(uint64_t pages = 16) : store(make(pages)) { REQUIRE(kernel.create(store).ok()); }
  static Store make(uint64_t pages) {
    StoreLimits limits;
    limits.memory_bytes = limits.total_memory_bytes = pages << 16;
    auto engine = Engine::create();
    REQUIRE(engine.ok());
    auto made = Store::create(*engine, limits);
    REQUIRE(made.ok());
    return std::move(*made);
  }
  Store store;
  ExtismKernel kernel;
};

TEST_CASE("blocks do not overlap and know their length") {
  Fixture f;
  std::set<uint64_t> seen;
  uint64_t last_end = 0;
  for (uint64_t length : {1, 63, 64, 65, 80, 81, 100, 128, 129, 1000, 4096, 4097, 70000}) {
    const uint64_t at = f.kernel.allocate(length);
    CHECK_MESSAGE(at >= last_end, length);
    CHECK(f.kernel.length(at) == length);
    CHECK(seen.insert(at).second);
    last_end = at + length;
    CHECK(last_end <= f.kernel.top());
  }
  CHECK(f.kernel.allocate(0) == 0);
  CHECK(f.kernel.length(0) == 0);
  CHECK(f.kernel.length(1) == 0);
}

TEST_CASE("a freed block is used again, and a second free changes nothing") {
  Fixture f;
  const uint64_t a = f.kernel.allocate(100), b = f.kernel.allocate(100);
  f.kernel.free(a);
  f.kernel.free(a);
  CHECK(f.kernel.length(a) == 0);
  CHECK(!f.kernel.block(a));
  CHECK(f.kernel.allocate(99) == a);
  CHECK(f.kernel.length(a) == 99);
  const uint64_t c = f.kernel.allocate(100);
  CHECK(c != a);
  CHECK(c != b);
  f.kernel.free(a + 1);
  CHECK(f.kernel.length(a) == 99);
}

TEST_CASE("the memory of blocks is the store's and ends with its limit") {
  Fixture f(4);
  CHECK(f.store.memory_bytes() == 1 << 16);
  const uint64_t at = f.kernel.allocate(100'000);
  CHECK(at != 0);
  CHECK(f.store.memory_bytes() > 100'000);
  CHECK(f.kernel.allocate(200'000) == 0);
  CHECK(f.kernel.allocate(UINT64_MAX) == 0);
  CHECK(f.store.memory_bytes() <= 4 << 16);
  CHECK(f.store.memory_denials() == 1);
}

TEST_CASE("numbers are read and written within what was allocated, little endian") {
  Fixture f;
  const uint64_t at = f.kernel.allocate(64);
  uint64_t value = 0;
  CHECK(f.kernel.store_u64(at, 0x0102030405060708));
  CHECK(f.kernel.load_u8(at, value));
  CHECK(value == 8);
  CHECK(f.kernel.load_u64(at, value));
  CHECK(value == 0x0102030405060708);
  const uint64_t top = f.kernel.top();
  CHECK(f.kernel.load_u8(top - 1, value));
  CHECK(!f.kernel.load_u8(top, value));
  CHECK(f.kernel.load_u64(top - 8, value));
  for (uint64_t beyond : {top - 7, top, UINT64_MAX - 3, UINT64_MAX}) {
    CHECK(!f.kernel.load_u64(beyond, value));
    CHECK(!f.kernel.store_u64(beyond, 1));
  }
  CHECK(!f.kernel.store_u8(UINT64_MAX, 1));
  CHECK(!f.kernel.text(top - 3, 4));
  CHECK(!f.kernel.text(UINT64_MAX, 2));
  CHECK(f.kernel.text(top, 0).has_value());
}

TEST_CASE("after a reset there are no blocks and only zeroes") {
  Fixture f;
  const uint64_t at = f.kernel.store_text("secret");
  f.kernel.input = {at, 6};
  f.kernel.error = at;
  f.kernel.reset();
  CHECK(f.kernel.length(at) == 0);
  CHECK(f.kernel.input.length == 0);
  CHECK(f.kernel.error == 0);
  CHECK(f.kernel.allocate(6) == at);
  CHECK(*f.kernel.block(at) == std::string_view("\0\0\0\0\0\0", 6));
}

TEST_CASE("freeing the input's block ends the input") {
  Fixture f;
  const uint64_t at = f.kernel.store_text("input");
  f.kernel.input = {at, 5};
  f.kernel.free(at);
  CHECK(f.kernel.input.length == 0);
}

}  // namespace
}  // namespace wplug
