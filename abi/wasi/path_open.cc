// Opening files and directories below an open directory.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "abi/wasi/functions.h"
#include "abi/wasi/path_call.h"

namespace wplug::wasi {

namespace {

// How often a name that turns into a link between looking and opening is looked at again.
constexpr int kOpenRetries = 8;
constexpr mode_t kNewFileMode = 0666;

struct OpenRequest {
  u32 oflags;
  Rights base, inheriting;
  uint16_t fdflags;
  bool follow;

  bool reads() const { return (base & (right::fd_read | right::fd_readdir)) != 0; }
  bool writes() const { return (base & right::fd_write) != 0; }
  bool has(u32 flag) const { return (oflags & flag) != 0; }
  bool changes() const { return writes() || has(oflag::creat | oflag::trunc); }
  Rights needed() const {
    Rights needed = right::path_open;
    if (has(oflag::creat)) needed |= right::path_create_file;
    if (has(oflag::trunc)) needed |= right::path_filestat_set_size;
    return needed;
  }
};

int host_flags(const OpenRequest& request, bool directory) {
  // Without O_NONBLOCK, opening a pipe would wait for its other end; waiting is done by poll(2) later. Files and
  // directories do not mind.
  int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  flags |= !request.writes() ? O_RDONLY : request.reads() ? O_RDWR : O_WRONLY;
  if (directory) flags |= O_DIRECTORY;
  if (request.has(oflag::creat)) flags |= O_CREAT;
  if (request.has(oflag::excl)) flags |= O_EXCL;
  if (request.has(oflag::trunc)) flags |= O_TRUNC;
  if ((request.fdflags & fdflag::append) != 0) flags |= O_APPEND;
  if ((request.fdflags & fdflag::dsync) != 0) flags |= O_DSYNC;
  if ((request.fdflags & (fdflag::sync | fdflag::rsync)) != 0) flags |= O_SYNC;
  return flags;
}

// Opens the last component; -1 and errno.
int open_last(const ResolvedPath& path, const OpenRequest& request) {
  const bool directory = path.wants_directory || request.has(oflag::directory);
  if (directory && request.writes()) {
    errno = EISDIR;
    return -1;
  }
  if (directory && request.has(oflag::creat)) {
    // O_CREAT makes files only, and systems differ in what they say to both.
    errno = path.wants_directory ? EISDIR : EINVAL;
    return -1;
  }
  return ::openat(path.parent.get(), path.name.c_str(), host_flags(request, directory), kNewFileMode);
}

std::variant<HostFile, Errno> open_path(Call& call, const Descriptor& directory, u32 path, u32 path_size,
                                        const OpenRequest& request) {
  // Creating a file that must not exist never follows a link in the last place.
  const bool exclusive = request.has(oflag::creat) && request.has(oflag::excl);
  const bool follow = (request.follow && !exclusive) || has_trailing_slash(call, path, path_size);
  for (int retry = 0;; ++retry) {
    WPLUG_WASI_PATH(found, find_path(call, directory, path, path_size, follow));
    const int fd = open_last(found, request);
    if (fd >= 0) return HostFile::owning(fd);
    if (errno != EINTR && (errno != ELOOP || !follow || retry == kOpenRetries)) return last_error();
  }
}

// What the guest may do with what it opened: what it asked for, the directory passes on, and a thing of this type can
// do.
void limit_rights(Descriptor& opened, const Descriptor& directory, const OpenRequest& request) {
  opened.base &= request.base & directory.inheriting;
  opened.inheriting &= request.inheriting & directory.inheriting;
  opened.flags = request.fdflags;
  opened.changeable = directory.changeable;
  if (!directory.changeable) opened.base &= ~kDirectoryChanges;
}

std::optional<Errno> complaint_about(const OpenRequest& request, u32 lookupflags, u32 fdflags) {
  if ((request.oflags & ~oflag::all) != 0 || (fdflags & ~u32{fdflag::all}) != 0) return Errno::inval;
  if ((lookupflags & ~kSymlinkFollow) != 0) return Errno::inval;
  return std::nullopt;
}

}  // namespace

Status path_open(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u32 oflags, u64 base, u64 inheriting,
                 u32 fdflags, u32 fd_out) {
  const OpenRequest request{oflags, base, inheriting, static_cast<uint16_t>(fdflags),
                            (lookupflags & kSymlinkFollow) != 0};
  if (const auto bad = complaint_about(request, lookupflags, fdflags)) return *bad;
  WPLUG_WASI_FIND(directory, find_directory(call, fd, request.needed(), request.changes()));
  if (request.writes() && (directory.inheriting & right::fd_write) == 0) return Errno::notcapable;
  if (!call.memory.contains(fd_out, 4)) return Errno::fault;
  if (!call.state.files.has_room()) return Errno::mfile;
  auto file = open_path(call, directory, path, path_size, request);
  if (std::holds_alternative<Errno>(file)) return std::get<Errno>(file);
  auto opened = make_host_descriptor(std::move(std::get<HostFile>(file)), request.reads(), request.writes());
  limit_rights(*opened, directory, request);
  const auto number = call.state.files.insert(std::move(opened));
  if (!number) return Errno::mfile;
  return call.memory.write<u32>(fd_out, *number) ? Errno::success : Errno::fault;
}

}  // namespace wplug::wasi
