// Reads the binary format's values (spec 5.2) from untrusted bytes.
//
// The first error wins and sticks: the reader then stands at its end, so that loops over it stop, and everything read
// is zero. Callers may therefore read several values and look at ok() once, before they use one as a size or an index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "wplug/error.h"

namespace wplug {

class ByteReader {
 public:
  // Reads `bytes`, which outlive the reader; `base` is the offset of their first byte in the module, for errors.
  explicit ByteReader(std::span<const uint8_t> bytes, size_t base = 0)
      : start_(bytes.data()), at_(start_), end_(start_ + bytes.size()), base_(base) {}
  // Reads bytes `begin` to `end` of `module`. An integer that `end` cuts is judged by the bytes that follow, as the
  // spec's tests want it: too long or too large before cut. Nothing else looks past `end`.
  ByteReader(std::span<const uint8_t> module, size_t begin, size_t end)
      : ByteReader(module.subspan(begin, end - begin), begin) {
    beyond_ = module.size() - end;
  }

  bool ok() const { return error_ == nullptr; }
  bool at_end() const { return at_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  // From the start of the module. After an error: where reading ended, not where the error is.
  size_t offset() const { return base_ + static_cast<size_t>(at_ - start_); }

  uint8_t u8() {
    if (at_ == end_) return fail_end();
    return *at_++;
  }
  // The next byte without taking it; zero at the end.
  uint8_t peek() const { return at_ == end_ ? uint8_t{0} : *at_; }

  // LEB128 (spec 5.2.2). One byte is by far the commonest length.
  uint32_t u32() {
    if (at_ != end_ && *at_ < 0x80) return *at_++;
    return static_cast<uint32_t>(unsigned_leb(32));
  }
  uint64_t u64() {
    if (at_ != end_ && *at_ < 0x80) return *at_++;
    return unsigned_leb(64);
  }
  int32_t s32() {
    if (at_ != end_ && *at_ < 0x80) return small_signed(*at_++);
    return static_cast<int32_t>(signed_leb(32));
  }
  int64_t s33() {
    if (at_ != end_ && *at_ < 0x80) return small_signed(*at_++);
    return signed_leb(33);
  }
  int64_t s64() {
    if (at_ != end_ && *at_ < 0x80) return small_signed(*at_++);
    return signed_leb(64);
  }

  // Little-endian bits of a float (spec 5.2.3).
  uint32_t f32_bits() { return static_cast<uint32_t>(fixed(4)); }
  uint64_t f64_bits() { return fixed(8); }

  // `count` bytes; empty when there are fewer.
  std::span<const uint8_t> bytes(size_t count);
  // A length and so many bytes of UTF-8 (spec 5.2.4). Points into the bytes read.
  std::string_view name();
  void skip(size_t count) { (void)bytes(count); }

  // For decoders that read ahead by themselves: the bytes left, and the move past those they have taken (no more than
  // are left).
  const uint8_t* cursor() const { return at_; }
  void move_to(const uint8_t* cursor) { at_ = cursor; }

  // Records an error at `offset` from the start of the module, unless there is one already. False, for `return
  // fail(…)`.
  bool fail_at(size_t offset, std::string message, ErrorKind kind = ErrorKind::malformed);
  bool fail(std::string message, ErrorKind kind = ErrorKind::malformed) {
    return fail_at(offset(), std::move(message), kind);
  }
  // Takes over the error of a reader of a part.
  bool fail(const Error& error) {
    if (error_ == nullptr) error_ = std::make_unique<Error>(error);
    at_ = end_;
    return false;
  }
  // The first error; the caller has checked !ok().
  const Error& error() const { return *error_; }
  // Success, or a copy of the first error.
  Result<void> result() const {
    if (ok()) return {};
    return *error_;
  }

 private:
  static int32_t small_signed(uint8_t byte) { return static_cast<int32_t>(byte ^ 0x40u) - 0x40; }
  uint8_t fail_end();
  uint64_t unsigned_leb(unsigned bits);
  int64_t signed_leb(unsigned bits);
  template <class Integer>
  Integer fail_cut(size_t begin, unsigned bits);
  uint64_t fixed(size_t size);

  const uint8_t* start_;
  const uint8_t* at_;
  const uint8_t* end_;
  size_t base_;
  size_t beyond_ = 0;
  std::unique_ptr<Error> error_;
};

}  // namespace wplug
