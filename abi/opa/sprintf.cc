// Rego's sprintf: Go's fmt.Sprintf over numbers and strings.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "abi/opa/builtins.h"
#include "host/json_text.h"

namespace wplug {
namespace {

constexpr int kMostWidth = 1000;

struct Directive {
  bool minus = false, plus = false, zero = false, space = false, sharp = false;
  int width = 0;
  std::optional<int> precision;
  char verb = 0;
};

// As Rego shows a value: blanks after commas and colons, keys in order.
void append_rego(std::string& out, const Json& value) {
  if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      append_rego(out, value.at(i));
    }
    out += ']';
    return;
  }
  if (!value.is_object()) {
    out += value.to_string();
    return;
  }
  std::vector<size_t> order(value.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&value](size_t i) { return value.key(i); });
  out += '{';
  for (size_t i = 0; i < order.size(); ++i) {
    if (i > 0) out += ", ";
    append_json_string(out, value.key(order[i]));
    out += ": ";
    append_rego(out, value.at(order[i]));
  }
  out += '}';
}

// An argument as Go sees it.
struct Argument {
  enum class Kind { integer, real, text } kind = Kind::text;
  std::string text;  // of an integer its digits, however many
  double real = 0;
  std::string_view type() const {
    if (kind == Kind::integer) return "int64";
    return kind == Kind::real ? "float64" : "string";
  }
};

Argument argument_of(const Json& value) {
  if (const auto text = value.string()) return {Argument::Kind::text, std::string(*text), 0};
  std::string shown;
  append_rego(shown, value);
  if (value.kind() != JsonKind::number) return {Argument::Kind::text, std::move(shown), 0};
  if (shown.find_first_of(".eE") == std::string::npos) return {Argument::Kind::integer, std::move(shown), 0};
  return {Argument::Kind::real, shown, std::strtod(shown.c_str(), nullptr)};
}

// Go's %v of a float64: the shortest digits, with an exponent below 1e-4 and from 1e21 on.
std::string shortest(double value) {
  std::array<char, 400> buffer;
  const double size = std::fabs(value);
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e21);
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 fixed ? std::chars_format::fixed : std::chars_format::scientific);
  return std::string(buffer.data(), end.ptr);
}

std::string with_printf(const Directive& directive, double value) {
  char format[] = "%.*f";
  format[3] = directive.verb;
  const int precision = std::min(directive.precision.value_or(6), kMostWidth);
  std::array<char, 1500> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), format, precision, value);
  return std::string(buffer.data(), static_cast<size_t>(std::clamp(length, 0, 1499)));
}

std::optional<std::string> in_base(const std::string& digits, char verb) {
  int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  std::array<char, 80> buffer;
  const int base = verb == 'b' ? 2 : verb == 'o' ? 8 : 16;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base);
  std::string text(buffer.data(), end.ptr);
  if (verb == 'X') std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'f' ? char(c - 32) : c; });
  return text;
}

std::string first_characters(const std::string& text, int count) {
  size_t at = 0;
  for (; at < text.size() && count > 0; --count) at += std::max<size_t>(1, utf8_length(std::string_view(text).substr(at)));
  return text.substr(0, at);
}

std::string hex_of(const std::string& text, bool capital) {
  std::string out;
  std::array<char, 3> pair;
  for (const char c : text) {
    std::snprintf(pair.data(), pair.size(), capital ? "%02X" : "%02x", static_cast<uint8_t>(c));
    out += pair.data();
  }
  return out;
}

