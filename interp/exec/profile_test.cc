// Profiles of calls: every executed instruction stands with the function that executed it, whatever way control takes.
#include "wplug/profile.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "interp/api/fixtures_test.h"
#include "wplug/linker.h"
#include "wplug/text.h"
#include "wplug/trap.h"

namespace wplug::test {
namespace {

std::vector<Config> profiling() {
  Config config;
  config.profile_calls = true;
  return bounds_configs(config);
}

// A module in the text format, run with a profile. The host function "again" calls the export "nested" with the
// argument less one.
struct Profiled {
  Profiled(const Config& config, std::string_view text) : world({}, config) {
    Linker linker;
    linker.define_func("host", "again", FuncType{{ValType::i32()}, {ValType::i32()}},
                       [this](Caller&, std::span<const Value> args, std::span<Value> results) -> Result<void> {
                         const Value less = Value::i32(args[0].i32() - 1);
                         return instance->get_func("nested")->call({&less, 1}, results);
                       });
    const std::vector<uint8_t> bytes = must(parse_wat(text));
    const Module module = must(Module::compile(world.engine, bytes));
    instance = must(linker.instantiate(world.store, module));
  }

  Result<int32_t> call(std::string_view name, int32_t argument) {
    Value value = Value::i32(argument), result;
    WPLUG_TRY(instance->get_func(name)->call({&value, 1}, {&result, 1}));
    return result.i32();
  }

  // "name calls self total" of each function, by name.
  std::vector<std::string> functions() {
    const CallProfile profile = world.store.call_profile();
    CHECK(profile.instructions == world.store.fuel_consumed());
    uint64_t nodes = 0, functions = 0;
    for (const CallProfile::Node& node : profile.nodes) nodes += node.self;
    std::vector<std::string> lines;
    for (const CallProfile::Function& function : profile.functions) {
      functions += function.self;
      lines.push_back(function.name + " " + std::to_string(function.calls) + " " + std::to_string(function.self) + " " +
                      std::to_string(function.total));
    }
    CHECK(nodes == profile.instructions);
    CHECK(functions == profile.instructions);
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  // "a;b;c calls self" of each path, in the order of the first visit.
  std::vector<std::string> paths() {
    const CallProfile profile = world.store.call_profile();
    std::vector<std::string> names, lines;
    for (const CallProfile::Node& node : profile.nodes) {
      const std::string prefix = node.parent == CallProfile::kNoParent ? "" : names[node.parent] + ";";
      names.push_back(prefix + profile.functions[node.function].name);
      lines.push_back(names.back() + " " + std::to_string(node.calls) + " " + std::to_string(node.self));
    }
    return lines;
  }

  World world;
  std::optional<Instance> instance;
};

using Lines = std::vector<std::string>;

TEST_CASE("calls and recursion: each function has its own instructions, the total counts a recursive one once") {
  for (const Config& config : profiling()) {
    Profiled profiled(config, R"((module
      (func $leaf (param i32) (result i32) local.get 0 i32.const 1 i32.add)
      (func $twice (export "twice") (param i32) (result i32) local.get 0 call $leaf call $leaf)
      (func $sum (export "sum") (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
          (else (i32.add (local.get 0) (call $sum (i32.sub (local.get 0) (i32.const 1)))))))))");
    CHECK(must(profiled.call("twice", 5)) == 7);
    CHECK(profiled.functions() == Lines{"leaf 2 6 6", "twice 1 3 9"});
    CHECK(must(profiled.call("sum", 3)) == 6);
    // get eqz if; get get const sub call add: nine a level; three and a constant on the last.
    CHECK(profiled.functions() == Lines{"leaf 2 6 6", "sum 4 31 31", "twice 1 3 9"});
    CHECK(profiled.paths() ==
          Lines{"twice 1 3", "twice;leaf 2 6", "sum 1 9", "sum;sum 1 9", "sum;sum;sum 1 9", "sum;sum;sum;sum 1 4"});
    CHECK(must(profiled.call("twice", 5)) == 7);
    CHECK(profiled.functions() == Lines{"leaf 4 12 12", "sum 4 31 31", "twice 2 6 18"});
  }
}

TEST_CASE("a loop at a function's first instruction is one call") {
  for (const Config& config : profiling()) {
    Profiled profiled(config, R"((module
      (func $down (export "down") (param i32) (result i32)
        (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0))))");
    CHECK(must(profiled.call("down", 10)) == 0);
    CHECK(profiled.functions() == Lines{"down 1 51 51"});
    CHECK(must(profiled.call("down", 10)) == 0);
    CHECK(profiled.functions() == Lines{"down 2 102 102"});
  }
}

TEST_CASE("a tail call takes its caller's place") {
  for (const Config& config : profiling()) {
    Profiled profiled(config, R"((module
      (type $t (func (param i32) (result i32)))
      (table funcref (elem $last))
      (func $start (export "start") (param i32) (result i32) local.get 0 call $count i32.const 1 i32.add)
      (func $count (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return_call $middle (local.get 0))))
        (return_call $count (i32.sub (local.get 0) (i32.const 1))))
      (func $middle (param i32) (result i32) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
      (func $last (param i32) (result i32) (i32.const 6))))");
    CHECK(must(profiled.call("start", 2)) == 7);
    // count: get eqz if, then get const sub return_call twice, and get return_call the last time.
    CHECK(profiled.functions() == Lines{"count 3 19 19", "last 1 1 1", "middle 1 3 3", "start 1 4 27"});
    CHECK(profiled.paths() == Lines{"start 1 4", "start;count 3 19", "start;middle 1 3", "start;last 1 1"});
  }
}

