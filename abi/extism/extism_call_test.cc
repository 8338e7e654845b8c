// Calls of Extism plugins in text, with the functions a PDK would use.
#include <doctest/doctest.h>

#include "abi/support/plugin_fixture_test.h"

namespace wplug {
namespace {

// The imports, and helpers that plugins below are made of: $text puts `n` bytes at `at` of the plugin's own memory into a
// new block, $echo gives a block as the output.
std::string plugin(std::string_view rest) {
  return R"((module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store64 (param i64 i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load64 (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "http_request" (func $http (param i64 i64) (result i64)))
  (import "extism:host/env" "http_status_code" (func $status (result i32)))
  (import "extism:host/env" "http_headers" (func $headers (result i64)))
  (import "extism:host/env" "log_warn" (func $warn (param i64)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "name")
  (data (i32.const 16) "{\"url\":\"http://a.example/x\",\"method\":\"post\",\"headers\":{\"k\":\"v\"}}")
  (func $text (param $at i32) (param $n i32) (result i64) (local $block i64) (local $i i32)
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $n))))
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $i) (local.get $n)))
      (call $store (i64.add (local.get $block) (i64.extend_i32_u (local.get $i)))
                   (i32.load8_u (i32.add (local.get $at) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.get $block))
  (func $echo (param $block i64) (result i32)
    (call $output_set (local.get $block) (call $length (local.get $block)))
    (i32.const 0))
)" + std::string(rest) + ")";
}

TEST_CASE("a plugin gives back its input byte by byte") {
  PluginUnderTest test(plugin(R"((func (export "run") (result i32) (local $i i64) (local $n i64) (local $block i64)
    (local.set $n (call $input_length))
    (local.set $block (call $alloc (local.get $n)))
    (block $end (loop $next
      (br_if $end (i64.ge_u (local.get $i) (local.get $n)))
      (call $store (i64.add (local.get $block) (local.get $i)) (call $input_load (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $next)))
    (call $output_set (local.get $block) (local.get $n)) (i32.const 0)))"));
  CHECK(test.call("hello world") == "hello world");
  CHECK(test.call("") == "");
  // Bytes are not host calls: there is no budget that a long input would spend.
  const std::string large(200'000, 'x');
  CHECK(test.call(large) == large);
}

TEST_CASE("words of the input are there while eight bytes are") {
  PluginUnderTest test(plugin(R"((func (export "run") (result i32) (local $block i64)
    (local.set $block (call $alloc (i64.const 16)))
    (call $store64 (local.get $block) (call $input_load64 (i64.const 1)))
    (call $store64 (i64.add (local.get $block) (i64.const 8)) (call $load64 (call $input_offset)))
    (call $echo (local.get $block))))"));
  CHECK(test.call("123456789") == "2345678912345678");
  CHECK(test.call("12345678").substr(0, 8) == std::string(8, '\0'));
  CHECK(test.call("12345678").substr(8) == "12345678");
}

TEST_CASE("a result that is not 0 is an error, with the plugin's words") {
  PluginUnderTest test(plugin(R"((func (export "run") (result i32)
    (call $error_set (call $text (i32.const 0) (i32.const 4))) (i32.const 3))
    (func (export "quiet") (result i32) (i32.const 3))
    (func (export "none")))"), {.name = "t", .entry = "run"});
  CHECK(test.call() == "plugin: name");
  CHECK(test.call("", "quiet") == "plugin: quiet returned 3 and set no error");
  CHECK(test.call("", "none") == "");
  CHECK(test.call("", "nowhere") == "host: \"nowhere\" is not an exported function () -> (i32)");
}

TEST_CASE("configuration values are strings as Extism has them") {
  PluginOptions options;
  options.config["name"] = "\"a \\\"b\\\"\"";
  const std::string text = plugin(R"((func (export "run") (result i32)
    (call $echo (call $config_get (call $text (i32.const 0) (i32.const 4))))))");
  CHECK(PluginUnderTest(text, options).call() == "a \"b\"");
  options.config["name"] = "{\"n\":1}";
  CHECK(PluginUnderTest(text, options).call() == "{\"n\":1}");
  CHECK(PluginUnderTest(text).call() == "");
}

constexpr const char* kVariables = R"((func (export "set") (result i32)
    (call $var_set (call $text (i32.const 0) (i32.const 4)) (call $input_offset)) (i32.const 0))
  (func (export "remove") (result i32)
    (call $var_set (call $text (i32.const 0) (i32.const 4)) (i64.const 0)) (i32.const 0))
  (func (export "get") (result i32) (call $echo (call $var_get (call $text (i32.const 0) (i32.const 4))))))";

