#include "interp/text/numbers.h"

#include <bit>
#include <charconv>
#include <cstddef>
#include <string>
#include <system_error>

namespace wplug::text {

namespace {

constexpr int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// Takes digits with single underscores between them. False: there is no digit, or an underscore is misplaced.
bool skip_digits(std::string_view& text, int base) {
  size_t at = 0;
  bool after_digit = false;
  for (; at < text.size(); ++at) {
    const bool is_digit = digit_value(text[at]) < base;
    if (!is_digit && !(text[at] == '_' && after_digit)) break;
    after_digit = is_digit;
  }
  text.remove_prefix(at);
  return after_digit;
}

bool skip_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  text.remove_prefix(1);
  return true;
}

bool skip_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool skip_exponent(std::string_view& text, char letter) {
  if (text.empty() || (text[0] | 0x20) != letter) return true;
  text.remove_prefix(1);
  skip_sign(text);
  return skip_digits(text, 10);
}

// A float as significand × 2^exponent or × 10^exponent, from its digits.
struct FloatFormat {
  int significand_bits;  // with the implicit one
  int exponent_bits;
};
constexpr FloatFormat kF32{24, 8};
constexpr FloatFormat kF64{53, 11};

// Exponents beyond this are all the same: no literal that fits in memory has digits enough to come back from there.
constexpr int64_t kFarExponent = int64_t{1} << 40;

int64_t parse_exponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  skip_sign(text);
  int64_t value = 0;
  for (char c : text) {
    if (c == '_') continue;
    value = value * 10 + digit_value(c);
    if (value > kFarExponent) value = kFarExponent;
  }
  return negative ? -value : value;
}

// Rounds significand × 2^exponent (with `sticky` for ones below it) to the format. False: too large.
bool round_to(uint64_t significand, bool sticky, int64_t exponent, FloatFormat format, uint64_t& bits) {
  if (significand == 0) {  // leading digits are never dropped, so nothing is below it either
    bits = 0;
    return true;
  }
  const int shift_up = std::countl_zero(significand);
  significand <<= shift_up;
  exponent -= shift_up;
  // The value is 1.f × 2^power now.
  int64_t power = exponent + 63;
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  const int64_t least = 1 - bias;
  int drop = 64 - format.significand_bits;
  if (power < least) {  // subnormal: fewer bits remain
    const int64_t more = least - power;
    drop = more > 64 ? 128 : drop + static_cast<int>(more);
    power = least;
  }
  uint64_t kept = 0;
  if (drop < 64) {
    kept = significand >> drop;
    const uint64_t rest = significand << (64 - drop);
    const uint64_t half = uint64_t{1} << 63;
    if (rest > half || (rest == half && (sticky || (kept & 1) != 0))) ++kept;
  } else if (drop == 64) {
    const uint64_t half = uint64_t{1} << 63;
    if (significand > half || sticky) ++kept;
  }
  const uint64_t implicit_one = uint64_t{1} << (format.significand_bits - 1);
  if (kept >= implicit_one << 1) {
    kept >>= 1;
    ++power;
  }
  if (power > bias) return false;
  const uint64_t biased = kept >= implicit_one ? static_cast<uint64_t>(power + bias) : 0;
  bits = biased << (format.significand_bits - 1) | (kept & (implicit_one - 1));
  return true;
}

bool parse_hex_float(std::string_view text, FloatFormat format, uint64_t& bits) {
  uint64_t significand = 0;
  bool sticky = false, past_point = false;
  int64_t exponent = 0;
  size_t at = 0;
  for (; at < text.size() && (text[at] | 0x20) != 'p'; ++at) {
    if (text[at] == '_') continue;
    if (text[at] == '.') {
      past_point = true;
      continue;
    }
    const auto digit = static_cast<uint64_t>(digit_value(text[at]));
    if (past_point) exponent -= 4;
    if (significand >> 60 == 0) {
      significand = significand << 4 | digit;
    } else {
      sticky = sticky || digit != 0;
      exponent += 4;
    }
  }
  if (at < text.size()) exponent += parse_exponent(text.substr(at + 1));
  return round_to(significand, sticky, exponent, format, bits);
}

