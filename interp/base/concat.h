// Messages from parts, with the standard library of g++ 12 only.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wplug {

// A number in hexadecimal, without prefix and with at least two digits, as the spec writes bytes ("ff", "0113").
struct Hex {
  uint64_t value;
};

namespace detail {

inline void append(std::string& out, std::string_view text) { out += text; }
inline void append(std::string& out, std::integral auto number) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}
inline void append(std::string& out, Hex number) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, number.value, 16).ptr;
  if ((end - digits) % 2 != 0) out += '0';
  out.append(digits, end);
}

}  // namespace detail

// The parts one after the other: texts, integers in decimal, Hex.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

}  // namespace wplug
