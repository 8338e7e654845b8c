#include "interp/validate/check_features.h"

#include <doctest/doctest.h>

#include "interp/validate/verdict_test.h"

namespace wplug {
namespace {

using namespace test;

std::string refusal(const Bytes& bytes, Feature off) {
  Result<ModuleDef> module = decode_module(bytes, {});
  REQUIRE(module.ok());
  Features features = Features::all();
  features.disable(off);
  const Result<void> checked = check_features(*module, features);
  return checked.ok() ? "ok" : checked.error().to_string().substr(0, checked.error().to_string().find(" (at byte "));
}

std::string refusal(const Bytes& body, Feature off, Bytes results) {
  ModuleBuilder module;
  module.func_body(module.type({}, std::move(results)), Bytes{0} + body + Bytes{0x0b});
  return refusal(module.build(), off);
}

TEST_CASE("what is switched off is refused with the feature's name") {
  CHECK(refusal({0x41, 0, 0xc0}, Feature::sign_extension, {kI32}) ==
        "invalid: sign-extension is switched off: i32.extend8_s");
  CHECK(refusal({0x41, 0, 0xc0}, Feature::tail_call, {kI32}) == "ok");
  CHECK(refusal({0xd0, kFuncref, 0x1a}, Feature::reference_types, {}) ==
        "invalid: reference-types is switched off: ref.null");
  CHECK(refusal({0x41, 0, 0x41, 0}, Feature::multi_value, {kI32, kI32}) ==
        "invalid: multi-value is switched off: function type of several results");
  CHECK(refusal(full_module(), Feature::bulk_memory) != "ok");
}

TEST_CASE("kinds of memories are refused by the features they need") {
  auto memories = [](const Bytes& memory, Feature off) {
    ModuleBuilder module;
    module.memory(limits(1));
    if (!memory.empty()) module.import_memory("m", "m", memory);
    return refusal(module.build(), off);
  };
  CHECK(memories({}, Feature::multi_memory) == "ok");
  CHECK(memories(limits(1), Feature::multi_memory) == "invalid: multi-memory is switched off: several memories");
  CHECK(memories({4, 1}, Feature::memory64) == "invalid: memory64 is switched off: 64-bit limits");
  CHECK(memories({3, 1, 1}, Feature::threads) == "invalid: threads is switched off: shared memory");
  CHECK(memories({8, 1, 0}, Feature::custom_page_sizes) == "invalid: custom-page-sizes is switched off: page size");
}

TEST_CASE("1.0 cannot be switched off, names are found, unknown ones are not") {
  Features features;
  CHECK(features.disable(Feature::mvp).has(Feature::mvp));
  CHECK(Features::find("tail-call") == Feature::tail_call);
  CHECK(Features::find("tail_call") == std::nullopt);
  CHECK(to_string(Feature::wide_arithmetic) == "wide-arithmetic");
}

}  // namespace
}  // namespace wplug
