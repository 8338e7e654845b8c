#include "interp/base/utf8.h"

#include <doctest/doctest.h>

#include <string>

namespace wplug {
namespace {

// The encoding of a code point by the definition, well-formed or not.
std::string encode(uint32_t code, int length) {
  if (length == 1) return {static_cast<char>(code)};
  static constexpr uint8_t kLead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  std::string text;
  text += static_cast<char>(kLead[length] | (code >> (6 * (length - 1))));
  for (int i = length - 2; i >= 0; --i) text += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f));
  return text;
}

int shortest(uint32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

TEST_CASE("every code point but the surrogates is UTF-8 in its shortest form, and in no longer one") {
  size_t wrong = 0;
  for (uint32_t code = 0; code <= 0x1fffff; ++code) {
    const bool is_scalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    for (int length = shortest(code); length <= 4; ++length) {
      wrong += is_utf8(encode(code, length)) != (is_scalar && length == shortest(code));
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("text cut in the middle of a character is not UTF-8") {
  const std::string text = "eight ASCII bytes and then \xf0\x9f\x90\x99";
  CHECK(is_utf8(text));
  for (size_t cut = 1; cut <= 3; ++cut) CHECK_FALSE(is_utf8(std::string_view(text).substr(0, text.size() - cut)));
}

TEST_CASE("a byte that is not UTF-8 is found wherever it stands among ASCII") {
  for (size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    CHECK(is_utf8(text));
    for (char bad : {'\x80', '\xbf', '\xc0', '\xc1', '\xe1', '\xf5', '\xff'}) {
      text[at] = bad;
      CHECK_FALSE(is_utf8(text));
    }
  }
}

TEST_CASE("the empty text is UTF-8") { CHECK(is_utf8("")); }

}  // namespace
}  // namespace wplug
