// Shared memories with real threads, each with a store of its own.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "interp/api/fixtures_test.h"
#include "interp/exec/guard.h"
#include "wplug/linker.h"
#include "wplug/text.h"
#include "wplug/trap.h"

namespace wplug::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr uint64_t kPage = 65536;

MemoryType shared_pages(uint64_t min, uint64_t max) {
  MemoryType type;
  type.limits = {min, max, false, true};
  return type;
}

// Functions on an imported shared memory of 1 to 4 pages:
//   count(n)      n times: takes a lock (address 0), adds one to the number at 8 with plain accesses, gives it back
//   wait(ns)      waits at address 16 while it holds 0
//   grown()       until the number at 24 is not 0; then the number at 65536
//   grow(n)       memory.grow
ModuleBuilder guest_module() {
  ModuleBuilder builder;
  builder.import_memory("env", "memory", {3, 1, 4});
  const uint32_t take_i32 = builder.type({kI32}, {});
  const uint32_t wait_type = builder.type({kI64}, {kI32});
  const uint32_t give_i32 = builder.type({}, {kI32});
  const uint32_t grow_type = builder.type({kI32}, {kI32});
  const Bytes lock = {0x03, 0x40, 0x41, 0, 0x41, 0, 0x41, 1, 0xfe, 0x48, 2, 0, 0x04, 0x40, 0x41, 0, 0x41, 1,
                      0x42, 0x7f, 0xfe, 0x01, 2, 0, 0x1a, 0x0c, 1, 0x0b, 0x0b};
  const Bytes increment = {0x41, 8, 0x41, 8, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0};
  const Bytes unlock = {0x41, 0, 0x41, 0, 0xfe, 0x17, 2, 0, 0x41, 0, 0x41, 1, 0xfe, 0x00, 2, 0, 0x1a};
  const Bytes again = {0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b};
  builder.func(take_i32, Bytes{0x03, 0x40} + lock + increment + unlock + again);
  builder.func(wait_type, {0x41, 16, 0x41, 0, 0x20, 0, 0xfe, 0x01, 2, 0});
  builder.func(give_i32, {0x03, 0x40, 0x41, 24, 0xfe, 0x10, 2, 0, 0x45, 0x0d, 0, 0x0b, 0x41, 0x80, 0x80, 4, 0x28, 2, 0});
  builder.func(grow_type, {0x20, 0, 0x40, 0});
  const char* const names[] = {"count", "wait", "grown", "grow"};
  for (uint32_t i = 0; i < 4; ++i) builder.export_as(names[i], kFuncKind, i);
  return builder;
}

// A store with the module's instance; its thread's affair from then on.
struct Guest {
  Guest(const Engine& engine, const Module& module, const SharedMemory& memory, const StoreLimits& limits = {})
      : store(must(Store::create(engine, limits))) {
    Linker linker;
    linker.define("env", "memory", memory);
    instance = std::make_unique<Instance>(must(linker.instantiate(store, module)));
  }
  Result<int32_t> call(std::string_view name, Value argument) {
    Value result;
    WPLUG_TRY(instance->get_func(name)->call({&argument, 1}, {&result, 1}));
    return result.i32();
  }
  Store store;
  std::unique_ptr<Instance> instance;
};

struct Shared {
  explicit Shared(const Config& config = {})
      : engine(must(Engine::create(config))),
        module(compile(engine, guest_module())),
        memory(must(SharedMemory::create(engine, shared_pages(1, 4)))) {}
  uint32_t number(size_t at) const {
    uint32_t value;
    std::memcpy(&value, memory.data().data() + at, sizeof value);
    return value;
  }
  Engine engine;
  Module module;
  SharedMemory memory;
};

std::vector<Config> all_configs() {
  std::vector<Config> configs(3);
  configs[1].register_allocation = false;
  configs[2].memory = MemoryKind::guard_pages;
  if (!guard_pages_supported()) configs.pop_back();
  return configs;
}

TEST_CASE("threads that take a lock of the guest's own lose no increment") {
  constexpr int kThreads = 4;
  constexpr int32_t kRounds = 2000;
  for (const Config& config : all_configs()) {
    Shared shared(config);
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        Guest guest(shared.engine, shared.module, shared.memory);
        const Value rounds = Value::i32(kRounds);
        if (!guest.instance->get_func("count")->call({&rounds, 1}, {}).ok()) ++failures;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(failures == 0);
    CHECK(shared.number(8) == kThreads * kRounds);
  }
}

