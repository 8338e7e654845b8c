#include "host/url.h"

#include <algorithm>

#include "host/host_name.h"

namespace wplug {
namespace {

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
}

bool starts_with_word(std::string_view text, std::string_view lower_word) {
  if (text.size() < lower_word.size()) return false;
  return std::equal(lower_word.begin(), lower_word.end(), text.begin(),
                    [](char wanted, char c) { return wanted == (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); });
}

// Takes the host off the front of `authority`, leaving the port with its colon.
bool take_host(std::string_view& authority, std::string& host) {
  const bool bracketed = authority.starts_with('[');
  const size_t end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (end == std::string_view::npos) return false;
  host = authority.substr(bracketed ? 1 : 0, end - (bracketed ? 1 : 0));
  authority.remove_prefix(end + (bracketed ? 1 : 0));
  return parse_host(host).form != HostForm::invalid && bracketed == (host.find(':') != std::string::npos);
}

bool parse_port(std::string_view text, uint16_t& port) {
  if (text.empty() || text == ":") return true;
  if (text.front() != ':' || text.size() > 6) return false;
  uint32_t value = 0;
  for (char c : text.substr(1)) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint32_t>(c - '0');
  }
  port = static_cast<uint16_t>(value);
  return value > 0 && value <= 0xffff;
}

}  // namespace

std::string Url::origin() const {
  const bool is_address_6 = host.find(':') != std::string::npos;
  std::string text = (tls ? "https://" : "http://") + (is_address_6 ? "[" + host + "]" : host);
  return port == (tls ? 443 : 80) ? text : text + ":" + std::to_string(port);
}

std::optional<Url> parse_url(std::string_view text) {
  if (!is_printable(text)) return std::nullopt;
  Url url;
  url.tls = starts_with_word(text, "https://");
  if (!url.tls && !starts_with_word(text, "http://")) return std::nullopt;
  url.port = url.tls ? 443 : 80;
  text.remove_prefix(url.tls ? 8 : 7);
  const size_t end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  if (authority.find('@') != std::string_view::npos) return std::nullopt;
  if (!take_host(authority, url.host) || !parse_port(authority, url.port)) return std::nullopt;
  text.remove_prefix(end);
  url.target = text.substr(0, std::min(text.find('#'), text.size()));
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  return url;
}

std::optional<Url> resolve_location(const Url& base, std::string_view location) {
  if (location.empty() || !is_printable(location)) return std::nullopt;
  if (location.starts_with("//")) return parse_url((base.tls ? "https:" : "http:") + std::string(location));
  if (location.starts_with('/')) return parse_url(base.origin() + std::string(location));
  const size_t colon = location.find(':');
  if (colon != std::string_view::npos && colon < location.find_first_of("/?#")) return parse_url(location);
  const std::string path = base.target.substr(0, base.target.find('?'));
  if (location.starts_with('?') || location.starts_with('#')) {
    return parse_url(base.origin() + (location.starts_with('#') ? base.target : path) + std::string(location));
  }
  return parse_url(base.origin() + path.substr(0, path.rfind('/') + 1) + std::string(location));
}

}  // namespace wplug
