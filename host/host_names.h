// Host names and addresses in the one form in which they are compared.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace wplug {

// An IPv6 address in network order; IPv4 as ::ffff:a.b.c.d.
using HostAddress = std::array<uint8_t, 16>;

// Four decimal numbers with dots, or any text form of IPv6, with or without brackets. Not the other forms that system
// libraries read (`127.1`, `0x7f000001`, `010.0.0.1`), nor zones (`fe80::1%eth0`).
std::optional<HostAddress> parse_address(std::string_view text);

inline constexpr size_t kMostHostName = 253;

// The name in lower case and without the root's dot, in `buffer`; empty when it is none: empty or long labels, other
// characters than letters, digits, `-` and `_`, or a last label that is a number, which libraries read as an address.
std::string_view plain_host_name(std::string_view name, std::span<char, kMostHostName> buffer);

}  // namespace wplug
