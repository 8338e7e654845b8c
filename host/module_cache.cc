// Two maps under one mutex: identities of files → entries, and contents → entries.
//
// The content key is the size and a quick hash that only has to spread; what decides is the comparison of the bytes, which a
// module keeps anyway. SHA-256 is computed once for each module and only where somebody asks for it: it takes 10 ms and
// more for a large Go plugin, and loading OpenSSL takes as long as everything else at the start of a program. A file is known again by its
// identity, as make and git know theirs: any write changes its ctime, which nobody sets.
#include "wplug/module_cache.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <sys/stat.h>

#include "host/description_slot.h"
#include "host/files.h"
#include "host/openssl_services.h"

namespace wplug {
namespace {

// Lowered code of a whole module takes about four times its code section; decoded and indexed, the rest as much again.
constexpr uint64_t kLoweredPerCodeByte = 4;

// Device, inode, size, mtime and ctime in nanoseconds.
using FileIdentity = std::tuple<uint64_t, uint64_t, uint64_t, int64_t, int64_t>;
using ContentKey = std::pair<uint64_t, uint64_t>;

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

std::optional<FileIdentity> identity_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileIdentity(status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
                      nanoseconds(status.st_ctim));
}

bool has_settled(const FileIdentity& identity, std::chrono::nanoseconds settling) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::max(std::get<3>(identity), std::get<4>(identity)) + settling.count() <= nanoseconds(now);
}

uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 32);
}

// Spreads; four lanes, so that it goes as fast as memory does. `seed` differs from cache to cache, so that nobody can make
// files that meet.
ContentKey key_of(std::span<const uint8_t> bytes, uint64_t seed) {
  uint64_t lanes[4] = {seed, seed + 1, seed + 2, seed + 3};
  size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    uint64_t words[4];
    std::memcpy(words, bytes.data() + at, 32);
    for (int i = 0; i < 4; ++i) lanes[i] = mix(lanes[i], words[i]);
  }
  uint64_t hash = mix(mix(mix(lanes[0], lanes[1]), lanes[2]), lanes[3]);
  for (; at < bytes.size(); ++at) hash = mix(hash, bytes[at]);
  return {bytes.size(), hash};
}

bool same_bytes(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

uint64_t cost_of(const Module& module) {
  uint64_t code = 0;
  for (const SectionInfo& section : module.sections()) code += section.name == "code" ? section.size : 0;
  return 2 * module.bytes().size() + kLoweredPerCodeByte * code + 4096;
}

std::string_view name_of(const std::string& file) {
  const size_t slash = file.rfind('/');
  std::string_view name = file;
  if (slash != std::string::npos) name.remove_prefix(slash + 1);
  if (name.ends_with(".wasm")) name.remove_suffix(5);
  return name;
}

std::string text_of(const std::optional<uint64_t>& count) { return count ? std::to_string(*count) : "-"; }
std::string text_of(const std::optional<std::chrono::nanoseconds>& time) {
  return time ? std::to_string(time->count()) : "-";
}

// What a description may depend on beside the module.
std::string description_key(std::string_view abi, const PluginOptions& options) {
  std::string key;
  const auto add = [&key](std::string_view text) { (key += text) += '\0'; };
  add(abi);
  add(options.entry);
  add(options.data_directory);
#define WPLUG_LIMIT(name, kind, value, least, most, doc) add(text_of(options.limits.name));
#include "wplug/limits.def"
  for (const auto& [name, value] : options.config) {
    add(name);
    add(value);
  }
  return key;
}

// One module: being compiled, or there. A failure is only seen by those who waited for it.
struct Entry {
  bool done = false;
  std::optional<Result<Module>> result;  // once done
  ContentKey key{};
  uint64_t cost = 0;
  uint64_t used_at = 0;  // a count of requests
  std::string sha256;    // empty: nobody has asked yet
  std::vector<FileIdentity> files;
  std::map<std::string, std::shared_ptr<DescriptionSlot>> descriptions;
};

// A file that a thread is reading.
struct Reading {
  std::optional<Result<Module>> result;  // once done
};

}  // namespace

struct ModuleCache::Impl {
  Impl(const Engine& owner, ModuleCacheOptions wanted) : engine(owner), options(wanted) {
    std::random_device random;
    seed = (uint64_t{random()} << 32) | random();
  }

