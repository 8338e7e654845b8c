#include "host/host_names.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace wplug {
namespace {

std::string plain(std::string_view name) {
  std::array<char, kMostHostName> buffer;
  return std::string(plain_host_name(name, buffer));
}

TEST_CASE("a host name has one form") {
  CHECK(plain("Example.COM") == "example.com");
  CHECK(plain("example.com.") == "example.com");
  CHECK(plain("localhost") == "localhost");
  CHECK(plain("_dmarc.example.com") == "_dmarc.example.com");
  CHECK(plain("1.0.0.127.in-addr.arpa") == "1.0.0.127.in-addr.arpa");
  CHECK(plain(std::string(63, 'a') + ".b") == std::string(63, 'a') + ".b");
}

TEST_CASE("what is no host name has none") {
  const std::string nul("a\0b", 3);
  for (const std::string& name : std::initializer_list<std::string>{
           "", ".", "..", ".a", "a..", "a..b", "a b", "a/b", "a\\b", "user@a", "a:80", "a%2e", "a?b", "a#b", "a\n", "\xc3\xa4",
           "[a]", "*", "*.a", nul, std::string(64, 'a'), std::string(64, 'a') + ".b", std::string(254, 'a')}) {
    CAPTURE(name);
    CHECK(plain(name).empty());
  }
  std::string longest;
  while (longest.size() < 300) longest += "a.";
  CHECK(plain(longest).empty());
}

TEST_CASE("numbers that libraries take for addresses are no names") {
  for (const char* name : {"127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "a.0x1", "a.1", "256.0.0.1", "1.2.3.4"}) {
    CAPTURE(name);
    CHECK(plain(name).empty());
  }
}

TEST_CASE("addresses are the same whatever their text") {
  CHECK(parse_address("::1") == parse_address("[0:0:0:0:0:0:0:1]"));
  CHECK(parse_address("2001:DB8::A") == parse_address("2001:db8:0:0::a"));
  CHECK(parse_address("::ffff:127.0.0.1") == parse_address("127.0.0.1"));
  CHECK(parse_address("::ffff:7f00:1") == parse_address("127.0.0.1"));
  CHECK(parse_address("::127.0.0.1") != parse_address("127.0.0.1"));
  CHECK(parse_address("10.0.0.1").has_value());
}

TEST_CASE("only the usual forms of addresses are read") {
  const std::string nul("1.2.3.4\0", 8);
  for (const std::string& text : std::initializer_list<std::string>{
           "", "[]", "127.1", "010.0.0.1", "0x7f.0.0.1", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1", "[127.0.0.1]", "::1%lo",
           "fe80::1%25eth0", "[::1", "::1]", ":::", "1.2.3.4 ", " ::1", nul, std::string(100, ':')}) {
    CAPTURE(text);
    CHECK(!parse_address(text));
  }
}

}  // namespace
}  // namespace wplug
