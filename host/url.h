// Absolute http and https URLs, strictly: what is unusual is refused rather than repaired, because the host that is checked
// must be the host that is connected to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wplug {

struct Url {
  bool tls = false;
  std::string host;  // as written, IPv6 addresses without brackets
  uint16_t port = 0;
  std::string target;  // path and query, begins with a slash

  // scheme://host:port, the port only when it is not the scheme's.
  std::string origin() const;
  // The text of it, without a fragment.
  std::string to_string() const { return origin() + target; }
};

// nullopt: not an absolute http or https URL, or it has user information, blanks, control or non-ASCII characters.
std::optional<Url> parse_url(std::string_view text);

// Where a Location header of a response from `base` leads (RFC 9110, 10.2.2; dot segments are left to the server).
std::optional<Url> resolve_location(const Url& base, std::string_view location);

}  // namespace wplug
