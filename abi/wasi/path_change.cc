// Functions on paths other than opening. Each works on a directory that is certainly below the given one and a single
// name, and follows no link itself; see path.h.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "abi/wasi/filestat.h"
#include "abi/wasi/functions.h"
#include "abi/wasi/path_call.h"

namespace wplug::wasi {

namespace {

constexpr mode_t kNewDirectoryMode = 0777;

Errno result_of(int host_result) { return host_result < 0 ? last_error() : Errno::success; }

// Attributes of what a resolved path names, a link itself included.
Errno look_at(const ResolvedPath& path, struct stat& status) {
  if (::fstatat(path.parent.get(), path.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) return last_error();
  return path.wants_directory && !S_ISDIR(status.st_mode) ? Errno::notdir : Errno::success;
}

// Whether a last link is followed: a slash behind a link asks for it too.
bool follows(const Call& call, u32 lookupflags, u32 path, u32 path_size) {
  return (lookupflags & kSymlinkFollow) != 0 || has_trailing_slash(call, path, path_size);
}

Status filestat_get(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u32 filestat_out, Version version) {
  WPLUG_WASI_FIND(directory, find_directory(call, fd, right::path_filestat_get, false));
  WPLUG_WASI_PATH(found, find_path(call, directory, path, path_size, follows(call, lookupflags, path, path_size)));
  struct stat status{};
  if (const Errno error = look_at(found, status); error != Errno::success) return error;
  return write_filestat(call, filestat_out, status, version);
}

// A new name with a slash behind it can only be that of a directory.
Errno check_new_name(const ResolvedPath& path) {
  if (!path.wants_directory) return Errno::success;
  struct stat status{};
  const Errno error = look_at(path, status);
  return error == Errno::success ? Errno::exist : error;
}

}  // namespace

Status path_create_directory(Call& call, u32 fd, u32 path, u32 path_size) {
  WPLUG_WASI_FIND(directory, find_directory(call, fd, right::path_create_directory, true));
  WPLUG_WASI_PATH(found, find_path(call, directory, path, path_size, false));
  return result_of(::mkdirat(found.parent.get(), found.name.c_str(), kNewDirectoryMode));
}

Status path_filestat_get(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u32 filestat_out) {
  return filestat_get(call, fd, lookupflags, path, path_size, filestat_out, Version::preview1);
}

Status unstable_path_filestat_get(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u32 filestat_out) {
  return filestat_get(call, fd, lookupflags, path, path_size, filestat_out, Version::unstable);
}

Status path_filestat_set_times(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u64 atim, u64 mtim,
                               u32 fstflags) {
  WPLUG_WASI_FIND(directory, find_directory(call, fd, right::path_filestat_set_times, true));
  const auto times = file_times(atim, mtim, fstflags);
  if (std::holds_alternative<Errno>(times)) return std::get<Errno>(times);
  WPLUG_WASI_PATH(found, find_path(call, directory, path, path_size, follows(call, lookupflags, path, path_size)));
  struct stat status{};
  if (const Errno error = look_at(found, status); error != Errno::success) return error;
  return result_of(
      ::utimensat(found.parent.get(), found.name.c_str(), std::get<FileTimes>(times).data(), AT_SYMLINK_NOFOLLOW));
}

Status path_link(Call& call, u32 old_fd, u32 lookupflags, u32 old_path, u32 old_path_size, u32 new_fd, u32 new_path,
                 u32 new_path_size) {
  // The old directory must be writable too: through the new name the guest could else change a read-only file.
  WPLUG_WASI_FIND(old_directory, find_directory(call, old_fd, right::path_link_source, true));
  WPLUG_WASI_FIND(new_directory, find_directory(call, new_fd, right::path_link_target, true));
  const bool follow = (lookupflags & kSymlinkFollow) != 0;
  WPLUG_WASI_PATH(from, find_path(call, old_directory, old_path, old_path_size, follow));
  WPLUG_WASI_PATH(to, find_path(call, new_directory, new_path, new_path_size, false));
  struct stat status{};
  if (const Errno error = look_at(from, status); error != Errno::success) return error;
  if (const Errno error = check_new_name(to); error != Errno::success) return error;
  return result_of(::linkat(from.parent.get(), from.name.c_str(), to.parent.get(), to.name.c_str(), 0));
}

Status path_readlink(Call& call, u32 fd, u32 path, u32 path_size, u32 buffer_out, u32 size, u32 used_out) {
  WPLUG_WASI_FIND(directory, find_directory(call, fd, right::path_readlink, false));
  WPLUG_WASI_PATH(found, find_path(call, directory, path, path_size, false));
  if (!call.memory.contains(buffer_out, size) || !call.memory.contains(used_out, 4)) return Errno::fault;
  std::string text(kMaxPathLength, '\0');
  const ssize_t length = ::readlinkat(found.parent.get(), found.name.c_str(), text.data(), text.size());
  if (length < 0) return last_error();
  text.resize(static_cast<size_t>(length));
  const auto written = call.memory.write_prefix(buffer_out, size, text);
  if (!written) return Errno::fault;
  return call.memory.write<u32>(used_out, static_cast<u32>(*written)) ? Errno::success : Errno::fault;
}

Status path_remove_directory(Call& call, u32 fd, u32 path, u32 path_size) {
  WPLUG_WASI_FIND(directory, find_directory(call, fd, right::path_remove_directory, true));
  WPLUG_WASI_PATH(found, find_path(call, directory, path, path_size, false));
  return result_of(::unlinkat(found.parent.get(), found.name.c_str(), AT_REMOVEDIR));
}

Status path_rename(Call& call, u32 old_fd, u32 old_path, u32 old_path_size, u32 new_fd, u32 new_path,
                   u32 new_path_size) {
  WPLUG_WASI_FIND(old_directory, find_directory(call, old_fd, right::path_rename_source, true));
  WPLUG_WASI_FIND(new_directory, find_directory(call, new_fd, right::path_rename_target, true));
  WPLUG_WASI_PATH(from, find_path(call, old_directory, old_path, old_path_size, false));
  WPLUG_WASI_PATH(to, find_path(call, new_directory, new_path, new_path_size, false));
  struct stat status{};
  if (const Errno error = look_at(from, status); error != Errno::success) return error;
  if (to.wants_directory && !S_ISDIR(status.st_mode)) return Errno::notdir;
  return result_of(::renameat(from.parent.get(), from.name.c_str(), to.parent.get(), to.name.c_str()));
}

Status path_symlink(Call& call, u32 text, u32 text_size, u32 fd, u32 new_path, u32 new_path_size) {
  WPLUG_WASI_FIND(directory, find_directory(call, fd, right::path_symlink, true));
  const auto target = call.memory.copy_text(text, text_size, kMaxPathLength);
  if (!target) return call.memory.contains(text, text_size) ? Errno::nametoolong : Errno::fault;
  if (target->empty()) return Errno::noent;
  if (target->find('\0') != std::string::npos) return Errno::inval;
  // Never followed here, but others on this machine might.
  if (target->front() == '/') return Errno::perm;
  WPLUG_WASI_PATH(found, find_path(call, directory, new_path, new_path_size, false));
  if (const Errno error = check_new_name(found); error != Errno::success) return error;
  return result_of(::symlinkat(target->c_str(), found.parent.get(), found.name.c_str()));
}

Status path_unlink_file(Call& call, u32 fd, u32 path, u32 path_size) {
  WPLUG_WASI_FIND(directory, find_directory(call, fd, right::path_unlink_file, true));
  WPLUG_WASI_PATH(found, find_path(call, directory, path, path_size, false));
  if (found.wants_directory) {
    struct stat status{};
    const Errno error = look_at(found, status);
    return error == Errno::success ? Errno::isdir : error;
  }
  return result_of(::unlinkat(found.parent.get(), found.name.c_str(), 0));
}

}  // namespace wplug::wasi
