#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "abi/support/plugin_fixture_test.h"
#include "abi/wasi_stage/wasi_stage_abi.h"
#include "abi/wasi_stage/wasi_stage_instance.h"
#include "host/temporary_folder_test.h"

namespace wplug {
namespace {

// A command: $read fills 4096 bytes at 1024 from stdin and gives how many; $write puts `n` bytes at `at` to a descriptor.
std::string command(std::string_view rest) {
  return R"((module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 512) "first\n\nlast words\n  \npanic: boom\nat main.go:7\n")
  (global $runs (mut i32) (i32.const 0))
  (func $read (result i32)
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.load (i32.const 8)))
  (func $write (param $fd i32) (param $at i32) (param $n i32) (result i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $n))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
)" + std::string(rest) + ")";
}

const std::string kEcho = command(R"((func (export "_start")
  (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
  (drop (call $write (i32.const 1) (i32.const 1024) (call $read)))
  (call $exit (i32.sub (global.get $runs) (i32.const 1)))))");

TEST_CASE("a command is told last, by its _start") {
  const Module module = compile_text(test_engine(), kEcho);
  CHECK(detect_abi(module, plugin_abis()).abi == &wasi_stage_abi());
  CHECK(wasi_stage_abi().default_entry(module) == "_start");
  CHECK(detect_abi(compile_text(test_engine(), R"((module (import "extism:host/env" "reset" (func))
    (func (export "_start"))))"), plugin_abis()).abi->name() == "extism");
}

TEST_CASE("stdin is the record, stdout the result, each time in a new instance") {
  PluginUnderTest test(kEcho);
  CHECK(test.call("{\"a\":1}") == "{\"a\":1}");
  CHECK(test.call("two\n") == "two");
  CHECK(test.call("") == "");
  CHECK(test.instance->instructions() > 10);
  CHECK(test.instance->peak_memory() == 65536);
}

TEST_CASE("an exit code that is not 0 refuses the record, with the last line of stderr") {
  PluginUnderTest test(command(R"((func (export "_start")
    (drop (call $write (i32.const 2) (i32.const 512) (i32.const 21))) (call $exit (i32.const 3))))"));
  CHECK(test.call() == "plugin: exited with code 3: last words");
  CHECK(test.log.lines == std::vector<std::string>{"first", "last words", "  "});
  // The instance is made for each call anyway.
  CHECK(test.call() == "plugin: exited with code 3: last words");
}

TEST_CASE("a panic says more than the line after it") {
  PluginUnderTest test(command(R"((func (export "_start")
    (drop (call $write (i32.const 2) (i32.const 512) (i32.const 46))) (call $exit (i32.const 2))))"));
  CHECK(test.call() == "plugin: exited with code 2: panic: boom");
}

TEST_CASE("output ends with limits.output") {
  PluginOptions options;
  options.limits.output = 10;
  PluginUnderTest test(command(R"((func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 512) (i32.const 6)))
    (drop (call $write (i32.const 1) (i32.const 512) (i32.const 6)))
    (drop (call $write (i32.const 1) (i32.const 512) (i32.const 6)))
    (call $exit (i32.const 1))))"), options);
  CHECK(test.call() == "output: the result has 11 bytes, limits.output is 10 bytes");
}

TEST_CASE("limits hold within the store of a call") {
  const std::string forever = command(R"((func (export "_start") (loop $l (br $l))))");
  PluginOptions options;
  options.limits.fuel = 10'000;
  CHECK(PluginUnderTest(forever, options).call().starts_with("fuel: "));
  options.limits = {};
  options.limits.timeout = std::chrono::milliseconds(20);
  CHECK(PluginUnderTest(forever, options).call().starts_with("timeout: "));
  options.limits.soft_timeout = std::chrono::milliseconds(1);
  options.limits.timeout = std::chrono::milliseconds(30);
  PluginUnderTest warned(forever, options);
  CHECK(warned.call().starts_with("timeout: "));
  CHECK(warned.log.lines == std::vector<std::string>{"took longer than 1ms (limits.soft_timeout), going on"});
  options.limits = {};
  options.limits.memory = 2 << 16;
  PluginUnderTest grows(command(R"((func (export "_start")
    (if (i32.lt_s (memory.grow (i32.const 5)) (i32.const 0)) (then (call $exit (i32.const 9))))))"), options);
  CHECK(grows.call().starts_with("memory: was refused memory beyond its limit of 128KiB"));
}

TEST_CASE("a trap has its backtrace and the next call is none the worse") {
  PluginUnderTest test(command(R"((func (export "_start") (if (i32.eq (call $read) (i32.const 1)) (then (unreachable)))))"));
  CHECK(test.call("x").starts_with("trap: "));
}

TEST_CASE("arguments come from the configuration") {
  PluginTerms terms;
  terms.name = "t";
  terms.config["args"] = R"(["-v","two words"])";
  auto arguments = wasi_stage_arguments(terms);
  REQUIRE(arguments.ok());
  CHECK(*arguments == std::vector<std::string>{"t", "-v", "two words"});
  PluginOptions options;
  for (const char* wrong : {"\"-v\"", "[1]", "{}", "[\"a\\u0000b\"]"}) {
    options.config["args"] = wrong;
    CHECK(PluginUnderTest(kEcho, options).complaint == std::string("config.args must be a list of strings: ") + wrong);
  }
  options.config["args"] = "[\"a\",\"b\"]";
  PluginUnderTest test(command(R"((func (export "_start")
    (drop (call $args (i32.const 16) (i32.const 20))) (call $exit (i32.load (i32.const 16)))))"), options);
  CHECK(test.call() == "plugin: exited with code 3");
}

// Exits with the number of directories it was given.
constexpr const char* kCountDirectories = R"((module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $n i32)
    (loop $next
      (if (i32.eqz (call $prestat (i32.add (local.get $n) (i32.const 3)) (i32.const 0)))
        (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $next))))
    (call $exit (local.get $n)))))";

