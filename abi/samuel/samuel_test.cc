// Detection, protocol, health and entries of samuel plugins.
#include "abi/samuel/samuel_abi.h"

#include "abi/support/plugin_bench_test.h"

namespace wplug {
namespace {

std::string version(int number) {
  return "(func (export \"samuel_protocol_version\") (result i32) i32.const " + std::to_string(number) + ")";
}

TEST_CASE("a plugin is told by its protocol version or its imports") {
  CHECK(PluginBench("(module " + version(1) + ")").plugin->abi().name() == "samuel");
  const char* const kImports = R"((module (import "samuel.fs" "read" (func (param i32 i32) (result i64)))
    (func (export "run"))))";
  CHECK(PluginBench(kImports).plugin->abi().name() == "samuel");
  CHECK(PluginBench("(module (func (export \"run\")))").failure.message.starts_with("speaks no plugin ABI"));
  CHECK(PluginBench("(module (func (export \"run\")))", {}, "samuel").call() == "null");
}

TEST_CASE("a version outside the window is refused, and the message names the window") {
  for (const int number : {0, 2, -1}) {
    PluginBench bench("(module " + version(number) + "(func (export \"run\")))");
    CHECK(!bench.instance);
    CHECK(bench.failure.kind == FailureKind::link);
    CHECK(bench.failure.message == "the plugin could not be started: speaks version " +
                                       std::to_string(static_cast<uint32_t>(number)) +
                                       " of the samuel protocol, this host 1 to 1");
  }
  PluginBench trap(R"((module (func (export "samuel_protocol_version") (result i32) unreachable)))");
  CHECK(trap.failure.kind == FailureKind::trap);
}

TEST_CASE("health is 0 or a reason") {
  const auto health = [](const std::string& body) {
    PluginBench bench("(module " + version(1) + "(func (export \"health\") (result i32) " + body + "))");
    REQUIRE(bench.instance);
    const auto failure = bench.instance->health();
    return failure ? std::string(to_string(failure->kind)) + ": " + failure->message : "healthy";
  };
  CHECK(health("i32.const 0") == "healthy");
  CHECK(health("i32.const 7") == "plugin: is not healthy: health returned 7");
  CHECK(health("i32.const -1") == "plugin: is not healthy: health returned -1");
  CHECK(health("unreachable") == "trap: unreachable");
  PluginBench none("(module " + version(1) + ")");
  CHECK(!none.instance->health());
}

TEST_CASE("entries are exports without parameters, by name") {
  const std::string module = "(module " + version(1) + R"((memory (export "memory") 1)
    (func (export "health") (result i32) i32.const 0)
    (func (export "lint") (result i32) i32.const -3) (func (export "fix"))
    (func (export "numbers") (result i64 f64 f32) i64.const 9 f64.const 0.5 f32.const nan)
    (func (export "with") (param i32))))";
  PluginBench bench(module);
  CHECK(bench.call("", "lint") == "-3");
  CHECK(bench.call("", "fix") == "null");
  CHECK(bench.call("", "numbers") == "[9,0.5,null]");
  CHECK(bench.call("", "health") == "0");
  CHECK(bench.call("", "with").starts_with("host: \"with\" is not an exported function without parameters"));
  CHECK(bench.call("", "memory").starts_with("host: "));
  CHECK(bench.call() == "plugin: has no entry \"run\" and not just one other: name the entry to call");
  PluginOptions options;
  options.entry = "with";
  CHECK(PluginBench(module, options).failure.message.starts_with("exports \"with\" as "));
  options.entry = "none";
  CHECK(PluginBench(module, options).failure.message == "exports no \"none\"");
}

TEST_CASE("the entry is run, else the only one there is") {
  CHECK(PluginBench("(module " + version(1) + "(func (export \"a\")) (func (export \"run\") (result i32) i32.const 5))").call() == "5");
  CHECK(PluginBench("(module " + version(1) + "(func (export \"only\") (result i32) i32.const 6))").call() == "6");
}

TEST_CASE("exports of the ABI with other types are refused") {
  for (const char* wrong : {R"((func (export "samuel_protocol_version") (result i64) i64.const 1))",
                            R"((func (export "health") (param i32) (result i32) i32.const 1))",
                            R"((func (export "samuel_alloc") (result i32) i32.const 1))"}) {
    PluginBench bench(std::string("(module ") + wrong + ")", {}, "samuel");
    CHECK(!bench.plugin);
    CHECK(bench.failure.message.find("the samuel ABI wants ") != std::string::npos);
  }
  PluginBench import(R"((module (import "samuel" "format_disk" (func)) (func (export "run"))))", {}, "samuel");
  CHECK(import.failure.message == "imports what the samuel ABI does not have: samuel.format_disk");
}

TEST_CASE("a program runs once before the first call") {
  const auto plugin = [](const std::string& start) {
    return R"((module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1) (global $n (mut i32) (i32.const 0)) )" + version(1) +
           "(func (export \"_start\") (global.set $n (i32.add (global.get $n) (i32.const 1))) " + start + ")" +
           "(func (export \"run\") (result i32) global.get $n))";
  };
  PluginBench returns(plugin(""));
  CHECK(returns.call() == "1");
  CHECK(returns.call() == "1");
  CHECK(PluginBench(plugin("(call $exit (i32.const 0))")).call() == "1");
  PluginBench fails(plugin("(call $exit (i32.const 3))"));
  CHECK(!fails.instance);
  CHECK(fails.failure.message == "the plugin could not be started: exited with code 3");
}

TEST_CASE("limits are samuel's where none is set") {
  PluginBench bench("(module " + version(1) + "(func (export \"run\")))");
  const PluginLimits& limits = bench.plugin->terms().limits;
  CHECK(limits.memory == uint64_t{64} << 20);
  CHECK(limits.soft_timeout == std::chrono::seconds(5));
  CHECK(samuel_abi().default_limits().timeout == std::chrono::seconds(30));
}

TEST_CASE("a grant that no samuel plugin can use is refused") {
  PluginBench bench("(module " + version(1) + ")", granted({"http:example.com"}));
  CHECK(bench.failure.message == "http:example.com: a samuel plugin has no way to use it, its hosts are granted as network");
}

TEST_CASE("a loop in an entry, in health and in the version ends with its deadline") {
  const std::string forever = "(loop br 0) i32.const 1";
  PluginOptions options;
  options.limits.timeout = std::chrono::milliseconds(50);
  options.limits.start_timeout = std::chrono::milliseconds(50);
  PluginBench bench("(module " + version(1) + "(func (export \"health\") (result i32) " + forever +
                    ") (func (export \"run\") (result i32) " + forever + "))", options);
  CHECK(bench.call() == "timeout: took longer than 50ms");
  CHECK(bench.instance->health()->kind == FailureKind::timeout);
  PluginBench start("(module (func (export \"samuel_protocol_version\") (result i32) " + forever + "))", options);
  CHECK(start.failure.kind == FailureKind::timeout);
}

}  // namespace
}  // namespace wplug
