#include "host/addresses.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include <arpa/inet.h>

namespace wplug {
namespace {

bool is_public(const char* text) {
  std::array<uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET, text, bytes.data()) == 1) return is_public_address({bytes.data(), 4});
  REQUIRE(::inet_pton(AF_INET6, text, bytes.data()) == 1);
  return is_public_address(bytes);
}

TEST_CASE("addresses of the internet are public") {
  for (const char* text : {"1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.1.1", "100.63.0.1", "100.128.0.1",
                           "169.253.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "192.88.98.1", "198.17.0.1"}) {
    CAPTURE(text);
    CHECK(is_public(text));
  }
}

TEST_CASE("loopback, private, link-local, multicast and reserved addresses are not") {
  for (const char* text :
       {"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fc00::1", "fd12::1", "fe80::1", "ff02::1",
        "2001:db8::1", "2001::1", "64:ff9b::10.0.0.1", "::ffff:127.0.0.1", "::ffff:192.168.1.1", "2002:7f00:1::", "::127.0.0.1",
        "172.20.0.1", "192.88.99.1", "239.1.1.1", "64:ff9b:1::8.8.8.8", "64:ff9b::169.254.169.254", "2002:c0a8:101::1",
        "2001:0:1::1", "2001:2::1", "2001:10::1", "fec0::1", "febf::1", "100::1", "ff0e::1", "3fff::1", "4000::1", "::ffff:0:8.8.8.8",
        "::ffff:a00:1"}) {
    CAPTURE(text);
    CHECK(!is_public(text));
  }
}

TEST_CASE("bytes that are no address are not public") {
  const std::array<uint8_t, 5> bytes = {8, 8, 8, 8, 8};
  CHECK(!is_public_address(bytes));
  CHECK(!is_public_address({}));
}

}  // namespace
}  // namespace wplug
