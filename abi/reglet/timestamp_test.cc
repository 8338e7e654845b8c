#include "abi/reglet/timestamp.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

std::string again(std::string_view text) {
  const auto time = parse_timestamp(text);
  return time ? format_timestamp(*time) : "none";
}

TEST_CASE("times go both ways, in UTC and milliseconds") {
  CHECK(again("2026-01-14T10:00:00Z") == "2026-01-14T10:00:00.000Z");
  CHECK(again("2026-01-14T10:00:00.123456789Z") == "2026-01-14T10:00:00.123Z");
  CHECK(again("2026-01-14T10:00:00.5+02:30") == "2026-01-14T07:30:00.500Z");
  CHECK(again("2024-02-29T23:59:59-00:01") == "2024-03-01T00:00:59.000Z");
  CHECK(again("1969-12-31T23:59:59.999Z") == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("what is no time is none") {
  for (const char* text : {"", "2026", "2026-01-14", "2026-13-14T10:00:00Z", "2025-02-29T10:00:00Z", "2026-01-14T24:00:00Z",
                           "2026-01-14T10:00:00", "2026-01-14T10:00:00.Z", "2026-01-14T10:00:00Zx", "2026-01-14T10:00:00+2",
                           "-026-01-14T10:00:00Z", "now"}) {
    CAPTURE(text);
    CHECK(again(text) == "none");
  }
}

}  // namespace
}  // namespace wplug
