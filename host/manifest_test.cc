#include "wplug/manifest.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "wplug/plugin.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

constexpr const char* kHead = "name = \"p\"\nversion = \"1.0.0\"\n";

std::string problem(const std::string& text) {
  const auto manifest = parse_manifest(text, "plugin.toml");
  if (manifest.ok()) return "";
  CHECK(manifest.error().kind() == ErrorKind::misuse);
  return manifest.error().message();
}

std::vector<std::string> wants(const PluginManifest& manifest) {
  std::vector<std::string> result;
  for (const Capability& capability : manifest.capabilities->list()) result.push_back(capability.to_string());
  return result;
}

TEST_CASE("a manifest of the samuel system is read whole") {
  const auto manifest = parse_manifest(R"(
name = "changelog"
version = "1.2.0-rc.1"
description = "writes a changelog"
kind = "wasm"

[wasm]
module = "build/changelog.wasm"
exports = ["on_install", "run"]

[capabilities]
filesystem.read = ["/srv/repo", "/etc/*.conf"]
filesystem.write = ["/srv/out/"]
exec = ["git log **"]
env = ["LANG"]
network.hosts = ["api.example.com"]
wants = ["network:outbound:db.example.com:5432"]
denied = ["env:*"]

[runtime]
max_memory_mib = 64
timeout = "5s"
hard_timeout = "30s"

[limits]
host_calls = 100

[requires]
wplug = ">=0.1.0, <9.0.0"
protocol = { min = 1, max = 3 }
)",
                                       "dir/plugin.toml");
  REQUIRE(manifest.ok());
  CHECK(manifest->name == "changelog");
  CHECK(manifest->version == "1.2.0-rc.1");
  CHECK(manifest->module_path() == "dir/build/changelog.wasm");
  CHECK(manifest->exports == std::vector<std::string>{"on_install", "run"});
  CHECK(wants(*manifest) ==
        std::vector<std::string>{"fs:read:/srv/repo/**", "fs:read:/etc/*.conf", "fs:write:/srv/out/**", "exec:git log **",
                                 "env:LANG", "http:api.example.com", "network:outbound:api.example.com:*",
                                 "network:outbound:db.example.com:5432"});
  CHECK(manifest->limits.memory == uint64_t{64} << 20);
  CHECK(manifest->limits.soft_timeout == 5s);
  CHECK(manifest->limits.timeout == 30s);
  CHECK(manifest->limits.host_calls == 100);
  CHECK(manifest->check_host().ok());
}

TEST_CASE("the least manifest names itself and its version, and declares nothing") {
  const auto manifest = parse_manifest(kHead, "plugin.toml");
  REQUIRE(manifest.ok());
  CHECK(manifest->kind == PluginKind::wasm);
  CHECK(manifest->module_path() == "plugin.wasm");
  CHECK(!manifest->capabilities);
  CHECK(!manifest->limits.memory);
  const auto empty = parse_manifest(std::string(kHead) + "[capabilities]\n", "plugin.toml");
  REQUIRE(empty->capabilities);
  CHECK(empty->capabilities->empty());
}

TEST_CASE("what is wrong is told with its place") {
  const std::string head = kHead;
  CHECK(problem("") == "plugin.toml:1:1: the manifest has no name");
  CHECK(problem("name = \"p\"\n") == "plugin.toml:1:1: the manifest has no version");
  CHECK(problem(head + "versoin = \"1\"").starts_with("plugin.toml:3:1: unknown key \"versoin\""));
  CHECK(problem("name = 5\nversion = \"1.0.0\"").starts_with("plugin.toml:1:8: name must be a string"));
  CHECK(problem("name = \"../p\"\nversion = \"1.0.0\"").starts_with("plugin.toml:1:8: name must be letters"));
  CHECK(problem("name = \"p\"\nversion = \"1\"").starts_with("plugin.toml:2:11: version must be a semantic version"));
  CHECK(problem(head + "kind = \"jar\"") == "plugin.toml:3:8: kind must be \"wasm\" or \"native\": \"jar\"");
  CHECK(problem(head + "name = [").starts_with("plugin.toml:3:"));
}

TEST_CASE("a module outside the manifest's folder is refused") {
  for (const char* path : {"/etc/passwd", "../other.wasm", "a/../../b.wasm", "./a.wasm", "a//b.wasm"}) {
    CAPTURE(path);
    CHECK(problem(std::string(kHead) + "[wasm]\nmodule = \"" + path + "\"").find("below the manifest's folder") !=
          std::string::npos);
  }
}

