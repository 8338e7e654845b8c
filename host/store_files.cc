#include "host/store_files.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace wplug {
namespace {

constexpr std::chrono::seconds kLongestWait{30};

Error system_error(const std::string& path, const char* what) {
  return Error(ErrorKind::host, path + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

Result<void> StoreFiles::make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Error(ErrorKind::host, path + ": cannot be made: " + error.message());
  return {};
}

Result<void> StoreFiles::write(const std::string& path, std::span<const uint8_t> bytes) {
  WPLUG_TRY_ASSIGN(const OwnedFd file, open_for_writing(path));
  FdSink sink(file.get(), path);
  WPLUG_TRY(sink.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  if (::fsync(file.get()) != 0) return system_error(path, "cannot be written");
  return {};
}

Result<void> StoreFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error(to, "cannot be replaced");
  return {};
}

Result<void> StoreFiles::sync_folder(const std::string& path) {
  WPLUG_TRY_ASSIGN(const OwnedFd folder, open_for_reading(path));
  if (::fsync(folder.get()) != 0) return system_error(path, "cannot be written");
  return {};
}

Result<void> StoreFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(path, "cannot be removed");
  return {};
}

Result<FolderLock> FolderLock::take(const std::string& file) {
  OwnedFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (fd.get() < 0) return system_error(file, "cannot be opened");
  const auto deadline = std::chrono::steady_clock::now() + kLongestWait;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error(file, "cannot be locked");
    if (std::chrono::steady_clock::now() > deadline) {
      return Error(ErrorKind::host, file + ": another wplug holds it: try again when that has ended");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return FolderLock(std::move(fd));
}

}  // namespace wplug
