#include "host/lock_file.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

LockedPlugin plugin(const std::string& name) {
  LockedPlugin result;
  result.name = name;
  result.version = "1.0.0";
  result.abi = "transform";
  result.source = "/srv/\"odd\"\\\x7f\n/" + name + ".wasm";
  result.sha256 = std::string(64, 'a');
  result.size = 123;
  result.capabilities = {"env:A", "fs:read:/srv/**"};
  return result;
}

TEST_CASE("what is written is read back, in one order whatever was put first") {
  LockFile one, two;
  one.put(plugin("b"));
  one.put(plugin("a"));
  two.put(plugin("a"));
  two.put(plugin("b"));
  const std::string text = one.to_toml();
  CHECK(text == two.to_toml());
  const auto read = parse_lock_file(text, "wplug.lock");
  REQUIRE(read.ok());
  REQUIRE(read->plugins.size() == 2);
  CHECK(read->to_toml() == text);
  CHECK(read->find("a")->source == plugin("a").source);
  CHECK(read->find("a")->capabilities == plugin("a").capabilities);
  CHECK(read->find("c") == nullptr);
}

TEST_CASE("a plugin is replaced by its name and removed once") {
  LockFile lock;
  lock.put(plugin("a"));
  LockedPlugin newer = plugin("a");
  newer.version = "2.0.0";
  lock.put(newer);
  REQUIRE(lock.plugins.size() == 1);
  CHECK(lock.find("a")->version == "2.0.0");
  CHECK(lock.remove("a"));
  CHECK(!lock.remove("a"));
}

TEST_CASE("a damaged lock file is refused with its place") {
  const std::string good = "version = 1\n[[plugin]]\nname = \"a\"\nsha256 = \"" + std::string(64, 'a') + "\"\n";
  CHECK(parse_lock_file(good, "wplug.lock").ok());
  for (const std::string& bad :
       {std::string(""), std::string("version = 2\n"), good + good.substr(12), good + "extra = 1\n",
        std::string("version = 1\n[[plugin]]\nname = \"../a\"\nsha256 = \"") + std::string(64, 'a') + "\"\n",
        std::string("version = 1\n[[plugin]]\nname = \"a\"\nsha256 = \"../../x\"\n"), good.substr(0, good.size() / 2)}) {
    CAPTURE(bad);
    const auto read = parse_lock_file(bad, "wplug.lock");
    REQUIRE(!read.ok());
    CHECK(read.error().message().starts_with("wplug.lock:"));
  }
}

}  // namespace
}  // namespace wplug
