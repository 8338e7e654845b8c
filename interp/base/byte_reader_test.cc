#include "interp/base/byte_reader.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "interp/base/concat.h"

namespace wplug {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes unsigned_leb(uint64_t value, size_t padding = 0) {
  Bytes bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<uint8_t>(value | 0x80));
  bytes.push_back(static_cast<uint8_t>(value));
  for (; padding > 0; --padding) {
    bytes.back() |= 0x80;
    bytes.push_back(0);
  }
  return bytes;
}

Bytes signed_leb(int64_t value, size_t padding = 0) {
  Bytes bytes;
  while (value < -64 || value > 63) {
    bytes.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<uint8_t>(value & 0x7f));
  for (; padding > 0; --padding) {
    const uint8_t fill = value < 0 ? 0x7f : 0x00;
    bytes.back() |= 0x80;
    bytes.push_back(fill);
  }
  return bytes;
}

// What `read` gives of `bytes`, or the error and its offset.
template <class Integer>
std::string read(const Bytes& bytes, Integer (ByteReader::*member)()) {
  ByteReader reader(bytes);
  const Integer value = (reader.*member)();
  if (reader.ok()) return concat(value, reader.at_end() ? "" : " and more");
  CHECK(value == 0);
  return concat(reader.error().message(), " @", *reader.error().offset());
}

TEST_CASE("unsigned integers come back from every length their type allows") {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const uint64_t high = uint64_t{1} << bit;
    for (uint64_t value : {high, high - 1, high | 1, high | (high >> 1)}) {
      for (size_t padding = 0; unsigned_leb(value, padding).size() <= 10; ++padding) {
        CHECK(read(unsigned_leb(value, padding), &ByteReader::u64) == std::to_string(value));
        if (value <= UINT32_MAX && unsigned_leb(value, padding).size() <= 5) {
          CHECK(read(unsigned_leb(value, padding), &ByteReader::u32) == std::to_string(value));
        }
      }
    }
  }
}

TEST_CASE("signed integers come back from every length their type allows") {
  for (unsigned bit = 0; bit < 63; ++bit) {
    const int64_t high = int64_t{1} << bit;
    for (int64_t value : {high, high - 1, -high, -high - 1, ~(high | (high >> 1))}) {
      for (size_t padding = 0; signed_leb(value, padding).size() <= 10; ++padding) {
        const Bytes bytes = signed_leb(value, padding);
        CHECK(read(bytes, &ByteReader::s64) == std::to_string(value));
        if (bytes.size() > 5) continue;
        if (value >= INT32_MIN && value <= INT32_MAX) CHECK(read(bytes, &ByteReader::s32) == std::to_string(value));
        if (value >= -(int64_t{1} << 32) && value < int64_t{1} << 32) {
          CHECK(read(bytes, &ByteReader::s33) == std::to_string(value));
        }
      }
    }
  }
  CHECK(read(signed_leb(INT64_MIN), &ByteReader::s64) == std::to_string(INT64_MIN));
  CHECK(read(signed_leb(INT64_MAX), &ByteReader::s64) == std::to_string(INT64_MAX));
}