TEST_CASE("mounts are absolute and named") {
  const std::string table = std::string(kHead) + "[capabilities]\n";
  CHECK(problem(table + "filesystem.read = [\"data\"]") ==
        "plugin.toml:4:20: filesystem.read: a mount must be an absolute path: \"data\"");
  CHECK(problem(table + "filesystem.write = [\"\"]") == "plugin.toml:4:21: filesystem.write: a mount must not be empty");
  CHECK(problem(table + "filesystem.read = [\"/a/../b\"]").find("has \"..\" in it") != std::string::npos);
  const auto root = parse_manifest(table + "filesystem.read = [\"/\"]", "plugin.toml");
  REQUIRE(root.ok());
  CHECK(wants(*root) == std::vector<std::string>{"fs:read:/**"});
}

TEST_CASE("capabilities that contradict each other are errors") {
  const std::string table = std::string(kHead) + "[capabilities]\n";
  CHECK(problem(table + "env = [\"A\", \"A\"]") == "plugin.toml:4:13: env: env:A is listed twice");
  CHECK(problem(table + "env = [\"A\"]\nwants = [\"env:A\"]").ends_with("env:A is listed twice"));
  CHECK(problem(table + "denied = [\"env:A\"]\nenv = [\"A\"]") == "plugin.toml:4:11: env:A is both wanted and denied");
  CHECK(problem(table + "wants = [\"teleport:x\"]").find("is no capability") != std::string::npos);
}

TEST_CASE("a soft timeout beyond the hard one is an error") {
  const std::string table = std::string(kHead) + "[runtime]\n";
  CHECK(problem(table + "timeout = \"10s\"\nhard_timeout = \"5s\"") ==
        "plugin.toml:4:11: runtime.timeout 10s > runtime.hard_timeout 5s");
  CHECK(problem(table + "timeout = \"31s\"").ends_with("runtime.hard_timeout 30s, its default"));
  CHECK(problem(table + "hard_timeout = \"1s\"").empty());
  CHECK(problem(table + "timeout = \"5s\"\nhard_timeout = \"5s\"").empty());
  CHECK(problem(table + "max_memory_mib = 0").find("between 1 and 4096") != std::string::npos);
  CHECK(problem(table + "max_memory_mib = 1\n[limits]\nmemory = \"1MiB\"").find("keep one") != std::string::npos);
}

TEST_CASE("a plugin for another host is refused with both sides named") {
  const auto newer = parse_manifest(std::string(kHead) + "[requires]\nwplug = \">=99.0.0\"", "plugin.toml");
  REQUIRE(newer.ok());
  CHECK(newer->check_host().error().message() ==
        "p 1.0.0 requires wplug >=99.0.0, this is " + std::string(build_info().version));
  const auto protocol = parse_manifest(std::string(kHead) + "[requires]\nprotocol = 2", "plugin.toml");
  REQUIRE(protocol.ok());
  CHECK(protocol->check_host().error().message() == "p 1.0.0 requires protocol 2 to 2, this host speaks 1 to 1");
  CHECK(problem(std::string(kHead) + "[requires]\nwplug = \"soon\"").find("requires.wplug must be versions") !=
        std::string::npos);
}

TEST_CASE("options that are set win over the manifest") {
  const auto manifest =
      parse_manifest(std::string("entry = \"run\"\n") + kHead + "[capabilities]\nenv = [\"A\"]\n[limits]\nmemory = \"2MiB\"\nfuel = 7",
                     "plugin.toml");
  REQUIRE(manifest.ok());
  PluginOptions options;
  options.limits.memory = uint64_t{3} << 20;
  manifest->apply_to(options);
  CHECK(options.entry == "run");
  CHECK(options.limits.memory == uint64_t{3} << 20);
  CHECK(options.limits.fuel == 7);
  CHECK(options.declared->list().size() == 1);
}

TEST_CASE("a native plugin names its library") {
  CHECK(problem(std::string("kind = \"native\"\n") + kHead).find("native.module is missing") != std::string::npos);
  CHECK(problem(std::string(kHead) + "[native]\nmodule = \"a.so\"").find("kind is \"wasm\"") != std::string::npos);
  const auto native = parse_manifest(std::string("kind = \"native\"\n") + kHead + "[native]\nmodule = \"a.so\"", "plugin.toml");
  REQUIRE(native.ok());
  CHECK(native->kind == PluginKind::native);
}

}  // namespace
}  // namespace wplug
