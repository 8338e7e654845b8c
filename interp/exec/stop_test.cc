// What stops a guest: deadlines, interrupts, recursion, and how the store is afterwards.
#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <thread>

#include "interp/api/module_builder.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/notice.h"
#include "wplug/text.h"
#include "wplug/trap.h"

namespace wplug::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Guest {
  explicit Guest(const Bytes& bytes, Config config = {}, StoreLimits limits = {})
      : engine(Engine::create(config).value()),
        module(Module::compile(engine, bytes).value()),
        store(Store::create(engine, limits).value()),
        instance(Linker().instantiate(store, module).value()) {}

  Result<void> call(std::string_view name) { return instance.get_func(name)->call({}, {}); }

  Engine engine;
  Module module;
  Store store;
  Instance instance;
};

// spin: loops for ever. recurse: calls itself for ever. fill: fills the memory for ever. ok: returns.
Bytes restless_module() {
  ModuleBuilder builder;
  uint32_t type = builder.type({}, {});
  builder.memory(limits(1024));
  builder.func(type, {0x03, 0x40, 0x0c, 0x00, 0x0b});
  builder.func(type, {0x10, 0x01});
  builder.func(type, {0x03, 0x40, 0x41, 0x00, 0x41, 0x01, 0x41, 0x80, 0x80, 0x80, 0x20, 0xfc, 0x0b, 0x00, 0x0c, 0x00, 0x0b});
  builder.func(type, {0x01});
  builder.func(type, {0x10, 0x04, 0x10, 0x04});  // twice itself: exponential with a deep chain
  for (auto [name, index] : {std::pair{"spin", 0u}, {"recurse", 1u}, {"fill", 2u}, {"ok", 3u}}) builder.export_as(name, kFuncKind, index);
  return builder.build();
}

TrapKind trap_of(const Result<void>& result) {
  REQUIRE_FALSE(result.ok());
  REQUIRE(result.error().trap() != nullptr);
  return result.error().trap()->kind();
}

TEST_CASE("a deadline stops a loop and a long bulk operation, metered or not") {
  for (bool metering : {true, false}) {
    Config config;
    config.metering = metering;
    Guest guest(restless_module(), config);
    for (const char* name : {"spin", "fill"}) {
      guest.store.set_deadline(steady_clock::now() + milliseconds(5));
      CHECK(trap_of(guest.call(name)) == TrapKind::deadline_exceeded);
      CHECK(steady_clock::now() >= *guest.store.deadline());
    }
    guest.store.set_deadline(std::nullopt);
    CHECK(guest.call("ok").ok());
  }
}

TEST_CASE("a notice is given once, by running code, which goes on to its deadline") {
  for (bool metering : {true, false}) {
    Config config;
    config.metering = metering;
    Guest guest(restless_module(), config);
    int given = 0;
    const auto notice = [&given] { ++given; };
    for (const char* name : {"spin", "fill"}) {
      const auto now = steady_clock::now();
      set_notice(guest.store, now + milliseconds(1), notice);
      guest.store.set_deadline(now + milliseconds(20));
      CHECK(trap_of(guest.call(name)) == TrapKind::deadline_exceeded);
    }
    CHECK(given == 2);
    // A deadline that has passed does not hide it.
    given = 0;
    set_notice(guest.store, steady_clock::now(), notice);
    CHECK(trap_of(guest.call("spin")) == TrapKind::deadline_exceeded);
    CHECK(given == 1);
    CHECK(trap_of(guest.call("spin")) == TrapKind::deadline_exceeded);
    CHECK(given == 1);
    set_notice(guest.store, std::nullopt, notice);
    CHECK(trap_of(guest.call("spin")) == TrapKind::deadline_exceeded);
    CHECK(given == 1);
  }
}

TEST_CASE("a notice needs no deadline, and may end the guest by an interrupt") {
  Guest guest(restless_module());
  const InterruptHandle handle = guest.store.interrupt_handle();
  set_notice(guest.store, steady_clock::now() + milliseconds(1), [handle] { handle.interrupt(); });
  CHECK(trap_of(guest.call("spin")) == TrapKind::interrupted);
  guest.store.clear_interrupt();
  set_notice(guest.store, steady_clock::now() + std::chrono::hours(1), [handle] { handle.interrupt(); });
  CHECK(guest.call("ok").ok());
}

// grow(n): table.grow by n; size: table.size.
constexpr std::string_view kGrowing = R"((module
  (table $t 1 funcref)
  (elem declare func $f)
  (func $f)
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $f) (local.get 0)))
  (func (export "size") (result i32) (table.size $t))))";