  Result<Module> get(std::vector<uint8_t> bytes, std::string_view name);
  Result<Module> load(const std::string& file, const std::optional<FileIdentity>& identity);
  Result<Module> load_once(const std::string& file, const FileIdentity& identity);
  Result<void> check_hash(const std::string& file, const Module& module, std::string_view sha256);

  // All below with `mutex` held.
  std::shared_ptr<Entry> entry_of(const Module& module) {
    const auto found = by_module.find(module.impl().get());
    return found == by_module.end() ? nullptr : found->second;
  }
  void use(Entry& entry) { entry.used_at = ++requests; }
  std::shared_ptr<Entry> find(const ContentKey& key, std::span<const uint8_t> bytes, std::unique_lock<std::mutex>& lock);
  void keep(const std::shared_ptr<Entry>& entry);
  void remember(const Module& module, const FileIdentity& identity);
  void drop(const std::shared_ptr<Entry>& entry);
  void keep_to_budget();

  const Engine engine;
  const ModuleCacheOptions options;
  uint64_t seed = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<FileIdentity, std::shared_ptr<Entry>> by_file;
  std::map<FileIdentity, std::shared_ptr<Reading>> readings;
  std::multimap<ContentKey, std::shared_ptr<Entry>> by_content;  // those being compiled too
  std::unordered_map<const ModuleImpl*, std::shared_ptr<Entry>> by_module;
  uint64_t requests = 0, hits = 0, misses = 0, used_bytes = 0;
};

// The entry of these bytes; null when there is none. Waits for one that may become it; that one may have failed.
std::shared_ptr<Entry> ModuleCache::Impl::find(const ContentKey& key, std::span<const uint8_t> bytes,
                                               std::unique_lock<std::mutex>& lock) {
  for (;;) {
    std::shared_ptr<Entry> pending;
    const auto [first, last] = by_content.equal_range(key);
    for (auto at = first; at != last; ++at) {
      if (!at->second->done) {
        pending = at->second;
      } else if (same_bytes(at->second->result->value().bytes(), bytes)) {
        return at->second;
      }
    }
    if (!pending) return nullptr;
    changed.wait(lock, [&] { return pending->done; });
    if (!pending->result->ok()) return pending;
  }
}

Result<Module> ModuleCache::Impl::get(std::vector<uint8_t> bytes, std::string_view name) {
  const ContentKey key = key_of(bytes, seed);
  std::unique_lock lock(mutex);
  if (const auto found = find(key, bytes, lock)) {
    ++hits;
    use(*found);
    return *found->result;
  }
  ++misses;
  const auto entry = std::make_shared<Entry>();
  entry->key = key;
  by_content.emplace(key, entry);
  lock.unlock();
  Result<Module> compiled = Module::compile(engine, std::move(bytes), name);
  lock.lock();
  entry->result.emplace(std::move(compiled));
  entry->done = true;
  if (entry->result->ok()) {
    keep(entry);
  } else {
    drop(entry);
  }
  changed.notify_all();
  return *entry->result;
}

void ModuleCache::Impl::keep(const std::shared_ptr<Entry>& entry) {
  entry->cost = cost_of(entry->result->value());
  used_bytes += entry->cost;
  by_module[entry->result->value().impl().get()] = entry;
  use(*entry);
  keep_to_budget();
}

void ModuleCache::Impl::remember(const Module& module, const FileIdentity& identity) {
  const auto entry = entry_of(module);
  if (!entry) return;
  entry->files.push_back(identity);
  by_file[identity] = entry;
}

void ModuleCache::Impl::drop(const std::shared_ptr<Entry>& entry) {
  const auto [first, last] = by_content.equal_range(entry->key);
  for (auto at = first; at != last; ++at) {
    if (at->second != entry) continue;
    by_content.erase(at);
    break;
  }
  for (const FileIdentity& file : entry->files) by_file.erase(file);
  if (!entry->result->ok()) return;
  by_module.erase(entry->result->value().impl().get());
  used_bytes -= entry->cost;
}

