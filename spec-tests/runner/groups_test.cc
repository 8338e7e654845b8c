#include "spec-tests/runner/groups.h"

#include <doctest/doctest.h>

namespace wplug::spec {
namespace {

TEST_CASE("scripts of the suite are known by their group") {
  REQUIRE(find_group("i32.wast") != nullptr);
  CHECK(find_group("i32.wast")->name == "core-1.0");
  CHECK(find_group("i32.wast")->supported());
  REQUIRE(find_group("proposals/threads/atomic.wast") != nullptr);
  CHECK(find_group("proposals/threads/atomic.wast")->words == "threads");
  CHECK(find_group("proposals/threads/atomic.wast")->supported() == Features::all().has(Feature::threads));
  REQUIRE(find_group("proposals/custom-descriptors/descriptors.wast") != nullptr);
  CHECK_FALSE(find_group("proposals/custom-descriptors/descriptors.wast")->supported());
  CHECK(find_group("unwind.wast") != nullptr);
  CHECK(find_group("atomic.wast") == nullptr);
  CHECK(find_group("") == nullptr);
}

TEST_CASE("a script is found in the suite by the longest end of its path") {
  CHECK(suite_name("/tmp/json/i32/i32.json") == "i32.wast");
  CHECK(suite_name("/tmp/flat/i32.json") == "i32.wast");
  CHECK(suite_name("i32.json") == "i32.wast");
  CHECK(suite_name("/x/proposals/threads/imports/imports.json") == "proposals/threads/imports.wast");
  CHECK(suite_name("/x/imports/imports.json") == "imports.wast");
  CHECK(suite_name("/x/extra/spec-285a903/memory_grow/memory_grow.json") == "extra/spec-285a903/memory_grow.wast");
  CHECK(suite_name("/x/mine/mine.json").empty());
}

TEST_CASE("the source of a converted script stands where its folder does") {
  CHECK(source_path("a/b/b.json") == "a/b.wast");
  CHECK(source_path("a/b.json") == "a/b.wast");
  CHECK(source_path("./a/../b.json") == "b.wast");
}

}  // namespace
}  // namespace wplug::spec
