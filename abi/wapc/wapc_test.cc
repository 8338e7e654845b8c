#include <doctest/doctest.h>

#include "abi/support/plugin_fixture_test.h"
#include "abi/wapc/wapc_abi.h"

namespace wplug {
namespace {

// A guest: the operation goes to 1024, the payload to 2048; texts at 16 on.
std::string guest(std::string_view rest) {
  return R"((module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (import "wapc" "__host_call" (func $host (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $host_length (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (import "wapc" "__host_error_len" (func $why_length (result i32)))
  (import "wapc" "__host_error" (func $why (param i32)))
  (import "wapc" "__console_log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "wplugconfiggetsetkey")
)" + std::string(rest) + ")";
}

const std::string kJoin = guest(R"((func (export "__guest_call") (param $o i32) (param $p i32) (result i32)
  (call $request (i32.const 1024) (i32.add (i32.const 1024) (local.get $o)))
  (call $response (i32.const 1024) (i32.add (local.get $o) (local.get $p)))
  (i32.const 1)))");

TEST_CASE("a guest gets the entry as its operation and answers") {
  CHECK(detect_abi(compile_text(test_engine(), kJoin), plugin_abis()).abi == &wapc_abi());
  PluginUnderTest test(kJoin, {.name = "t", .entry = "greet:"});
  CHECK(test.call("you") == "greet:you");
  CHECK(test.call("", "other") == "other");
  CHECK(PluginUnderTest(kJoin).complaint == "a waPC guest needs the entry: the operation to call");
}

TEST_CASE("a guest's error refuses the record") {
  PluginUnderTest test(guest(R"((func (export "__guest_call") (param i32 i32) (result i32)
    (if (local.get 1) (then (call $error (i32.const 16) (i32.const 5)))) (i32.const 0)))"), {.name = "t", .entry = "o"});
  CHECK(test.call("x") == "plugin: wplug");
  CHECK(test.call("") == "plugin: __guest_call returned 0 and set no error");
}

TEST_CASE("a host call reads the configuration, any other is refused in words") {
  const std::string text = guest(R"((func (export "__guest_call") (param i32 i32) (result i32)
    (if (call $host (i32.const 16) (i32.const 5) (i32.const 21) (i32.const 6)
                    (i32.add (i32.const 27) (i32.mul (local.get 1) (i32.const 3))) (i32.const 3) (i32.const 33) (i32.const 3))
      (then (call $host_response (i32.const 512)) (call $response (i32.const 512) (call $host_length)))
      (else (call $why (i32.const 512)) (call $response (i32.const 512) (call $why_length))))
    (i32.const 1)))");
  PluginOptions options{.name = "t", .entry = "o"};
  CHECK(PluginUnderTest(text, options).call() == "config has no key");
  options.config["key"] = "[1]";
  PluginUnderTest test(text, options);
  CHECK(test.call() == "[1]");
  CHECK(test.call("x") == "this host has no wplug/config/set, there is: wplug/config/get");
}

TEST_CASE("start functions run first, and bad pointers are named") {
  PluginUnderTest test(guest(R"((global $g (mut i32) (i32.const 16))
    (func (export "wapc_init") (global.set $g (i32.const 21)) (call $log (i32.const 16) (i32.const 5)))
    (func (export "__guest_call") (param i32 i32) (result i32)
      (call $response (global.get $g) (select (i32.const -1) (i32.const 6) (local.get 1))) (i32.const 1)))"),
                       {.name = "t", .entry = "o"});
  CHECK(test.log.lines == std::vector<std::string>{"wplug"});
  CHECK(test.call() == "config");
  CHECK(test.call("x").starts_with("invalid_pointer: invalid pointer from plugin: __guest_response was given 4294967295"));
}

}  // namespace
}  // namespace wplug
