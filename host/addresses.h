// Which network addresses belong to the public internet.
#pragma once

#include <cstdint>
#include <span>

namespace wplug {

// `address` in network order, 4 bytes or 16. False for loopback, private, link-local, multicast, reserved and unspecified
// ones (IANA's special-purpose registries), also when they are wrapped in IPv6; and for any other length.
bool is_public_address(std::span<const uint8_t> address);

}  // namespace wplug
