#include "host/json_text.h"

#include <doctest/doctest.h>

#include <string>

namespace wplug {
namespace {

bool is_json(std::string_view text) { return !find_json_problem(text); }

TEST_CASE("every kind of JSON value is accepted") {
  for (const char* text :
       {"null", "true", "false", "0", "-0", "12", "-1.5", "1e9", "1E+9", "0.5e-3", "\"\"", "\"a\\n\\u00e9\\\\\"", "[]",
        "[1,2]", "[[],[[]],{}]", "{}", "{\"a\":1}", "{\"a\":{\"b\":[1,{\"c\":null}]},\"d\":2}", " \t\r\n[ 1 , 2 ] ",
        "{ \"a\" : 1 , \"b\" : [ ] }", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x80\"", "\"\\ud800\"", "\"\x7f\""}) {
    CAPTURE(text);
    CHECK(is_json(text));
  }
}

TEST_CASE("what is nearly JSON is refused") {
  for (const char* text :
       {"", " ", "nul", "nulL", "True", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "1 2", "[1,]", "[,1]", "[1 2]",
        "[1", "]", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}",
        "[1}", "{\"a\":1]", "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\t\"", "'a'", "nullx", "NaN",
        "Infinity", "[1]]", "// c", "\xef\xbb\xbf{}"}) {
    CAPTURE(text);
    CHECK(!is_json(text));
  }
  CHECK(!is_json(std::string_view("\"a\0b\"", 5)));
  CHECK(!is_json(std::string_view("1\0", 2)));
  CHECK(!is_json(std::string_view("\"\\\0\"", 4)));
}

TEST_CASE("a problem names the byte where it is") {
  const auto problem = find_json_problem("{\"a\": 1, \"b\": tru}");
  REQUIRE(problem);
  CHECK(problem->offset == 14);
  CHECK(find_json_problem("[1, 2")->offset == 5);
  CHECK(find_json_problem("{} x")->offset == 3);
}

TEST_CASE("strings must be UTF-8 in its shortest form, without surrogates") {
  for (const char* text : {"\"\x80\"", "\"\xc0\x80\"", "\"\xc3\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
                           "\"\xf0\x80\x80\x80\"", "\"\xff\"", "\"\xe2\x82\""}) {
    CAPTURE(text);
    CHECK(!is_json(text));
  }
  CHECK(is_json("\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\""));
}

TEST_CASE("nesting is accepted to a thousand levels and refused beyond") {
  CHECK(is_json(std::string(1000, '[') + std::string(1000, ']')));
  CHECK(!is_json(std::string(1001, '[') + std::string(1001, ']')));
  CHECK(!is_json(std::string(1'000'000, '[')));
  std::string mixed, end;
  for (int i = 0; i < 500; ++i) {
    mixed += "{\"k\":[";
    end += "]}";
  }
  CHECK(is_json(mixed + end));
}

TEST_CASE("a truncated document is never accepted") {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9\\"],"b":{"c":null,"d":true}})";
  REQUIRE(is_json(text));
  for (size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK(!is_json(std::string_view(text).substr(0, size)));
  }
}

TEST_CASE("written strings are valid JSON whatever bytes they hold") {
  CHECK(json_string("a\"b\\c\n\x01") == "\"a\\\"b\\\\c\\n\\u0001\"");
  CHECK(json_string("\xc3\xa9") == "\"\xc3\xa9\"");
  CHECK(json_string("a\xff z") == "\"a\xef\xbf\xbd z\"");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(is_json(json_string(all)));
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; b += 3) CHECK(is_json(json_string(std::string{static_cast<char>(a), static_cast<char>(b)})));
  }
}

TEST_CASE("a JSON string says what its escapes stand for") {
  CHECK(json_string_value("plain") == "plain");
  CHECK(json_string_value(R"(a\"b\\c\/d\n\t\b\f\r)") == "a\"b\\c/d\n\t\b\f\r");
  CHECK(json_string_value(R"(\u0041\u00e9\u20AC\ud83d\ude00)") == "A\u00e9\u20ac\U0001f600");
  CHECK(json_string_value(R"(\ud83dx\ude00)") == "\ufffdx\ufffd");
  CHECK(json_string_value("\\ud83d\\u0041") == "\ufffdA");
}

}  // namespace
}  // namespace wplug
