#include "host/native_plugin.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

#include "host/registry.h"
#include "wplug/pipeline.h"

namespace wplug {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("wplug-native-" + std::to_string(::getpid()))) { fs::create_directory(path); }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name) const {
    std::ofstream(path / name) << "not a library";
    return (path / name).string();
  }
  fs::path path;
};

TEST_CASE("a native plugin is told by its extension") {
  for (const char* file : {"a.so", "dir/a.dylib", "a.dll"}) CHECK(is_native_file(file));
  for (const char* file : {"a.wasm", "so", "a.so.wasm", "a.sox"}) CHECK(!is_native_file(file));
}

TEST_CASE("what is no library is an error that says why") {
  const Folder folder;
  const auto opened = open_native_plugin(folder.write("text.so"));
  REQUIRE(!opened.ok());
  CHECK(opened.error().kind() == ErrorKind::host);
  CHECK(opened.error().message().starts_with("cannot be loaded: "));
  CHECK(!open_native_plugin("missing.so").ok());
}

TEST_CASE("names are native libraries only where that is allowed, and modules come first") {
  const Folder folder;
  const std::string library = folder.write("plugin." + std::string(native_extension()));
  const PluginFolders folders{{folder.path.string()}};
  CHECK(!find_plugin("plugin", ".", folders).ok());
  CHECK(*find_plugin("plugin", ".", folders, true) == library);
  const std::string module = folder.write("plugin.wasm");
  CHECK(*find_plugin("plugin", ".", folders, true) == module);
  CHECK(*find_plugin("plugin.so", ".", folders) == "plugin.so");
}

TEST_CASE("a pipeline refuses a native stage that its file does not allow") {
  const Folder folder;
  const std::string library = folder.write("text.so");
  const auto load = [&](const std::string& more) {
    auto config = parse_pipeline("[[stage]]\nname = \"s\"\nplugin = \"text.so\"\n" + more, (folder.path / "p.toml").string());
    REQUIRE_MESSAGE(config.ok(), config.error().message());
    const auto engine = Engine::create();
    return Pipeline::load(*engine, std::move(*config), {}, {}).error();
  };
  const Error refused = load("");
  CHECK(refused.kind() == ErrorKind::policy);
  CHECK(refused.message().ends_with(
      "is a native plugin, which runs without a sandbox: set native = true to allow it"));
  CHECK(load("native = false").kind() == ErrorKind::policy);
  CHECK(load("native = true").kind() == ErrorKind::host);
  CHECK(load("native = true\nabi = \"midimon\"").kind() == ErrorKind::misuse);
  CHECK(!parse_pipeline("[[stage]]\nname = \"s\"\nplugin = \"x\"\nnative = 1\n", "p.toml").ok());
}

TEST_CASE("a data directory is relative to the pipeline's file") {
  const auto config = parse_pipeline("[[stage]]\nname = \"s\"\nplugin = \"x\"\ndata_directory = \"d\"\n", "dir/p.toml");
  REQUIRE(config.ok());
  CHECK(config->stages[0].options.data_directory == "dir/d");
}

}  // namespace
}  // namespace wplug
