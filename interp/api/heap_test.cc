// The collector seen from outside: what stays alive, what does not, and what stops it.
#include <chrono>
#include <functional>

#include "interp/api/fixtures_test.h"
#include "interp/store/runtime.h"
#include "wplug/ref.h"
#include "wplug/trap.h"

namespace wplug::test {
namespace {

// Types of the module below.
constexpr uint8_t kNode = 0, kWords = 1;
constexpr uint8_t kNodeRef = 0x63;  // (ref null 0) is kNodeRef, kNode
constexpr uint8_t kGet = 0x20, kSet = 0x21, kTee = 0x22, kGlobalGet = 0x23, kGlobalSet = 0x24, kConst = 0x41;

// (type $node (struct (field (mut i32)) (field (mut (ref null $node)))))  (type $words (array (mut i64)))
// storm(n): makes n nodes and drops them. build(n): a list of n nodes in a global. length(): of that list.
// hold(i): makes a node of i, storms, gives back its value. make(i): a node. value(node). clear(): the global is null.
// words(n): an array of n words, dropped. keep(i, node): puts it into a table.
ModuleBuilder heap_module() {
  ModuleBuilder m;
  m.item(1, {0x5f, 2, kI32, 1, kNodeRef, kNode, 1});
  m.item(1, {0x5e, kI64, 1});
  const uint32_t take = m.type({kI32}, {});
  const uint32_t give = m.type({}, {kI32});
  const uint32_t map = m.type({kI32}, {kI32});
  const uint32_t nothing = m.type({}, {});
  const uint32_t make = m.item(1, {0x60, 1, kI32, 1, kNodeRef, kNode});
  const uint32_t value = m.item(1, {0x60, 1, kNodeRef, kNode, 1, kI32});
  const uint32_t keep = m.item(1, {0x60, 2, kI32, kNodeRef, kNode, 0});
  const uint32_t fetch = m.item(1, {0x60, 1, kI32, 1, kNodeRef, kNode});
  m.item(4, {kNodeRef, kNode, 0, 4});
  m.item(6, {kNodeRef, kNode, 1, 0xd0, kNode, 0x0b});
  const Bytes count_down = {kGet, 0, kConst, 1, 0x6b, kTee, 0, 0x0d, 0};
  const auto loop = [&](const Bytes& body) { return Bytes{0x03, 0x40} + body + count_down + Bytes{0x0b}; };
  const uint32_t storm = m.func(take, loop({0xfb, 1, kNode, 0x1a}));
  m.func(take, loop({kGet, 0, kGlobalGet, 0, 0xfb, 0, kNode, kGlobalSet, 0}));
  m.func_body(give, Bytes{2, 1, kNodeRef, kNode, 1, kI32, kGlobalGet, 0, kSet, 0, 0x02, 0x40, 0x03, 0x40, kGet, 0, 0xd1, 0x0d, 1,
                          kGet, 1, kConst, 1, 0x6a, kSet, 1, kGet, 0, 0xfb, 2, kNode, 1, kSet, 0, 0x0c, 0, 0x0b, 0x0b,
                          kGet, 1, 0x0b});
  m.func_body(map, Bytes{1, 1, kNodeRef, kNode, kGet, 0, 0xd0, kNode, 0xfb, 0, kNode, kSet, 1} +
                       Bytes{kConst} + signed_leb(200'000) + Bytes{0x10} + leb(storm) +
                       Bytes{kGet, 1, 0xfb, 2, kNode, 0, 0x0b});
  m.func(make, {kGet, 0, 0xd0, kNode, 0xfb, 0, kNode});
  m.func(value, {kGet, 0, 0xfb, 2, kNode, 0});
  m.func(nothing, {0xd0, kNode, kGlobalSet, 0});
  m.func(take, {kGet, 0, 0xfb, 7, kWords, 0x1a});
  m.func(keep, {kGet, 0, kGet, 1, 0x26, 0});
  m.func(fetch, {kGet, 0, 0x25, 0});
  // inline_storm(n): a node of n lives in a local while n others are made in the same function.
  m.func_body(map, Bytes{1, 1, kNodeRef, kNode, kGet, 0, 0xd0, kNode, 0xfb, 0, kNode, kSet, 1} +
                       loop({0xfb, 1, kNode, 0x1a}) + Bytes{kGet, 1, 0xfb, 2, kNode, 0, 0x0b});
  uint32_t index = 0;
  for (std::string_view name : {"storm", "build", "length", "hold", "make", "value", "clear", "words", "keep", "fetch", "inline_storm"}) {
    m.export_as(name, kFuncKind, index++);
  }
  return m;
}

struct Guest : World {
  explicit Guest(const StoreLimits& limits = {}, const Config& config = {})
      : World(limits, config), instance(instantiate(heap_module())) {}

  Result<std::vector<Value>> call(std::string_view name, std::vector<Value> args = {}) {
    const Func func = *instance.get_func(name);
    std::vector<Value> results;
    for (ValType type : func.type().results) results.push_back(Value::zero(type));
    WPLUG_TRY(func.call(args, results));
    return results;
  }
  int32_t number(std::string_view name, std::vector<Value> args = {}) { return must(call(name, std::move(args)))[0].i32(); }
  TrapKind trap(std::string_view name, std::vector<Value> args = {}) {
    const Error error = must_fail(call(name, std::move(args)));
    REQUIRE(error.trap() != nullptr);
    return error.trap()->kind();
  }

  Instance instance;
};

StoreLimits heap_limit(uint64_t bytes) {
  StoreLimits limits;
  limits.gc_heap_bytes = bytes;
  return limits;
}

TEST_CASE("A storm of garbage runs in constant memory") {
  Guest guest;
  must(guest.call("storm", {Value::i32(1'000'000)}));
  CHECK(heap_bytes(guest.store) < 2 << 20);
}

TEST_CASE("A long list is marked without recursion and keeps every node") {
  Guest guest;
  must(guest.call("build", {Value::i32(1'000'000)}));
  must(collect_garbage(guest.store));
  CHECK(guest.number("length") == 1'000'000);
  const uint64_t full = heap_bytes(guest.store);
  must(guest.call("clear"));
  must(collect_garbage(guest.store));
  must(guest.call("storm", {Value::i32(200'000)}));
  must(collect_garbage(guest.store));
  CHECK(heap_bytes(guest.store) < full);
}

TEST_CASE("A full heap is a trap, and what is let go makes room again") {
  Guest guest(heap_limit(1 << 20));
  CHECK(guest.trap("build", {Value::i32(100'000)}) == TrapKind::out_of_heap_memory);
  CHECK(heap_bytes(guest.store) <= 1 << 20);
  must(guest.call("clear"));
  must(guest.call("build", {Value::i32(10'000)}));
  CHECK(guest.number("length") == 10'000);
  CHECK(guest.trap("words", {Value::i32(200'000)}) == TrapKind::out_of_heap_memory);
  CHECK(guest.trap("words", {Value::i32(-1)}) == TrapKind::out_of_heap_memory);
  for (int i = 0; i < 100; ++i) must(guest.call("words", {Value::i32(50'000)}));
}

TEST_CASE("What a frame below holds, what a register holds and what a table holds stays alive") {
  for (const bool registers : {false, true}) {
    Config config;
    config.register_allocation = registers;
    Guest guest({}, config);
    CHECK(guest.number("hold", {Value::i32(1234)}) == 1234);
    CHECK(guest.number("inline_storm", {Value::i32(200'000)}) == 200'000);
    {
      const RefScope scope(guest.store);
      must(guest.call("keep", {Value::i32(2), must(guest.call("make", {Value::i32(77)}))[0]}));
    }
    must(guest.call("storm", {Value::i32(200'000)}));
    const RefScope scope(guest.store);
    CHECK(guest.number("value", {must(guest.call("fetch", {Value::i32(2)}))[0]}) == 77);
  }
}

TEST_CASE("What the host got lives until its scope ends; a Rooted lives longer") {
  Guest guest;
  const Value node = must(guest.call("make", {Value::i32(5)}))[0];
  must(guest.call("storm", {Value::i32(200'000)}));
  CHECK(guest.number("value", {node}) == 5);
  Rooted rooted;
  {
    const RefScope scope(guest.store);
    rooted = Rooted(guest.store, must(guest.call("make", {Value::i32(6)}))[0]);
  }
  must(guest.call("storm", {Value::i32(200'000)}));
  CHECK(guest.number("value", {rooted.value()}) == 6);
  const size_t kept = guest.store.impl()->heap.kept();
  {
    const RefScope scope(guest.store);
    for (int i = 0; i < 1000; ++i) must(guest.call("make", {Value::i32(i)}));
    CHECK(guest.store.impl()->heap.kept() == kept + 1000);
  }
  CHECK(guest.store.impl()->heap.kept() == kept);
}

TEST_CASE("An interrupt ends a collection and loses nothing") {
  Guest guest;
  must(guest.call("build", {Value::i32(100'000)}));
  const InterruptHandle interrupt = guest.store.interrupt_handle();
  interrupt.interrupt();
  const Error error = must_fail(collect_garbage(guest.store));
  REQUIRE(error.trap() != nullptr);
  CHECK(error.trap()->kind() == TrapKind::interrupted);
  guest.store.clear_interrupt();
  must(collect_garbage(guest.store));
  must(guest.call("storm", {Value::i32(200'000)}));
  CHECK(guest.number("length") == 100'000);
}

TEST_CASE("A deadline ends a collection wherever it has come to, and loses nothing") {
  using std::chrono::steady_clock;
  constexpr int32_t kNodes = 1'000'000;
  Guest guest;
  must(guest.call("build", {Value::i32(kNodes)}));
  const auto collect = [&] { return collect_garbage(guest.store); };
  const auto storm = [&]() -> Result<void> {
    WPLUG_TRY(guest.call("storm", {Value::i32(kNodes)}));
    return {};
  };
  for (const std::function<Result<void>()>& work : {std::function<Result<void>()>(collect), std::function<Result<void>()>(storm)}) {
    // Less time in each round, until there is too little: then some nodes are marked and others are not.
    const auto begin = steady_clock::now();
    must(work());
    for (auto time = steady_clock::now() - begin;; time /= 2) {
      guest.store.set_deadline(steady_clock::now() + time);
      const Result<void> ended = work();
      guest.store.set_deadline(std::nullopt);
      if (ended.ok()) continue;
      REQUIRE(ended.error().trap() != nullptr);
      CHECK(ended.error().trap()->kind() == TrapKind::deadline_exceeded);
      break;
    }
    CHECK(guest.number("length") == kNodes);
    must(collect_garbage(guest.store));
    CHECK(guest.number("length") == kNodes);
  }
  const uint64_t full = heap_bytes(guest.store);
  must(guest.call("clear"));
  must(collect_garbage(guest.store));
  must(collect_garbage(guest.store));
  CHECK(heap_bytes(guest.store) < full / 2);
}

TEST_CASE("Arrays are charged by their length") {
  Guest guest;
  const uint64_t before = guest.store.fuel_consumed();
  must(guest.call("words", {Value::i32(8000)}));
  CHECK(guest.store.fuel_consumed() - before == 3 + 8000);
  must(guest.store.set_fuel(8002));
  CHECK(guest.trap("words", {Value::i32(8000)}) == TrapKind::out_of_fuel);
}

TEST_CASE("A reference passes where its object's type fits") {
  Guest guest;
  const Value node = must(guest.call("make", {Value::i32(5)}))[0];
  CHECK(heap_kind(guest.store, node) == HeapKind::struct_);
  const Value any = Value::ref(ValType::ref(HeapKind::any, true), node.ref());
  CHECK(guest.number("value", {any}) == 5);
  const Value i31 = Value::ref(ValType::ref(HeapKind::any, true), Ref::i31(7));
  CHECK(must_fail(guest.call("value", {i31})).kind() == ErrorKind::misuse);
  const Value host = Value::ref(ValType::ref(HeapKind::any, true), Ref::host(7));
  CHECK(must_fail(guest.call("value", {host})).kind() == ErrorKind::misuse);
  CHECK(i31.ref().i31_value() == 7);
  CHECK(Ref::i31(0xffff'ffff).i31_value() == -1);
  CHECK(heap_kind(guest.store, i31) == HeapKind::i31);
  CHECK(heap_kind(guest.store, host) == HeapKind::extern_);
  CHECK(heap_kind(guest.store, Value::zero(node.type())) == HeapKind::none);
  CHECK(guest.trap("value", {Value::zero(node.type())}) == TrapKind::null_structure_reference);
}

TEST_CASE("Types beyond the limits are refused") {
  ModuleBuilder deep;
  deep.item(1, {0x50, 0, 0x5f, 0});
  for (uint32_t i = 0; i < 64; ++i) deep.item(1, Bytes{0x50, 1} + leb(i) + Bytes{0x5f, 0});
  const Engine engine = must(Engine::create());
  CHECK(must_fail(Module::compile(engine, deep.build())).kind() == ErrorKind::limit);
  ModuleBuilder wide;
  Bytes fields = Bytes{0x5f} + leb(10'001);
  for (int i = 0; i < 10'001; ++i) fields = std::move(fields) + Bytes{kI32, 0};
  wide.item(1, fields);
  CHECK(must_fail(Module::compile(engine, wide.build())).kind() == ErrorKind::limit);
}

TEST_CASE("Equal types of two modules are one, others are not") {
  const Engine engine = must(Engine::create());
  ModuleBuilder first, second, third;
  first.item(1, {0x5f, 1, kI32, 0});
  first.item(1, {0x60, 1, kNodeRef, 0, 0});
  second.type({}, {});
  second.item(1, {0x5f, 1, kI32, 0});
  second.item(1, {0x60, 1, kNodeRef, 1, 0});
  third.item(1, {0x5f, 1, kI32, 1});
  third.item(1, {0x60, 1, kNodeRef, 0, 0});
  first.export_as("f", kFuncKind, first.func(1, {}));
  second.export_as("f", kFuncKind, second.func(2, {}));
  third.export_as("f", kFuncKind, third.func(1, {}));
  const FuncType a = compile(engine, first).exports()[0].type.func;
  const FuncType b = compile(engine, second).exports()[0].type.func;
  const FuncType c = compile(engine, third).exports()[0].type.func;
  CHECK(a == b);
  CHECK(a != c);
}

}  // namespace
}  // namespace wplug::test
