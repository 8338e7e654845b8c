#include "abi/wasi/path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#if defined(__linux__) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#include <sys/syscall.h>
#define WPLUG_HAS_OPENAT2 1
#else
#define WPLUG_HAS_OPENAT2 0
#endif

namespace wplug::wasi {

namespace {

// O_PATH needs no permission to read a directory, only to pass through it.
#if defined(O_PATH)
constexpr int kSearch = O_PATH | O_DIRECTORY | O_CLOEXEC;
#else
constexpr int kSearch = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
#endif
// Directories that the walk by components holds open at once.
constexpr size_t kMaxDepth = 200;

#if WPLUG_HAS_OPENAT2
constexpr int kEscapeRetries = 32;

// The directory `path` below `root`; -1 and errno.
int open_beneath(int root, const std::string& path) {
  open_how how{};
  how.flags = static_cast<uint64_t>(kSearch);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // The kernel answers EAGAIN when a rename elsewhere makes it unsure that `..` stayed inside.
  for (int retry = 0;; ++retry) {
    const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || retry == kEscapeRetries) return static_cast<int>(fd);
  }
}
#endif

// The text of the link `name` in `directory`; `inval` when it is not a link.
std::variant<std::string, Errno> read_link(int directory, const char* name) {
  std::string text(kMaxPathLength, '\0');
  const ssize_t length = ::readlinkat(directory, name, text.data(), text.size());
  if (length < 0) return last_error();
  if (static_cast<size_t>(length) >= text.size()) return Errno::nametoolong;
  text.resize(static_cast<size_t>(length));
  return text;
}

struct Split {
  std::string directory;  // without its last slashes; empty: the root
  std::string name;       // never empty; "." and ".." only when the path ends with them
  bool trailing_slash = false;
};

Split split_last(std::string_view path) {
  Split split;
  while (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
    split.trailing_slash = true;
  }
  const size_t slash = path.rfind('/');
  split.name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (slash != std::string_view::npos) split.directory = path.substr(0, slash);
  return split;
}

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

std::optional<Errno> complaint_about(std::string_view path) {
  if (path.empty()) return Errno::noent;
  if (path.size() > kMaxPathLength) return Errno::nametoolong;
  if (path.find('\0') != std::string_view::npos) return Errno::inval;
  if (path.front() == '/') return Errno::perm;
  return std::nullopt;
}

// The walk by components. Opens the directory of a path; keeps the directories on the way.
class ComponentWalk {
 public:
  explicit ComponentWalk(int root) : root_(root) {}

  std::variant<HostFile, Errno> open_directory(std::string_view path) {
    push_components(path);
    while (!pending_.empty()) {
      std::string component = std::move(pending_.back());
      pending_.pop_back();
      const Errno error = step(component);
      if (error != Errno::success) return error;
    }
    if (open_.empty()) return HostFile::borrowing(root_);
    return std::move(open_.back());
  }

 private:
  int here() const { return open_.empty() ? root_ : open_.back().get(); }

  // The components of `path`, in front of those that are pending: the next one last.
  void push_components(std::string_view path) {
    size_t end = path.size();
    while (end > 0) {
      const size_t slash = path.rfind('/', end - 1);
      const size_t start = slash == std::string_view::npos ? 0 : slash + 1;
      if (end > start) pending_.emplace_back(path.substr(start, end - start));
      end = slash == std::string_view::npos ? 0 : slash;
    }
  }

  Errno step(const std::string& component) {
    if (component == ".") return Errno::success;
    if (component == "..") return step_up();
    if (open_.size() >= kMaxDepth) return Errno::nametoolong;
    const int fd = ::openat(here(), component.c_str(), kSearch | O_NOFOLLOW);
    if (fd >= 0) {
      open_.push_back(HostFile::owning(fd));
      return Errno::success;
    }
    // Systems differ in what they say about a link here; so look whether it is one.
    const Errno error = last_error();
    if (error != Errno::notdir && error != Errno::loop && error != Errno::mlink) return error;
    return step_through_link(component, error);
  }

  Errno step_up() {
    if (open_.empty()) return Errno::perm;
    open_.pop_back();
    return Errno::success;
  }

  Errno step_through_link(const std::string& component, Errno error) {
    auto link = read_link(here(), component.c_str());
    if (std::holds_alternative<Errno>(link)) {
      return std::get<Errno>(link) == Errno::inval ? error : std::get<Errno>(link);
    }
    const std::string& text = std::get<std::string>(link);
    if (++links_ > kMaxSymlinks) return Errno::loop;
    if (const auto bad = complaint_about(text)) return *bad;
    push_components(text);
    return Errno::success;
  }

  const int root_;
  std::vector<HostFile> open_;
  std::vector<std::string> pending_;
  int links_ = 0;
};

// The directory `path` below `root`; an empty path is the root itself.
std::variant<HostFile, Errno> open_directory(PathWalk walk, int root, const std::string& path) {
  if (path.empty()) return HostFile::borrowing(root);
#if WPLUG_HAS_OPENAT2
  if (walk == PathWalk::kernel) {
    const int fd = open_beneath(root, path);
    if (fd >= 0) return HostFile::owning(fd);
    return errno == EXDEV ? Errno::perm : last_error();
  }
#else
  (void)walk;
#endif
  return ComponentWalk(root).open_directory(path);
}

}  // namespace

PathWalk best_path_walk() {
#if WPLUG_HAS_OPENAT2
  const int fd = open_beneath(AT_FDCWD, ".");
  if (fd >= 0) ::close(fd);
  if (fd >= 0) return PathWalk::kernel;
#endif
  return PathWalk::components;
}

PathResult resolve_path(PathWalk walk, int root, std::string_view path, bool follow_last) {
  // Before the copy, for the guest chooses the length.
  if (const auto bad = complaint_about(path)) return *bad;
  std::string pending(path);
  bool wants_directory = false;
  for (int links = 0; links <= kMaxSymlinks; ++links) {
    Split split = split_last(pending);
    const bool dots = is_dots(split.name);
    wants_directory |= split.trailing_slash || dots;
    // A path that ends with dots names a directory: it is opened whole and is its own last component.
    auto parent = open_directory(walk, root, dots ? pending : split.directory);
    if (std::holds_alternative<Errno>(parent)) return std::get<Errno>(parent);
    HostFile& directory = std::get<HostFile>(parent);
    if (dots) return ResolvedPath{std::move(directory), ".", true};
    if (!follow_last) return ResolvedPath{std::move(directory), std::move(split.name), wants_directory};
    auto link = read_link(directory.get(), split.name.c_str());
    if (std::holds_alternative<Errno>(link)) {
      const Errno error = std::get<Errno>(link);
      // Not a link, or nothing there yet.
      if (error != Errno::inval && error != Errno::noent) return error;
      return ResolvedPath{std::move(directory), std::move(split.name), wants_directory};
    }
    const std::string& text = std::get<std::string>(link);
    if (const auto bad = complaint_about(text)) return *bad;
    pending = split.directory.empty() ? text : split.directory + "/" + text;
    if (pending.size() > kMaxPathLength) return Errno::nametoolong;
  }
  return Errno::loop;
}

}  // namespace wplug::wasi
