#include "host/signature.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "host/base64.h"
#include "host/files.h"
#include "host/json_document.h"
#include "host/openssl_services.h"

namespace wplug {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostKeyBytes = 4096;
constexpr uint64_t kMostSignatureBytes = 65536;

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

// `size` bytes as they are, in hexadecimal or in base64.
std::optional<std::string> decode(std::string_view text, size_t size) {
  if (text.size() == size) return std::string(text);
  text = trimmed(text);
  auto bytes = text.size() == 2 * size ? from_hex(text) : base64_decode(text);
  return bytes && bytes->size() == size ? bytes : std::nullopt;
}

// The body of a PEM public key: DER that says "Ed25519" and then the key (RFC 8410, section 4).
std::optional<std::string> decode_pem(std::string_view text) {
  static constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----", kEnd = "-----END PUBLIC KEY-----";
  static constexpr std::string_view kPrefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
  text = trimmed(text);
  if (!text.starts_with(kBegin) || !text.ends_with(kEnd)) return std::nullopt;
  std::string body(text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size()));
  std::erase_if(body, [](char c) { return c == '\n' || c == '\r'; });
  const auto der = base64_decode(body);
  if (!der || der->size() != kPrefix.size() + 32 || !der->starts_with(kPrefix)) return std::nullopt;
  return der->substr(kPrefix.size());
}

const uint8_t* bytes_of(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

struct Signature {
  std::string bytes;    // 64
  std::string message;  // what was signed instead of the plugin itself; empty: the plugin
};

Error no_signature(const std::string& why) { return Error(ErrorKind::malformed, "is no signature: " + why); }

// The JSON form: all that it says about the plugin must be so.
Result<Signature> parse_json_signature(std::span<const uint8_t> plugin, std::string_view text) {
  auto parsed = parse_json(text, {.bytes = kMostSignatureBytes, .depth = 10, .values = 1000});
  if (!parsed.ok()) return no_signature(parsed.error().message());
  if (parsed->integer_of("version") != 1) return no_signature("version must be 1");
  if (parsed->string_of("algorithm") != "Ed25519") return no_signature("algorithm must be Ed25519");
  WPLUG_TRY_ASSIGN(const std::string hash, sha256_hex(plugin));
  if (parsed->string_of("plugin_hash") != hash || parsed->integer_of("plugin_size") != static_cast<int64_t>(plugin.size())) {
    return Error(ErrorKind::link, "is the signature of another file");
  }
  const auto bytes = decode(parsed->string_of("signature"), 64);
  if (!bytes) return no_signature("signature must be 128 hexadecimal digits");
  return Signature{*bytes, *from_hex(hash)};
}

Result<Signature> parse_signature(std::span<const uint8_t> plugin, std::string_view text) {
  if (text.size() != 64 && trimmed(text).starts_with('{')) return parse_json_signature(plugin, trimmed(text));
  const auto bytes = decode(text, 64);
  if (!bytes) return no_signature("expected 64 bytes, base64 or hexadecimal of them, or JSON");
  return Signature{*bytes, ""};
}

Result<std::string> read_text(const std::string& file, uint64_t most) {
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file, most));
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

std::string to_hex(std::span<const uint8_t> bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) text += {kHex[byte >> 4], kHex[byte & 15]};
  return text;
}

Result<PublicKey> parse_public_key(std::string_view text) {
  auto bytes = decode(text, 32);
  if (!bytes) bytes = decode_pem(text);
  if (!bytes) {
    return Error(ErrorKind::malformed, "is no public key: expected 32 bytes, base64 or hexadecimal of them, or PEM of Ed25519");
  }
  PublicKey key;
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

Result<void> TrustedKeys::add_file(const std::string& file) {
  WPLUG_TRY_ASSIGN(const std::string text, read_text(file, kMostKeyBytes));
  auto key = parse_public_key(text);
  if (!key.ok()) return Error(key.error().kind(), file + ": " + key.error().message());
  add({fs::path(file).stem().string(), *key});
  return {};
}

Result<void> TrustedKeys::add_folder(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".pub") files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) WPLUG_TRY(add_file(file));
  return {};
}

Result<TrustedKey> verify_signature(std::span<const uint8_t> plugin, std::string_view text, const TrustedKeys& keys) {
  WPLUG_TRY_ASSIGN(const OpensslServices* services, openssl_services());
  WPLUG_TRY_ASSIGN(const Signature signature, parse_signature(plugin, text));
  const std::span<const uint8_t> message =
      signature.message.empty() ? plugin : std::span(bytes_of(signature.message), signature.message.size());
  for (const TrustedKey& key : keys.list()) {
    if (services->ed25519_verify(key.key.data(), message.data(), message.size(), bytes_of(signature.bytes))) return key;
  }
  return Error(ErrorKind::link, "is a signature by none of the " + std::to_string(keys.list().size()) +
                                    " trusted keys, or of other bytes: add the author's key to trusted-keys, or give it with "
                                    "--trusted-key");
}

Result<KeyPair> make_key_pair() {
  WPLUG_TRY_ASSIGN(const OpensslServices* services, openssl_services());
  std::array<uint8_t, 32> seed, key;
  if (!services->random(seed.data(), seed.size()) || !services->ed25519_public_key(seed.data(), key.data())) {
    return Error(ErrorKind::host, "OpenSSL could not make a key");
  }
  const auto text = [](const std::array<uint8_t, 32>& bytes) {
    return base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  return KeyPair{text(seed), text(key)};
}

Result<std::string> sign_plugin(std::span<const uint8_t> plugin, std::string_view private_text) {
  WPLUG_TRY_ASSIGN(const OpensslServices* services, openssl_services());
  const auto seed = decode(private_text, 32);
  if (!seed) return Error(ErrorKind::malformed, "is no private key: expected 32 bytes, or base64 or hexadecimal of them");
  std::array<uint8_t, 64> signature;
  if (!services->ed25519_sign(bytes_of(*seed), plugin.data(), plugin.size(), signature.data())) {
    return Error(ErrorKind::host, "OpenSSL could not sign");
  }
  return base64_encode({reinterpret_cast<const char*>(signature.data()), signature.size()});
}

std::string config_folder(const std::map<std::string, std::string>& environment) {
  const auto folder = environment.find("XDG_CONFIG_HOME"), home = environment.find("HOME");
  if (folder != environment.end() && !folder->second.empty()) return folder->second + "/wplug";
  return home != environment.end() && !home->second.empty() ? home->second + "/.config/wplug" : "";
}

Result<TrustedKeys> trusted_keys(const std::map<std::string, std::string>& environment) {
  TrustedKeys keys;
  const std::string folder = config_folder(environment);
  if (!folder.empty()) WPLUG_TRY(keys.add_folder(folder + "/trusted-keys"));
  return keys;
}

Result<void> check_signature_beside(const std::string& file, std::span<const uint8_t> plugin,
                                    const std::map<std::string, std::string>& environment) {
  const std::string beside = file + ".sig";
  std::error_code ignored;
  if (!fs::exists(beside, ignored)) return {};
  WPLUG_TRY_ASSIGN(const std::string signature, read_text(beside, kMostSignatureBytes));
  WPLUG_TRY_ASSIGN(const TrustedKeys keys, trusted_keys(environment));
  auto verified = verify_signature(plugin, signature, keys);
  if (!verified.ok()) return Error(verified.error().kind(), beside + ": " + verified.error().message());
  return {};
}

}  // namespace wplug
