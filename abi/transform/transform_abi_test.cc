#include "abi/transform/transform_abi.h"

#include <doctest/doctest.h>

#include "abi/transform/plugin_bytes_test.h"
#include "abi/transform/transform_instance.h"
#include "wplug/abis.h"
#include "wplug/plugin.h"

namespace wplug {
namespace {

Module compile(const PluginBytes& plugin) {
  const auto engine = Engine::create();
  REQUIRE(engine.ok());
  auto module = Module::compile(*engine, plugin.bytes(), "test");
  REQUIRE_MESSAGE(module.ok(), module.error().to_string());
  return std::move(*module);
}

std::string complaint(const PluginBytes& plugin, PluginOptions options = {}) {
  const Module module = compile(plugin);
  PluginTerms terms;
  terms.entry = options.entry.empty() ? transform_abi().default_entry(module) : options.entry;
  terms.policy.granted = options.grants;
  const auto checked = transform_abi().check(module, terms);
  return checked.ok() ? "accepted" : checked.error().message();
}

TEST_CASE("a plugin is told by its exports") {
  PluginBytes plugin;
  const AbiMatch match = transform_abi().detect(compile(plugin));
  CHECK(match.score == 100);
  CHECK(match.why == "exports malloc, free, get_output_len and transform");
  CHECK(detect_abi(compile(plugin), plugin_abis()).abi == &transform_abi());
  plugin.function("transform").name = "process";
  CHECK(transform_abi().detect(compile(plugin)).score == 50);
  plugin.function("malloc").name = "allocate";
  CHECK(transform_abi().detect(compile(plugin)).score == 0);
}

TEST_CASE("the entry is transform where there is one, else validate") {
  PluginBytes plugin;
  plugin.functions.push_back({"validate", 2, 1, kEcho});
  CHECK(transform_abi().default_entry(compile(plugin)) == "transform");
  plugin.function("transform").name = "other";
  CHECK(transform_abi().default_entry(compile(plugin)) == "validate");
  plugin.function("validate").name = "more";
  CHECK(transform_abi().default_entry(compile(plugin)) == "");
}

TEST_CASE("capabilities that a module wants are told by its imports") {
  PluginBytes plugin;
  plugin.imports = {{"env", "http_get", 4, 1}, {"host", "log", 2, 0}, {"wplug", "log", 2, 0}, {"other", "get_config", 4, 1}};
  CHECK(transform_abi().wanted_capabilities(compile(plugin)) == std::vector<std::string>{"http", "log"});
}

TEST_CASE("what a plugin lacks is named before it runs") {
  CHECK(complaint({}) == "accepted");
  PluginBytes plugin;
  plugin.function("free").name = "";
  CHECK(complaint(plugin) == "exports no \"free\"");
  plugin = {};
  plugin.function("malloc") = {"malloc", 2, 1, i32_const(0)};
  CHECK(complaint(plugin).starts_with("exports \"malloc\" as "));
  plugin = {};
  plugin.memory_export = "ram";
  CHECK(complaint(plugin) == "exports no memory named \"memory\"");
  plugin = {};
  plugin.memory_flags = 4;
  CHECK(complaint(plugin) == "its memory has 64-bit addresses, the transform ABI's have 32");
  plugin = {};
  plugin.function("transform").name = "";
  CHECK(complaint(plugin).starts_with("exports neither transform nor validate"));
  plugin = {};
  plugin.imports = {{"env", "launch", 0, 0}, {"gate", "open", 0, 0}, {"env", "log", 2, 0}};
  CHECK(complaint(plugin) == "imports what the transform ABI does not have: env.launch, gate.open");
}

TEST_CASE("an entry that is not there, or of another type, is refused") {
  PluginOptions options;
  options.entry = "vaildate";
  CHECK(complaint({}, options) == "exports no \"vaildate\"");
  options.entry = "get_output_len";
  CHECK(complaint({}, options).starts_with("exports \"get_output_len\" as "));
}

TEST_CASE("grants that the ABI cannot give are refused, not forgotten") {
  for (const char* text : {"exec:ls", "network:outbound:53", "fs:read:/srv/*/data"}) {
    PluginOptions options;
    REQUIRE(options.grants.add(text).ok());
    CHECK(complaint({}, options).starts_with(text));
  }
}

TEST_CASE("granted directories open under their own name, writable once when granted both ways") {
  Policy policy;
  for (const char* text : {"fs:read:/srv/a/**", "fs:read:/srv/b/**", "fs:write:/srv/b/**", "fs:write:/**"}) {
    REQUIRE(policy.granted.add(text).ok());
  }
  const auto directories = granted_directories(policy);
  REQUIRE(directories.size() == 3);
  CHECK(directories[0].guest_path == "/srv/b");
  CHECK(directories[0].writable);
  CHECK(directories[1].guest_path == "/");
  CHECK(directories[2].host_path == "/srv/a");
  CHECK(!directories[2].writable);
}

}  // namespace
}  // namespace wplug
