#include "abi/reglet/reglet_abi.h"

#include <doctest/doctest.h>

#include "abi/reglet/reglet_plugin_test.h"

namespace wplug {
namespace {

using namespace reglet_test;

Module compile(const std::string& text) { return compile_text(*Engine::create(), text); }

std::string complaint(const std::string& text, std::string entry = "observe") {
  PluginTerms terms;
  terms.entry = std::move(entry);
  const auto checked = reglet_abi().check(compile(text), terms);
  return checked.ok() ? "accepted" : checked.error().message();
}

// `text` with one part replaced by another.
std::string changed(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("a plugin is told by its exports and imports") {
  RegletText text;
  const AbiMatch match = reglet_abi().detect(compile(text.text()));
  CHECK(match.score == 100);
  CHECK(match.why == "exports allocate, describe and observe, imports reglet_host");
  CHECK(detect_abi(compile(text.text()), plugin_abis()).abi == &reglet_abi());
  text.names[0] = "_manifest";
  text.names[2] = "_observe";
  CHECK(reglet_abi().detect(compile(text.text())).why == "exports allocate, _manifest and _observe, imports reglet_host");
  text.names[0] = "who";
  CHECK(reglet_abi().detect(compile(text.text())).score == 60);
  CHECK(reglet_abi().detect(compile("(module)")).score == 0);
}

TEST_CASE("operations, entry and wanted capabilities are told from the module") {
  RegletText text;
  text.function = "exec_command";
  const Module module = compile(text.text());
  CHECK(reglet_abi().operations(module) == std::vector<std::string>{"describe", "schema", "observe"});
  CHECK(reglet_abi().default_entry(module) == "observe");
  CHECK(reglet_abi().wanted_capabilities(module) == std::vector<std::string>{"exec", "log"});
  text.names[0] = "_manifest";
  text.names[1] = "";
  CHECK(reglet_abi().operations(compile(text.text())) == std::vector<std::string>{"describe", "schema", "observe"});
}

TEST_CASE("what a plugin lacks is named before it runs") {
  const std::string good = RegletText().text();
  CHECK(complaint(good) == "accepted");
  CHECK(complaint(good, "describe") == "accepted");
  CHECK(complaint(good, "destroy") == "\"destroy\" is no operation of a reglet plugin: observe, describe or schema");
  CHECK(complaint(changed(good, "\"deallocate\"", "\"release\"")) == "exports no \"deallocate\"");
  CHECK(complaint(changed(good, "\"allocate\"", "\"reserve\"")) == "exports no \"allocate\"");
  CHECK(complaint(changed(good, "\"observe\"", "\"look\"")) == "exports neither observe nor _observe");
  CHECK(complaint(changed(good, "\"describe\"", "\"tell\"")) == "exports neither describe nor _manifest");
  CHECK(complaint(changed(good, "\"memory\"", "\"ram\"")) == "exports no memory named \"memory\"");
  CHECK(complaint(changed(good, "(param i32 i32))", "(param i32))")).starts_with("exports \"deallocate\" as "));
  CHECK(complaint(changed(good, "\"env_get\"", "\"env_set\"")) ==
        "imports what the reglet ABI does not have: reglet_host.env_set");
}

TEST_CASE("without a limit of its own a plugin has 256 MiB") {
  CHECK(reglet_abi().default_limits().memory == uint64_t{256} << 20);
}

TEST_CASE("every host function is in the table with all that is shown of it") {
  CHECK(reglet_abi().host_functions().size() == 11);
  for (const AbiFunction& function : reglet_abi().host_functions()) {
    CHECK(function.module == "reglet_host");
    CHECK(function.type.starts_with("(i64 "));
    CHECK(!function.capability.empty());
    CHECK(!function.doc.empty());
  }
}

}  // namespace
}  // namespace wplug
