// The few things that a change of the plugin store does to the disk, one by one, so that a test can end the process at each.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/files.h"
#include "wplug/error.h"

namespace wplug {

// Errors of all: host, naming the path.
class StoreFiles {
 public:
  virtual ~StoreFiles() = default;
  // With its parents; nothing happens when it is there.
  virtual Result<void> make_folder(const std::string& path);
  // A new file, whole and on the disk when this returns; what was there is replaced.
  virtual Result<void> write(const std::string& path, std::span<const uint8_t> bytes);
  // Replaces `to`: others see the old file or the new one.
  virtual Result<void> rename(const std::string& from, const std::string& to);
  // Makes renames and removals in a folder last.
  virtual Result<void> sync_folder(const std::string& path);
  // Nothing happens when it is not there.
  virtual Result<void> remove(const std::string& path);
};

// Held by one process at a time: an flock, which the system lets go of when the process ends, however it ends. So there is no
// such thing as a stale lock; the file itself stays.
class FolderLock {
 public:
  // Waits for another process for up to 30 seconds. Errors: host.
  static Result<FolderLock> take(const std::string& file);

 private:
  explicit FolderLock(OwnedFd fd) : fd_(std::move(fd)) {}
  OwnedFd fd_;
};

}  // namespace wplug
