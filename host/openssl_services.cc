#include "host/openssl_services.h"

#include "host/service_object.h"

// Weak: null unless the program has linked the services into itself.
extern "C" [[gnu::weak]] const wplug::OpensslServices* wplug_openssl_services();

namespace wplug {

Result<const OpensslServices*> openssl_services() {
  static ServiceObject<OpensslServices> object;
  return object.get(&wplug_openssl_services, "libwplug_openssl.so", "wplug_openssl_services", "network and hashes");
}

Result<std::string> sha256_hex(std::span<const uint8_t> bytes) {
  WPLUG_TRY_ASSIGN(const OpensslServices* services, openssl_services());
  uint8_t digest[32];
  services->sha256(bytes.data(), bytes.size(), digest);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) text += {kHex[byte >> 4], kHex[byte & 15]};
  return text;
}

}  // namespace wplug
