// Bytes of the binary format (spec 5.2).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "interp/wasm/opcode.h"

namespace wplug::fuzz {

class ByteWriter {
 public:
  void u8(uint32_t byte) { bytes_.push_back(static_cast<uint8_t>(byte)); }
  void u(uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<uint8_t>(value) | 0x80u);
    u8(static_cast<uint32_t>(value));
  }
  void s(int64_t value) {
    for (;;) {
      const auto low = static_cast<uint32_t>(value & 0x7f);
      value >>= 7;
      const bool is_last = (value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0);
      u8(is_last ? low : low | 0x80);
      if (is_last) return;
    }
  }
  // `size` bytes, the lowest first.
  void little(uint64_t value, int size) {
    for (int i = 0; i < size; ++i, value >>= 8) u8(value & 0xff);
  }
  void name(std::string_view text) {
    u(text.size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  void append(const std::vector<uint8_t>& bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void op(Op op) {
    const OpRow row = info(op);
    if (row.prefix == 0) return u8(row.code);
    u8(row.prefix);
    u(row.code);
  }

  size_t size() const { return bytes_.size(); }
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace wplug::fuzz
