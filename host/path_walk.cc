#include "host/path_walk.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#include <sys/syscall.h>
#define WPLUG_HAS_OPENAT2 1
#else
#define WPLUG_HAS_OPENAT2 0
#endif

namespace wplug {
namespace {

#if defined(O_PATH)
constexpr int kSearch = O_PATH | O_DIRECTORY | O_CLOEXEC;
#else
constexpr int kSearch = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
#endif
constexpr int kMostLinks = 40;
constexpr size_t kMostPath = 4096;
constexpr size_t kMostDepth = 200;  // directories open at once

// The directory `path` when there is no link on the way; -1 and errno.
int open_without_links([[maybe_unused]] const std::string& path) {
#if WPLUG_HAS_OPENAT2
  open_how how{};
  how.flags = static_cast<uint64_t>(kSearch);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  int fd;
  do {
    fd = static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how)));
  } while (fd < 0 && errno == EINTR);
  return fd;
#else
  errno = ENOSYS;
  return -1;
#endif
}

// The text of the link `name`; nullopt and errno, EINVAL when it is no link.
std::optional<std::string> read_link(int directory, const std::string& name) {
  std::string text(kMostPath, '\0');
  const ssize_t length = ::readlinkat(directory, name.c_str(), text.data(), text.size());
  if (length < 0) return std::nullopt;
  if (static_cast<size_t>(length) >= text.size()) {
    errno = ENAMETOOLONG;
    return std::nullopt;
  }
  text.resize(static_cast<size_t>(length));
  return text;
}

class Walk {
 public:
  FoundPath go(std::string_view path) {
    found_.error = push_text(path);
    if (found_.error == 0) found_.error = open_root();
    while (found_.error == 0 && !done_) found_.error = step();
    if (found_.error == 0) found_.parent = std::move(open_.back().fd);
    found_.path.clear();
    for (size_t i = 1; i < open_.size(); ++i) found_.path += "/" + open_[i].name;
    if (done_) found_.path += "/" + found_.name;
    for (size_t i = pending_.size(); i > 0; --i) found_.path += "/" + pending_[i - 1];
    if (found_.path.empty()) found_.path = "/";
    return std::move(found_);
  }

 private:
  struct Directory {
    OwnedFd fd;
    std::string name;
  };

  int here() const { return open_.back().fd.get(); }

  int open_root() {
    OwnedFd root(::open("/", kSearch));
    if (root.get() < 0) return errno;
    open_.push_back({std::move(root), ""});
    return 0;
  }

  // The names of `path` in front of those that are pending, the next one last; leading `..` are taken at once.
  int push_text(std::string_view path) {
    std::vector<std::string> names;
    size_t up = 0;
    for (size_t at = 0; at < path.size();) {
      const size_t end = std::min(path.find('/', at), path.size());
      const std::string_view name = path.substr(at, end - at);
      at = end + 1;
      if (name.empty() || name == ".") continue;
      if (name != "..") {
        names.emplace_back(name);
      } else if (!names.empty() || path.front() == '/') {
        return EACCES;
      } else {
        ++up;
      }
    }
    while (path.starts_with('/') && open_.size() > 1) open_.pop_back();
    for (; up > 0 && open_.size() > 1; --up) open_.pop_back();
    for (size_t i = names.size(); i > 0; --i) pending_.push_back(std::move(names[i - 1]));
    return pending_.size() > kMostPath ? ENAMETOOLONG : 0;
  }

  // Takes one name, or comes to the end with the last one.
  int step() {
    // A link to the root: there is no name to open.
    if (pending_.empty()) return EISDIR;
    std::string name = pending_.back();
    if (auto text = read_link(here(), name)) {
      if (++links_ > kMostLinks) return ELOOP;
      found_.followed_links = true;
      pending_.pop_back();
      if (text->empty()) return ENOENT;
      return push_text(*text);
    }
    const bool is_last = pending_.size() == 1;
    if (errno != EINVAL && !(is_last && errno == ENOENT)) return errno;
    if (is_last) {
      pending_.clear();
      found_.name = std::move(name);
      done_ = true;
      return 0;
    }
    if (open_.size() > kMostDepth) return ENAMETOOLONG;
    OwnedFd next(::openat(here(), name.c_str(), kSearch | O_NOFOLLOW));
    if (next.get() < 0) return errno;
    pending_.pop_back();
    open_.push_back({std::move(next), std::move(name)});
    return 0;
  }

  FoundPath found_;
  std::vector<Directory> open_;
  std::vector<std::string> pending_;
  int links_ = 0;
  bool done_ = false;
};

// When neither the way nor the last name is a link.
std::optional<FoundPath> find_without_links(std::string_view path) {
  const size_t slash = path.rfind('/');
  FoundPath found;
  found.parent = OwnedFd(open_without_links(slash == 0 ? "/" : std::string(path.substr(0, slash))));
  if (found.parent.get() < 0) return std::nullopt;
  found.name = path.substr(slash + 1);
  found.path = path;
  if (read_link(found.parent.get(), found.name) || (errno != EINVAL && errno != ENOENT)) return std::nullopt;
  return found;
}

}  // namespace

FoundPath find_path(std::string_view path, PathWalk walk) {
  if (walk == PathWalk::kernel) {
    if (auto found = find_without_links(path)) return std::move(*found);
  }
  return Walk().go(path);
}

}  // namespace wplug
