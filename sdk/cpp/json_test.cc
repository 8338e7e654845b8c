// The JSON of the C++ SDK, natively. What both SDKs must agree on is in ../testdata and in the checksum of the last case,
// which the Go SDK's tests have too.
#include "wplug_sdk/json.h"

#include <doctest/doctest.h>

#include <fstream>

using namespace wplug::json;

namespace {

std::string verdict(std::string_view text) {
  const std::optional<wplug::Error> error = check(text);
  constexpr std::string_view kPrefix = "invalid JSON at byte ";
  return error ? error->message.substr(kPrefix.size()) : "ok";
}

// A text of testdata: <hex> is a byte, <repeat N x> is N times x.
std::string expand(const std::string& line) {
  std::string out;
  for (size_t at = 0; at < line.size();) {
    const size_t close = line[at] == '<' ? line.find('>', at) : std::string::npos;
    if (close == std::string::npos) {
      out += line[at++];
      continue;
    }
    const std::string inside = line.substr(at + 1, close - at - 1);
    if (inside.starts_with("repeat ")) {
      out.append(std::stoul(inside.substr(7)), inside.back());
    } else {
      out += static_cast<char>(std::stoi(inside, nullptr, 16));
    }
    at = close + 1;
  }
  return out;
}

Object parsed(std::string_view text) {
  Object object;
  const auto error = object.parse(text);
  REQUIRE_MESSAGE(!error, (error ? error->message : ""));
  return object;
}

}  // namespace

TEST_CASE("texts are judged as testdata says") {
  std::ifstream file(WPLUG_SDK_TESTDATA "/check.txt");
  REQUIRE(file.good());
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) {
      continue;
    }
    const size_t tab = line.find('\t');
    REQUIRE(tab != std::string::npos);
    CHECK_MESSAGE(verdict(expand(line.substr(tab + 1))) == line.substr(0, tab), line.substr(0, 100));
    ++cases;
  }
  CHECK(cases > 60);
}

TEST_CASE("an object goes out as it came in but for the space between fields") {
  CHECK(parsed(" { } ").text() == "{}");
  CHECK(parsed(R"( {"b" : 1.50 , "a":[1, 2,{"x":"y"}],"\u0061":"q\/" } )").text() ==
        R"({"b":1.50,"a":[1, 2,{"x":"y"}],"\u0061":"q\/"})");
}

TEST_CASE("values know their kind and read as what they are") {
  const Object record = parsed(R"({"s":"a\"\u00e9\ud83d\ude80\ud800x","i":-42,"f":1.5,"t":true,"n":null,"a":[1, "x" ,[]],)"
                               R"("o":{},"big":9223372036854775808,"min":-9223372036854775808})");
  CHECK(record["s"].string() == std::string("a\"é🚀\xef\xbf\xbdx"));
  CHECK(record["i"].integer() == -42);
  CHECK(record["f"].integer() == std::nullopt);
  CHECK(record["big"].integer() == std::nullopt);
  CHECK(record["min"].integer() == INT64_MIN);
  CHECK(record["t"].boolean() == true);
  CHECK(record["n"].kind() == Kind::null);
  CHECK(record["a"].items().size() == 3);
  CHECK(record["a"].items()[1].text() == "\"x\"");
  CHECK(record["a"].strings() == std::vector<std::string>{"x"});
  CHECK(record["o"].kind() == Kind::object);
  CHECK_FALSE(record["none"].present());
  CHECK(record["none"].string_or("other") == "other");
  CHECK(record["i"].string_or("other") == "other");
}

