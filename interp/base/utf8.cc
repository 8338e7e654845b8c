#include "interp/base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wplug {

namespace {

// What may follow a lead byte (Unicode 15, table 3-7): the number of continuation bytes, and the range of the first
// one, which is where overlong forms, surrogates and code points past U+10FFFF are kept out.
struct Sequence {
  uint8_t continuations;  // 0: not a lead byte
  uint8_t first_low;
  uint8_t first_high;
};

constexpr Sequence sequence_of(uint8_t lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return {1, 0x80, 0xbf};
  if (lead == 0xe0) return {2, 0xa0, 0xbf};
  if (lead == 0xed) return {2, 0x80, 0x9f};
  if (lead >= 0xe1 && lead <= 0xef) return {2, 0x80, 0xbf};
  if (lead == 0xf0) return {3, 0x90, 0xbf};
  if (lead >= 0xf1 && lead <= 0xf3) return {3, 0x80, 0xbf};
  if (lead == 0xf4) return {3, 0x80, 0x8f};
  return {0, 0, 0};
}

constexpr bool is_continuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// Length of the ASCII prefix, found eight bytes at a time.
size_t ascii_prefix(const char* text, size_t size) {
  size_t at = 0;
  for (; size - at >= 8; at += 8) {
    uint64_t word;
    std::memcpy(&word, text + at, 8);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (at < size && static_cast<uint8_t>(text[at]) < 0x80) ++at;
  return at;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (true) {
    text.remove_prefix(ascii_prefix(text.data(), text.size()));
    if (text.empty()) return true;
    const Sequence sequence = sequence_of(static_cast<uint8_t>(text[0]));
    if (sequence.continuations == 0 || text.size() <= sequence.continuations) return false;
    const auto first = static_cast<uint8_t>(text[1]);
    if (first < sequence.first_low || first > sequence.first_high) return false;
    for (size_t i = 2; i <= sequence.continuations; ++i) {
      if (!is_continuation(static_cast<uint8_t>(text[i]))) return false;
    }
    text.remove_prefix(size_t{1} + sequence.continuations);
  }
}

}  // namespace wplug