TEST_CASE("variables stay between calls, the blocks given with them are freed") {
  PluginUnderTest test(plugin(kVariables), {.name = "t", .entry = "get"});
  CHECK(test.call() == "");
  CHECK(test.call("kept", "set") == "");
  CHECK(test.call() == "kept");
  CHECK(test.call("longer than before", "set") == "");
  CHECK(test.call() == "longer than before");
  CHECK(test.call("", "remove") == "");
  CHECK(test.call() == "");
}

TEST_CASE("variables are bounded") {
  PluginOptions options{.name = "t", .entry = "get"};
  options.limits.variables = 200;
  PluginUnderTest test(plugin(kVariables), options);
  CHECK(test.call(std::string(100, 'x'), "set") == "");
  CHECK(test.call().size() == 100);
  CHECK(test.call(std::string(133, 'x'), "set") ==
        "policy: var_set: the variables are full: limits.variables is 200 bytes");
  options.limits.variables = 0;
  CHECK(PluginUnderTest(plugin(kVariables), options).call("x", "set") ==
        "policy: var_set: limits.variables is 0, so there are no variables");
}

TEST_CASE("a request is sent as the plugin's JSON says, with its body") {
  PluginUnderTest test(plugin(R"((func (export "run") (result i32)
      (call $echo (call $http (call $text (i32.const 16) (i32.const 64)) (call $input_offset))))
    (func (export "headers") (result i32)
      (drop (call $http (call $text (i32.const 16) (i32.const 64)) (i64.const 0))) (call $echo (call $headers)))
    (func (export "status") (result i32)
      (drop (call $http (call $text (i32.const 16) (i32.const 64)) (i64.const 0)))
      (i32.sub (call $status) (i32.const 404))))"), {.name = "t", .entry = "run"});
  test.http.reply.outcome = HttpOutcome::ok;
  test.http.reply.status = 404;
  test.http.reply.body = "answer";
  test.http.reply.headers = {{"Content-Type", "x"}, {"Set-Cookie", "a"}, {"set-cookie", "b"}};
  CHECK(test.call("body") == "answer");
  CHECK(test.http.asked == "POST http://a.example/x body k=v");
  CHECK(test.call("", "headers") == R"({"content-type":"x","set-cookie":"a,b"})");
  CHECK(test.call("", "status") == "");
}

TEST_CASE("a request that is denied ends the call as a matter of policy") {
  PluginUnderTest test(plugin(R"((func (export "run") (result i32)
      (call $echo (call $http (call $text (i32.const 16) (i32.const 64)) (i64.const 0)))))"));
  test.http.reply.outcome = HttpOutcome::denied;
  test.http.reply.message = "no grant";
  CHECK(test.call() == "policy: http_request http://a.example/x: no grant");
}

TEST_CASE("offsets outside the blocks are the plugin's fault") {
  PluginUnderTest test(plugin(R"((func (export "run") (result i32) (drop (call $load (i64.const -1))) (i32.const 0))
    (func (export "write") (result i32) (call $store64 (i64.const 0x100000000) (i64.const 1)) (i32.const 0))
    (func (export "output") (result i32) (call $output_set (i64.const 64) (i64.const -1)) (i32.const 0))
    (func (export "key") (result i32) (drop (call $var_get (i64.const 77))) (i32.const 0)))"),
                       {.name = "t", .entry = "run"});
  CHECK(test.call() ==
        "invalid_pointer: invalid pointer from plugin: load_u8 was given 1 bytes at 18446744073709551615, the memory has 64");
  for (const char* entry : {"write", "output", "key"}) {
    CHECK_MESSAGE(test.call("", entry).starts_with("invalid_pointer: "), entry);
  }
}

