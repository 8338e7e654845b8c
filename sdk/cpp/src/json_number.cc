// Numbers compared as the decimals they are written as. Plugins see amounts, identifiers and limits as text; going through
// a double would call 9007199254740993 and 9007199254740992 equal, and would pull 20 KiB of conversion into a plugin.
#include <algorithm>

#include "wplug_sdk/json.h"

namespace wplug::json {
namespace {

constexpr int64_t kMaxExponent = 100'000'000'000'000'000;  // beyond it all exponents count as the same

// 0.d₀d₁d₂… × 10^point with d₀ ≠ 0, or zero. Digits are those of `whole` and then `fraction`, from `first` on.
struct Decimal {
  bool negative = false;
  bool zero = true;
  std::string_view whole;
  std::string_view fraction;
  size_t first = 0;
  int64_t point = 0;

  size_t digits() const { return whole.size() + fraction.size(); }
  char digit(size_t i) const {
    return i < whole.size() ? whole[i] : i < digits() ? fraction[i - whole.size()] : '0';
  }
};

int64_t read_exponent(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  int64_t value = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      value = std::min(value * 10 + (c - '0'), kMaxExponent);
    }
  }
  return negative ? -value : value;
}

Decimal read_decimal(std::string_view text) {
  Decimal decimal;
  decimal.negative = !text.empty() && text.front() == '-';
  text.remove_prefix(decimal.negative ? 1 : 0);
  const size_t e = text.find_first_of("eE");
  const int64_t exponent = e == std::string_view::npos ? 0 : read_exponent(text.substr(e + 1));
  const std::string_view mantissa = text.substr(0, e);
  const size_t dot = mantissa.find('.');
  decimal.whole = mantissa.substr(0, dot);
  decimal.fraction = dot == std::string_view::npos ? std::string_view() : mantissa.substr(dot + 1);
  while (decimal.first < decimal.digits() && decimal.digit(decimal.first) == '0') {
    ++decimal.first;
  }
  decimal.zero = decimal.first == decimal.digits();
  decimal.point = static_cast<int64_t>(decimal.whole.size()) - static_cast<int64_t>(decimal.first) + exponent;
  return decimal;
}

int compare_magnitudes(const Decimal& a, const Decimal& b) {
  if (a.point != b.point) {
    return a.point < b.point ? -1 : 1;
  }
  const size_t count = std::max(a.digits() - a.first, b.digits() - b.first);
  for (size_t i = 0; i < count; ++i) {
    const int difference = a.digit(a.first + i) - b.digit(b.first + i);
    if (difference != 0) {
      return difference;
    }
  }
  return 0;
}

int sign(const Decimal& decimal) { return decimal.zero ? 0 : decimal.negative ? -1 : 1; }

}  // namespace

int compare_numbers(Value a, Value b) {
  const Decimal left = read_decimal(a.text());
  const Decimal right = read_decimal(b.text());
  if (sign(left) != sign(right) || left.zero) {
    return sign(left) - sign(right);
  }
  const int magnitude = compare_magnitudes(left, right);
  return left.negative ? -magnitude : magnitude;
}

}  // namespace wplug::json
