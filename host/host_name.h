// What may be the host of a connection, told once for URLs, TCP, SMTP and DNS: a name, or an address in any of the forms
// that resolvers understand. What is neither is refused, so that all who look at it see the same host.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "host/addresses.h"

namespace wplug {

enum class HostForm : uint8_t { invalid, name, address };

struct HostName {
  HostForm form = HostForm::invalid;
  IpAddress address;  // of the form address
};

// `text` is a name of letters, digits, hyphens, underscores and dots; an IPv6 address without brackets or zone; or IPv4,
// also as "127.1", "2130706433" or "0x7f.0.0.1". A last label that is a number makes it an address or invalid.
HostName parse_host(std::string_view text);

struct AddressAndPort {
  IpAddress address;
  uint16_t port = 0;
};

// "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53".
std::optional<AddressAndPort> parse_address_and_port(std::string_view text, uint16_t default_port);

}  // namespace wplug
