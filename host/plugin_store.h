// The folder of installed plugins.
//
//   wplug.lock            which plugins there are; the one file whose replacement installs, updates or removes
//   objects/HASH.wasm     modules by the SHA-256 of their bytes (HASH.so of native plugins)
//   objects/HASH.toml     manifests
//   partial/HASH.part     downloads that were interrupted
//   .lock                 held (flock) by the process that changes something
//
// A change first writes objects, each into a temporary file that is synced and renamed; then the lock file in the same way;
// then it removes objects that nothing names any more. A process killed in between leaves the old plugins or the new ones,
// and at most files that the next change removes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/lock_file.h"
#include "host/store_files.h"

namespace wplug {

inline constexpr std::string_view kLockFileName = "wplug.lock";

class PluginStore {
 public:
  // `folder` need not exist. `files` is borrowed.
  PluginStore(std::string folder, StoreFiles& files) : folder_(std::move(folder)), files_(&files) {}

  const std::string& folder() const { return folder_; }
  // What is installed; nothing when there is no lock file. Errors: host, misuse.
  Result<LockFile> read() const;
  std::string module_file(const LockedPlugin& plugin) const;
  // Empty when it came without a manifest.
  std::string manifest_file(const LockedPlugin& plugin) const;
  std::string partial_folder() const { return folder_ + "/partial"; }

  // Installs a plugin, or puts it in the place of the one of its name. `plugin.sha256` and `manifest_sha256` are those of the
  // bytes. Errors: host, misuse.
  Result<void> install(const LockedPlugin& plugin, std::span<const uint8_t> module, std::string_view manifest);
  // False: there was none of this name.
  Result<bool> remove(std::string_view name);
  // Files that nothing names: what a killed process left.
  std::vector<std::string> leftovers() const;
  // Removes them.
  Result<size_t> collect();

 private:
  Result<FolderLock> begin();
  Result<void> place(const std::string& path, std::span<const uint8_t> bytes);
  Result<void> commit(const LockFile& lock);
  std::string objects() const { return folder_ + "/objects"; }
  std::vector<std::string> leftovers(const LockFile& lock) const;

  std::string folder_;
  StoreFiles* files_;
};

}  // namespace wplug
