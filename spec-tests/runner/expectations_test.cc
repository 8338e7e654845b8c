#include "spec-tests/runner/expectations.h"

#include <doctest/doctest.h>

namespace wplug::spec {
namespace {

TEST_CASE("an expected failure has a script, a line or lines, and a reason") {
  auto list = Expectations::parse("# comment\n\na.wast:12 needs SIMD\nb/c.wast:3-5  needs a second memory\n");
  REQUIRE(list.ok());
  REQUIRE(list->reason("a.wast", 12) != nullptr);
  CHECK(*list->reason("a.wast", 12) == "needs SIMD");
  CHECK(list->reason("a.wast", 13) == nullptr);
  CHECK(list->reason("b.wast", 12) == nullptr);
  CHECK(list->reason("b/c.wast", 2) == nullptr);
  CHECK(*list->reason("b/c.wast", 3) == "needs a second memory");
  CHECK(*list->reason("b/c.wast", 5) == "needs a second memory");
  CHECK(list->reason("b/c.wast", 6) == nullptr);
}

TEST_CASE("an entry without a reason, a line or an order is an error that names its line") {
  for (const char* broken : {"a.wast:12", "a.wast:12 ", "a.wast needs", "a.wast:x needs", "a.wast:5-3 needs",
                             "a.wast:12x needs", "a.wast:1- needs", "a.wast:99999999999 needs"}) {
    const auto list = Expectations::parse(std::string("# first\n") + broken + "\n");
    REQUIRE_MESSAGE(!list.ok(), broken);
    CHECK(list.error().kind() == ErrorKind::malformed);
    CHECK(list.error().message().starts_with("line 2:"));
  }
}

TEST_CASE("entries without a command on their lines are found") {
  auto list = Expectations::parse("a.wast:1 x\na.wast:10-12 x\na.wast:20 x\nb.wast:7 x\n");
  REQUIRE(list.ok());
  CHECK(list->unused("a.wast", {1, 11}) == std::vector<uint32_t>{20});
  CHECK(list->unused("a.wast", {1, 11, 20}).empty());
  CHECK(list->unused("c.wast", {}).empty());
}

TEST_CASE("a missing list is a host error") {
  const auto list = Expectations::load("/nonexistent/list");
  REQUIRE(!list.ok());
  CHECK(list.error().kind() == ErrorKind::host);
}

}  // namespace
}  // namespace wplug::spec