TEST_CASE("a waiting guest is woken by the host, and by nobody at another address") {
  Shared shared;
  std::atomic<int32_t> result{-1};
  std::thread thread([&] {
    Guest guest(shared.engine, shared.module, shared.memory);
    result = guest.call("wait", Value::i64(-1)).value();
  });
  CHECK(shared.memory.notify(20, 9) == 0);
  while (shared.memory.notify(16, 9) == 0) std::this_thread::yield();
  thread.join();
  CHECK(result == 0);
  CHECK(shared.memory.notify(16, 9) == 0);
}

TEST_CASE("notify wakes as many as it is told") {
  Shared shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Guest guest(shared.engine, shared.module, shared.memory);
      (void)guest.call("wait", Value::i64(-1));
    });
  }
  for (uint32_t woken = 0; woken < 3;) {
    const uint32_t now = shared.memory.notify(16, 1);
    CHECK(now <= 1);
    woken += now;
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("a wait ends by its timeout, at once when the value is another, by the deadline, and by an interrupt") {
  Shared shared;
  Guest guest(shared.engine, shared.module, shared.memory);
  const auto start = steady_clock::now();
  CHECK(guest.call("wait", Value::i64(3'000'000)).value() == 2);
  CHECK(steady_clock::now() - start >= milliseconds(3));
  CHECK(guest.call("wait", Value::i64(0)).value() == 2);

  const auto deadline = steady_clock::now() + milliseconds(5);
  guest.store.set_deadline(deadline);
  CHECK(must_fail(guest.call("wait", Value::i64(INT64_MAX))).trap()->kind() == TrapKind::deadline_exceeded);
  CHECK(steady_clock::now() >= deadline);
  guest.store.set_deadline(std::nullopt);

  InterruptHandle handle = guest.store.interrupt_handle();
  std::thread thread([&] { handle.interrupt(); });
  CHECK(must_fail(guest.call("wait", Value::i64(-1))).trap()->kind() == TrapKind::interrupted);
  thread.join();
  guest.store.clear_interrupt();
  // Whoever was stopped waits no more.
  CHECK(shared.memory.notify(16, 1) == 0);

  const uint32_t one = 1;
  std::memcpy(shared.memory.data().data() + 16, &one, sizeof one);
  CHECK(guest.call("wait", Value::i64(-1)).value() == 1);
}

TEST_CASE("running code sees that another thread has grown the memory") {
  for (const Config& config : all_configs()) {
    Shared shared(config);
    std::atomic<int32_t> result{-1};
    std::thread thread([&] {
      Guest guest(shared.engine, shared.module, shared.memory);
      Value value;
      if (guest.instance->get_func("grown")->call({}, {&value, 1}).ok()) result = value.i32();
    });
    Guest guest(shared.engine, shared.module, shared.memory);
    const uint8_t* base = shared.memory.data().data();
    CHECK(guest.call("grow", Value::i32(1)).value() == 1);
    CHECK(shared.memory.size() == 2 * kPage);
    CHECK(shared.memory.data().data() == base);
    shared.memory.data()[kPage] = 42;
    __atomic_store_n(reinterpret_cast<uint32_t*>(shared.memory.data().data() + 24), 1, __ATOMIC_SEQ_CST);
    thread.join();
    CHECK(result == 42);
  }
}

TEST_CASE("bytes of a shared memory count in the store that asks for them") {
  Shared shared;
  StoreLimits limits;
  limits.total_memory_bytes = 2 * kPage;
  Guest first(shared.engine, shared.module, shared.memory, limits);
  Guest second(shared.engine, shared.module, shared.memory);
  CHECK(first.store.memory_bytes() == 0);
  CHECK(first.call("grow", Value::i32(2)).value() == 1);
  CHECK(first.call("grow", Value::i32(1)).value() == -1);
  CHECK(first.store.memory_denials() == 1);
  CHECK(second.store.memory_bytes() == 0);
  CHECK(second.call("grow", Value::i32(1)).value() == 3);
  CHECK(second.call("grow", Value::i32(1)).value() == -1);
  CHECK(second.store.memory_denials() == 0);  // the type's own maximum
  CHECK(first.store.memory_bytes() == 2 * kPage);
  CHECK(second.store.memory_bytes() == kPage);
}

TEST_CASE("a memory that a module made is given on, and outlives its store") {
  World world;
  ModuleBuilder maker;
  maker.memory({3, 2, 4});
  maker.export_as("memory", kMemoryKind, 0);
  std::optional<SharedMemory> memory;
  {
    Store store = must(Store::create(world.engine));
    Instance instance = must(Instance::create(store, compile(world.engine, maker), {}));
    memory = instance.get_memory("memory")->shared();
    CHECK(store.memory_bytes() == 2 * kPage);
  }
  REQUIRE(memory.has_value());
  CHECK(memory->type().limits == Limits{2, 4, false, true});
  Memory adopted = must(Memory::from_shared(world.store, *memory));
  CHECK(adopted.size() == 2 * kPage);
  CHECK(must(Memory::from_shared(world.store, *memory)).impl() == adopted.impl());
  CHECK_FALSE(must(Memory::create(world.store, MemoryType{})).shared().has_value());
}

TEST_CASE("shared memories that cannot be are refused") {
  World world;
  CHECK(must_fail(SharedMemory::create(world.engine, MemoryType{})).kind() == ErrorKind::misuse);
  MemoryType type = shared_pages(1, 1);
  type.limits.max.reset();
  CHECK(must_fail(SharedMemory::create(world.engine, type)).kind() == ErrorKind::misuse);
  type.limits = {1, uint64_t{1} << 48, true, true};
  CHECK(must_fail(SharedMemory::create(world.engine, type)).kind() == ErrorKind::limit);
  if (!guard_pages_supported()) return;
  Config config;
  config.memory = MemoryKind::guard_pages;
  World guarded({}, config);
  const SharedMemory unguarded = must(SharedMemory::create(world.engine, shared_pages(1, 1)));
  CHECK(must_fail(Memory::from_shared(guarded.store, unguarded)).kind() == ErrorKind::misuse);
  const SharedMemory with_guards = must(SharedMemory::create(guarded.engine, shared_pages(1, 1)));
  CHECK(must(Memory::from_shared(world.store, with_guards)).size() == kPage);
}

TEST_CASE("wait needs a shared memory, notify finds nobody in another") {
  World world;
  ModuleBuilder builder;
  builder.memory(limits(1));
  builder.func(builder.type({kI32}, {kI32}), {0x20, 0, 0x41, 0, 0x42, 0, 0xfe, 0x01, 2, 0});
  builder.func(builder.type({kI32}, {kI32}), {0x20, 0, 0x41, 1, 0xfe, 0x00, 2, 0});
  builder.export_as("wait", kFuncKind, 0);
  builder.export_as("notify", kFuncKind, 1);
  Instance instance = world.instantiate(builder);
  const auto call = [&](const char* name, int32_t at) {
    Value argument = Value::i32(at), result;
    Result<void> called = instance.get_func(name)->call({&argument, 1}, {&result, 1});
    return called.ok() ? std::to_string(result.i32()) : called.error().message();
  };
  CHECK(call("wait", 0) == "expected shared memory");
  CHECK(call("wait", 2) == "unaligned atomic");
  CHECK(call("notify", 0) == "0");
  CHECK(call("notify", 2) == "unaligned atomic");
  CHECK(call("notify", 65536) == "out of bounds memory access");
}

TEST_CASE("alignment is looked at before bounds, also beyond the largest address") {
  World world;
  const auto bytes = must(parse_wat(R"((module (memory i64 1)
    (func (export "load") (param i64) (result i32) (i32.atomic.load offset=8 (local.get 0)))))"));
  const Module module = must(Module::compile(world.engine, bytes));
  const Instance instance = must(Linker().instantiate(world.store, module));
  const auto call = [&](uint64_t at) {
    uint64_t slot = at;
    return must_fail(instance.get_func("load")->call_raw(&slot)).message();
  };
  CHECK(call(65528) == "out of bounds memory access");
  CHECK(call(65530) == "unaligned atomic");
  CHECK(call(UINT64_MAX - 3) == "out of bounds memory access");  // 4 after wrapping
  CHECK(call(UINT64_MAX - 2) == "unaligned atomic");
}

}  // namespace
}  // namespace wplug::test
