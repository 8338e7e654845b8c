#include "host/openssl/signature.h"

#include <memory>

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace wplug {
namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Context = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

Key private_key(const uint8_t* seed) {
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, 32), EVP_PKEY_free);
}

Context context() { return Context(EVP_MD_CTX_new(), EVP_MD_CTX_free); }

}  // namespace

bool openssl_ed25519_verify(const uint8_t* key, const uint8_t* message, size_t size, const uint8_t* signature) {
  const Key public_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key, 32), EVP_PKEY_free);
  const Context verifier = context();
  return public_key && verifier &&
         EVP_DigestVerifyInit(verifier.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(verifier.get(), signature, 64, message, size) == 1;
}

bool openssl_ed25519_sign(const uint8_t* seed, const uint8_t* message, size_t size, uint8_t* signature) {
  const Key key = private_key(seed);
  const Context signer = context();
  size_t length = 64;
  return key && signer && EVP_DigestSignInit(signer.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestSign(signer.get(), signature, &length, message, size) == 1 && length == 64;
}

bool openssl_ed25519_public_key(const uint8_t* seed, uint8_t* key) {
  const Key private_half = private_key(seed);
  size_t length = 32;
  return private_half && EVP_PKEY_get_raw_public_key(private_half.get(), key, &length) == 1 && length == 32;
}

bool openssl_random(uint8_t* bytes, size_t size) {
  return size <= 1024 && RAND_priv_bytes(bytes, static_cast<int>(size)) == 1;
}

}  // namespace wplug
