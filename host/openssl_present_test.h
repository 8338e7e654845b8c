// For tests that need OpenSSL.
#pragma once

#include <doctest/doctest.h>

#include "host/openssl_services.h"

namespace wplug {

// False, and a line that says so, in a build without it.
inline bool has_openssl() {
  if (openssl_services().ok()) return true;
  MESSAGE("skipped: this build has no OpenSSL");
  return false;
}

}  // namespace wplug
