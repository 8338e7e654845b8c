#pragma once

#include <cstddef>
#include <cstdint>

namespace wplug {

// Ed25519 (RFC 8032) by OpenSSL. Keys and seeds have 32 bytes, signatures 64. False: it could not be done, or is not so.
bool openssl_ed25519_verify(const uint8_t* key, const uint8_t* message, size_t size, const uint8_t* signature);
bool openssl_ed25519_sign(const uint8_t* seed, const uint8_t* message, size_t size, uint8_t* signature);
bool openssl_ed25519_public_key(const uint8_t* seed, uint8_t* key);
// Random bytes fit for keys.
bool openssl_random(uint8_t* bytes, size_t size);

}  // namespace wplug
