#include "host/addresses.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace wplug {
namespace {

struct Block4 {
  uint32_t base;
  int bits;
};

// RFC 6890 and its updates: what is not globally reachable.
constexpr Block4 kSpecial4[] = {
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // shared by carriers
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link-local, cloud metadata
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0000200, 24},  // documentation
    {0xc0586300, 24},  // 6to4 relays
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 4},   // multicast
    {0xf0000000, 4},   // reserved, broadcast
};

bool is_public_4(std::span<const uint8_t> address) {
  const uint32_t value = uint32_t{address[0]} << 24 | uint32_t{address[1]} << 16 | uint32_t{address[2]} << 8 | address[3];
  return std::none_of(std::begin(kSpecial4), std::end(kSpecial4), [value](const Block4& block) {
    return (value ^ block.base) >> (32 - block.bits) == 0;
  });
}

bool begins_with(std::span<const uint8_t> address, std::initializer_list<uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

bool is_public_6(std::span<const uint8_t> address) {
  // IPv4 inside: mapped, and translated by NAT64.
  if (begins_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return is_public_4(address.subspan(12));
  if (begins_with(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return is_public_4(address.subspan(12));
  if (begins_with(address, {0x20, 0x02})) return is_public_4(address.subspan(2, 4));  // 6to4
  // Teredo, benchmarks and documentation lie inside the global block.
  if (begins_with(address, {0x20, 0x01}) && address[2] < 0x02) return false;
  if (begins_with(address, {0x20, 0x01, 0x0d, 0xb8})) return false;
  if (begins_with(address, {0x3f, 0xff}) && address[2] < 0x10) return false;
  return (address[0] & 0xe0) == 0x20;  // 2000::/3, the only block that is global unicast
}

}  // namespace

bool is_public_address(std::span<const uint8_t> address) {
  if (address.size() == 4) return is_public_4(address);
  return address.size() == 16 && is_public_6(address);
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::string IpAddress::with_port(uint16_t port) const {
  const std::string text = to_string();
  return (size == 4 ? text : "[" + text + "]") + ":" + std::to_string(port);
}

}  // namespace wplug
