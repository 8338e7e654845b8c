// Masks with hashes, which need OpenSSL.
#include <doctest/doctest.h>

#include "host/openssl_services.h"
#include "host/pattern_services.h"
#include "wplug/redactor.h"

namespace wplug {
namespace {

std::shared_ptr<const Redactor> made(const RedactionConfig& config) {
  // Links the services into the tests.
  REQUIRE(wplug_pattern_services() != nullptr);
  REQUIRE(wplug_openssl_services() != nullptr);
  auto redactor = Redactor::create(config);
  REQUIRE_MESSAGE(redactor.ok(), redactor.error().message());
  return *redactor;
}

TEST_CASE("hashes are equal for equal secrets, and others with another salt") {
  RedactionConfig config;
  config.values = {"one-secret", "two-secret"};
  config.hash = true;
  config.salt = "salt";
  const std::string masked = made(config)->redact("one-secret two-secret one-secret");
  CHECK(masked.starts_with("[REDACTED:sha256:"));
  const std::string first = masked.substr(0, masked.find(' ')), last = masked.substr(masked.rfind(' ') + 1);
  CHECK(first == last);
  CHECK(masked.find(first, 1) == masked.size() - last.size());
  // printf one-secret | openssl dgst -sha256 -hmac salt
  CHECK(first == "[REDACTED:sha256:8d049d16a89e]");
  config.salt = "other";
  CHECK(made(config)->redact("one-secret") != first);
}

TEST_CASE("a hash is not masked again") {
  RedactionConfig config;
  config.patterns = {"pin=(?P<secret>\\S+)"};
  config.hash = true;
  const auto redactor = made(config);
  const std::string once = redactor->redact("pin=1234");
  CHECK(once.starts_with("pin=[REDACTED:sha256:"));
  CHECK(redactor->redact(once) == once);
  CHECK(redactor->redact("pin=[REDACTED:sha256:nothex!!!!!!]") != "pin=[REDACTED:sha256:nothex!!!!!!]");
}

TEST_CASE("a key block has the same hash however it is written in pieces") {
  RedactionConfig config;
  config.builtin = true;
  config.hash = true;
  const auto redactor = made(config);
  const std::string text = "-----BEGIN PRIVATE KEY-----\n" + std::string(100'000, 'k') + "\n-----END PRIVATE KEY-----\n";
  const std::string expected = redactor->redact(text);
  CHECK(expected.size() < 40);
  for (const size_t step : {size_t{1}, size_t{1000}, size_t{65'537}}) {
    RedactorStream stream(*redactor);
    std::string out;
    for (size_t at = 0; at < text.size(); at += step) stream.write(std::string_view(text).substr(at, step), out);
    stream.flush(out);
    CHECK(out == expected);
  }
}

}  // namespace
}  // namespace wplug
