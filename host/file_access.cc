// Files for plugins. A path is asked about twice: as it is written, and as it really is once the links on the way have been
// followed (path_walk.h); then the name is opened in the directory that was found, without following a link, and what was
// opened has to be what was looked at.
//
// A hard link has no path that tells where it came from, so a file with several names is read only when a grant names it.
// Its count of names is looked at before it is opened, after, and by its name again. Making a link and taking it away sets the
// file's change time, but only as finely as the system's clock ticks, so a file that changed a moment ago is waited for: once
// its change time is older than a tick, any change that comes will show in it.
#include "host/file_access.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

#include "host/globs.h"
#include "host/json_text.h"

namespace wplug {
namespace {

constexpr size_t kMostPath = 4096;
// How often a file that changes while it is looked at is tried again.
constexpr int kMostTries = 8;
constexpr mode_t kMode = 0644;
// Longer than the slowest clock ticks (100 times a second).
constexpr int64_t kSettledAfterNs = 25'000'000;

FileReply reply_of(FileOutcome outcome, std::string message) { return {outcome, {}, std::move(message)}; }

FileReply failed_at(std::string_view path, int error) {
  const FileOutcome outcome = error == ENOENT || error == ENOTDIR ? FileOutcome::not_found : FileOutcome::failed;
  return reply_of(outcome, json_string(path) + ": " + std::strerror(error));
}

FileReply denied_at(std::string_view path, const std::string& why) {
  return reply_of(FileOutcome::denied, json_string(path) + ": " + why);
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_ctim.tv_sec == b.st_ctim.tv_sec &&
         a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

// Nanoseconds until the file's change time tells every further change; 0: it does.
int64_t unsettled_for(const struct stat& status) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const int64_t age = (static_cast<int64_t>(now.tv_sec) - status.st_ctim.tv_sec) * 1'000'000'000 +
                      (now.tv_nsec - status.st_ctim.tv_nsec);
  // A time to come is that of a clock that was set back: nothing would be gained by waiting for it.
  return age < 0 || age >= kSettledAfterNs ? 0 : kSettledAfterNs - age;
}

// Files that are made up by the kernel and tell of the host: environments, memory, devices.
bool is_of_the_kernel([[maybe_unused]] int fd) {
#if defined(__linux__)
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return true;
  return status.f_type == PROC_SUPER_MAGIC || status.f_type == SYSFS_MAGIC;
#else
  return false;
#endif
}

class RealFileAccess : public FileAccess {
 public:
  explicit RealFileAccess(PathWalk walk) : walk_(walk) {}

  FileReply read(const Policy& policy, std::string_view path, uint64_t max_bytes) override {
    bool waited = false;
    for (int tries = 0; tries < kMostTries; ++tries) {
      Target target;
      if (auto refused = find(policy, CapabilityKind::fs_read, path, target)) return std::move(*refused);
      bool again = false;
      int64_t wait = 0;
      FileReply reply = read_found(target, max_bytes, again, wait);
      if (!again) return reply;
      // Who changes it again and again is not waited for twice.
      if (wait > 0 && waited) break;
      if (wait == 0) continue;
      waited = true;
      const timespec time{0, static_cast<long>(wait)};
      ::nanosleep(&time, nullptr);
    }
    return reply_of(FileOutcome::failed, json_string(path) + ": it changes while it is opened");
  }

