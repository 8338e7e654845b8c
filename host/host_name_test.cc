#include "host/host_name.h"

#include <doctest/doctest.h>

#include <string>

namespace wplug {
namespace {

TEST_CASE("names are names") {
  for (const char* text : {"h", "a.example", "A.Example.", "_dmarc.a.example", "1.2.3.4.example", "xn--bcher-kva.example",
                           "0xdeadbeef.example", "a-b.c", "0x7g"}) {
    CAPTURE(text);
    CHECK(parse_host(text).form == HostForm::name);
  }
}

TEST_CASE("every spelling of an address is that address") {
  for (const char* text : {"127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
                           "0X7F.0.0.0x1", "017700000001"}) {
    CAPTURE(text);
    const HostName host = parse_host(text);
    REQUIRE(host.form == HostForm::address);
    CHECK(host.address.to_string() == "127.0.0.1");
  }
  CHECK(parse_host("::1").address.to_string() == "::1");
  CHECK(parse_host("0:0:0:0:0:ffff:7f00:1").address.to_string() == "::ffff:127.0.0.1");
  CHECK(parse_host("::1").address.with_port(80) == "[::1]:80");
  CHECK(parse_host("127.1").address.with_port(80) == "127.0.0.1:80");
}

TEST_CASE("what is neither is refused") {
  for (const std::string& text :
       {std::string(), std::string("."), std::string("a..b"), std::string(".a"), std::string("a b"), std::string("a\r\nb"),
        std::string("a%00b"), std::string("a\0b", 3), std::string("\xc3\xa9.example"), std::string("user@h"), std::string("h/x"),
        std::string("[::1]"), std::string("::1%lo"), std::string("fe80::1%25eth0"), std::string("1.2.3.4.5"),
        std::string("256.1.1.1"), std::string("1.2.3.08"), std::string("a.1"), std::string("0x"), std::string("4294967296"),
        std::string("a.0x7f"), std::string(":::"), std::string("1::2::3"), std::string(64, 'a'), std::string(254, 'a'),
        std::string("h:80"), std::string("\xef\xbc\x91.1.1.1")}) {
    CAPTURE(text);
    CHECK(parse_host(text).form == HostForm::invalid);
  }
}

TEST_CASE("a name server is an address with or without a port") {
  const auto text = [](const char* from) {
    const auto parsed = parse_address_and_port(from, 53);
    return parsed ? parsed->address.with_port(parsed->port) : "refused";
  };
  CHECK(text("192.0.2.1") == "192.0.2.1:53");
  CHECK(text("192.0.2.1:5353") == "192.0.2.1:5353");
  CHECK(text("2001:db8::1") == "[2001:db8::1]:53");
  CHECK(text("[2001:db8::1]") == "[2001:db8::1]:53");
  CHECK(text("[2001:db8::1]:54") == "[2001:db8::1]:54");
  for (const char* bad : {"", "ns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:5x", "192.0.2.1,192.0.2.2",
                          "[192.0.2.1]:53", "[::1", "[::1]53", "127.1", "0x7f000001", "192.0.2.1:-1", "192.0.2.1:+5"}) {
    CAPTURE(bad);
    CHECK(text(bad) == "refused");
  }
}

}  // namespace
}  // namespace wplug
