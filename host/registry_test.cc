#include "host/registry.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "host/openssl_services.h"

namespace wplug {
namespace {

namespace fs = std::filesystem;

// A folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "wplug-registry-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  std::string write(const std::string& name, const std::string& content) const {
    const fs::path file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << content;
    return file.string();
  }
  std::string name() const { return path_.string(); }

 private:
  fs::path path_;
};

TEST_CASE("a path is relative to the pipeline's folder") {
  CHECK(*find_plugin("plugins/a.wasm", "dir", {}) == "dir/plugins/a.wasm");
  CHECK(*find_plugin("a.wasm", "/srv/p", {}) == "/srv/p/a.wasm");
  CHECK(*find_plugin("/abs/a.wasm", "dir", {}) == "/abs/a.wasm");
  CHECK(*find_plugin("plugins/a.wasm", ".", {}) == "plugins/a.wasm");
}

TEST_CASE("a name is found in the first folder that has it") {
  const TemporaryFolder one, two;
  const std::string second = two.write("tool.wasm", "2");
  const PluginFolders folders{{one.name(), two.name()}};
  CHECK(*find_plugin("tool", ".", folders) == second);
  const std::string first = one.write("tool.wasm", "1");
  CHECK(*find_plugin("tool", ".", folders) == first);
}

TEST_CASE("a name that is nowhere says where it was looked for") {
  const auto found = find_plugin("tool", ".", {{"/nowhere/a", "/nowhere/b"}});
  REQUIRE(!found.ok());
  CHECK(found.error().message() ==
        "plugin \"tool\" was not found in /nowhere/a, /nowhere/b; a path needs a slash or .wasm");
}

TEST_CASE("a hash finds the file with those bytes and no other") {
  if (!openssl_services().ok()) {
    MESSAGE("skipped: this build has no OpenSSL");
    return;
  }
  const TemporaryFolder folder;
  folder.write("a.wasm", "something else");
  const std::string wanted = folder.write("b.wasm", "abc");
  const PluginFolders folders{{folder.name()}};
  const std::string hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(*find_plugin("sha256:" + hash, ".", folders) == wanted);
  CHECK(!find_plugin("sha256:" + std::string(64, '0'), ".", folders).ok());
  for (const std::string& bad : {std::string("sha256:"), "sha256:" + hash.substr(1), "sha256:" + std::string(64, 'g')}) {
    CAPTURE(bad);
    const auto found = find_plugin(bad, ".", folders);
    REQUIRE(!found.ok());
    CHECK(found.error().message().find("64 hexadecimal digits") != std::string::npos);
  }
}

TEST_CASE("folders come from the pipeline, WPLUG_PLUGINS and the user's data") {
  CHECK(plugin_folders("dir", {{"WPLUG_PLUGINS", "/a::/b"}, {"HOME", "/home/u"}}).folders ==
        std::vector<std::string>{"dir/plugins", "/a", "/b", "/home/u/.local/share/wplug/plugins"});
  CHECK(plugin_folders("dir", {{"XDG_DATA_HOME", "/data"}, {"HOME", "/home/u"}}).folders ==
        std::vector<std::string>{"dir/plugins", "/data/wplug/plugins"});
  CHECK(plugin_folders("dir", {}).folders == std::vector<std::string>{"dir/plugins"});
}

}  // namespace
}  // namespace wplug