  FileReply write(const Policy& policy, std::string_view path, std::string_view data) override {
    Target target;
    if (auto refused = find(policy, CapabilityKind::fs_write, path, target)) return std::move(*refused);
    struct stat status {};
    const FoundPath& found = target.found;
    if (::fstatat(found.parent.get(), found.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      if (S_ISDIR(status.st_mode)) return failed_at(found.path, EISDIR);
      // What replaces a name leaves the other names of a file alone; pipes and devices are not for plugins to replace.
      if (!S_ISREG(status.st_mode)) return denied_at(found.path, "is no regular file");
    }
    const int error = replace(found, data);
    return error == 0 ? reply_of(FileOutcome::ok, "") : failed_at(found.path, error);
  }

 private:
  struct Target {
    FoundPath found;
    bool literal = false;  // a grant names it without wildcards
  };

  // Where `path` leads, if that is granted too; else why not.
  std::optional<FileReply> find(const Policy& policy, CapabilityKind kind, std::string_view path, Target& target) const {
    if (path.size() > kMostPath || !path.starts_with('/') || path.find('\0') != std::string_view::npos) {
      return reply_of(FileOutcome::invalid, path.size() > kMostPath ? "a path has more than 4096 bytes"
                                                                    : json_string(path) + " is no absolute path");
    }
    Decision decision = authorize(policy, {kind, path});
    if (!decision.allowed) return reply_of(FileOutcome::denied, std::move(decision.reason));
    if (path == "/") return failed_at(path, EISDIR);
    target.found = find_path(path, walk_);
    const FoundPath& found = target.found;
    // Before anything is said of what is there: whether there is such a file outside is not for the plugin to know.
    if (found.followed_links) decision = authorize(policy, {kind, found.path});
    if (!decision.allowed) {
      return denied_at(path, "a symbolic link leads to " + json_string(found.path) + ": " + decision.reason);
    }
    target.literal = decision.literal;
    if (found.error == EACCES && found.followed_links) return denied_at(path, "a symbolic link on the way has \"..\" in it, or may not be followed");
    if (found.error != 0) return failed_at(path, found.error);
    return std::nullopt;
  }

  // `again`: it is not what it was a moment ago, or `wait` nanoseconds have to pass until that can be told.
  static FileReply read_found(const Target& target, uint64_t max_bytes, bool& again, int64_t& wait) {
    const FoundPath& found = target.found;
    struct stat before {}, opened {}, after {};
    const auto look = [&found](struct stat& status) {
      return ::fstatat(found.parent.get(), found.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    };
    if (!look(before)) return failed_at(found.path, errno);
    if (S_ISDIR(before.st_mode)) return failed_at(found.path, EISDIR);
    again = S_ISLNK(before.st_mode);
    if (again) return {};
    if (!S_ISREG(before.st_mode)) return denied_at(found.path, "is no regular file");
    wait = target.literal ? 0 : unsettled_for(before);
    again = wait > 0;
    if (again) return {};
    // O_NONBLOCK: should it have become a pipe, nobody waits for its other end.
    OwnedFd file(::openat(found.parent.get(), found.name.c_str(),
                          O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    again = file.get() < 0 && (errno == ELOOP || errno == ENOENT || errno == EINTR);
    if (file.get() < 0) return failed_at(found.path, errno);
    if (::fstat(file.get(), &opened) != 0) return failed_at(found.path, errno);
    again = !look(after) || !same_file(before, opened) || !same_file(opened, after);
    if (again) return {};
    if (!target.literal) {
      if (opened.st_nlink > 1) {
        return denied_at(found.path, "has " + std::to_string(opened.st_nlink) +
                                         " names (hard links), so it may be a file from outside: a grant has to name it without a wildcard");
      }
      if (is_of_the_kernel(file.get())) {
        return denied_at(found.path, "is a file of the kernel: a grant has to name it without a wildcard");
      }
    }
    return read_open(file.get(), found.path, static_cast<uint64_t>(opened.st_size), max_bytes);
  }

  static FileReply read_open(int fd, const std::string& path, uint64_t size, uint64_t max_bytes) {
    FileReply reply;
    const auto too_large = [&] {
      return reply_of(FileOutcome::too_large,
                      json_string(path) + ": has more than the " + std::to_string(max_bytes) + " bytes that may be read");
    };
    if (size > max_bytes) return too_large();
    reply.data.reserve(static_cast<size_t>(size));
    std::array<char, 16384> buffer;
    for (;;) {
      const ssize_t got = ::read(fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed_at(path, errno);
      if (got == 0) break;
      // The size was a hint: files grow, and those of the kernel have none.
      if (static_cast<uint64_t>(got) > max_bytes - reply.data.size()) return too_large();
      reply.data.append(buffer.data(), static_cast<size_t>(got));
    }
    reply.outcome = FileOutcome::ok;
    return reply;
  }

  // Writes a new file beside the name and gives it that name; errno.
  static int replace(const FoundPath& found, std::string_view data) {
    std::string name;
    OwnedFd file;
    if (const int error = make_temporary(found.parent.get(), name, file)) return error;
    int error = write_all(file.get(), data);
    if (error == 0 && ::fchmod(file.get(), kMode) != 0) error = errno;
    if (error == 0 && ::fsync(file.get()) != 0) error = errno;
    if (error == 0 && ::renameat(found.parent.get(), name.c_str(), found.parent.get(), found.name.c_str()) != 0) error = errno;
    if (error != 0) {
      ::unlinkat(found.parent.get(), name.c_str(), 0);
      return error;
    }
    // The new name is on the disk when its directory is; where that cannot be opened for reading the system does it in its
    // own time.
    const OwnedFd directory(::openat(found.parent.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() >= 0) ::fsync(directory.get());
    return 0;
  }

  static int make_temporary(int parent, std::string& name, OwnedFd& file) {
    for (int tries = 0; tries < kMostTries; ++tries) {
      std::array<unsigned char, 16> random;
      if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) return EIO;
      name = ".wplug-";
      for (const unsigned char byte : random) {
        name += "0123456789abcdef"[byte >> 4];
        name += "0123456789abcdef"[byte & 15];
      }
      file = OwnedFd(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (file.get() >= 0) return 0;
      if (errno != EEXIST && errno != EINTR) return errno;
    }
    return EEXIST;
  }

  static int write_all(int fd, std::string_view data) {
    while (!data.empty()) {
      const ssize_t wrote = ::write(fd, data.data(), data.size());
      if (wrote < 0 && errno != EINTR) return errno;
      if (wrote > 0) data.remove_prefix(static_cast<size_t>(wrote));
    }
    return 0;
  }

  const PathWalk walk_;
};

}  // namespace

std::unique_ptr<FileAccess> make_file_access(PathWalk walk) { return std::make_unique<RealFileAccess>(walk); }
std::unique_ptr<FileAccess> make_file_access() { return make_file_access(PathWalk::kernel); }

}  // namespace wplug
