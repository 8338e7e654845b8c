#include "host/semver.h"

#include <doctest/doctest.h>

#include <vector>

namespace wplug {
namespace {

TEST_CASE("versions are ordered as semver.org has it") {
  const std::vector<const char*> ordered = {"0.9.9",        "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                            "1.0.0-beta",   "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                                            "1.0.0",        "1.0.1",       "1.2.0",         "1.10.0", "2.0.0"};
  for (size_t i = 0; i < ordered.size(); ++i) {
    for (size_t j = 0; j < ordered.size(); ++j) {
      CAPTURE(ordered[i]);
      CAPTURE(ordered[j]);
      CHECK(compare(*parse_version(ordered[i]), *parse_version(ordered[j])) == (i <=> j));
    }
  }
  CHECK(compare(*parse_version("1.0.0+a"), *parse_version("1.0.0+b")) == std::strong_ordering::equal);
}

TEST_CASE("what is no version is refused") {
  for (const char* text : {"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3 ", "1.-2.3",
                           "99999999999999999999.0.0", "1.2.3-a_b"}) {
    CAPTURE(text);
    CHECK(!parse_version(text));
  }
}

TEST_CASE("a range is met when every comparison is") {
  const Version version = *parse_version("1.4.2");
  CHECK(*in_range(version, "1.4.0"));
  CHECK(*in_range(version, ">=1.0.0, <2.0.0"));
  CHECK(*in_range(version, "=1.4.2"));
  CHECK(!*in_range(version, ">1.4.2"));
  CHECK(!*in_range(version, ">=1.0.0,<1.4.2"));
  CHECK(!in_range(version, "^1.0.0"));
  CHECK(!in_range(version, ">=1.0.0,"));
}

}  // namespace
}  // namespace wplug
