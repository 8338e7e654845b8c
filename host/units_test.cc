#include "host/units.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

using namespace std::chrono_literals;

TEST_CASE("sizes have binary units, pages or none") {
  CHECK(*parse_size("64KiB") == 65536);
  CHECK(*parse_size("64K") == 65536);
  CHECK(*parse_size("1MiB") == 1048576);
  CHECK(*parse_size("1M") == 1048576);
  CHECK(*parse_size("2GiB") == uint64_t{2} << 30);
  CHECK(*parse_size("2G") == uint64_t{2} << 30);
  CHECK(*parse_size("16pages") == 1048576);
  CHECK(*parse_size("1_000") == 1000);
  CHECK(*parse_size("7B") == 7);
}

TEST_CASE("what is not a size is refused with its text") {
  for (const char* text : {"", "K", "1KB", "1kib", "-1", "1.5MiB", "1 MiB", " 1", "0x10", "_1", "1_", "1__0", "12parsecs"}) {
    const auto size = parse_size(text);
    CAPTURE(text);
    REQUIRE(!size.ok());
    CHECK(size.error().message().find("\"" + std::string(text) + "\"") == 0);
  }
}

TEST_CASE("sizes and numbers beyond 64 bits are too large, not something small") {
  CHECK(*parse_count("18446744073709551615") == UINT64_MAX);
  CHECK(!parse_count("18446744073709551616").ok());
  CHECK(*parse_size("17179869183GiB") == uint64_t{17179869183} << 30);
  CHECK(!parse_size("17179869184GiB").ok());
  CHECK(!parse_size("99999999999999999999").ok());
}

TEST_CASE("durations have units, and only zero needs none") {
  CHECK(*parse_duration("50ms") == 50ms);
  CHECK(*parse_duration("2s") == 2s);
  CHECK(*parse_duration("1m") == 1min);
  CHECK(*parse_duration("10us") == 10us);
  CHECK(*parse_duration("1_500us") == 1500us);
  CHECK(*parse_duration("0") == 0s);
  CHECK(*parse_duration("1h") == 1h);
  for (const char* text : {"", "1", "ms", "1.5s", "-1s", "1S", "soon", "9000000h", "99999999999999999999s"}) {
    CAPTURE(text);
    CHECK(!parse_duration(text).ok());
  }
}

TEST_CASE("sizes, durations and counts are written in their shortest exact form") {
  CHECK(format_size(65536) == "64KiB");
  CHECK(format_size(1048576) == "1MiB");
  CHECK(format_size(uint64_t{3} << 30) == "3GiB");
  CHECK(format_size(1500) == "1500 bytes");
  CHECK(format_size(0) == "0 bytes");
  CHECK(format_duration(50ms) == "50ms");
  CHECK(format_duration(1500us) == "1500us");
  CHECK(format_duration(60s) == "60s");
  CHECK(format_duration(0s) == "0s");
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1000) == "1,000");
  CHECK(format_count(12345678) == "12,345,678");
}

}  // namespace
}  // namespace wplug
