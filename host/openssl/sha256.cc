#include "host/openssl/sha256.h"

#include <openssl/evp.h>

namespace wplug {

void openssl_sha256(const uint8_t* bytes, size_t size, uint8_t* digest) {
  EVP_Digest(bytes, size, digest, nullptr, EVP_sha256(), nullptr);
}

}  // namespace wplug
