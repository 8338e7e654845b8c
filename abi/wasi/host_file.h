// Ownership of a descriptor of the host.
#pragma once

#include <unistd.h>

#include <utility>

namespace wplug::wasi {

// Closes its descriptor, if it owns one. A borrowed one (stdio, the root of a path) is only remembered.
class HostFile {
 public:
  HostFile() = default;
  static HostFile owning(int fd) { return HostFile(fd, true); }
  static HostFile borrowing(int fd) { return HostFile(fd, false); }
  HostFile(HostFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), owned_(std::exchange(other.owned_, false)) {}
  HostFile& operator=(HostFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~HostFile() {
    if (owned_ && fd_ >= 0) ::close(fd_);
  }

  bool is_open() const { return fd_ >= 0; }
  bool is_owned() const { return owned_; }
  int get() const { return fd_; }
  // Gives the descriptor up to the caller.
  int release() {
    owned_ = false;
    return std::exchange(fd_, -1);
  }

 private:
  HostFile(int fd, bool owned) : fd_(fd), owned_(owned) {}
  int fd_ = -1;
  bool owned_ = false;
};

}  // namespace wplug::wasi
