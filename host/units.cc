#include "host/units.h"

#include <array>
#include <limits>

namespace wplug {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array kSizeUnits = {
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"K", uint64_t{1} << 10},
    Unit{"KiB", uint64_t{1} << 10},
    Unit{"M", uint64_t{1} << 20},
    Unit{"MiB", uint64_t{1} << 20},
    Unit{"G", uint64_t{1} << 30},
    Unit{"GiB", uint64_t{1} << 30},
    Unit{"pages", uint64_t{1} << 16},
};

constexpr std::array kDurationUnits = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60 * uint64_t{1'000'000'000}},
    Unit{"h", 3600 * uint64_t{1'000'000'000}},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Error complaint(std::string_view text, std::string_view what) {
  return Error(ErrorKind::misuse, "\"" + std::string(text) + "\" " + std::string(what));
}

// Number and unit; the unit starts at the first character that is neither a digit nor an underscore.
template <size_t N>
Result<uint64_t> parse_with_unit(std::string_view text, const std::array<Unit, N>& units, std::string_view expected) {
  size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '_')) ++end;
  auto number = parse_count(text.substr(0, end));
  if (!number.ok()) return complaint(text, expected);
  for (const Unit& unit : units) {
    if (text.substr(end) != unit.name) continue;
    if (*number > std::numeric_limits<uint64_t>::max() / unit.factor) return complaint(text, "is too large");
    return *number * unit.factor;
  }
  return complaint(text, expected);
}

// The number in the largest unit that divides it; names in rising order.
template <size_t N>
std::string format_exact(uint64_t value, const std::array<Unit, N>& units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) best = &unit;
  }
  return std::to_string(value / best->factor) + std::string(best->name);
}

}  // namespace

Result<uint64_t> parse_count(std::string_view text) {
  constexpr std::string_view kExpected = "is not a number such as 10_000";
  if (text.empty() || text.front() == '_' || text.back() == '_') return complaint(text, kExpected);
  uint64_t value = 0;
  char last = '0';
  for (char c : text) {
    if (c == '_' && last == '_') return complaint(text, kExpected);
    last = c;
    if (c == '_') continue;
    if (!is_digit(c)) return complaint(text, kExpected);
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (std::numeric_limits<uint64_t>::max() - digit) / 10) return complaint(text, "is too large");
    value = value * 10 + digit;
  }
  return value;
}

Result<uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizeUnits, "is not a size such as 64KiB, 1MiB, 2GiB or 16pages");
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  auto value = parse_with_unit(text, kDurationUnits, "is not a duration such as 50ms, 2s or 1m");
  if (!value.ok()) return std::move(value).error();
  // A year is longer than any call, and clock arithmetic with it cannot overflow.
  constexpr uint64_t kYear = 366 * 24 * 3600 * uint64_t{1'000'000'000};
  if (*value > kYear) return complaint(text, "is too large: at most 366 days");
  return std::chrono::nanoseconds(static_cast<int64_t>(*value));
}

std::string format_size(uint64_t bytes) {
  constexpr std::array kUnits = {Unit{" bytes", 1}, Unit{"KiB", uint64_t{1} << 10}, Unit{"MiB", uint64_t{1} << 20},
                                 Unit{"GiB", uint64_t{1} << 30}};
  return bytes == 0 ? "0 bytes" : format_exact(bytes, kUnits);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  constexpr std::array kUnits = {Unit{"ns", 1}, Unit{"us", 1'000}, Unit{"ms", 1'000'000}, Unit{"s", 1'000'000'000}};
  return duration.count() <= 0 ? "0s" : format_exact(static_cast<uint64_t>(duration.count()), kUnits);
}

std::string format_count(uint64_t count) {
  std::string digits = std::to_string(count);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

}  // namespace wplug