TEST_CASE("blocks and the plugin's memory share limits.memory") {
  PluginOptions options;
  options.limits.memory = 4 << 16;
  PluginUnderTest test(plugin(R"((func (export "run") (result i32)
    (i64.ne (i64.const 0) (call $alloc (i64.const 200000)))))"), options);
  CHECK(test.call() == "");
  CHECK(test.call(std::string(300'000, 'x')).starts_with("memory: "));
}

TEST_CASE("what is logged is freed, and host calls are counted") {
  PluginOptions options;
  options.limits.host_calls = 5;
  PluginUnderTest test(plugin(R"((func (export "run") (result i32) (local $i i32)
    (loop $next
      (call $warn (call $text (i32.const 0) (i32.const 4)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 6))))
    (i32.const 0)))"), options);
  CHECK(test.call().starts_with("policy: limits.host_calls is spent"));
  CHECK(test.log.lines == std::vector<std::string>(5, "warn: name"));
}

TEST_CASE("start functions run in the order that languages need") {
  const auto start = [](const char* functions) {
    PluginUnderTest test(plugin(std::string(R"((global $g (mut i32) (i32.const 0))
      (func $add (param i32) (global.set $g (i32.add (i32.mul (global.get $g) (i32.const 10)) (local.get 0))))
      (func (export "run") (result i32) (global.get $g)))") + functions), {.name = "t", .entry = "run"});
    return test.call();
  };
  const std::string initialize = "(func (export \"_initialize\") (call $add (i32.const 1)))";
  const std::string haskell = "(func (export \"hs_init\") (param i32 i32) (call $add (i32.const 2)))";
  const std::string constructors = "(func (export \"__wasm_call_ctors\") (call $add (i32.const 3)))";
  CHECK(start((initialize + haskell + constructors).c_str()) == "plugin: run returned 12 and set no error");
  CHECK(start((initialize + constructors).c_str()) == "plugin: run returned 1 and set no error");
  CHECK(start(constructors.c_str()) == "plugin: run returned 3 and set no error");
}

TEST_CASE("a program is made anew for each call") {
  PluginUnderTest test(plugin(R"((global $g (mut i32) (i32.const 0))
    (func (export "_start")
      (global.set $g (i32.add (global.get $g) (i32.const 1)))
      (call $output_set (call $input_offset) (call $input_length))
      (call $exit (i32.sub (global.get $g) (i32.const 1)))))"));
  CHECK(test.call("one") == "one");
  CHECK(test.call("two") == "two");
  CHECK(test.instance->instructions() > 5);
}

TEST_CASE("modules are linked by name, in their order") {
  PluginOptions options;
  const Engine engine = test_engine();
  options.linked.emplace_back("numbers", compile_text(engine, R"((module (func (export "seven") (result i32) (i32.const 7))))"));
  options.linked.emplace_back("sums", compile_text(engine, R"((module (import "numbers" "seven" (func $s (result i32)))
    (func (export "fourteen") (result i32) (i32.add (call $s) (call $s)))))"));
  options.name = "t";
  CollectedLog log;
  HostServices services;
  services.log = &log;
  const auto loaded = Plugin::load(engine, compile_text(engine, R"((module
    (import "sums" "fourteen" (func $f (result i32)))
    (func (export "run") (result i32) (i32.sub (call $f) (i32.const 14)))))"), options, plugin_abis(), services, "extism");
  REQUIRE_MESSAGE(loaded.ok(), loaded.error().message());
  Failure failure;
  const auto instance = PluginInstance::start(**loaded, failure);
  REQUIRE_MESSAGE(instance, failure.message);
  std::string output;
  CHECK(!instance->call("", output));
}

TEST_CASE("an allowed path that is not there keeps no plugin from starting") {
  PluginOptions options;
  options.directories.push_back({"/nonexistent/wplug", "/mnt", false});
  PluginUnderTest test(plugin(R"((func (export "run") (result i32) (i32.const 0)))"), options);
  CHECK(test.call() == "");
  CHECK(test.log.lines ==
        std::vector<std::string>{
            "warning: the plugin's /mnt: there is no directory /nonexistent/wplug, the plugin does without it"});
}

}  // namespace
}  // namespace wplug
