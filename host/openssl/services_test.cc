#include "host/openssl_services.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

// Naming the entry also links it in, so that no other test of this program is skipped for want of it.
TEST_CASE("services that are linked into the program are those it uses") {
  const auto used = openssl_services();
  REQUIRE(used.ok());
  CHECK(*used == wplug_openssl_services());
}

}  // namespace
}  // namespace wplug
