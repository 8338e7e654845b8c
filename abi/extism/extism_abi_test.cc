#include "abi/extism/extism_abi.h"

#include <doctest/doctest.h>

#include "abi/support/plugin_fixture_test.h"

namespace wplug {
namespace {

constexpr const char* kMinimal = R"((module
  (import "extism:host/env" "input_length" (func $n (result i64)))
  (import "extism:host/env" "http_request" (func (param i64 i64) (result i64)))
  (func (export "run") (result i32) (i32.const 0))
  (func (export "_initialize"))))";

TEST_CASE("an Extism plugin is told by what it imports") {
  const Module module = compile_text(test_engine(), kMinimal);
  const DetectedAbi found = detect_abi(module, plugin_abis());
  REQUIRE(found.abi == &extism_abi());
  CHECK(found.why == "imports from extism:host/env");
  CHECK(found.abi->wanted_capabilities(module) == std::vector<std::string>{"http"});
  CHECK(detect_abi(compile_text(test_engine(), "(module)"), plugin_abis()).abi == nullptr);
}

TEST_CASE("the entry is the only export that could be one") {
  CHECK(extism_abi().default_entry(compile_text(test_engine(), kMinimal)) == "run");
  CHECK(extism_abi().default_entry(compile_text(test_engine(), R"((module
    (func (export "a") (result i32) (i32.const 0)) (func (export "b") (result i32) (i32.const 0))))")) == "");
  CHECK(extism_abi().default_entry(compile_text(test_engine(), "(module (func (export \"_start\")))")) == "_start");
}

TEST_CASE("every function of the table can be imported with the type it says") {
  std::string text = "(module";
  for (const AbiFunction& function : extism_abi().host_functions()) {
    std::string type = " (func (param";
    for (size_t at = 0; at < function.type.size(); ++at) {
      if (function.type[at] == ')') type += ") (result";
      for (const char* word : {"i32", "i64"}) {
        if (function.type.substr(at, 3) == word) type += std::string(" ") + word;
      }
    }
    text += " (import \"extism:host/env\" \"" + std::string(function.name) + "\"" + type + ")))";
  }
  text += " (func (export \"run\") (result i32) (i32.const 0)))";
  PluginUnderTest test(text);
  CHECK(test.complaint == "");
  CHECK(test.call() == "");
  CHECK(extism_abi().host_functions().size() == 32);
}

TEST_CASE("what a plugin lacks or nobody offers is named before it runs") {
  PluginOptions options;
  options.entry = "walk";
  CHECK(PluginUnderTest(kMinimal, options).complaint == "exports no function \"walk\"");
  CHECK(PluginUnderTest(R"((module (import "extism:host/env" "fly" (func)) (import "extism:host/user" "mult" (func))
    (func (export "run") (result i32) (i32.const 0))))").complaint ==
        "imports what the extism ABI does not have: extism:host/env.fly, extism:host/user.mult");
  options.entry = "run";
  CHECK(PluginUnderTest(R"((module (func (export "run") (param i32) (result i32) (i32.const 0))))", options, "extism")
            .complaint == "exports \"run\" as function (i32) -> (i32), the extism ABI wants () -> (i32)");
  REQUIRE(options.grants.add("exec:ls").ok());
  CHECK(PluginUnderTest(kMinimal, options).complaint == "exec:ls: a plugin of the extism ABI has no way to use it");
}

}  // namespace
}  // namespace wplug
