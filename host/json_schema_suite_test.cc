// The official JSON Schema tests (Debian: json-schema-test-suite) through validate_json. What is expected to go wrong is
// listed with its reason, and a line that goes right after all is as wrong as one that is missing.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "host/config_schema.h"
#include "host/pattern_services.h"

namespace wplug {
namespace {

constexpr const char* kFolder = "/usr/share/json-schema-test-suite/tests";

struct Expected {
  const char* file;  // "draft7/ref.json"
  const char* name;  // what the schema is about, or that and " / " and what the value is
  const char* reason;
};

constexpr Expected kExpected[] = {
#include "host/json_schema_failures.inc"
};

// Whether the schema or the value is listed.
bool is_expected(const std::string& file, const std::string& about, const std::string& name, std::set<size_t>& used) {
  for (size_t i = 0; i < std::size(kExpected); ++i) {
    const Expected& row = kExpected[i];
    if (file != row.file || (about != row.name && about + " / " + name != row.name)) continue;
    used.insert(i);
    return true;
  }
  return false;
}

TEST_CASE("the official tests of draft 4 and draft 7 pass but for those that are listed") {
  if (!std::filesystem::is_directory(kFolder)) {
    MESSAGE("skipped: json-schema-test-suite is not installed");
    return;
  }
  REQUIRE(wplug_pattern_services() != nullptr);
  std::set<size_t> used;
  int tests = 0;
  std::string unexpected;
  for (const char* draft : {"draft4", "draft7"}) {
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(kFolder) / draft)) {
      if (entry.path().extension() != ".json") continue;
      const std::string file = std::string(draft) + "/" + entry.path().filename().string();
      std::ifstream stream(entry.path());
      for (const auto& group : nlohmann::json::parse(stream)) {
        const std::string about = group["description"];
        for (const auto& test : group["tests"]) {
          ++tests;
          const std::string name = test["description"];
          auto problem = validate_json(group["schema"].dump(), test["data"].dump());
          const bool passes = problem.ok() && !problem->has_value() == test["valid"].get<bool>();
          if (passes) continue;
          if (is_expected(file, about, name, used)) continue;
          unexpected += file + ": " + about + " / " + name + (problem.ok() ? "" : ": " + problem.error().message()) + "\n";
        }
      }
    }
  }
  CHECK_MESSAGE(unexpected.empty(), unexpected);
  CHECK(tests > 600);
  for (size_t i = 0; i < std::size(kExpected); ++i) {
    CHECK_MESSAGE(used.contains(i), (std::string(kExpected[i].file) + ": " + kExpected[i].name + " is listed and passes"));
  }
}

}  // namespace
}  // namespace wplug
