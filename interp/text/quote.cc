#include "interp/text/quote.h"

#include <algorithm>

namespace wplug::text {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

bool is_identifier_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-./:<=>?@\\^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

std::string quote(std::string_view bytes) {
  std::string out = "\"";
  for (char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += '\\';
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    }
  }
  return out += '"';
}

std::string identifier(std::string_view name) {
  if (name.empty()) return {};
  if (std::all_of(name.begin(), name.end(), is_identifier_character)) return "$" + std::string(name);
  return "$" + quote(name);
}

}  // namespace wplug::text
