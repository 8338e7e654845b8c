// How wide the access of a load, store or atomic is: its natural alignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wplug {

namespace detail {

// The decimal number in `text` at `at`; 0 when there is none.
constexpr uint32_t number_at(std::string_view text, size_t at) {
  uint32_t number = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    number = number * 10 + static_cast<uint32_t>(text[at] - '0');
  }
  return number;
}

}  // namespace detail

// The name of an access says its width: "i32.load8_s" 8 bits, "i64.store" 64, "v128.load8x8_s" 8 times 8,
// "i32.atomic.rmw16.add_u" 16, "memory.atomic.wait64" 64, "memory.atomic.notify" 32.
constexpr uint8_t access_log2(std::string_view text) {
  uint32_t bits = detail::number_at(text, 1);
  if (text == "memory.atomic.notify") bits = 32;
  for (std::string_view word : {"load", "store", "rmw", "wait"}) {
    const size_t at = text.find(word);
    if (at == std::string_view::npos) continue;
    const uint32_t narrow = detail::number_at(text, at + word.size());
    if (narrow == 0) continue;
    bits = narrow;
    const size_t times = text.find('x', at);
    if (text[0] == 'v' && times != std::string_view::npos) bits *= detail::number_at(text, times + 1);
  }
  uint8_t log2 = 0;
  while ((8u << log2) < bits) ++log2;
  return log2;
}

}  // namespace wplug