void ModuleCache::Impl::keep_to_budget() {
  while (options.budget_bytes != 0 && used_bytes > options.budget_bytes) {
    const auto oldest = std::min_element(by_module.begin(), by_module.end(), [](const auto& a, const auto& b) {
      return a.second->used_at < b.second->used_at;
    });
    const std::shared_ptr<Entry> entry = oldest->second;
    drop(entry);
  }
}

Result<Module> ModuleCache::Impl::load(const std::string& file, const std::optional<FileIdentity>& identity) {
  if (identity) return load_once(file, *identity);
  WPLUG_TRY_ASSIGN(std::vector<uint8_t> bytes, read_file(file, engine.config().limits.module_size));
  return get(std::move(bytes), name_of(file));
}

// A file that is wanted by several threads is read by one of them.
Result<Module> ModuleCache::Impl::load_once(const std::string& file, const FileIdentity& identity) {
  std::unique_lock lock(mutex);
  if (const auto found = by_file.find(identity); found != by_file.end()) {
    ++hits;
    use(*found->second);
    return *found->second->result;
  }
  std::shared_ptr<Reading>& slot = readings[identity];
  if (slot) {
    const std::shared_ptr<Reading> reading = slot;
    ++hits;
    changed.wait(lock, [&] { return reading->result.has_value(); });
    return *reading->result;
  }
  const auto reading = slot = std::make_shared<Reading>();
  lock.unlock();
  const bool settled = has_settled(identity, options.settling);
  Result<Module> loaded = load(file, std::nullopt);
  const bool unchanged = settled && identity_of(file) == identity;
  lock.lock();
  if (loaded.ok() && unchanged) remember(*loaded, identity);
  readings.erase(identity);
  reading->result = loaded;
  changed.notify_all();
  return loaded;
}

Result<void> ModuleCache::Impl::check_hash(const std::string& file, const Module& module, std::string_view wanted) {
  std::unique_lock lock(mutex);
  const auto entry = entry_of(module);
  std::string hash = entry ? entry->sha256 : "";
  lock.unlock();
  if (hash.empty()) {
    WPLUG_TRY_ASSIGN(hash, sha256_hex(module.bytes()));
    lock.lock();
    if (entry) entry->sha256 = hash;
    lock.unlock();
  }
  if (hash == wanted) return {};
  return Error(ErrorKind::link, file + ": has the SHA-256 " + hash + ", not " + std::string(wanted) +
                                    " as it was installed with or is said to have: it was changed");
}

ModuleCache::ModuleCache(const Engine& engine, ModuleCacheOptions options)
    : impl_(std::make_unique<Impl>(engine, options)) {}
ModuleCache::~ModuleCache() = default;

const Engine& ModuleCache::engine() const { return impl_->engine; }

Result<Module> ModuleCache::get(std::vector<uint8_t> bytes, std::string_view name) {
  return impl_->get(std::move(bytes), name);
}

Result<Module> ModuleCache::get_file(const std::string& file, std::string_view sha256) {
  WPLUG_TRY_ASSIGN(Module module, impl_->load(file, identity_of(file)));
  if (!sha256.empty()) WPLUG_TRY(impl_->check_hash(file, module, sha256));
  return module;
}

std::shared_ptr<DescriptionSlot> ModuleCache::description(const Module& module, std::string_view abi,
                                                          const PluginOptions& options) {
  // Plugins of one module are few kinds; more than this are not worth remembering.
  constexpr size_t kMostDescriptions = 64;
  const std::lock_guard lock(impl_->mutex);
  const auto entry = impl_->entry_of(module);
  if (!entry) return nullptr;
  std::string key = description_key(abi, options);
  if (const auto found = entry->descriptions.find(key); found != entry->descriptions.end()) return found->second;
  if (entry->descriptions.size() >= kMostDescriptions) return nullptr;
  return entry->descriptions.emplace(std::move(key), std::make_shared<DescriptionSlot>()).first->second;
}

ModuleCacheStats ModuleCache::stats() const {
  const std::lock_guard lock(impl_->mutex);
  ModuleCacheStats stats{impl_->hits, impl_->misses, 0, impl_->by_module.size(), impl_->options.budget_bytes, impl_->used_bytes};
  const uint64_t all = stats.hits + stats.misses;
  if (all > 0) stats.hit_rate = static_cast<double>(stats.hits) / static_cast<double>(all);
  return stats;
}

}  // namespace wplug
