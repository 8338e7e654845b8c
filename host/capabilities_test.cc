#include "wplug/capabilities.h"

#include <random>
#include <string>
#include <vector>

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
                              "exec:*", "exec:bin/ls", "exec:/bin/../ls", "exec: ", "disk:all", "http:user@example.com",
                              "http:127.1", "http:::1%lo", "http:a..b", "network:outbound:db:0", "network:outbound:db:65536",
                              "http:a,,b", "fs:read:/a/", "fs:read:/a/.", "fs:read:"}) {
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

TEST_CASE("a path that is not plain is covered by nothing") {
  const Policy policy = granting({"fs:read:/**", "fs:read:/srv/data/**", "fs:write:/srv/data/**"});
  CHECK(authorize(policy, {CapabilityKind::fs_read, "/srv/data/a"}).allowed);
  for (const char* path : {"/srv/data/../../etc/passwd", "/srv/data/./a", "/srv/data//a", "/srv/data/a/", "srv/data/a", "",
                           "/srv/data/..", "~/a"}) {
    CAPTURE(path);
    const Decision decision = authorize(policy, {CapabilityKind::fs_read, path});
    CHECK(!decision.allowed);
    CHECK(decision.reason.find("must be absolute") != std::string::npos);
  }
}

TEST_CASE("reading and writing are granted apart, and a folder is not what is below it") {
  const Policy policy = granting({"fs:read:/srv/in/**", "fs:write:/srv/out/*"});
  CHECK(authorize(policy, {CapabilityKind::fs_read, "/srv/in/a/b"}).allowed);
  CHECK(!authorize(policy, {CapabilityKind::fs_write, "/srv/in/a"}).allowed);
  CHECK(authorize(policy, {CapabilityKind::fs_write, "/srv/out/a"}).allowed);
  CHECK(!authorize(policy, {CapabilityKind::fs_write, "/srv/out/a/b"}).allowed);
  CHECK(!authorize(policy, {CapabilityKind::fs_read, "/srv/out/a"}).allowed);
  CHECK(!authorize(policy, {CapabilityKind::fs_read, "/srv/in"}).allowed);
  CHECK(!authorize(policy, {CapabilityKind::fs_read, "/srv/inside"}).allowed);
}

TEST_CASE("a grant that names the target goes before one with a wildcard, wherever it stands") {
  const Policy policy = granting({"fs:read:/srv/**", "fs:read:/srv/a", "env:*", "env:HOME"});
  CHECK(authorize(policy, {CapabilityKind::fs_read, "/srv/a"}).literal);
  CHECK(!authorize(policy, {CapabilityKind::fs_read, "/srv/b"}).literal);
  CHECK(policy.granted.find({CapabilityKind::fs_read, "/srv/a"})->pattern == "/srv/a");
  CHECK(policy.granted.find({CapabilityKind::env, "HOME"})->pattern == "HOME");
  CHECK(policy.granted.find({CapabilityKind::env, "USER"})->pattern == "*");
  CHECK(policy.granted.find({CapabilityKind::exec, "ls"}) == nullptr);
}

TEST_CASE("addresses are compared as addresses") {
  CHECK(http_allowed({"127.0.0.1"}, "::ffff:127.0.0.1"));
  CHECK(http_allowed({"[::1]"}, "0:0:0:0:0:0:0:1"));
  CHECK(http_allowed({"2001:db8::1"}, "2001:0DB8:0:0:0:0:0:1"));
  CHECK(!http_allowed({"127.0.0.1"}, "127.1"));
  CHECK(!http_allowed({"127.0.0.1"}, "2130706433"));
  CHECK(!http_allowed({"127.0.0.1"}, "0177.0.0.1"));
  CHECK(!http_allowed({"*.0.0.1.nip.io"}, "127.0.0.1"));
  CHECK(!http_allowed({"::1"}, "::1%lo"));
}

TEST_CASE("tricks in host names are covered by nothing, all hosts included") {
  for (const char* host : {"user@example.com", "example.com@evil.net", "example.com:80", "example.com/", "example.com#",
                           "example.com\\@evil.net", "127.1", "0x7f000001", "a..b", ".example.com", "example.com..", " example.com",
                           "ex\xc3\xa4mple.com", "%65xample.com"}) {
    CAPTURE(host);
    CHECK(!http_allowed({"*"}, host));
    CHECK(!http_allowed({"*.com", "*.net", "example.com"}, host));
  }
}

TEST_CASE("ports are granted by number, range or not at all") {
  const auto reaches = [](const char* grant, std::string_view host, uint16_t port) {
    return authorize(granting({grant}), {CapabilityKind::network, host, port}).allowed;
  };
  CHECK(reaches("network:outbound:db:5432", "db", 5432));
  CHECK(!reaches("network:outbound:db:5432", "db", 5433));
  CHECK(!reaches("network:outbound:db:5432", "other", 5432));
  CHECK(reaches("network:outbound:53,443", "any.example", 443));
  CHECK(!reaches("network:outbound:53,443", "any.example", 80));
  CHECK(reaches("network:outbound:db:8000-8099", "db", 8099));
  CHECK(!reaches("network:outbound:db:8000-8099", "db", 8100));
  CHECK(reaches("network:outbound:[::1]:25", "::1", 25));
  CHECK(!reaches("network:outbound:[::1]:25", "::1", 26));
  CHECK(reaches("network:outbound:db:*", "db", 1));
  CHECK(!reaches("http:db", "db", 80));
}

TEST_CASE("a grant of the network covers http, not the other way round") {
  const Policy policy = granting({"network:outbound:example.com:443"});
  CHECK(authorize(policy, {CapabilityKind::http, "example.com", 443}).allowed);
  CHECK(authorize(policy, {CapabilityKind::http, "example.com", 443}).literal);
  CHECK(!authorize(policy, {CapabilityKind::http, "example.com", 80}).allowed);
}

TEST_CASE("a command is granted by the name it is called by") {
  const auto runs = [](const char* grant, std::string_view command, const std::vector<std::string>& arguments = {}) {
    return authorize(granting({grant}), {CapabilityKind::exec, command, 0, arguments}).allowed;
  };
  CHECK(runs("exec:git", "git", {"push", "--force"}));
  CHECK(!runs("exec:git", "/usr/bin/git"));
  CHECK(!runs("exec:/usr/bin/git", "git"));
  CHECK(runs("exec:/usr/bin/git", "/usr/bin/git"));
  CHECK(!runs("exec:/usr/bin/git", "/usr/bin/../bin/git"));
  CHECK(!runs("exec:git", "git push"));
  CHECK(runs("exec:git log **", "git", {"log", "-n", "3"}));
  CHECK(!runs("exec:git log **", "git", {"push"}));
  CHECK(!runs("exec:git log **", "git"));
  CHECK(!runs("exec:git log", "git", {"log", "--output=/etc/x"}));
}

TEST_CASE("where a plugin declares, both what is granted and what is declared must cover it") {
  Policy policy = granting({"fs:read:/srv/**", "env:*"});
  policy.declared.emplace();
  CHECK(!authorize(policy, {CapabilityKind::fs_read, "/srv/a"}).allowed);
  REQUIRE(policy.declared->add("fs:read:/srv/a").ok());
  REQUIRE(policy.declared->add("exec:ls").ok());
  CHECK(authorize(policy, {CapabilityKind::fs_read, "/srv/a"}).allowed);
  // How it is granted counts, not how it is declared.
  CHECK(!authorize(policy, {CapabilityKind::fs_read, "/srv/a"}).literal);
  CHECK(authorize(policy, {CapabilityKind::fs_read, "/srv/b"}).reason ==
        "plugin \"p\" may not fs:read:/srv/b: it is granted, but the plugin does not declare it");
  CHECK(authorize(policy, {CapabilityKind::exec, "ls"}).reason ==
        "plugin \"p\" may not exec:ls: grants.exec = [\"ls\"] would allow it");
}

TEST_CASE("a denial stays short and in one line whatever was asked for") {
  const std::vector<std::string> arguments(1000, std::string(1000, 'x'));
  const Policy policy = granting({});
  CHECK(authorize(policy, {CapabilityKind::exec, "a\nb", 0, arguments}).reason.size() < 2000);
  CHECK(authorize(policy, {CapabilityKind::exec, "a\nb", 0, arguments}).reason.find('\n') == std::string::npos);
  CHECK(authorize(policy, {CapabilityKind::env, std::string(1 << 20, 'x')}).reason.size() < 2000);
  const std::vector<std::string> odd = {"-c", "rm -rf *", "\"", ""};
  CHECK(authorize(policy, {CapabilityKind::exec, "tool", 0, odd}).reason ==
        "plugin \"p\" may not exec:tool -c * * *: grants.exec = [\"tool -c * * *\"] would allow it");
}

TEST_CASE("what tells soon that a pattern does not match never hides one that does") {
  const auto covers = [](const std::string& grant, std::string_view path) {
    return authorize(granting({"fs:read:" + grant}), {CapabilityKind::fs_read, path}).allowed;
  };
  for (const char* grant : {"/srv/*/plugin/**/*.json", "/srv/*/plugin/**", "/*/x/plugin/b/*", "/**/plugin/**", "/srv/?/plugin/b/c.json",
                            "/**/c.json", "/srv/x/*/b/c.json", "/srv/x/plugin/b/*.json", "/*/*/*/*/c.json", "/srv/x/plugin/b/c?json",
                            "/srv/x/plugin/b/c.*n"}) {
    CAPTURE(grant);
    CHECK(covers(grant, "/srv/x/plugin/b/c.json"));
    CHECK(!covers(grant, "/srv/x/plugins/b/c.jsonx"));
    CHECK(!covers(grant, "/srv"));
    CHECK(!covers(grant, "/c"));
  }
  CHECK(covers("/*/a/b", "/x/a/b"));
  CHECK(!covers("/*/a/b", "/x/a"));
  CHECK(!covers("/a*a", "/a"));
  CHECK(covers("/a*a", "/aa"));
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "/n" + std::to_string(i);
  CHECK(covers("/*" + deep, "/x" + deep));
  CHECK(!covers("/*" + deep, "/x" + deep + "0"));
  CHECK(env_allowed("*_TOKEN_OF_MINE", "A_TOKEN_OF_MINE"));
  CHECK(!env_allowed("*_TOKEN_OF_MINE", "A_TOKEN_OF_MINX"));
}

TEST_CASE("of many grants the one is found that would be found one by one") {
  const std::vector<std::string> names = {"a", "b", "ab", "data", "plugin1", "plugin2", "records.json", "long-name-of-a-file.json"};
  const std::vector<std::string> globs = {"*", "?", "**", "*b", "plugin*", "*.json", "r*d?.json", "long*file.*"};
  std::mt19937 random(7);
  const auto pick = [&random](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  const auto path = [&](bool with_globs) {
    std::string text;
    for (size_t n = 1 + random() % 4; n > 0; --n) text += "/" + (with_globs && random() % 3 == 0 ? pick(globs) : pick(names));
    return text;
  };
  int found = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> grants;
    for (size_t n = 1 + random() % 12; n > 0; --n) grants.push_back("fs:read:" + path(true));
    const Policy all = granting(grants);
    for (int tries = 0; tries < 30; ++tries) {
      const std::string target = path(false);
      const Access access{CapabilityKind::fs_read, target};
      // The first that names it, else the first that covers it.
      const std::string* expected = nullptr;
      bool is_literal = false;
      for (const std::string& grant : grants) {
        const Decision alone = authorize(granting({grant}), access);
        if (!alone.allowed || (expected != nullptr && (is_literal || !alone.literal))) continue;
        expected = &grant;
        is_literal = alone.literal;
      }
      const Capability* const actual = all.granted.find(access);
      CAPTURE(target);
      REQUIRE((actual == nullptr) == (expected == nullptr));
      if (actual != nullptr) CHECK(actual->to_string() == *expected);
      found += actual != nullptr;
    }
  }
  CHECK(found > 500);
}

TEST_CASE("copies of grants go their own ways") {
  Policy first = granting({"env:A"});
  Policy second = first;
  REQUIRE(second.granted.add("env:B").ok());
  CHECK(!authorize(first, {CapabilityKind::env, "B"}).allowed);
  CHECK(authorize(second, {CapabilityKind::env, "A"}).allowed);
  CHECK(authorize(second, {CapabilityKind::env, "B"}).allowed);
  REQUIRE(first.granted.add("env:C").ok());
  CHECK(!authorize(second, {CapabilityKind::env, "C"}).allowed);
}

TEST_CASE("a capability that was not parsed and means nothing covers nothing") {
  Policy policy;
  policy.granted.add({CapabilityKind::http, "a b@c", ""});
  policy.granted.add({CapabilityKind::network, "db:port", ""});
  policy.granted.add({CapabilityKind::fs_read, "/a/../b", ""});
  CHECK(!authorize(policy, {CapabilityKind::fs_read, "/b"}).allowed);
  CHECK(!authorize(policy, {CapabilityKind::network, "db", 1}).allowed);
}

TEST_CASE("broad grants are told, narrow ones are not") {
  for (const char* text : {"fs:read:/**", "fs:write:/*/**", "fs:read:/**/*", "fs:read:/proc/**", "fs:read:/proc/*/environ",
                           "network:outbound:*", "network:outbound:*:*", "network:outbound:1-65535", "http:*", "http:a.example,*",
                           "http:*:443", "http:*.com", "env:*", "env:**", "exec:sh", "exec:/bin/bash", "exec:python3.11 **",
                           "exec:/usr/bin/env", "exec:busybox", "exec:perl5", "exec:sh -c *"}) {
    CAPTURE(text);
    CHECK(broadness(*parse_capability(text)).has_value());
  }
  for (const char* text : {"fs:read:/srv/**", "fs:write:/srv/data/*", "fs:read:/etc/passwd", "network:outbound:db:5432",
                           "network:outbound:443", "http:api.example.com", "http:*.example.com", "env:AWS_*", "env:HOME",
                           "exec:git", "exec:/opt/shell-check", "exec:ls **"}) {
    CAPTURE(text);
    CHECK(!broadness(*parse_capability(text)).has_value());
  }
  CHECK(*broadness(*parse_capability("exec:sh")) == "it runs any program through an interpreter");
}

}  // namespace
}  // namespace wplug
