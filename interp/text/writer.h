// Writes the binary format's values (spec 5.2). Bytes are kept in strings, which are good keys and easy to add to each
// other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wplug::text {

using Bytes = std::string;

inline void put_u8(Bytes& out, unsigned value) { out += static_cast<char>(value); }

inline void put_u64(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) put_u8(out, static_cast<unsigned>(value & 0x7f) | 0x80);
  put_u8(out, static_cast<unsigned>(value));
}
inline void put_u32(Bytes& out, uint32_t value) { put_u64(out, value); }

inline void put_s64(Bytes& out, int64_t value) {
  for (;;) {
    const auto low = static_cast<unsigned>(value & 0x7f);
    value >>= 7;
    if (value == ((low & 0x40) != 0 ? -1 : 0)) return put_u8(out, low);
    put_u8(out, low | 0x80);
  }
}

// Little-endian.
inline void put_fixed(Bytes& out, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i) put_u8(out, static_cast<unsigned>(value >> (8 * i)) & 0xff);
}

inline void put_bytes(Bytes& out, std::string_view bytes) {
  put_u64(out, bytes.size());
  out += bytes;
}

}  // namespace wplug::text