TEST_CASE("an exception ends the frames it goes through") {
  for (const Config& config : profiling()) {
    Profiled profiled(config, R"((module
      (tag $t (param i32))
      (func $throws (param i32) (result i32) (throw $t (local.get 0)))
      (func $between (param i32) (result i32) local.get 0 call $throws i32.const 9 i32.add)
      (func $nothing)
      (func $catches (export "catches") (param i32) (result i32)
        (block $caught (result i32) (try_table (result i32) (catch $t $caught) (call $between (local.get 0))))
        call $nothing)))");
    CHECK(must(profiled.call("catches", 4)) == 4);
    CHECK(must(profiled.call("catches", 5)) == 5);
    const std::vector<std::string> paths = profiled.paths();
    CHECK(std::find(paths.begin(), paths.end(), "catches;between;throws 2 4") != paths.end());
    CHECK(std::find(paths.begin(), paths.end(), "catches;between 2 4") != paths.end());
    profiled.functions();  // the sums
  }
}

TEST_CASE("a trap stands with the function that trapped, and the next call begins anew") {
  for (const Config& config : profiling()) {
    Profiled profiled(config, R"((module
      (memory 1)
      (func $helper (param i32) (result i32) local.get 0)
      (func $loads (export "loads") (param i32) (result i32) local.get 0 call $helper i32.load nop nop)
      (func $deep (export "deep") (param i32) (result i32) (call $deep (local.get 0)))
      (func $outer (export "outer") (param i32) (result i32) local.get 0 call $loads)))");
    CHECK_FALSE(profiled.call("outer", -1).ok());
    CHECK(profiled.functions() == Lines{"helper 1 1 1", "loads 1 3 4", "outer 1 2 6"});
    CHECK_FALSE(profiled.call("outer", -1).ok());
    CHECK(profiled.functions() == Lines{"helper 2 2 2", "loads 2 6 8", "outer 2 4 12"});
    CHECK(must(profiled.call("loads", 0)) == 0);
    CHECK(profiled.functions() == Lines{"helper 3 3 3", "loads 3 11 14", "outer 2 4 12"});
    CHECK_FALSE(profiled.call("deep", 0).ok());
    profiled.functions();
  }
}

TEST_CASE("the sums are right wherever fuel ends") {
  const std::string_view text = R"((module
    (memory 1)
    (func $fill (param i32) (result i32) (memory.fill (i32.const 0) (i32.const 1) (i32.const 40)) (i32.load8_u (local.get 0)))
    (func $work (export "work") (param i32) (result i32) (i32.add (call $fill (i32.const 2)) (call $fill (local.get 0))))))";
  for (const Config& config : profiling()) {
    Profiled whole(config, text);
    CHECK(must(whole.call("work", 3)) == 2);
    const uint64_t need = whole.world.store.fuel_consumed();
    CHECK(whole.functions().size() == 2);
    for (uint64_t fuel = 0; fuel < need; ++fuel) {
      Profiled profiled(config, text);
      must(profiled.world.store.set_fuel(fuel));
      CHECK_FALSE(profiled.call("work", 3).ok());
      profiled.functions();
    }
  }
}

TEST_CASE("a host that calls the guest again stands between two paths of it") {
  for (const Config& config : profiling()) {
    Profiled profiled(config, R"((module
      (func $again (import "host" "again") (param i32) (result i32))
      (func $nested (export "nested") (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0)) (else (i32.add (i32.const 1) (call $again (local.get 0))))))
      (func $outer (export "outer") (param i32) (result i32)
        (i32.add (call $again (local.get 0)) (call $again (local.get 0))))))");
    CHECK(must(profiled.call("outer", 2)) == 2);
    CHECK(profiled.functions() == Lines{"nested 4 22 22", "outer 1 5 27"});
    CHECK(profiled.paths() == Lines{"outer 1 5", "outer;nested 2 14", "outer;nested;nested 2 8"});
  }
}

TEST_CASE("a profile needs an engine that meters, and there is none without asking for it") {
  Config config;
  config.profile_calls = true;
  config.metering = false;
  CHECK(must_fail(Engine::create(config)).kind() == ErrorKind::misuse);
  World world;
  CHECK(world.store.call_profile().functions.empty());
}

}  // namespace
}  // namespace wplug::test
