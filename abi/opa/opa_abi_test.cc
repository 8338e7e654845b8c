// Policies by hand, as small as the ABI allows; real ones are tested by tests/systems-extism.
#include "abi/opa/opa_abi.h"

#include <doctest/doctest.h>

#include "abi/support/plugin_fixture_test.h"

namespace wplug {
namespace {

// "Values" are the addresses of their JSON texts; the heap is a pointer that moves. Text at 16: entrypoints, at 64:
// builtins. The heap starts at 4096.
std::string policy(std::string_view rest) {
  return R"((module
  (import "env" "memory" (memory 1))
  (import "env" "opa_abort" (func $abort (param i32)))
  (import "env" "opa_builtin1" (func $builtin1 (param i32 i32 i32) (result i32)))
  (data (i32.const 16) "{\"a/allow\":0,\"a/deny\":1}\00")
  (data (i32.const 64) "{\"trace\":0,\"http.send\":1}\00")
  (data (i32.const 128) "[{\"result\":true}]\00")
  (data (i32.const 192) "\"note\"\00")
  (data (i32.const 256) "it may not\00")
  (global $heap (mut i32) (i32.const 4096))
  (func (export "opa_malloc") (param $n i32) (result i32)
    (global.get $heap) (global.set $heap (i32.add (global.get $heap) (local.get $n))))
  (func (export "opa_json_parse") (param $at i32) (param $n i32) (result i32)
    (i32.store8 (i32.add (local.get $at) (local.get $n)) (i32.const 0))
    (global.set $heap (i32.add (global.get $heap) (i32.const 1)))
    (local.get $at))
  (func (export "opa_json_dump") (param i32) (result i32) (local.get 0))
  (func (export "opa_heap_ptr_get") (result i32) (global.get $heap))
  (func (export "opa_heap_ptr_set") (param i32) (global.set $heap (local.get 0)))
  (func (export "entrypoints") (result i32) (i32.const 16))
  (func (export "builtins") (result i32) (i32.const 64))
)" + std::string(rest) + ")";
}

std::string one_shot(std::string_view body) {
  return policy(R"((func (export "opa_eval") (param $reserved i32) (param $entry i32) (param $data i32) (param $input i32)
      (param $length i32) (param $heap_at i32) (param $format i32) (result i32)
    (global.set $heap (local.get $heap_at)) )" + std::string(body) + ")");
}

const std::string kInput = one_shot(R"((i32.store8 (i32.add (local.get $input) (local.get $length)) (i32.const 0))
  (local.get $input))");

TEST_CASE("a policy is told by its exports") {
  const Module module = compile_text(test_engine(), kInput);
  const DetectedAbi found = detect_abi(module, plugin_abis());
  REQUIRE(found.abi == &opa_abi());
  CHECK(found.why == "exports opa_json_parse and opa_eval");
}

TEST_CASE("a policy is evaluated at once, from the same heap each time") {
  PluginUnderTest test(kInput);
  CHECK(test.complaint == "");
  CHECK(test.call("{\"a\":1}") == "{\"a\":1}");
  CHECK(test.call("[2]") == "[2]");
  const std::string large = "\"" + std::string(300'000, 'x') + "\"";
  CHECK(test.call(large) == large);
  const uint64_t peak = test.instance->peak_memory();
  for (int i = 0; i < 20; ++i) CHECK(test.call(large).size() == large.size());
  CHECK(test.instance->peak_memory() == peak);
}

TEST_CASE("data comes from the configuration and entrypoints by name") {
  PluginOptions options;
  options.config["data"] = "{\"roles\":[]}";
  PluginUnderTest test(one_shot("(if (result i32) (local.get $entry) (then (local.get $data)) (else (i32.const 128)))"), options);
  CHECK(test.call("{}") == "[{\"result\":true}]");
  CHECK(test.call("{}", "a/allow") == "[{\"result\":true}]");
  CHECK(test.call("{}", "a/deny") == "{\"roles\":[]}");
  CHECK(test.call("{}", "data.a.deny") == "{\"roles\":[]}");
  CHECK(test.call("{}", "a/nothing") == "plugin: has no entrypoint \"a/nothing\", there is: a/allow a/deny");
}

TEST_CASE("an older policy is evaluated in steps") {
  PluginUnderTest test(policy(R"((global $in (mut i32) (i32.const 0)) (global $which (mut i32) (i32.const 0))
    (func (export "opa_eval_ctx_new") (result i32) (i32.const 8))
    (func (export "opa_eval_ctx_set_input") (param i32 i32) (global.set $in (local.get 1)))
    (func (export "opa_eval_ctx_set_data") (param i32 i32))
    (func (export "opa_eval_ctx_set_entrypoint") (param i32 i32) (global.set $which (local.get 1)))
    (func (export "eval") (param i32) (result i32) (i32.const 0))
    (func (export "opa_eval_ctx_get_result") (param i32) (result i32)
      (if (result i32) (global.get $which) (then (i32.const 128)) (else (global.get $in)))))"));
  CHECK(test.complaint == "");
  CHECK(test.call("{\"a\":1}") == "{\"a\":1}");
  CHECK(test.call("{\"a\":1}", "a/deny") == "[{\"result\":true}]");
}

TEST_CASE("builtins get their arguments and a missing one is named") {
  PluginUnderTest test(one_shot("(call $builtin1 (local.get $entry) (i32.const 0) (i32.const 192))"));
  CHECK(test.call("{}") == "true");
  CHECK(test.log.lines == std::vector<std::string>{"note"});
  CHECK(test.call("{}", "a/deny") == "plugin: the policy calls the builtin http.send, which this host does not have");
  CHECK(test.call("{}") == "true");
}

TEST_CASE("a policy that aborts says why") {
  PluginUnderTest test(one_shot("(call $abort (i32.const 256)) (i32.const 0)"));
  CHECK(test.call("{}") == "plugin: it may not");
}

TEST_CASE("a result outside the memory is the policy's fault") {
  PluginUnderTest test(one_shot("(i32.const -1)"));
  CHECK(test.call("{}").starts_with("invalid_pointer: invalid pointer from plugin: the result was given"));
  PluginUnderTest endless(one_shot("(memory.fill (i32.const 60000) (i32.const 65) (i32.const 5536)) (i32.const 65000)"));
  CHECK(endless.call("{}").starts_with("invalid_pointer: "));
}

}  // namespace
}  // namespace wplug
