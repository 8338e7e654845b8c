#include "host/json_document.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

std::string again(std::string_view text) {
  const auto value = parse_json(text);
  return value.ok() ? value->to_string() : value.error().message();
}

TEST_CASE("what is read is written again, members in their order") {
  for (const char* text : {"null", "true", "[]", "{}", "\"a\\\"\\n\xc3\xa4\"", "{\"b\":[1,-2.50,1e3],\"a\":{\"c\":null}}",
                           "18446744073709551616", "0.10000000000000000001"}) {
    CHECK(again(text) == text);
  }
  CHECK(again(" { \"a\" : [ 1 , 2 ] }\n") == "{\"a\":[1,2]}");
}

TEST_CASE("what is not one JSON value is refused with its place") {
  for (const char* text : {"", "{", "[1,]", "nul", "1 2", "{\"a\":}", "\"\x80\"", "'a'", "[1]]"}) {
    CAPTURE(text);
    const auto value = parse_json(text);
    REQUIRE(!value.ok());
    CHECK(value.error().kind() == ErrorKind::malformed);
  }
  const auto value = parse_json("[1,x]");
  REQUIRE(!value.ok());
  CHECK(value.error().offset() == 3);
}

TEST_CASE("a key that stands twice is refused") {
  CHECK(again("{\"a\":1,\"b\":2,\"a\":3}") == "an object has the same key twice");
  CHECK(again("{\"a\":{\"a\":1}}") == "{\"a\":{\"a\":1}}");
}

TEST_CASE("reading stops at its limits") {
  JsonLimits limits;
  limits.depth = 3;
  CHECK(parse_json("[[[1]]]", limits).ok());
  CHECK(parse_json("[[[[1]]]]", limits).error().kind() == ErrorKind::limit);
  limits.values = 3;
  CHECK(parse_json("[1,2]", limits).ok());
  CHECK(parse_json("[1,2,3]", limits).error().kind() == ErrorKind::limit);
  limits.bytes = 4;
  CHECK(parse_json("[12]", limits).ok());
  CHECK(parse_json("[123]", limits).error().kind() == ErrorKind::limit);
  CHECK(parse_json(std::string(1'000'000, '[')).error().kind() == ErrorKind::limit);
}

TEST_CASE("values are asked for by what they should be") {
  const auto value = parse_json("{\"s\":\"x\",\"i\":-5,\"f\":2.5,\"b\":true,\"big\":9223372036854775808,\"Name\":\"n\"}");
  REQUIRE(value.ok());
  CHECK(value->string_of("s") == "x");
  CHECK(value->string_of("i") == "");
  CHECK(value->integer_of("i") == -5);
  CHECK(value->integer_of("f") == std::nullopt);
  CHECK(value->integer_of("big") == std::nullopt);
  CHECK(value->find("f")->number() == 2.5);
  CHECK(value->boolean_of("b"));
  CHECK(value->boolean_of("missing", true));
  CHECK(value->find("name") == nullptr);
  CHECK(value->find_any_case("name")->string() == "n");
  CHECK(Json("text").find("s") == nullptr);
}

TEST_CASE("an exact key goes before one in another case") {
  CHECK(parse_json("{\"DATA\":1,\"data\":2}")->find_any_case("data")->integer() == 2);
}

TEST_CASE("documents are built") {
  Json list;
  list.push(1).push(true).push(uint64_t{18446744073709551615u}).push(std::string("\xff"));
  Json value = Json::object();
  value.set("list", std::move(list)).set("a", "b").set("a", Json()).set("empty", Json::object());
  CHECK(value.to_string() == "{\"list\":[1,true,18446744073709551615,\"\xef\xbf\xbd\"],\"a\":null,\"empty\":{}}");
}

}  // namespace
}  // namespace wplug
