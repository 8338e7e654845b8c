#include "host/signature.h"

#include <doctest/doctest.h>

#include "host/base64.h"
#include "host/openssl_present_test.h"
#include "host/openssl_services.h"
#include "host/temporary_folder_test.h"

namespace wplug {
namespace {

std::vector<uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

std::string unhex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

// RFC 8032, 7.1, test 3.
constexpr const char* kSeed = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
constexpr const char* kKey = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
constexpr const char* kSignature =
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";
const std::vector<uint8_t> kMessage = {0xaf, 0x82};

TrustedKeys trusting(std::string_view key) {
  TrustedKeys keys;
  const auto parsed = parse_public_key(key);
  REQUIRE(parsed.ok());
  keys.add({"author", *parsed});
  return keys;
}

TEST_CASE("a signature is taken as bytes, base64 and hexadecimal") {
  if (!has_openssl()) return;
  const std::string raw = unhex(kSignature);
  for (const std::string& form : {raw, std::string(kSignature), base64_encode(raw) + "\n"}) {
    CAPTURE(form.size());
    const auto key = verify_signature(kMessage, form, trusting(kKey));
    REQUIRE(key.ok());
    CHECK(key->name == "author");
  }
  CHECK(*sign_plugin(kMessage, kSeed) == base64_encode(raw));
}

TEST_CASE("public keys are taken as bytes, base64, hexadecimal and PEM") {
  const std::string raw = unhex(kKey);
  const std::string pem = "-----BEGIN PUBLIC KEY-----\n" + base64_encode(unhex("302a300506032b6570032100") + raw) +
                          "\n-----END PUBLIC KEY-----\n";
  for (const std::string& form : {raw, std::string(kKey) + "\n", base64_encode(raw), pem}) {
    const auto key = parse_public_key(form);
    REQUIRE(key.ok());
    CHECK(to_hex(*key) == kKey);
  }
  for (const char* bad : {"", "abc", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}) {
    CHECK(!parse_public_key(bad).ok());
  }
}

TEST_CASE("another message, another key and a changed signature are refused") {
  if (!has_openssl()) return;
  const TrustedKeys keys = trusting(kKey);
  CHECK(verify_signature(bytes_of("other"), kSignature, keys).error().kind() == ErrorKind::link);
  const auto pair = make_key_pair();
  REQUIRE(pair.ok());
  CHECK(verify_signature(kMessage, kSignature, trusting(pair->public_text)).error().kind() == ErrorKind::link);
  CHECK(!verify_signature(kMessage, kSignature, TrustedKeys()).ok());
  for (size_t i = 0; i < 64; ++i) {
    std::string changed = unhex(kSignature);
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(!verify_signature(kMessage, changed, keys).ok());
  }
  for (const char* bad : {"", "no signature", "{}", "{\"version\":2}"}) {
    CAPTURE(bad);
    CHECK(verify_signature(kMessage, bad, keys).error().kind() == ErrorKind::malformed);
  }
}

TEST_CASE("a new key pair signs and verifies, and no two are alike") {
  if (!has_openssl()) return;
  const auto one = make_key_pair(), two = make_key_pair();
  REQUIRE(one.ok());
  CHECK(one->private_text != two->private_text);
  const auto plugin = bytes_of("a plugin");
  const auto signature = sign_plugin(plugin, one->private_text + "\n");
  REQUIRE(signature.ok());
  CHECK(verify_signature(plugin, *signature, trusting(one->public_text)).ok());
  CHECK(!verify_signature(plugin, *signature, trusting(two->public_text)).ok());
  CHECK(!sign_plugin(plugin, "short").ok());
}

TEST_CASE("the midimon system's signature is over the hash and must fit the file") {
  if (!has_openssl()) return;
  const auto plugin = bytes_of("a plugin");
  const std::string hash = *sha256_hex(plugin);
  const std::string digest = unhex(hash);
  const auto signature = base64_decode(*sign_plugin(bytes_of(digest), kSeed));
  REQUIRE(signature);
  const auto json = [&](const std::string& hash_text, const std::string& size) {
    const std::string hex = to_hex(bytes_of(*signature));
    return "{\"version\":1,\"algorithm\":\"Ed25519\",\"plugin_hash\":\"" + hash_text + "\",\"plugin_size\":" + size +
           ",\"public_key\":\"" + kKey + "\",\"signature\":\"" + hex +
           "\",\"signed_at\":\"2025-01-19T10:00:00Z\",\"developer\":{\"name\":\"a\",\"email\":\"b\"}}";
  };
  CHECK(verify_signature(plugin, json(hash, "8"), trusting(kKey)).ok());
  CHECK(!verify_signature(plugin, json(hash, "9"), trusting(kKey)).ok());
  CHECK(!verify_signature(bytes_of("b plugin"), json(hash, "8"), trusting(kKey)).ok());
  CHECK(!verify_signature(bytes_of("b plugin"), json(*sha256_hex(bytes_of("b plugin")), "8"), trusting(kKey)).ok());
}

TEST_CASE("trusted keys come from a folder, and a bad one is named") {
  const TestFolder folder;
  CHECK(trusted_keys({{"XDG_CONFIG_HOME", folder.name()}})->list().empty());
  folder.write("wplug/trusted-keys/alice.pub", kKey);
  folder.write("wplug/trusted-keys/readme.txt", "not a key");
  const auto keys = trusted_keys({{"XDG_CONFIG_HOME", folder.name()}});
  REQUIRE(keys.ok());
  REQUIRE(keys->list().size() == 1);
  CHECK(keys->list()[0].name == "alice");
  const std::string bad = folder.write("wplug/trusted-keys/bob.pub", "nonsense");
  CHECK(trusted_keys({{"XDG_CONFIG_HOME", folder.name()}}).error().message().starts_with(bad + ": is no public key"));
}

TEST_CASE("a signature beside a module must be good, none need be there") {
  if (!has_openssl()) return;
  const TestFolder folder;
  const std::string file = folder.write("m.wasm", "xx");
  const std::map<std::string, std::string> environment = {{"XDG_CONFIG_HOME", folder.name()}};
  CHECK(check_signature_beside(file, kMessage, environment).ok());
  folder.write("m.wasm.sig", kSignature);
  CHECK(check_signature_beside(file, kMessage, environment).error().message().starts_with(file + ".sig: "));
  folder.write("wplug/trusted-keys/alice.pub", kKey);
  CHECK(check_signature_beside(file, kMessage, environment).ok());
  CHECK(!check_signature_beside(file, bytes_of("xx"), environment).ok());
}

}  // namespace
}  // namespace wplug
