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

TEST_CASE("1.0 cannot be switched off, names are found, unknown ones are not") {
  Features features;
  CHECK(features.disable(Feature::mvp).has(Feature::mvp));
  CHECK(Features::find("tail-call") == Feature::tail_call);
  CHECK(Features::find("tail_call") == std::nullopt);
  CHECK(to_string(Feature::wide_arithmetic) == "wide-arithmetic");
}

}  // namespace
}  // namespace wplug