TEST_CASE("a granted directory that is not there is told once, and the plugin does without it") {
  const TestFolder folder;
  const std::string file = folder.write("there/file", "");
  PluginOptions options;
  REQUIRE(options.grants.add("fs:read:" + folder.name() + "/none/**", "p.toml:4:20").ok());
  REQUIRE(options.grants.add("fs:write:" + file + "/**").ok());
  REQUIRE(options.grants.add("fs:read:" + folder.name() + "/there/**").ok());
  options.directories.push_back({folder.name() + "/mount", "/mnt", true});
  PluginUnderTest test(kCountDirectories, options);
  const std::vector<std::string> warnings = {
      "warning: fs:write:" + file + "/**: there is no directory " + file + ", the plugin does without it",
      "warning: fs:read:" + folder.name() + "/none/** (p.toml:4:20): there is no directory " + folder.name() +
          "/none, the plugin does without it",
      "warning: the plugin's /mnt: there is no directory " + folder.name() + "/mount, the plugin does without it"};
  for (int i = 0; i < 3; ++i) {
    CHECK(test.call() == "plugin: exited with code 1");
    CHECK(test.log.lines == warnings);
    test.start();
  }
  // It may come later.
  folder.write("none/file", "");
  CHECK(test.call() == "plugin: exited with code 2");
  CHECK(test.log.lines == warnings);
}

TEST_CASE("what a command cannot use or have is refused before it runs") {
  PluginOptions options;
  options.entry = "main";
  CHECK(PluginUnderTest(kEcho, options).complaint == "a WASI command has one entry, _start, and not \"main\"");
  options.entry = "";
  REQUIRE(options.grants.add("http:example.com").ok());
  CHECK(PluginUnderTest(kEcho, options).complaint == "http:example.com: a plugin of the wasi ABI has no way to use it");
  CHECK(PluginUnderTest(R"((module (import "gate" "open" (func)) (func (export "_start"))))").complaint ==
        "imports what the wasi ABI does not have: gate.open");
}

}  // namespace
}  // namespace wplug
