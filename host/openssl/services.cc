#include "host/openssl_services.h"

#include "host/openssl/fetch.h"
#include "host/openssl/sha256.h"
#include "host/openssl/signature.h"

extern "C" [[gnu::visibility("default")]] const wplug::OpensslServices* wplug_openssl_services() {
  static constexpr wplug::OpensslServices services = {wplug::httplib_fetch, wplug::openssl_sha256,
                                                      wplug::lingering_fetches,
                                                      wplug::openssl_ed25519_verify,
                                                      wplug::openssl_ed25519_sign,
                                                      wplug::openssl_ed25519_public_key,
                                                      wplug::openssl_random};
  return &services;
}
