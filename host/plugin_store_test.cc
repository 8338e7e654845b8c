#include "host/plugin_store.h"

#include <doctest/doctest.h>

#include <csignal>
#include <functional>

#include <sys/wait.h>
#include <unistd.h>

#include "host/openssl_present_test.h"
#include "host/openssl_services.h"
#include "host/temporary_folder_test.h"

namespace wplug {
namespace {

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

constexpr const char* kManifest = "name = \"p\"\nversion = \"1.0.0\"\n";

LockedPlugin plugin_of(const std::string& name, const std::string& version, std::string_view module) {
  LockedPlugin plugin;
  plugin.name = name;
  plugin.version = version;
  plugin.sha256 = *sha256_hex(bytes_of(module));
  plugin.manifest_sha256 = *sha256_hex(bytes_of(kManifest));
  plugin.size = module.size();
  return plugin;
}

Result<void> install(PluginStore& store, const std::string& version, const std::string& module) {
  return store.install(plugin_of("p", version, module), bytes_of(module), kManifest);
}

// What a reader finds: the version, with every file as its hash says; "" when nothing is installed, else what is wrong.
std::string state(const std::string& folder) {
  StoreFiles files;
  const PluginStore store(folder, files);
  const auto lock = store.read();
  if (!lock.ok()) return lock.error().message();
  const LockedPlugin* plugin = lock->find("p");
  if (plugin == nullptr) return "";
  const auto module = read_file(store.module_file(*plugin)), manifest = read_file(store.manifest_file(*plugin));
  if (!module.ok()) return module.error().message();
  if (*sha256_hex(*module) != plugin->sha256) return "the module is torn";
  if (!manifest.ok() || *sha256_hex(*manifest) != plugin->manifest_sha256) return "the manifest is torn";
  return plugin->version;
}

// Kills the process in the n-th operation, from 0: before it, or with half of a file written.
class DyingFiles : public StoreFiles {
 public:
  DyingFiles(int at, bool torn) : left_(at), torn_(torn) {}
  Result<void> make_folder(const std::string& path) override { return step([&] { return StoreFiles::make_folder(path); }); }
  Result<void> write(const std::string& path, std::span<const uint8_t> bytes) override {
    if (torn_ && left_ == 0) (void)StoreFiles::write(path, bytes.first(bytes.size() / 2)).ok();
    return step([&] { return StoreFiles::write(path, bytes); });
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return step([&] { return StoreFiles::rename(from, to); });
  }
  Result<void> sync_folder(const std::string& path) override { return step([&] { return StoreFiles::sync_folder(path); }); }
  Result<void> remove(const std::string& path) override { return step([&] { return StoreFiles::remove(path); }); }

 private:
  Result<void> step(const std::function<Result<void>()>& operation) {
    if (left_-- == 0) ::kill(::getpid(), SIGKILL);
    return operation();
  }
  int left_;
  bool torn_;
};

// Runs `change` in a process of its own; true: it was killed.
bool killed(const std::function<Result<void>()>& change) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(change().ok() ? 0 : 1);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return true;
  CHECK(WEXITSTATUS(status) == 0);
  return false;
}

// Kills `change` at every one of its operations; after each the state is one of the two, and another change works.
void kill_everywhere(const std::string& before, const std::string& after, bool torn,
                     const std::function<Result<void>(PluginStore&)>& change) {
  for (int at = 0;; ++at) {
    CAPTURE(at);
    const TestFolder folder;
    StoreFiles real;
    PluginStore store(folder.name(), real);
    if (!before.empty()) REQUIRE(install(store, before, "module " + before).ok());
    DyingFiles dying(at, torn);
    PluginStore doomed(folder.name(), dying);
    const bool died = killed([&] { return change(doomed); });
    const std::string found = state(folder.name());
    if (!died) {
      CHECK(found == after);
      CHECK(store.leftovers().empty());
      CHECK(at > 4);
      return;
    }
    CHECK_MESSAGE((found == before || found == after), found);
    REQUIRE(install(store, "9.0.0", "module 9").ok());
    CHECK(state(folder.name()) == "9.0.0");
    CHECK(store.leftovers().empty());
    REQUIRE(at < 100);
  }
}

TEST_CASE("a process killed anywhere in an installation leaves nothing or the plugin") {
  if (!has_openssl()) return;
  for (const bool torn : {false, true}) {
    kill_everywhere("", "1.0.0", torn, [](PluginStore& store) { return install(store, "1.0.0", "module 1.0.0"); });
  }
}

TEST_CASE("a process killed anywhere in an update leaves the old plugin or the new one") {
  if (!has_openssl()) return;
  for (const bool torn : {false, true}) {
    kill_everywhere("1.0.0", "2.0.0", torn, [](PluginStore& store) { return install(store, "2.0.0", "module 2.0.0"); });
  }
}

TEST_CASE("a process killed anywhere in a removal leaves the plugin or nothing") {
  if (!has_openssl()) return;
  kill_everywhere("1.0.0", "", true, [](PluginStore& store) -> Result<void> {
    WPLUG_TRY_ASSIGN(const bool removed, store.remove("p"));
    return removed ? Result<void>() : Error(ErrorKind::host, "there was nothing to remove");
  });
}

// What survives a power cut is what was synced: each rename is of a synced file and the folder is synced before what follows.
class RecordingFiles : public StoreFiles {
 public:
  Result<void> write(const std::string& path, std::span<const uint8_t> bytes) override {
    steps += "w";
    return StoreFiles::write(path, bytes);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    steps += to.ends_with("wplug.lock") ? "L" : "r";
    return StoreFiles::rename(from, to);
  }
  Result<void> sync_folder(const std::string& path) override {
    steps += "s";
    return StoreFiles::sync_folder(path);
  }
  Result<void> remove(const std::string& path) override {
    steps += "x";
    return StoreFiles::remove(path);
  }
  std::string steps;
};

TEST_CASE("objects are on the disk before the lock file names them, and go after it forgets them") {
  if (!has_openssl()) return;
  const TestFolder folder;
  RecordingFiles files;
  PluginStore store(folder.name(), files);
  REQUIRE(install(store, "1.0.0", "one").ok());
  CHECK(files.steps == "wrswrswLs");
  files.steps.clear();
  REQUIRE(install(store, "2.0.0", "two").ok());
  CHECK(files.steps == "wrswrswLsx");
  files.steps.clear();
  CHECK(*store.remove("p"));
  CHECK(files.steps == "wLsxx");
  CHECK(!*store.remove("p"));
}

TEST_CASE("plugins that share a module keep it until the last is gone") {
  if (!has_openssl()) return;
  const TestFolder folder;
  StoreFiles files;
  PluginStore store(folder.name(), files);
  const LockedPlugin a = plugin_of("a", "1.0.0", "same"), b = plugin_of("b", "1.0.0", "same");
  REQUIRE(store.install(a, bytes_of("same"), kManifest).ok());
  REQUIRE(store.install(b, bytes_of("same"), kManifest).ok());
  CHECK(*store.remove("a"));
  CHECK(std::filesystem::exists(store.module_file(b)));
  CHECK(*store.remove("b"));
  CHECK(!std::filesystem::exists(store.module_file(b)));
}

TEST_CASE("a damaged lock file stops changes and is not overwritten") {
  if (!has_openssl()) return;
  const TestFolder folder;
  folder.write("wplug.lock", "version = ");
  StoreFiles files;
  PluginStore store(folder.name(), files);
  CHECK(!install(store, "1.0.0", "one").ok());
  CHECK(folder.read("wplug.lock") == "version = ");
}

}  // namespace
}  // namespace wplug
