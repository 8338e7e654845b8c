#include "abi/opa/builtins.h"

#include <doctest/doctest.h>

#include <vector>

namespace wplug {
namespace {

std::string print(std::string_view format, std::string_view arguments) {
  const auto json = parse_json(arguments);
  REQUIRE(json.ok());
  return rego_sprintf(format, *json);
}

// The result as JSON, "undefined", or the error.
std::string call(std::string_view name, std::string_view arguments) {
  const OpaBuiltinRow* row = find_opa_builtin(name);
  REQUIRE(row != nullptr);
  const auto json = parse_json(arguments);
  REQUIRE(json.ok());
  REQUIRE(json->size() == row->arguments);
  std::vector<Json> list;
  for (size_t i = 0; i < json->size(); ++i) list.push_back(json->at(i));
  std::string notes;
  const auto result = row->function({1234, &notes}, list);
  if (!result.ok()) return result.error().message();
  return *result ? (*result)->to_string() : "undefined";
}

// The expected texts are what opa eval prints for the same sprintf.
TEST_CASE("sprintf shows numbers and strings as Go does") {
  CHECK(print("hello %s", R"(["world"])") == "hello world");
  CHECK(print("%d of %v, %v%%", "[3, 4, 5]") == "3 of 4, 5%");
  CHECK(print("%5d|%-5d|%05d|%+d", "[42, 42, -42, 42]") == "   42|42   |-0042|+42");
  CHECK(print("%x %X %o %b", "[255, 255, 8, 5]") == "ff FF 10 101");
  CHECK(print("%v %v %v", "[1.5, 1e-7, 1e22]") == "1.5 1e-07 1e+22");
  CHECK(print("%.2f %8.3f|", "[3.14159, 2.5]") == "3.14    2.500|");
  CHECK(print("%q %10s|%-10s|%.2s", R"(["a\"b", "right", "left", "cut"])") == "\"a\\\"b\"      right|left      |cu");
  CHECK(print("%d", "[123456789012345678901234567890]") == "123456789012345678901234567890");
}

TEST_CASE("sprintf shows what is neither number nor string as Rego does") {
  CHECK(print("%v %v %v", R"([true, null, [1, "a", {"b": 2, "a": [] }]])") == R"(true null [1, "a", {"a": [], "b": 2}])");
  CHECK(print("%s", R"([{"k": "v"}])") == R"({"k": "v"})");
}

TEST_CASE("sprintf says what is missing, extra or of another kind") {
  CHECK(print("%d", R"(["x"])") == "%!d(string=x)");
  CHECK(print("%s", "[5]") == "%!s(int64=5)");
  CHECK(print("%s", "[1.5]") == "%!s(float64=1.5)");
  CHECK(print("%s %s", R"(["one"])") == "one %!s(MISSING)");
  CHECK(print("one", R"(["two", 3])") == "one%!(EXTRA string=two, int64=3)");
  CHECK(print("50%", "[]") == "50%!(NOVERB)");
}

TEST_CASE("a hostile format costs no more than its arguments") {
  CHECK(print("%999999999999d", "[1]").size() == 1000);
  CHECK(print("%.999999999f", "[1.5]").size() <= 1500);
}

TEST_CASE("the other builtins") {
  CHECK(call("time.now_ns", "[]") == "1234");
  CHECK(call("trace", R"(["note"])") == "true");
  CHECK(call("strings.count", R"(["cheese", "e"])") == "3");
  CHECK(call("strings.count", R"(["aé", ""])") == "3");
  CHECK(call("strings.any_prefix_match", R"([["/a", "/b"], "/b"])") == "true");
  CHECK(call("strings.any_prefix_match", R"(["abc", ["b", "c"]])") == "false");
  CHECK(call("strings.any_suffix_match", R"(["abc", ["b", "c"]])") == "true");
  CHECK(call("strings.any_suffix_match", "[1, 2]") == "undefined");
  CHECK(call("hex.encode", R"(["Az"])") == "\"417a\"");
  CHECK(call("hex.decode", R"(["417A"])") == "\"Az\"");
  CHECK(call("hex.decode", R"(["417"])") == "undefined");
  CHECK(find_opa_builtin("http.send") == nullptr);
}

}  // namespace
}  // namespace wplug
