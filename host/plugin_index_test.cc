#include "host/plugin_index.h"

#include <doctest/doctest.h>

#include "host/temporary_folder_test.h"

namespace wplug {
namespace {

std::string entry(const std::string& name, const std::string& version, const std::string& more = "") {
  return "{\"name\":\"" + name + "\",\"version\":\"" + version + "\",\"url\":\"" + name + "-" + version +
         ".wasm\",\"sha256\":\"" + std::string(64, 'a') + "\"" + more + "}";
}

std::string index_of(const std::vector<std::string>& entries) {
  std::string text = "{\"plugins\":[";
  for (const std::string& one : entries) text += (text.back() == '[' ? "" : ",") + one;
  return text + "]}";
}

TEST_CASE("the newest version is found, or the one that is asked for") {
  const auto index = parse_index(index_of({entry("a", "1.9.0"), entry("a", "1.10.0"), entry("b", "3.0.0"), entry("a", "1.2.0")}),
                                 "http://127.0.0.1/x/index.json");
  REQUIRE(index.ok());
  CHECK((*index->find("a"))->version == "1.10.0");
  CHECK((*index->find("a"))->url == "http://127.0.0.1/x/a-1.10.0.wasm");
  CHECK((*index->find("a", "1.2.0"))->version == "1.2.0");
  CHECK(index->find("c").error().message() == "http://127.0.0.1/x/index.json: has no plugin c");
  CHECK(!index->find("a", "9.0.0").ok());
}

TEST_CASE("a version that speaks another protocol is passed over") {
  const auto index = parse_index(index_of({entry("a", "1.0.0", ",\"protocol\":1"), entry("a", "2.0.0", ",\"protocol\":2"),
                                           entry("b", "1.0.0", ",\"protocol\":2")}),
                                 "http://127.0.0.1/index.json");
  REQUIRE(index.ok());
  CHECK((*index->find("a"))->version == "1.0.0");
  CHECK(index->find("b").error().kind() == ErrorKind::link);
}

TEST_CASE("an entry that is not what it must be is refused by name") {
  const std::string hash = ",\"sha256\":\"" + std::string(64, 'a') + "\"}";
  for (const std::string& bad :
       {std::string("{}"), std::string("{\"name\":\"../a\"}"), entry("a", "1"), entry("a", "1.0.0", ",\"protocol\":\"1\""),
        std::string("{\"name\":\"a\",\"version\":\"1.0.0\",\"url\":\"a.wasm\",\"sha256\":\"00\"}"),
        "{\"name\":\"a\",\"version\":\"1.0.0\",\"url\":\"file:///etc/passwd\"" + hash,
        "{\"name\":\"a\",\"version\":\"1.0.0\",\"url\":\"../a.wasm\"" + hash,
        "{\"name\":\"a\",\"version\":\"1.0.0\",\"url\":\"/etc/passwd\"" + hash}) {
    CAPTURE(bad);
    const auto index = parse_index(index_of({bad}), "file:///srv/index.json");
    REQUIRE(!index.ok());
    CHECK(index.error().message().starts_with("file:///srv/index.json: plugin \""));
  }
  CHECK(!parse_index("[]", "u").ok());
  CHECK(!parse_index("{\"plugins\":", "u").ok());
}

TEST_CASE("an index is named by its file, its folder or a URL of either") {
  const TestFolder folder;
  folder.write("index.json", index_of({entry("a", "1.0.0")}));
  for (const std::string& place : {folder.name(), folder.name() + "/", folder.name() + "/index.json", "file://" + folder.name()}) {
    CAPTURE(place);
    const auto index = read_index(place, {});
    REQUIRE(index.ok());
    CHECK((*index->find("a"))->url == "file://" + folder.name() + "/a-1.0.0.wasm");
  }
}

}  // namespace
}  // namespace wplug