// The value as the verb shows it, without width; nullopt: the verb is not for such a value.
std::optional<std::string> shown(const Directive& directive, const Argument& argument) {
  const char verb = directive.verb;
  if (argument.kind == Argument::Kind::integer) {
    if (verb == 'd' || verb == 'v') return argument.text;
    if (verb == 'x' || verb == 'X' || verb == 'o' || verb == 'b') return in_base(argument.text, verb);
    return std::nullopt;
  }
  if (argument.kind == Argument::Kind::real) {
    if (verb == 'v' || (verb == 'g' && !directive.precision)) return shortest(argument.real);
    if (verb == 'f' || verb == 'e' || verb == 'g' || verb == 'E' || verb == 'G') return with_printf(directive, argument.real);
    return std::nullopt;
  }
  if (verb == 's' || verb == 'v') {
    return directive.precision ? first_characters(argument.text, *directive.precision) : argument.text;
  }
  if (verb == 'q') return json_string(argument.text);
  if (verb == 'x' || verb == 'X') return hex_of(argument.text, verb == 'X');
  return std::nullopt;
}

void append_padded(std::string& out, const Directive& directive, std::string text, bool number) {
  const bool negative = text.starts_with('-');
  if (number && !negative && directive.plus) text.insert(0, "+");
  if (number && !negative && !directive.plus && directive.space) text.insert(0, " ");
  const size_t length = static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  const size_t missing = static_cast<size_t>(directive.width) > length ? static_cast<size_t>(directive.width) - length : 0;
  if (directive.minus) {
    out += text + std::string(missing, ' ');
  } else if (directive.zero) {
    const size_t sign = number && (text.starts_with('-') || text.starts_with('+')) ? 1 : 0;
    out += text.substr(0, sign) + std::string(missing, '0') + text.substr(sign);
  } else {
    out += std::string(missing, ' ') + text;
  }
}

int read_number(std::string_view format, size_t& at) {
  int value = 0;
  for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at) {
    value = std::min(value * 10 + (format[at] - '0'), kMostWidth);
  }
  return value;
}

// From behind the percent sign; the verb is 0 when the format ends too soon.
Directive read_directive(std::string_view format, size_t& at) {
  Directive directive;
  for (; at < format.size(); ++at) {
    if (format[at] == '-') directive.minus = true;
    else if (format[at] == '+') directive.plus = true;
    else if (format[at] == '0') directive.zero = true;
    else if (format[at] == ' ') directive.space = true;
    else if (format[at] == '#') directive.sharp = true;
    else break;
  }
  directive.width = read_number(format, at);
  if (at < format.size() && format[at] == '.') directive.precision = read_number(format, ++at);
  if (at < format.size()) directive.verb = format[at++];
  return directive;
}

void append_directive(std::string& out, const Directive& directive, const Json& arguments, size_t& next) {
  if (next >= arguments.size()) {
    out += std::string("%!") + directive.verb + "(MISSING)";
    return;
  }
  const Argument argument = argument_of(arguments.at(next++));
  if (auto text = shown(directive, argument)) {
    append_padded(out, directive, std::move(*text), argument.kind != Argument::Kind::text);
    return;
  }
  const std::string value = argument.kind == Argument::Kind::real ? shortest(argument.real) : argument.text;
  out += std::string("%!") + directive.verb + "(" + std::string(argument.type()) + "=" + value + ")";
}

void append_extra(std::string& out, const Json& arguments, size_t next) {
  if (next >= arguments.size()) return;
  out += "%!(EXTRA ";
  for (size_t i = next; i < arguments.size(); ++i) {
    const Argument argument = argument_of(arguments.at(i));
    if (i > next) out += ", ";
    out += std::string(argument.type()) + "=" + (argument.kind == Argument::Kind::real ? shortest(argument.real) : argument.text);
  }
  out += ")";
}

}  // namespace

std::string rego_sprintf(std::string_view format, const Json& arguments) {
  std::string out;
  size_t next = 0;
  for (size_t at = 0; at < format.size();) {
    const size_t percent = std::min(format.find('%', at), format.size());
    out += format.substr(at, percent - at);
    at = percent + 1;
    if (percent == format.size()) break;
    const Directive directive = read_directive(format, at);
    if (directive.verb == 0) {
      out += "%!(NOVERB)";
    } else if (directive.verb == '%') {
      out += '%';
    } else {
      append_directive(out, directive, arguments, next);
    }
  }
  append_extra(out, arguments, next);
  return out;
}

}  // namespace wplug
