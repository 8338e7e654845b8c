#include "wplug/capabilities.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

Policy granting(const std::vector<std::string>& capabilities) {
  Policy policy;
  policy.plugin = "p";
  for (const std::string& text : capabilities) REQUIRE(policy.granted.add(text).ok());
  return policy;
}

bool http_allowed(const std::vector<std::string>& patterns, std::string_view host) {
  Policy policy;
  for (const std::string& pattern : patterns) REQUIRE(policy.granted.add("http:" + pattern).ok());
  return authorize(policy, {CapabilityKind::http, host, 443}).allowed;
}

bool env_allowed(const std::string& pattern, std::string_view name) {
  return authorize(granting({"env:" + pattern}), {CapabilityKind::env, name}).allowed;
}

TEST_CASE("nothing is granted by default and the denial says what would") {
  Policy policy;
  policy.plugin = "lookup";
  policy.location = "p.toml:4:1";
  const Decision decision = authorize(policy, {CapabilityKind::http, "api.example.com", 443});
  CHECK(!decision.allowed);
  CHECK(decision.reason ==
        "plugin \"lookup\" may not http:api.example.com: p.toml:4:1: grants.http = [\"api.example.com\"] would allow it");
  CHECK(!authorize(policy, {CapabilityKind::env, "HOME"}).allowed);
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
  const Policy policy = granting({"http:*,localhost", "http:[::1]"});
  CHECK(authorize(policy, {CapabilityKind::http, "localhost", 80}).literal);
  CHECK(!authorize(policy, {CapabilityKind::http, "127.0.0.1", 80}).literal);
  CHECK(authorize(policy, {CapabilityKind::http, "127.0.0.1", 80}).allowed);
  CHECK(authorize(policy, {CapabilityKind::http, "::1", 80}).literal);
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
  CHECK(!env_allowed(pattern, std::string(5000, 'a')));
}

TEST_CASE("grants that could not mean what was written are refused") {
  for (const char* pattern : {"http:", "http:https://example.com", "http:example.com/path", "http:api.*.com",
                              "http:exa*mple.com", "http:*example.com", "http:a\tb", "http:*.", "http:.example.com",
                              "env:A=B", "env:A B", "fs:read:data", "fs:read:/a/../b", "fs:read:/a//b", "fs:read:/a**",
                              "network:outbound:", "network:outbound:host:port", "network:outbound:9-1", "exec:",
                              "exec:*", "disk:all"}) {
    CAPTURE(pattern);
    CHECK(!parse_capability(pattern).ok());
  }
  for (const char* pattern : {"http:example.com", "http:*.example.com", "http:*", "http:127.0.0.1", "http:example.com:8080",
                              "http:::1", "http:[::1]", "http:[::1]:80,localhost", "env:AWS_*", "fs:read:/etc/*.conf",
                              "fs:write:/srv/**", "network:outbound:53,443", "network:outbound:db:5432",
                              "network:outbound:*:8000-8099", "exec:git log **"}) {
    CAPTURE(pattern);
    CHECK(parse_capability(pattern).ok());
  }
}

}  // namespace
}  // namespace wplug