TEST_CASE("fields are set in their place, renamed, and removed") {
  Object record = parsed(R"({"a":1,"b":2,"c":3})");
  record.set_string("b", "x\"\\\n\x01é");
  record.set_integer("d", INT64_MIN);
  record.set_boolean("e\"", false);
  CHECK(record.text() == R"({"a":1,"b":"x\"\\\n\u0001é","c":3,"d":-9223372036854775808,"e\"":false})");
  CHECK(record.rename("a", "c"));
  CHECK_FALSE(record.rename("nothing", "b"));
  CHECK(record.remove("d"));
  CHECK_FALSE(record.remove("d"));
  CHECK(record.text() == R"({"c":1,"b":"x\"\\\n\u0001é","e\"":false})");
}

TEST_CASE("a key that occurs again is one field, however it is escaped") {
  constexpr std::string_view kText = R"({"card":1,"x":0,"\u0063ard":2,"card":3})";
  Object record = parsed(kText);
  CHECK(record["card"].text() == "3");
  record.set_string("card", "*");
  CHECK(record.text() == R"({"card":"*","x":0})");
  record = parsed(kText);
  CHECK(record.rename("card", "y"));
  CHECK(record.text() == R"({"y":3,"x":0})");
  record = parsed(kText);
  CHECK(record.remove("card"));
  CHECK(record.text() == R"({"x":0})");
}

TEST_CASE("a broken object has no fields") {
  Object record;
  CHECK(record.parse(R"({"a":1,"b":})")->message == "invalid JSON at byte 11: invalid value");
  CHECK(record.text() == "{}");
  CHECK(record.parse("[1]")->message == "invalid JSON at byte 0: expected an object");
  CHECK(record.parse("{} x")->message == "invalid JSON at byte 3: text after the value");
}

TEST_CASE("numbers compare by value and not by double") {
  const auto compare = [](const char* a, const char* b) {
    const int order = compare_numbers(Value(a), Value(b));
    CHECK(order * compare_numbers(Value(b), Value(a)) <= 0);
    return order < 0 ? '<' : order > 0 ? '>' : '=';
  };
  CHECK(compare("1", "1.000") == '=');
  CHECK(compare("1e3", "1000") == '=');
  CHECK(compare("0.001E+3", "1") == '=');
  CHECK(compare("-0", "0.0e5") == '=');
  CHECK(compare("-1", "1") == '<');
  CHECK(compare("-2", "-1") == '<');
  CHECK(compare("2", "10") == '<');
  CHECK(compare("0.1", "0.09999999999999999999999") == '>');
  CHECK(compare("9007199254740993", "9007199254740992") == '>');
  CHECK(compare("1e400", "1e399") == '>');
  CHECK(compare("1e-400", "0") == '>');
  CHECK(compare("1e99999999999999999999", "1") == '>');
  CHECK(compare("-1e99999999999999999999", "1") == '<');
  CHECK(compare("0e99999999999999999999", "0") == '=');
}

TEST_CASE("both SDKs judge 200,000 mutated texts alike") {
  constexpr std::string_view kText =
      R"({"id":"u-1\u00e9","n":[-1.5e+3,0,{"k":null}],"ok":true,"s":"plain text, 配達 and \"more\"", "z":{}})";
  constexpr std::string_view kBytes = "\"\\{}[],:0123456789.eE+-ntuf \x01\x7f\x80\xc3\xe9\xf0";
  uint64_t state = 88172645463325252;
  const auto below = [&](uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
  };
  uint32_t checksum = 2166136261;
  for (int round = 0; round < 200'000; ++round) {
    std::string text(kText);
    for (uint64_t changes = 1 + below(3); changes > 0; --changes) {
      const size_t at = below(text.size());
      const char byte = kBytes[below(kBytes.size())];
      switch (below(3)) {
        case 0: text[at] = byte; break;
        case 1: text.insert(at, 1, byte); break;
        default: text.erase(at, 1 + below(4));
      }
    }
    Object object;
    const auto error = object.parse(text);
    for (const char c : (error ? error->message : object.text()) + verdict(text)) {
      checksum = (checksum ^ static_cast<unsigned char>(c)) * 16777619;
    }
  }
  CHECK(checksum == 1089584205);
}
