#include "interp/text/numbers.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

namespace wplug::text {
namespace {

uint32_t f32(std::string_view text) {
  uint32_t bits = 0xdeadbeef;
  REQUIRE(parse_f32(text, bits));
  return bits;
}

uint64_t f64(std::string_view text) {
  uint64_t bits = 0xdeadbeef;
  REQUIRE(parse_f64(text, bits));
  return bits;
}

TEST_CASE("numbers are told from words") {
  for (const char* text : {"0", "10", "1_000", "0x0", "0xAf_1"}) CHECK(classify_number(text) == TokenKind::natural);
  for (const char* text : {"+1", "-0x1f"}) CHECK(classify_number(text) == TokenKind::integer);
  for (const char* text : {"1.", "1.5", "1e3", "-1E+3", "0x1.8p-3", "0x1p3", "inf", "-nan", "nan:0x1", "1_0.0_1e1_0"}) {
    CHECK(classify_number(text) == TokenKind::floating);
  }
  for (const char* text : {"", "+", "_1", "1_", "1__0", "0x", "0x_1", "1.5.", ".5", "1e", "0x1e+", "1.e_1", "nan:1",
                           "infinity", "nan:0x", "1p3", "0x1e3p", "1._5"}) {
    CHECK_MESSAGE(classify_number(text) == TokenKind::bad, text);
  }
}

TEST_CASE("integers have the range of both signs") {
  uint64_t value = 0;
  CHECK(parse_integer("4294967295", 32, value));
  CHECK(value == 0xffffffff);
  CHECK(parse_integer("-2147483648", 32, value));
  CHECK(value == 0x80000000);
  CHECK_FALSE(parse_integer("4294967296", 32, value));
  CHECK_FALSE(parse_integer("-2147483649", 32, value));
  CHECK(parse_integer("-0x8000_0000_0000_0000", 64, value));
  CHECK(value == uint64_t{1} << 63);
  CHECK_FALSE(parse_integer("18446744073709551616", 64, value));
}

TEST_CASE("floats round to the nearest, ties to even") {
  CHECK(f32("1") == 0x3f800000);
  CHECK(f32("-0") == 0x80000000);
  CHECK(f32("0x1.000001p0") == 0x3f800000);  // a tie, down to even
  CHECK(f32("0x1.000003p0") == 0x3f800002);  // a tie, up to even
  CHECK(f32("0x1.0000010000000000000000001p0") == 0x3f800001);
  CHECK(f32("0x1p-149") == 1);
  CHECK(f32("0x1p-150") == 0);
  CHECK(f32("0x1.000001p-150") == 1);
  CHECK(f32("0x0.ffffffp-126") == 0x007fffff + 1);
  CHECK(f32("0x1.fffffep127") == 0x7f7fffff);
  CHECK(f32("1e-60") == 0);
  CHECK(f32("340282356779733661637539395458142568447") == 0x7f7fffff);
  CHECK(f64("0x1.fffffffffffffp1023") == 0x7fefffffffffffff);
  CHECK(f64("4.9406564584124654e-324") == 1);
  CHECK(f64("0x0p99999999999999999999") == 0);
  CHECK(f64("1e-99999999999999999999") == 0);
  CHECK(f64("0." + std::string(400, '0') + "1e401") == 0x3ff0000000000000);
  uint32_t narrow = 0;
  uint64_t wide = 0;
  CHECK_FALSE(parse_f32("0x1.ffffffp127", narrow));
  CHECK_FALSE(parse_f32("340282356779733661637539395458142568448", narrow));
  CHECK_FALSE(parse_f64("0x1p1024", wide));
  CHECK_FALSE(parse_f64("1e309", wide));
  CHECK_FALSE(parse_f64("1e99999999999999999999", wide));
}

TEST_CASE("hexadecimal floats are those of the C library") {
  uint64_t state = 12345;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const std::string digits = "0x" + std::to_string(state >> 40) + "." + std::to_string(state & 0xffffffffffff) + "p" +
                               std::to_string(static_cast<int>(state >> 33 & 0x7ff) - 1150);
    const double expected = std::strtod(digits.c_str(), nullptr);
    uint64_t bits = 0;
    CHECK(parse_f64(digits, bits) == !std::isinf(expected));
    if (!std::isinf(expected)) CHECK_MESSAGE(bits == std::bit_cast<uint64_t>(expected), digits);
    const float narrow = std::strtof(digits.c_str(), nullptr);
    uint32_t narrow_bits = 0;
    CHECK(parse_f32(digits, narrow_bits) == !std::isinf(narrow));
    if (!std::isinf(narrow)) CHECK_MESSAGE(narrow_bits == std::bit_cast<uint32_t>(narrow), digits);
  }
}

TEST_CASE("a NaN's payload must fit and not be zero") {
  CHECK(f32("nan") == 0x7fc00000);
  CHECK(f32("-nan:0x1") == 0xff800001);
  CHECK(f64("nan:0xfffffffffffff") == 0x7fffffffffffffff);
  uint32_t bits = 0;
  CHECK_FALSE(parse_f32("nan:0x0", bits));
  CHECK_FALSE(parse_f32("nan:0x800000", bits));
}

}  // namespace
}  // namespace wplug::text
