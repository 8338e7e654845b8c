#include "host/host_name.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace wplug {
namespace {

constexpr std::string_view kNameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
constexpr size_t kLongestName = 253;
constexpr size_t kLongestLabel = 63;

bool has_only(std::string_view text, std::string_view bytes) {
  return text.find_first_not_of(bytes) == std::string_view::npos;
}

// As resolvers see it: decimal, octal or hexadecimal.
bool is_number(std::string_view label) {
  if (label.starts_with("0x") || label.starts_with("0X")) return has_only(label.substr(2), "0123456789abcdefABCDEF");
  return has_only(label, "0123456789");
}

bool are_labels(std::string_view name) {
  while (true) {
    const size_t dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > kLongestLabel) return false;
    if (dot == name.size()) return true;
    name.remove_prefix(dot + 1);
  }
}

HostName address_6(std::string_view text) {
  HostName host;
  host.address.size = 16;
  if (::inet_pton(AF_INET6, std::string(text).c_str(), host.address.bytes.data()) == 1) host.form = HostForm::address;
  return host;
}

HostName address_4(std::string_view text) {
  HostName host;
  in_addr address{};
  if (::inet_aton(std::string(text).c_str(), &address) == 0) return host;
  host.form = HostForm::address;
  host.address.size = 4;
  const auto* bytes = reinterpret_cast<const uint8_t*>(&address.s_addr);
  std::copy(bytes, bytes + 4, host.address.bytes.begin());
  return host;
}

}  // namespace

HostName parse_host(std::string_view text) {
  if (text.empty() || text.size() > kLongestName) return {};
  if (text.find(':') != std::string_view::npos) {
    return has_only(text, "0123456789abcdefABCDEF:.") ? address_6(text) : HostName{};
  }
  if (text.back() == '.') text.remove_suffix(1);
  if (!has_only(text, kNameBytes) || !are_labels(text)) return {};
  if (is_number(text.substr(text.rfind('.') + 1))) return address_4(text);
  return {HostForm::name, {}};
}

std::optional<AddressAndPort> parse_address_and_port(std::string_view text, uint16_t default_port) {
  AddressAndPort result;
  result.port = default_port;
  const bool bracketed = text.starts_with('[');
  std::string_view host = text;
  std::string_view port;
  if (bracketed) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':'));
  }
  const HostName parsed = parse_host(host);
  // Only the plain forms: a name server is written by a person.
  const bool plain = parsed.form == HostForm::address && (parsed.address.size == 16 || parsed.address.to_string() == host);
  if (!plain || (bracketed && parsed.address.size != 16)) return std::nullopt;
  result.address = parsed.address;
  if (port.empty()) return result;
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), result.port);
  const bool whole = error == std::errc() && end == port.data() + port.size();
  return port.front() == ':' && whole && result.port != 0 ? std::optional(result) : std::nullopt;
}

}  // namespace wplug
