#include "wplug/capabilities.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

bool http_allowed(std::vector<std::string> patterns, std::string_view host) {
  Grants grants;
  grants.http = std::move(patterns);
  return authorize(grants, Capability::http, host).allowed;
}

bool env_allowed(const char* pattern, std::string_view name) {
  Grants grants;
  grants.env = {pattern};
  return authorize(grants, Capability::env, name).allowed;
}

TEST_CASE("nothing is granted by default and the denial says what would") {
  const Decision decision = authorize(Grants{}, Capability::http, "api.example.com");
  CHECK(!decision.allowed);
  CHECK(decision.reason == "\"api.example.com\" is not granted; grants.http = [\"api.example.com\"] would allow it");
  CHECK(!authorize(Grants{}, Capability::env, "HOME").allowed);
}

TEST_CASE("a host is granted by its name, without regard to case and the last dot") {
  CHECK(http_allowed({"example.com"}, "example.com"));
  CHECK(http_allowed({"Example.COM"}, "eXample.com."));
  CHECK(!http_allowed({"example.com"}, "api.example.com"));
  CHECK(!http_allowed({"example.com"}, "example.com.evil.net"));
  CHECK(!http_allowed({"example.com"}, "notexample.com"));
  CHECK(!http_allowed({"example.com"}, ""));
}

TEST_CASE("a leading star grants subdomains and not the domain itself") {
  CHECK(http_allowed({"*.example.com"}, "api.example.com"));
  CHECK(http_allowed({"*.example.com"}, "a.b.example.com"));
  CHECK(!http_allowed({"*.example.com"}, "example.com"));
  CHECK(!http_allowed({"*.example.com"}, ".example.com"));
  CHECK(!http_allowed({"*.example.com"}, "evilexample.com"));
  CHECK(http_allowed({"*"}, "anything.at.all"));
}

TEST_CASE("a grant is literal only when it names the host itself") {
  Grants grants;
  grants.http = {"*", "localhost"};
  CHECK(authorize(grants, Capability::http, "localhost").literal);
  CHECK(!authorize(grants, Capability::http, "127.0.0.1").literal);
  CHECK(authorize(grants, Capability::http, "127.0.0.1").allowed);
  grants.http = {"[::1]"};
  CHECK(authorize(grants, Capability::http, "::1").literal);
}

TEST_CASE("variables are granted by name or wildcard") {
  CHECK(env_allowed("AWS_*", "AWS_REGION"));
  CHECK(env_allowed("AWS_*", "AWS_"));
  CHECK(!env_allowed("AWS_*", "XAWS_REGION"));
  CHECK(!env_allowed("AWS_*", "aws_region"));
  CHECK(env_allowed("*_TOKEN", "MY_TOKEN"));
  CHECK(env_allowed("A*B*C", "AxxBBxC"));
  CHECK(!env_allowed("A*B*C", "AxxBBxCx"));
  CHECK(env_allowed("HOME", "HOME"));
  CHECK(!env_allowed("HOME", "HOMEX"));
}

TEST_CASE("a wildcard with many stars does not take long") {
  const std::string pattern = "*a*a*a*a*a*a*a*a*a*a*a*a*b";
  CHECK(!env_allowed(pattern.c_str(), std::string(5000, 'a')));
}

TEST_CASE("grants that could not mean what was written are refused") {
  for (const char* pattern : {"", "https://example.com", "example.com/path", "example.com:8080", "api.*.com", "exa*mple.com",
                              "*example.com", "a b", "*.", ".example.com", "a\tb"}) {
    CAPTURE(pattern);
    CHECK(grant_problem(Capability::http, pattern));
  }
  for (const char* pattern : {"example.com", "*.example.com", "*", "127.0.0.1", "localhost", "::1", "[::1]"}) {
    CAPTURE(pattern);
    CHECK(!grant_problem(Capability::http, pattern));
  }
  CHECK(grant_problem(Capability::env, "A=B"));
  CHECK(!grant_problem(Capability::env, "AWS_*"));
}

}  // namespace
}  // namespace wplug
