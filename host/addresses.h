// Which network addresses belong to the public internet.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace wplug {

// `address` in network order, 4 bytes or 16. False for loopback, private, link-local, multicast, reserved and unspecified
// ones (IANA's special-purpose registries), also when they are wrapped in IPv6; and for any other length.
bool is_public_address(std::span<const uint8_t> address);

struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // network order; the first four of IPv4
  uint8_t size = 0;                 // 4 or 16

  bool is_public() const { return is_public_address({bytes.data(), size}); }
  // "127.0.0.1", "::1".
  std::string to_string() const;
  // "127.0.0.1:80", "[::1]:80".
  std::string with_port(uint16_t port) const;
  bool operator==(const IpAddress&) const = default;
};

}  // namespace wplug
