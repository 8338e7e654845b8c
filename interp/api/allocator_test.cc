#include "wplug/allocator.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "interp/api/fixtures_test.h"
#include "wplug/func.h"
#include "wplug/memory.h"
#include "wplug/table.h"

// This program counts what the C++ library allocates, too: blocks begin with their size.
namespace {

constexpr size_t kHeader = alignof(std::max_align_t);
size_t new_bytes = 0;

void* counted_new(size_t size) {
  auto* block = static_cast<char*>(std::malloc(size + kHeader));
  if (block == nullptr) return nullptr;
  *reinterpret_cast<size_t*>(block) = size;
  new_bytes += size;
  return block + kHeader;
}

void counted_delete(void* at) {
  if (at == nullptr) return;
  char* block = static_cast<char*>(at) - kHeader;
  new_bytes -= *reinterpret_cast<size_t*>(block);
  std::free(block);
}

}  // namespace

void* operator new(size_t size) { return counted_new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return counted_new(size); }
void operator delete(void* at) noexcept { counted_delete(at); }
void operator delete(void* at, size_t) noexcept { counted_delete(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { counted_delete(at); }

namespace wplug::test {
namespace {

// Counts blocks and bytes, and gives nothing after `left` more allocations.
struct Arena {
  size_t blocks = 0;
  size_t bytes = 0;
  size_t calls = 0;
  size_t left = SIZE_MAX;

  Allocator allocator() { return {&Arena::allocate, &Arena::reallocate, &Arena::release, this}; }

 private:
  static bool take(Arena& arena) {
    ++arena.calls;
    if (arena.left == 0) return false;
    --arena.left;
    return true;
  }
  static void* allocate(void* context, size_t size) {
    Arena& arena = *static_cast<Arena*>(context);
    if (!take(arena)) return nullptr;
    auto* block = static_cast<char*>(std::malloc(size + kHeader));
    *reinterpret_cast<size_t*>(block) = size;
    std::fill_n(block + kHeader, size, '\x5a');  // nothing may rely on zeros
    ++arena.blocks;
    arena.bytes += size;
    return block + kHeader;
  }
  static void* reallocate(void* context, void* at, size_t size) {
    Arena& arena = *static_cast<Arena*>(context);
    const size_t old_size = *reinterpret_cast<size_t*>(static_cast<char*>(at) - kHeader);
    void* moved = allocate(context, size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, at, std::min(size, old_size));
    release(&arena, at);
    return moved;
  }
  static void release(void* context, void* at) {
    Arena& arena = *static_cast<Arena*>(context);
    char* block = static_cast<char*>(at) - kHeader;
    --arena.blocks;
    arena.bytes -= *reinterpret_cast<size_t*>(block);
    std::free(block);
  }
};

Config config_of(Arena& arena) {
  Config config;
  config.allocator = arena.allocator();
  return config;
}

StoreLimits small_store() {
  StoreLimits limits;
  limits.stack_bytes = 4096;
  return limits;
}

// What a small device runs: a page of memory, a table, globals, functions that call each other and the host.
ModuleBuilder sensor() {
  ModuleBuilder builder;
  const uint32_t unary = builder.type({kI32}, {kI32});
  const uint32_t host = builder.import_func("env", "read", unary);
  builder.memory(limits(1, 4));
  const uint32_t table = builder.table(kFuncref, limits(4));
  for (int32_t i = 0; i < 4; ++i) builder.global(kI32, true, i32_const(i));
  const uint32_t twice = builder.func(unary, {0x20, 0, 0x41, 1, 0x74});                       // x << 1
  const uint32_t run = builder.func(unary, {0x20, 0, 0x10, static_cast<uint8_t>(host), 0x10,  // twice(read(x))
                                            static_cast<uint8_t>(twice)});
  const uint32_t grow = builder.func(unary, {0x20, 0, 0x40, 0});                                   // memory.grow(x)
  const uint32_t poke = builder.func(unary, {0x20, 0, 0x41, 7, 0x36, 2, 0, 0x20, 0, 0x28, 2, 0});  // memory[x] := 7
  builder.elements(i32_const(0), {twice, run, grow, poke});
  builder.data(i32_const(16), "calibration");
  builder.export_as("run", kFuncKind, run);
  builder.export_as("grow", kFuncKind, grow);
  builder.export_as("poke", kFuncKind, poke);
  builder.export_as("memory", kMemoryKind, 0);
  builder.export_as("table", kTableKind, table);
  return builder;
}

Result<void> read(void*, Caller&, uint64_t* slots) {
  slots[0] = static_cast<uint32_t>(slots[0] + 1);
  return {};
}

Result<Instance> start(Store& store, const Module& module) {
  const Func host = Func::wrap_raw(store, {{ValType::i32()}, {ValType::i32()}}, &read, nullptr);
  const std::vector<Extern> imports = {host};
  return Instance::create(store, module, imports);
}

Result<int32_t> call(const Instance& instance, std::string_view name, int32_t argument) {
  const Value arguments[] = {Value::i32(argument)};
  Value results[] = {Value::i32(0)};
  WPLUG_TRY(instance.get_func(name)->call(arguments, results));
  return results[0].i32();
}

TEST_CASE("memories, tables, stacks and code come from the embedder's allocator and go back to it") {
  Arena arena;
  {
    const Engine engine = must(Engine::create(config_of(arena)));
    const Module module = compile(engine, sensor());
    {
      Store store = must(Store::create(engine, small_store()));
      CHECK(arena.bytes == 4096);
      Instance instance = must(start(store, module));
      CHECK(arena.bytes >= 4096 + 65536 + 4 * 8);
      const size_t before = arena.bytes;
      CHECK(must(call(instance, "run", 20)) == 42);
      CHECK(arena.bytes > before);  // lowered code
      CHECK(must(call(instance, "poke", 65000)) == 7);
      CHECK(must(call(instance, "grow", 2)) == 1);
      CHECK(arena.bytes >= 3 * 65536);
      const std::span<const uint8_t> bytes = instance.get_memory("memory")->data();
      REQUIRE(bytes.size() == 3 * 65536);
      CHECK(bytes[16] == 'c');
      CHECK(bytes[65000] == 7);
      CHECK(std::all_of(bytes.begin() + 65536, bytes.end(), [](uint8_t byte) { return byte == 0; }));
      Table table = *instance.get_table("table");
      CHECK(must(table.grow(1000, Value::ref(ValType::funcref(), Ref::null()))) == 4);
      CHECK(must(table.get(1003)).ref().is_null());
    }
    CHECK(arena.bytes < 4096);  // the code, which is the module's
  }
  CHECK(arena.blocks == 0);
}

TEST_CASE("every allocation may fail: an error of kind limit, a trap or -1, and nothing is lost") {
  size_t failures = 0;
  for (size_t left = 0;; ++left) {
    CAPTURE(left);
    Arena arena;
    arena.left = left;
    bool succeeded = false;
    {
      const Engine engine = must(Engine::create(config_of(arena)));
      const Module module = compile(engine, sensor());
      Result<Store> store = Store::create(engine, small_store());
      if (!store.ok()) {
        CHECK(store.error().kind() == ErrorKind::limit);
      } else {
        Result<Instance> instance = start(*store, module);
        if (!instance.ok()) {
          CHECK(instance.error().kind() == ErrorKind::limit);
        } else {
          const Result<int32_t> result = call(*instance, "run", 20);
          const Result<int32_t> grown = result.ok() ? call(*instance, "grow", 1) : Result<int32_t>(-1);
          if (result.ok()) CHECK(*result == 42);
          if (!result.ok()) CHECK(contains(result.error().message(), "no memory for the code of function"));
          succeeded = grown.ok() && *grown == 1;
          if (!succeeded) CHECK(instance->get_memory("memory")->size() == 65536);
        }
      }
    }
    CHECK(arena.blocks == 0);
    if (succeeded) break;
    ++failures;
    REQUIRE(failures < 100);
  }
  CHECK(failures >= 6);  // stack, arrays, memory, table, code of two functions
}

TEST_CASE("an allocator is whole, or not there") {
  Arena arena;
  Config config = config_of(arena);
  config.allocator.release = nullptr;
  const Error error = must_fail(Engine::create(config));
  CHECK(error.kind() == ErrorKind::misuse);
  CHECK(error.message() == "2 functions of Config::allocator are set: set all three or none");
  config = config_of(arena);
  config.memory = MemoryKind::guard_pages;
  CHECK(must_fail(Engine::create(config)).kind() == ErrorKind::misuse);
}

// The store with a stack of 4 KiB, the instance, the code of what it has run, and everything that the C++ library
// allocated for them.
TEST_CASE("a store with an instance takes at most 20 KiB beside the linear memory") {
  Arena arena;
  const Engine engine = must(Engine::create(config_of(arena)));
  const Module module = compile(engine, sensor());
  const size_t before = new_bytes + arena.bytes;
  Store store = must(Store::create(engine, small_store()));
  Instance instance = must(start(store, module));
  CHECK(must(call(instance, "run", 20)) == 42);
  CHECK(must(call(instance, "poke", 8)) == 7);
  const size_t bytes = new_bytes + arena.bytes - before - 65536;
  MESSAGE("a store with an instance: ", bytes, " bytes");
  CHECK(bytes <= 20 * 1024);
  CHECK(bytes > 4096);
}

}  // namespace
}  // namespace wplug::test
