#include "host/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wplug {
namespace {

// How long a read waits before it looks whether it was cancelled.
constexpr int kPollMilliseconds = 50;

Error system_error(const std::string& name, const char* what) {
  return Error(ErrorKind::host, name + ": " + what + ": " + std::strerror(errno));
}

Result<OwnedFd> open_file(const std::string& path, int flags) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return system_error(path, "cannot be opened");
  return OwnedFd(fd);
}

}  // namespace

Result<std::vector<uint8_t>> read_file(const std::string& path, uint64_t most) {
  WPLUG_TRY_ASSIGN(OwnedFd file, open_for_reading(path));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(path, "cannot be read");
  if (S_ISDIR(status.st_mode)) return Error(ErrorKind::host, path + ": is a directory");
  // The size is a hint: pipes have none, and files change while they are read.
  std::vector<uint8_t> bytes;
  const uint64_t hint = S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0;
  if (hint <= most) bytes.reserve(static_cast<size_t>(hint) + 1);
  for (;;) {
    const size_t size = bytes.size();
    if (size > most) {
      return Error(ErrorKind::limit, path + ": has more than " + std::to_string(most) + " bytes");
    }
    // Only when the hint was wrong: a module keeps what is allocated here.
    if (size == bytes.capacity()) bytes.reserve(std::max<size_t>(2 * size, 65536));
    bytes.resize(bytes.capacity());
    const ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    bytes.resize(size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return bytes;
    if (got < 0 && errno != EINTR) return system_error(path, "cannot be read");
  }
}

Result<size_t> FdSource::read(std::span<char> buffer, const std::function<bool()>& cancelled) {
  for (;;) {
    if (cancelled()) return size_t{0};
    pollfd wait{fd_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, kPollMilliseconds);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return system_error(name_, "cannot be read");
  }
}

Result<void> FdSink::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
    if (wrote >= 0) {
      bytes.remove_prefix(static_cast<size_t>(wrote));
    } else if (errno == EAGAIN) {
      pollfd wait{fd_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return system_error(name_, "cannot be written");
    }
  }
  return {};
}

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

int OwnedFd::release() { return std::exchange(fd_, -1); }

Result<OwnedFd> open_for_reading(const std::string& path) { return open_file(path, O_RDONLY); }
Result<OwnedFd> open_for_writing(const std::string& path) { return open_file(path, O_WRONLY | O_CREAT | O_TRUNC); }

}  // namespace wplug
