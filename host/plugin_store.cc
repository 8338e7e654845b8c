#include "host/plugin_store.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace wplug {
namespace {

namespace fs = std::filesystem;

// Temporary files are made by the one process that holds the lock, so a fixed ending names them all.
constexpr std::string_view kTemporary = ".tmp";
constexpr uint64_t kMostLockBytes = uint64_t{64} << 20;

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<LockFile> PluginStore::read() const {
  const std::string file = folder_ + "/" + std::string(kLockFileName);
  std::error_code error;
  if (!fs::exists(file, error)) return LockFile();
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file, kMostLockBytes));
  return parse_lock_file({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file);
}

std::string PluginStore::module_file(const LockedPlugin& plugin) const {
  return objects() + "/" + plugin.sha256 + (plugin.kind == PluginKind::wasm ? ".wasm" : ".so");
}

std::string PluginStore::manifest_file(const LockedPlugin& plugin) const {
  return plugin.manifest_sha256.empty() ? "" : objects() + "/" + plugin.manifest_sha256 + ".toml";
}

Result<FolderLock> PluginStore::begin() {
  WPLUG_TRY(files_->make_folder(objects()));
  return FolderLock::take(folder_ + "/.lock");
}

Result<void> PluginStore::place(const std::string& path, std::span<const uint8_t> bytes) {
  const std::string temporary = path + std::string(kTemporary);
  WPLUG_TRY(files_->write(temporary, bytes));
  WPLUG_TRY(files_->rename(temporary, path));
  return files_->sync_folder(fs::path(path).parent_path().string());
}

Result<void> PluginStore::commit(const LockFile& lock) {
  WPLUG_TRY(place(folder_ + "/" + std::string(kLockFileName), bytes_of(lock.to_toml())));
  for (const std::string& file : leftovers(lock)) WPLUG_TRY(files_->remove(file));
  return {};
}

Result<void> PluginStore::install(const LockedPlugin& plugin, std::span<const uint8_t> module, std::string_view manifest) {
  WPLUG_TRY_ASSIGN(const FolderLock held, begin());
  WPLUG_TRY_ASSIGN(LockFile lock, read());
  // Written again even where there is such a file: it may be damaged.
  WPLUG_TRY(place(module_file(plugin), module));
  if (!plugin.manifest_sha256.empty()) WPLUG_TRY(place(manifest_file(plugin), bytes_of(manifest)));
  lock.put(plugin);
  return commit(lock);
}

Result<bool> PluginStore::remove(std::string_view name) {
  std::error_code error;
  if (!fs::exists(folder_, error)) return false;
  WPLUG_TRY_ASSIGN(const FolderLock held, begin());
  WPLUG_TRY_ASSIGN(LockFile lock, read());
  if (!lock.remove(name)) return false;
  WPLUG_TRY(commit(lock));
  return true;
}

std::vector<std::string> PluginStore::leftovers(const LockFile& lock) const {
  std::set<std::string> named;
  for (const LockedPlugin& plugin : lock.plugins) {
    named.insert(module_file(plugin));
    if (!plugin.manifest_sha256.empty()) named.insert(manifest_file(plugin));
  }
  std::vector<std::string> result = files_in(objects());
  std::erase_if(result, [&](const std::string& file) { return named.contains(file); });
  for (std::string& file : files_in(folder_)) {
    if (file.ends_with(kTemporary)) result.push_back(std::move(file));
  }
  return result;
}

std::vector<std::string> PluginStore::leftovers() const {
  const auto lock = read();
  return lock.ok() ? leftovers(*lock) : std::vector<std::string>();
}

Result<size_t> PluginStore::collect() {
  std::error_code error;
  if (!fs::exists(folder_, error)) return size_t{0};
  WPLUG_TRY_ASSIGN(const FolderLock held, begin());
  WPLUG_TRY_ASSIGN(const LockFile lock, read());
  const std::vector<std::string> files = leftovers(lock);
  for (const std::string& file : files) WPLUG_TRY(files_->remove(file));
  return files.size();
}

}  // namespace wplug
