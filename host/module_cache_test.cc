#include "wplug/module_cache.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "host/description_slot.h"
#include "host/openssl_services.h"
#include "host/temporary_folder_test.h"
#include "wplug/text.h"

namespace wplug {
namespace {

Engine engine() {
  auto made = Engine::create();
  REQUIRE(made.ok());
  return *made;
}

// Modules of one size with different bytes.
std::vector<uint8_t> module_bytes(int n, size_t padding = 0) {
  const std::string number = std::to_string(1'000'000 + n);
  auto bytes = parse_wat("(module (func (export \"f\") (result i32) i32.const " + number + ") (@custom \"pad\" \"" +
                         std::string(padding, 'x') + "\"))");
  REQUIRE(bytes.ok());
  return *bytes;
}

std::string text_of(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

// Times of files are told apart at once.
constexpr ModuleCacheOptions kAtOnce = {.settling = std::chrono::nanoseconds(0)};

TEST_CASE("the same bytes are compiled once, from memory and from files") {
  ModuleCache cache(engine());
  const TestFolder folder;
  const std::string one = folder.write("one.wasm", text_of(module_bytes(1)));
  const std::string two = folder.write("two.wasm", text_of(module_bytes(1)));
  const auto a = cache.get(module_bytes(1)), b = cache.get(module_bytes(1));
  const auto c = cache.get_file(one), d = cache.get_file(two), other = cache.get(module_bytes(2));
  REQUIRE(d.ok());
  CHECK(a->impl() == b->impl());
  CHECK(a->impl() == c->impl());
  CHECK(a->impl() == d->impl());
  CHECK(a->impl() != other->impl());
  const ModuleCacheStats stats = cache.stats();
  CHECK(stats.hits == 3);
  CHECK(stats.misses == 2);
  CHECK(stats.hit_rate == doctest::Approx(0.6));
  CHECK(stats.modules == 2);
  CHECK(stats.used_bytes > 2 * module_bytes(1).size());
}

TEST_CASE("a file that has changed is read again, one that has not is not") {
  ModuleCache cache(engine(), kAtOnce);
  const TestFolder folder;
  const std::string file = folder.write("m.wasm", text_of(module_bytes(1)));
  const auto first = cache.get_file(file);
  REQUIRE(first.ok());
  CHECK(cache.get_file(file)->impl() == first->impl());
  // Another inode, whatever the clock says.
  std::filesystem::rename(folder.write("new.wasm", text_of(module_bytes(2))), file);
  const auto second = cache.get_file(file);
  REQUIRE(second.ok());
  CHECK(second->impl() != first->impl());
  CHECK(text_of({second->bytes().begin(), second->bytes().end()}) == text_of(module_bytes(2)));
}

TEST_CASE("a file that has just been written is read again, as its times may not tell") {
  ModuleCache cache(engine(), {.settling = std::chrono::hours(1)});
  const TestFolder folder;
  const std::string file = folder.write("m.wasm", text_of(module_bytes(1)));
  REQUIRE(cache.get_file(file).ok());
  folder.write("m.wasm", text_of(module_bytes(2)));
  CHECK(text_of({cache.get_file(file)->bytes().begin(), cache.get_file(file)->bytes().end()}) == text_of(module_bytes(2)));
}

TEST_CASE("a module with another hash than wanted is refused, cached or not") {
  if (!openssl_services().ok()) {
    MESSAGE("skipped: this build has no OpenSSL");
    return;
  }
  ModuleCache cache(engine(), kAtOnce);
  const TestFolder folder;
  const std::string file = folder.write("m.wasm", text_of(module_bytes(1)));
  const std::string hash = *sha256_hex(module_bytes(1));
  CHECK(cache.get_file(file, hash).ok());
  CHECK(cache.get_file(file, hash).ok());
  const auto wrong = cache.get_file(file, std::string(64, '0'));
  REQUIRE(!wrong.ok());
  CHECK(wrong.error().kind() == ErrorKind::link);
  CHECK(wrong.error().message().starts_with(file + ": has the SHA-256 " + hash));
}

TEST_CASE("modules that were not used for longest are dropped when the budget is spent") {
  ModuleCache probe(engine());
  REQUIRE(probe.get(module_bytes(0)).ok());
  const uint64_t each = probe.stats().used_bytes;
  ModuleCache cache(engine(), {.budget_bytes = 3 * each});
  for (int n = 0; n < 3; ++n) REQUIRE(cache.get(module_bytes(n)).ok());
  REQUIRE(cache.get(module_bytes(0)).ok());  // 1 is the oldest now
  REQUIRE(cache.get(module_bytes(3)).ok());
  CHECK(cache.stats().modules == 3);
  CHECK(cache.stats().used_bytes <= 3 * each);
  const uint64_t misses = cache.stats().misses;
  REQUIRE(cache.get(module_bytes(0)).ok());
  CHECK(cache.stats().misses == misses);
  REQUIRE(cache.get(module_bytes(1)).ok());
  CHECK(cache.stats().misses == misses + 1);
}

TEST_CASE("a module beyond the budget is given and not kept; no budget keeps all") {
  ModuleCache small(engine(), {.budget_bytes = 1000});
  CHECK(small.get(module_bytes(1, 5000)).ok());
  CHECK(small.stats().modules == 0);
  CHECK(small.stats().used_bytes == 0);
  ModuleCache unlimited(engine(), {.budget_bytes = 0});
  for (int n = 0; n < 50; ++n) REQUIRE(unlimited.get(module_bytes(n)).ok());
  CHECK(unlimited.stats().modules == 50);
}

TEST_CASE("a failure is not kept") {
  ModuleCache cache(engine());
  CHECK(!cache.get({1, 2, 3}).ok());
  CHECK(!cache.get({1, 2, 3}).ok());
  CHECK(cache.stats().misses == 2);
  CHECK(cache.stats().modules == 0);
  CHECK(!cache.get_file("/nowhere/m.wasm").ok());
}

template <class Body>
void on_threads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int n = 0; n < count; ++n) threads.emplace_back([&body, n] { body(n); });
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("eight threads that want one file get one module, compiled once") {
  const TestFolder folder;
  const std::string file = folder.write("m.wasm", text_of(module_bytes(1, 1 << 20)));
  for (int round = 0; round < 20; ++round) {
    ModuleCache cache(engine(), kAtOnce);
    std::atomic<const ModuleImpl*> seen[8] = {};
    on_threads(8, [&](int n) {
      const auto module = cache.get_file(file);
      if (module.ok()) seen[n] = module->impl().get();
    });
    CHECK(seen[0] != nullptr);
    for (const auto& impl : seen) CHECK(impl == seen[0].load());
    CHECK(cache.stats().misses == 1);
    CHECK(cache.stats().hits == 7);
  }
}

TEST_CASE("threads that load, evict, fail and ask at once leave the numbers right") {
  ModuleCache probe(engine());
  REQUIRE(probe.get(module_bytes(0)).ok());
  ModuleCache cache(engine(), {.budget_bytes = 5 * probe.stats().used_bytes});
  std::atomic<int> wrong{0};
  on_threads(8, [&](int n) {
    for (int i = 0; i < 200; ++i) {
      const int wanted = (i * 7 + n) % 12;
      const auto module = cache.get(module_bytes(wanted));
      if (!module.ok() || text_of({module->bytes().begin(), module->bytes().end()}) != text_of(module_bytes(wanted))) ++wrong;
      if (cache.get({9, 9, 9}).ok()) ++wrong;
      if (module.ok()) (void)cache.description(*module, "fake", {});
    }
  });
  CHECK(wrong == 0);
  const ModuleCacheStats stats = cache.stats();
  CHECK(stats.hits + stats.misses == 2 * 8 * 200);
  CHECK(stats.modules == 5);
  CHECK(stats.used_bytes == 5 * probe.stats().used_bytes);
}

TEST_CASE("plugins of one module on the same terms share what it says of itself") {
  ModuleCache cache(engine());
  const auto module = cache.get(module_bytes(1));
  REQUIRE(module.ok());
  PluginOptions options, other;
  other.limits.memory = 1 << 20;
  CHECK(cache.description(*module, "fake", options) == cache.description(*module, "fake", options));
  CHECK(cache.description(*module, "fake", options) != cache.description(*module, "fake", other));
  CHECK(cache.description(*module, "fake", options) != cache.description(*module, "reglet", options));
  const auto stranger = Module::compile(cache.engine(), module_bytes(2));
  CHECK(cache.description(*stranger, "fake", options) == nullptr);
}

}  // namespace
}  // namespace wplug