TEST_CASE("an integer of one byte too many is too long") {
  const std::string too_long = "integer representation too long @0";
  CHECK(read({0x82, 0x80, 0x80, 0x80, 0x80, 0x00}, &ByteReader::u32) == too_long);
  CHECK(read({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, &ByteReader::s32) == too_long);
  CHECK(read({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, &ByteReader::s32) == too_long);
  CHECK(read({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, &ByteReader::s33) == too_long);
  CHECK(read({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, &ByteReader::u64) == too_long);
  CHECK(read({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, &ByteReader::s64) == too_long);
}

TEST_CASE("the bits of the last byte that do not fit decide whether an integer is too large") {
  const std::string too_large = "integer too large @0";
  for (unsigned last = 0; last < 0x80; ++last) {
    const auto byte = static_cast<uint8_t>(last);
    const Bytes five = {0x80, 0x80, 0x80, 0x80, byte};
    CHECK((read(five, &ByteReader::u32) == too_large) == (last > 0x0f));
    CHECK((read(five, &ByteReader::s32) == too_large) == (last > 0x07 && last < 0x78));
    CHECK((read(five, &ByteReader::s33) == too_large) == (last > 0x0f && last < 0x70));
    const Bytes ten = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, byte};
    CHECK((read(ten, &ByteReader::u64) == too_large) == (last > 1));
    CHECK((read(ten, &ByteReader::s64) == too_large) == (last != 0 && last != 0x7f));
  }
}

TEST_CASE("an integer cut short is an unexpected end, and the bytes past the end never decide its value") {
  CHECK(read({}, &ByteReader::u32) == "unexpected end of section or function @0");
  CHECK(read({0x80}, &ByteReader::u32) == "unexpected end of section or function @1");
  CHECK(read({0xff, 0xff}, &ByteReader::s64) == "unexpected end of section or function @2");
  const Bytes module = {0x00, 0x80, 0x80, 0x01};
  ByteReader reader(module, 1, 3);
  CHECK(reader.u32() == 0);
  REQUIRE_FALSE(reader.ok());
  CHECK(reader.error().message() == "unexpected end of section or function");
  CHECK(reader.error().offset() == 3u);
}

TEST_CASE("an integer that the end cuts is too long or too large where the bytes that follow make it so") {
  const Bytes too_long = {0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
  const Bytes too_large = {0x80, 0x80, 0x80, 0x80, 0x10};
  ByteReader first(too_long, 0, 3);
  CHECK(first.u32() == 0);
  CHECK(first.error().message() == "integer representation too long");
  CHECK(first.at_end());
  ByteReader second(too_large, 0, 4);
  CHECK(second.u32() == 0);
  CHECK(second.error().message() == "integer too large");
  ByteReader third(too_large, 0, 4);
  CHECK(third.s32() == 0);
  CHECK(third.error().message() == "integer too large");
}

TEST_CASE("floats are their bits in little-endian order") {
  const Bytes bytes = {0x00, 0x00, 0x80, 0x3f, 0x18, 0x2d, 0x44, 0x54, 0xfb, 0x21, 0x09, 0x40};
  ByteReader reader(bytes);
  CHECK(reader.f32_bits() == 0x3f800000);
  CHECK(reader.f64_bits() == 0x400921fb54442d18);
  CHECK(reader.at_end());
}

TEST_CASE("names are a length and UTF-8, and point into the bytes") {
  const Bytes good = {3, 'a', 'b', 'c', 0};
  ByteReader reader(good);
  const std::string_view name = reader.name();
  CHECK(name == "abc");
  CHECK(static_cast<const void*>(name.data()) == good.data() + 1);
  CHECK(reader.name().empty());
  CHECK(reader.ok());

  const Bytes short_of_bytes = {9, 'a'};
  ByteReader cut(short_of_bytes, 100);
  CHECK(cut.name().empty());
  CHECK(cut.error().message() == "length out of bounds: name of 9 bytes, 1 left");
  CHECK(cut.error().offset() == 100u);

  const Bytes not_text = {2, 0xc3, 0x28};
  ByteReader wrong(not_text);
  CHECK(wrong.name().empty());
  CHECK(wrong.error().message() == "malformed UTF-8 encoding");
}

TEST_CASE("the first error stays, and everything read after it is zero") {
  const Bytes bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  ByteReader reader(bytes, 50);
  CHECK(reader.u8() == 1);
  CHECK_FALSE(reader.fail("first"));
  CHECK_FALSE(reader.fail_at(7, "second", ErrorKind::limit));
  CHECK(reader.u8() == 0);
  CHECK(reader.u32() == 0);
  CHECK(reader.s64() == 0);
  CHECK(reader.f64_bits() == 0);
  CHECK(reader.bytes(3).empty());
  CHECK(reader.name().empty());
  CHECK(reader.at_end());
  CHECK(reader.error().message() == "first");
  CHECK(reader.error().kind() == ErrorKind::malformed);
  CHECK(reader.error().offset() == 51u);
  CHECK_FALSE(reader.result().ok());
}

TEST_CASE("more bytes than there are is an error that says both numbers") {
  const Bytes bytes = {1, 2, 3};
  ByteReader reader(bytes);
  reader.skip(1);
  CHECK(reader.offset() == 1);
  CHECK(reader.remaining() == 2);
  CHECK(reader.peek() == 2);
  CHECK(reader.bytes(std::numeric_limits<size_t>::max()).empty());
  CHECK(reader.error().message() ==
        concat("unexpected end of section or function: ", std::numeric_limits<size_t>::max(), " bytes wanted, 2 left"));
}

TEST_CASE("messages take texts, numbers and hexadecimal bytes") {
  CHECK(concat("a ", 1, " b ", -2, " c ", Hex{0xff}, " d ", Hex{0x5}, " e ", Hex{0x113}) ==
        "a 1 b -2 c ff d 05 e 0113");
  CHECK(concat(UINT64_MAX, " ", INT64_MIN) == "18446744073709551615 -9223372036854775808");
  CHECK(concat().empty());
}

}  // namespace
}  // namespace wplug
