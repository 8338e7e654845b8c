#include "host/openssl_services.h"

#include <openssl/crypto.h>

#include "host/openssl/fetch.h"
#include "host/openssl/sha256.h"

extern "C" [[gnu::visibility("default")]] const wplug::OpensslServices* wplug_openssl_services() {
  // A request that was abandoned may still run while the process ends: OpenSSL must not be torn down under it.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  static constexpr wplug::OpensslServices services = {wplug::httplib_fetch, wplug::openssl_sha256};
  return &services;
}
