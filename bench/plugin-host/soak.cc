// Many plugins in one process for a long time: called from all threads while others are installed, loaded and removed.
//
//   plugin-soak [--plugins 1000] [--threads 8] [--rounds 100 | --seconds 60]
//
// A fleet of plugins, each a module of its own, is loaded through one module cache that is too small for all of them. Each
// thread takes any of them, starts an instance, calls it and checks what it says. One thread more plays the operator: it
// installs a plugin into a store, loads it by its name, puts it into the fleet in the place of another and removes that one. Prints
// one line of JSON; exit code 1 when anything went wrong.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "host/openssl_services.h"
#include "host/plugin_store.h"
#include "host/plugin_loader.h"
#include "wplug/abis.h"
#include "wplug/module_cache.h"
#include "wplug/plugin.h"
#include "wplug/text.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int plugins = 1000, threads = 8, rounds = 100;
  double seconds = 0;  // 0: rounds count
};

std::string answer_of(uint64_t number) { return fmt::format("{{\"n\":{}}}", number); }

// A plugin of the ABI `transform` that says its number, whatever it is given.
std::vector<uint8_t> module_of(uint64_t number) {
  const std::string answer = answer_of(number);
  std::string escaped;
  for (const char c : answer) escaped += c == '"' ? "\\22" : std::string(1, c);
  const auto bytes = parse_wat(fmt::format(R"((module
    (memory (export "memory") 1)
    (data (i32.const 16) "{}")
    (func (export "malloc") (param i32) (result i32) i32.const 1024)
    (func (export "free") (param i32))
    (func (export "transform") (param i32 i32) (result i32) i32.const 16)
    (func (export "get_output_len") (result i32) i32.const {})))", escaped, answer.size()));
  return bytes.ok() ? *bytes : std::vector<uint8_t>();
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

struct Member {
  uint64_t number = 0;
  std::shared_ptr<const Plugin> plugin;
};

class Soak {
 public:
  Soak(const Options& options, const Engine& engine, std::string folder)
      : options_(options), folder_(std::move(folder)),
        // Room for two thirds of the fleet.
        cache_(engine, {.budget_bytes = static_cast<uint64_t>(options.plugins) * 6000 * 2 / 3}),
        store_(folder_, files_), members_(static_cast<size_t>(options.plugins)) {}

  bool run();

 private:
  void fail(const std::string& what) {
    if (errors_++ < 5) fmt::print(stderr, "plugin-soak: {}\n", what);
  }
  std::shared_ptr<const Plugin> load(Module module, uint64_t number) {
    PluginOptions options;
    options.name = std::to_string(number);
    auto plugin = Plugin::load(cache_.engine(), std::move(module), std::move(options), plugin_abis(), {});
    if (plugin.ok()) return *plugin;
    fail(plugin.error().message());
    return nullptr;
  }
  void fill();
  void call_some(unsigned seed);
  void call_one(const Member& member);
  void operate();
  void replace(uint64_t number, size_t place);
  bool goes_on(int round) const {
    return options_.seconds > 0 ? Clock::now() < end_ : round < options_.rounds;
  }

  Options options_;
  std::string folder_;
  StoreFiles files_;
  ModuleCache cache_;
  PluginStore store_;
  std::mutex mutex_;  // guards members_
  std::vector<Member> members_;
  Clock::time_point end_;
  std::atomic<uint64_t> calls_{0}, errors_{0}, installs_{0};
  std::atomic<int> callers_{0};
  std::atomic<uint64_t> warm_bytes_{0};
};

void Soak::fill() {
  for (size_t n = 0; n < members_.size(); ++n) {
    auto module = cache_.get(module_of(n));
    if (!module.ok()) {
      fail(module.error().message());
      continue;
    }
    members_[n] = {n, load(std::move(*module), n)};
  }
}

void Soak::call_one(const Member& member) {
  Failure failure;
  const auto instance = PluginInstance::start(*member.plugin, failure);
  if (!instance) return fail(failure.message);
  for (int i = 0; i < 3; ++i) {
    std::string output;
    if (const auto failed = instance->call("{}", output)) return fail(failed->message);
    if (output != answer_of(member.number)) return fail("plugin " + std::to_string(member.number) + " says " + output);
    ++calls_;
  }
}

void Soak::call_some(unsigned seed) {
  std::mt19937 random(seed);
  for (int round = 0; goes_on(round); ++round) {
    for (int i = 0; i < 100; ++i) {
      std::unique_lock lock(mutex_);
      const Member member = members_[random() % members_.size()];
      lock.unlock();
      if (member.plugin) call_one(member);
    }
    // Once every plugin has been called and lowered, memory should stay where it is.
    const bool warm = options_.seconds > 0 ? Clock::now() > end_ - std::chrono::duration_cast<Clock::duration>(
                                                                        std::chrono::duration<double>(options_.seconds * 0.8))
                                           : round >= options_.rounds / 5;
    uint64_t never = 0;
    if (warm) warm_bytes_.compare_exchange_strong(never, resident_bytes());
  }
  --callers_;
}

// Installs a plugin, loads it by name and puts it in the place of another; then removes it from the store.
void Soak::replace(uint64_t number, size_t place) {
  const std::vector<uint8_t> bytes = module_of(number);
  LockedPlugin entry;
  entry.name = "p" + std::to_string(number);
  entry.version = "1.0.0";
  const auto hash = sha256_hex(bytes);
  if (!hash.ok()) return fail(hash.error().message());
  entry.sha256 = *hash;
  if (const auto installed = store_.install(entry, bytes, ""); !installed.ok()) return fail(installed.error().message());
  PluginSource source;
  source.reference = entry.name;
  source.options.name = std::to_string(number);
  auto loaded = load_plugin(cache_, std::move(source), plugin_abis(), {}, {{folder_}});
  if (!loaded.ok()) return fail(loaded.error().message());
  auto plugin = std::move(loaded->plugin);
  {
    const std::lock_guard lock(mutex_);
    members_[place] = {number, std::move(plugin)};
  }
  if (const auto removed = store_.remove(entry.name); !removed.ok() || !*removed) return fail("a plugin could not be removed");
  ++installs_;
}

void Soak::operate() {
  std::mt19937 random(1);
  for (uint64_t number = 1'000'000; callers_ > 0; ++number) replace(number, random() % members_.size());
}

bool Soak::run() {
  const auto begin = Clock::now();
  fill();
  const double filled = std::chrono::duration<double>(Clock::now() - begin).count();
  const uint64_t loaded_bytes = resident_bytes();
  end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
  callers_ = options_.threads;
  std::vector<std::thread> threads;
  for (int n = 0; n < options_.threads; ++n) threads.emplace_back([this, n] { call_some(static_cast<unsigned>(n)); });
  threads.emplace_back([this] { operate(); });
  for (std::thread& thread : threads) thread.join();
  const ModuleCacheStats cache = cache_.stats();
  fmt::print("{{\"plugins\":{},\"threads\":{},\"seconds\":{:.1f},\"load_seconds\":{:.2f},\"calls\":{},\"installs\":{},\"errors\":{},"
             "\"rss_loaded\":{},\"rss_warm\":{},\"rss_end\":{},\"cache_modules\":{},\"cache_hits\":{},\"cache_misses\":{}}}\n",
             options_.plugins, options_.threads, std::chrono::duration<double>(Clock::now() - begin).count(), filled,
             calls_.load(), installs_.load(), errors_.load(), loaded_bytes, warm_bytes_.load(), resident_bytes(), cache.modules,
             cache.hits, cache.misses);
  return errors_ == 0 && calls_ > 0 && installs_ > 0;
}

bool read_options(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const double value = std::atof(argv[i + 1]);
    if (value <= 0) return false;
    if (name == "--plugins") options.plugins = static_cast<int>(value);
    else if (name == "--threads") options.threads = static_cast<int>(value);
    else if (name == "--rounds") options.rounds = static_cast<int>(value);
    else if (name == "--seconds") options.seconds = value;
    else return false;
  }
  return argc % 2 == 1;
}

}  // namespace
}  // namespace wplug

int main(int argc, char** argv) {
  wplug::Options options;
  if (!wplug::read_options(argc, argv, options)) {
    std::fputs("usage: plugin-soak [--plugins N] [--threads N] [--rounds N | --seconds S]\n", stderr);
    return 2;
  }
  std::string folder = (std::filesystem::temp_directory_path() / "wplug-soak-XXXXXX").string();
  const auto engine = wplug::Engine::create();
  if (::mkdtemp(folder.data()) == nullptr || !engine.ok()) return 1;
  bool good = false;
  {
    wplug::Soak soak(options, *engine, folder);
    good = soak.run();
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return good ? 0 : 1;
}