// Whether a decimal literal that no float is near is too small rather than too large.
bool is_tiny(std::string_view digits) {
  int64_t power = 0;
  bool past_point = false, seen = false;
  size_t at = 0;
  for (; at < digits.size() && (digits[at] | 0x20) != 'e'; ++at) {
    if (digits[at] == '.') {
      past_point = true;
    } else {
      seen = seen || digits[at] != '0';
      if (seen && !past_point) ++power;
      if (!seen && past_point) --power;
    }
  }
  if (!seen) return true;
  if (at < digits.size()) power += parse_exponent(digits.substr(at + 1));
  return power < 0;
}

template <class Float, class Bits>
bool parse_decimal(std::string_view text, Bits& bits) {
  std::string digits;
  digits.reserve(text.size());
  for (char c : text) {
    if (c != '_') digits += c;
  }
  Float value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failure == std::errc::result_out_of_range) {
    if (!is_tiny(digits)) return false;
    value = 0;
  }
  bits = std::bit_cast<Bits>(value);
  return bits != std::bit_cast<Bits>(static_cast<Float>(__builtin_inf()));
}

template <class Float, class Bits>
bool parse_float(std::string_view text, FloatFormat format, Bits& bits) {
  const bool negative = text.starts_with('-');
  skip_sign(text);
  const int fraction_bits = format.significand_bits - 1;
  const Bits infinity = ((Bits{1} << format.exponent_bits) - 1) << fraction_bits;
  const Bits sign = negative ? Bits{1} << (fraction_bits + format.exponent_bits) : Bits{0};
  uint64_t magnitude = 0;
  if (text == "inf") {
    magnitude = infinity;
  } else if (text == "nan") {
    magnitude = infinity | Bits{1} << (fraction_bits - 1);
  } else if (skip_prefix(text, "nan:")) {
    uint64_t payload = 0;
    if (!parse_natural(text, payload) || payload == 0 || payload >> fraction_bits != 0) return false;
    magnitude = infinity | payload;
  } else if (skip_prefix(text, "0x")) {
    if (!parse_hex_float(text, format, magnitude)) return false;
  } else {
    Bits decimal = 0;
    if (!parse_decimal<Float>(text, decimal)) return false;
    magnitude = decimal;
  }
  bits = static_cast<Bits>(magnitude) | sign;
  return true;
}

}  // namespace

TokenKind classify_number(std::string_view text) {
  const bool is_signed = skip_sign(text);
  if (text == "inf" || text == "nan") return TokenKind::floating;
  if (skip_prefix(text, "nan:0x")) {
    return skip_digits(text, 16) && text.empty() ? TokenKind::floating : TokenKind::bad;
  }
  const bool is_hex = skip_prefix(text, "0x");
  const int base = is_hex ? 16 : 10;
  if (!skip_digits(text, base)) return TokenKind::bad;
  if (text.empty()) return is_signed ? TokenKind::integer : TokenKind::natural;
  if (skip_prefix(text, ".") && !text.empty() && digit_value(text[0]) < base && !skip_digits(text, base)) {
    return TokenKind::bad;
  }
  return skip_exponent(text, is_hex ? 'p' : 'e') && text.empty() ? TokenKind::floating : TokenKind::bad;
}

bool parse_natural(std::string_view text, uint64_t& value) {
  const int base = skip_prefix(text, "0x") ? 16 : 10;
  value = 0;
  for (char c : text) {
    if (c == '_') continue;
    const auto digit = static_cast<uint64_t>(digit_value(c));
    if (value > (UINT64_MAX - digit) / static_cast<uint64_t>(base)) return false;
    value = value * static_cast<uint64_t>(base) + digit;
  }
  return true;
}

bool parse_integer(std::string_view text, unsigned bits, uint64_t& value) {
  const bool negative = text.starts_with('-');
  skip_sign(text);
  uint64_t magnitude = 0;
  if (!parse_natural(text, magnitude)) return false;
  const uint64_t sign = uint64_t{1} << (bits - 1);
  const uint64_t mask = sign | (sign - 1);
  if (magnitude > (negative ? sign : mask)) return false;
  value = (negative ? uint64_t{0} - magnitude : magnitude) & mask;
  return true;
}

bool parse_f32(std::string_view text, uint32_t& bits) { return parse_float<float>(text, kF32, bits); }

bool parse_f64(std::string_view text, uint64_t& bits) { return parse_float<double>(text, kF64, bits); }

}  // namespace wplug::text
