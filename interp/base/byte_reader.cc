#include "interp/base/byte_reader.h"

#include <type_traits>

#include "interp/base/concat.h"
#include "interp/base/utf8.h"

namespace wplug {

bool ByteReader::fail_at(size_t offset, std::string message, ErrorKind kind) {
  if (error_ == nullptr) error_ = std::make_unique<Error>(kind, std::move(message), offset);
  at_ = end_;
  return false;
}

uint8_t ByteReader::fail_end() {
  fail("unexpected end of section or function");
  return 0;
}

// An integer of `bits` bits from `begin` on is cut by the end.
template <class Integer>
Integer ByteReader::fail_cut(size_t begin, unsigned bits) {
  if (beyond_ == 0) return fail_end();
  const uint8_t* first = start_ + (begin - base_);
  ByteReader whole({first, static_cast<size_t>(end_ - first) + beyond_}, begin);
  if constexpr (std::is_signed_v<Integer>) {
    (void)whole.signed_leb(bits);
  } else {
    (void)whole.unsigned_leb(bits);
  }
  if (whole.ok()) return fail_end();
  fail(whole.error());
  return 0;
}

// Takes the groups of seven bits of an integer of `bits` bits: at most ceil(bits / 7) bytes, and the bits of the last
// one that do not fit must be zero.
uint64_t ByteReader::unsigned_leb(unsigned bits) {
  const size_t begin = offset();
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (at_ == end_) return fail_cut<uint64_t>(begin, bits);
    const uint8_t byte = *at_++;
    value |= uint64_t{byte & 0x7fu} << shift;
    if (bits - shift <= 7) {
      if ((byte & 0x80) != 0) return fail_at(begin, "integer representation too long");
      if ((byte >> (bits - shift)) != 0) return fail_at(begin, "integer too large");
      return value;
    }
    if ((byte & 0x80) == 0) return value;
  }
}

// The same for signed integers: the last byte's bits that do not fit must equal the sign bit.
int64_t ByteReader::signed_leb(unsigned bits) {
  const size_t begin = offset();
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (at_ == end_) return fail_cut<int64_t>(begin, bits);
    const uint8_t byte = *at_++;
    value |= uint64_t{byte & 0x7fu} << shift;
    const bool last = bits - shift <= 7;
    if (last) {
      if ((byte & 0x80) != 0) return fail_at(begin, "integer representation too long");
      const unsigned above = bits - shift - 1;  // the sign bit and what is above it must be equal
      const unsigned signs = (byte & 0x7fu) >> above;
      if (signs != 0 && signs != 0x7fu >> above) return fail_at(begin, "integer too large");
    }
    if (last || (byte & 0x80) == 0) {
      const unsigned used = shift + 7;
      if (used < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << used;
      return static_cast<int64_t>(value);
    }
  }
}

uint64_t ByteReader::fixed(size_t size) {
  const std::span<const uint8_t> source = bytes(size);
  uint64_t value = 0;
  for (size_t i = source.size(); i-- > 0;) value = value << 8 | source[i];
  return value;
}

std::span<const uint8_t> ByteReader::bytes(size_t count) {
  if (count > remaining()) {
    fail(concat("unexpected end of section or function: ", count, " bytes wanted, ", remaining(), " left"));
    return {};
  }
  const std::span<const uint8_t> taken(at_, count);
  at_ += count;
  return taken;
}

std::string_view ByteReader::name() {
  const size_t begin = offset();
  const uint32_t length = u32();
  if (length > remaining()) {
    fail_at(begin, concat("length out of bounds: name of ", length, " bytes, ", remaining(), " left"));
    return {};
  }
  const std::span<const uint8_t> text = bytes(length);
  const std::string_view name(reinterpret_cast<const char*>(text.data()), text.size());
  if (!is_utf8(name)) {
    fail_at(begin, "malformed UTF-8 encoding");
    return {};
  }
  return name;
}

}  // namespace wplug
