// Signatures of plugins: Ed25519, in a file beside the plugin's (`plugin.wasm.sig`).
//
// A signature file holds one of
//   - the 64 bytes of the signature over the plugin's bytes;
//   - the same in base64 or in 128 hexadecimal digits;
//   - JSON {"version":1,"algorithm":"Ed25519","plugin_hash","plugin_size","public_key","signature"}, whose signature is over
//     the 32 bytes of the plugin's SHA-256 (the midimon system writes these).
// A public key (`*.pub`) is 32 bytes, base64 or hexadecimal of them, or PEM ("BEGIN PUBLIC KEY").
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

using PublicKey = std::array<uint8_t, 32>;

struct TrustedKey {
  std::string name;  // the file it is from, without folder and .pub
  PublicKey key;
};

// Hexadecimal, as the lock file has it.
std::string to_hex(std::span<const uint8_t> bytes);

// Errors: malformed.
Result<PublicKey> parse_public_key(std::string_view text);

// The keys that may sign plugins.
class TrustedKeys {
 public:
  // Errors: host (cannot be read), malformed.
  Result<void> add_file(const std::string& file);
  // Every *.pub file of a folder; none when there is no such folder.
  Result<void> add_folder(const std::string& folder);
  void add(TrustedKey key) { keys_.push_back(std::move(key)); }
  const std::vector<TrustedKey>& list() const { return keys_; }

 private:
  std::vector<TrustedKey> keys_;
};

// Finds the key that `signature`, the contents of a signature file, was made with. Errors: malformed (no signature); link (by
// none of the keys, or of something else); host (no OpenSSL).
Result<TrustedKey> verify_signature(std::span<const uint8_t> plugin, std::string_view signature,
                                    const TrustedKeys& keys);

// A new private key: base64 of 32 bytes, and its public half in base64. Errors: host.
struct KeyPair {
  std::string private_text, public_text;
};
Result<KeyPair> make_key_pair();
// The signature of `plugin` in base64; `private_text` as make_key_pair wrote it, or 32 bytes. Errors: malformed, host.
Result<std::string> sign_plugin(std::span<const uint8_t> plugin, std::string_view private_text);

// $XDG_CONFIG_HOME/wplug, else ~/.config/wplug; empty when neither is known.
std::string config_folder(const std::map<std::string, std::string>& environment);
// The keys in trusted-keys/ there.
Result<TrustedKeys> trusted_keys(const std::map<std::string, std::string>& environment);

// The error of a module that has a `.sig` file beside it which no trusted key made; success when there is none, or a good
// one. Errors: as of verify_signature, the message begins with the signature's file.
Result<void> check_signature_beside(const std::string& file, std::span<const uint8_t> plugin,
                                    const std::map<std::string, std::string>& environment);

}  // namespace wplug
