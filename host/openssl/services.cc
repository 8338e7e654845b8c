#include "host/network/services.h"

#include "host/openssl/sha256.h"
#include "host/openssl/signature.h"
#include "host/openssl_services.h"

extern "C" [[gnu::visibility("default")]] const wplug::OpensslServices* wplug_openssl_services() {
  static constexpr wplug::OpensslServices services = {
      wplug::fetch_page,          wplug::look_up,                  wplug::connect_tcp,   wplug::greet_smtp,
      wplug::openssl_sha256,      wplug::openssl_ed25519_verify,   wplug::openssl_ed25519_sign,
      wplug::openssl_ed25519_public_key, wplug::openssl_random};
  return &services;
}