TEST_CASE("table.grow costs fuel for each element, and ended early it has grown nothing") {
  Config config;
  config.metering = true;
  Guest guest(parse_wat(kGrowing).value(), config);
  const auto call = [&guest](const char* name, uint64_t argument) {
    uint64_t slot = argument;
    const Result<void> result = guest.instance.get_func(name)->call_raw(&slot);
    return result.ok() ? std::optional(static_cast<uint32_t>(slot)) : std::nullopt;
  };
  REQUIRE(guest.store.set_fuel(1000).ok());
  CHECK(!call("grow", 100'000));
  REQUIRE(guest.store.set_fuel(std::nullopt).ok());
  CHECK(call("size", 0) == 1);

  const InterruptHandle handle = guest.store.interrupt_handle();
  handle.interrupt();
  CHECK(!call("grow", 1'000'000));
  guest.store.clear_interrupt();
  CHECK(call("size", 0) == 1);

  const uint64_t before = guest.store.fuel_consumed();
  CHECK(call("grow", 1'000'000) == 1);
  CHECK(guest.store.fuel_consumed() - before == 1'000'000 + 3);
  CHECK(call("grow", 100'000'000) == UINT32_MAX);
  CHECK(call("size", 0) == 1'000'001);
}

TEST_CASE("an interrupt from another thread stops the guest until it is cleared") {
  Guest guest(restless_module());
  InterruptHandle handle = guest.store.interrupt_handle();
  std::thread other([handle] { handle.interrupt(); });
  CHECK(trap_of(guest.call("spin")) == TrapKind::interrupted);
  other.join();
  CHECK(trap_of(guest.call("spin")) == TrapKind::interrupted);
  guest.store.clear_interrupt();
  CHECK(guest.call("ok").ok());
}

TEST_CASE("endless recursion is the trap, with both ends of a long backtrace, on a small native stack too") {
  Guest guest(restless_module());
  Result<void> result;
  std::thread([&] { result = guest.call("recurse"); }).join();
  CHECK(trap_of(result) == TrapKind::call_stack_exhausted);
  const auto& frames = result.error().trap()->backtrace();
  CHECK(frames.size() < 100);
  CHECK(frames.size() > 10);
  CHECK(frames.front().function == "recurse");
  CHECK(frames.back().function == "recurse");
  CHECK(guest.call("ok").ok());
}

TEST_CASE("the depth of recursion is what StoreLimits::stack_bytes says") {
  StoreLimits limits;
  uint64_t shallow = 0;
  for (uint64_t bytes : {uint64_t{64} << 10, uint64_t{1} << 20}) {
    limits.stack_bytes = bytes;
    Guest guest(restless_module(), {}, limits);
    CHECK(trap_of(guest.call("recurse")) == TrapKind::call_stack_exhausted);
    if (shallow == 0) {
      shallow = guest.store.fuel_consumed();
    } else {
      CHECK(guest.store.fuel_consumed() > 10 * shallow);
    }
  }
}

// A host function that calls back into the guest, which calls it again.
struct Bounce {
  Instance* instance = nullptr;
  int depth = 0;
};
Result<void> bounce(Bounce& env, Caller&) {
  ++env.depth;
  return env.instance->get_func("go")->call({}, {});
}

TEST_CASE("host and guest calling each other for ever is the trap") {
  ModuleBuilder builder;
  uint32_t type = builder.type({}, {});
  builder.import_func("env", "bounce", type);
  builder.func(type, {0x10, 0x00});
  builder.export_as("go", kFuncKind, 1);
  Engine engine = Engine::create().value();
  Module module = Module::compile(engine, builder.build()).value();
  Store store = Store::create(engine).value();
  Linker linker;
  Bounce env;
  linker.define_host<&bounce>("env", "bounce", &env);
  Instance instance = linker.instantiate(store, module).value();
  env.instance = &instance;
  Result<void> result = instance.get_func("go")->call({}, {});
  CHECK(trap_of(result) == TrapKind::call_stack_exhausted);
  CHECK(env.depth == static_cast<int>(StoreLimits{}.host_reentry));
}

Result<void> fail_host(Bounce&, Caller&) { return Error(ErrorKind::host, "the disk is full"); }
Result<void> exit_host(Bounce&, Caller&) { return Error::guest_exit(7); }

TEST_CASE("what a host function returns as an error ends the guest with it and a backtrace") {
  ModuleBuilder builder;
  uint32_t type = builder.type({}, {});
  builder.import_func("env", "fail", type);
  builder.import_func("env", "exit", type);
  builder.func(type, {0x10, 0x00});
  builder.func(type, {0x10, 0x01});
  builder.export_as("fails", kFuncKind, 2);
  builder.export_as("exits", kFuncKind, 3);
  Engine engine = Engine::create().value();
  Module module = Module::compile(engine, builder.build()).value();
  Store store = Store::create(engine).value();
  Linker linker;
  Bounce env;
  linker.define_host<&fail_host>("env", "fail", &env);
  linker.define_host<&exit_host>("env", "exit", &env);
  Instance instance = linker.instantiate(store, module).value();
  Result<void> failed = instance.get_func("fails")->call({}, {});
  CHECK(trap_of(failed) == TrapKind::host_error);
  CHECK(failed.error().trap()->message() == "the disk is full");
  REQUIRE(failed.error().trap()->backtrace().size() == 1);
  CHECK(failed.error().trap()->backtrace()[0].function == "fails");
  Result<void> exited = instance.get_func("exits")->call({}, {});
  REQUIRE_FALSE(exited.ok());
  CHECK(exited.error().kind() == ErrorKind::exit);
  CHECK(exited.error().exit_code() == 7);
}

}  // namespace
}  // namespace wplug::test
