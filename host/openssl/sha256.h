#pragma once

#include <cstddef>
#include <cstdint>

namespace wplug {

// SHA-256 by OpenSSL; `digest` takes 32 bytes.
void openssl_sha256(const uint8_t* bytes, size_t size, uint8_t* digest);

}  // namespace wplug
