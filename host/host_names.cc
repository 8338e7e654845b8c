#include "host/host_names.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

namespace wplug {
namespace {

constexpr size_t kMostLabel = 63;
constexpr size_t kMostAddress = 45;  // characters: 0000:…:0000:255.255.255.255

// In lower case; 0 for a character that no host name has.
constexpr std::array<char, 256> make_host_characters() {
  std::array<char, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = table[static_cast<size_t>(c - 'a' + 'A')] = static_cast<char>(c);
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = static_cast<char>(c);
  table['-'] = '-';
  table['_'] = '_';
  table['.'] = '.';
  return table;
}
constexpr std::array<char, 256> kHostCharacters = make_host_characters();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// As the URL standard has it: decimal digits, or 0x and whatever follows.
bool is_number(std::string_view label) {
  return std::all_of(label.begin(), label.end(), is_digit) || label.starts_with("0x");
}

}  // namespace

std::optional<HostAddress> parse_address(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  if (text.empty() || text.size() > kMostAddress) return std::nullopt;
  char name[kMostAddress + 1];
  std::memcpy(name, text.data(), text.size());
  name[text.size()] = '\0';
  if (std::strlen(name) != text.size()) return std::nullopt;
  HostAddress address{};
  if (text.find(':') != std::string_view::npos) {
    if (::inet_pton(AF_INET6, name, address.data()) != 1) return std::nullopt;
    return address;
  }
  if (bracketed || !is_digit(text.back())) return std::nullopt;
  if (::inet_pton(AF_INET, name, address.data() + 12) != 1) return std::nullopt;
  address[10] = address[11] = 0xff;
  return address;
}

std::string_view plain_host_name(std::string_view name, std::span<char, kMostHostName> buffer) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  if (name.empty() || name.size() > kMostHostName) return {};
  size_t label = 0;  // where the last one begins
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = kHostCharacters[static_cast<unsigned char>(name[i])];
    if (c == 0) return {};
    if (c == '.') {
      if (i == label || i - label > kMostLabel) return {};
      label = i + 1;
    }
    buffer[i] = c;
  }
  const std::string_view plain(buffer.data(), name.size());
  const std::string_view last = plain.substr(label);
  if (last.empty() || last.size() > kMostLabel || is_number(last)) return {};
  return plain;
}

}  // namespace wplug
