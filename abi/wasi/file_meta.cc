// Descriptors themselves, and the attributes of what they have open.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "abi/wasi/filestat.h"
#include "abi/wasi/functions.h"

namespace wplug::wasi {

namespace {

Status filestat_get(Call& call, u32 fd, u32 filestat_out, Version version) {
  WPLUG_WASI_FIND(file, call.find(fd, right::fd_filestat_get));
  struct stat status{};
  if (!file.is_stream() && ::fstat(file.file.get(), &status) < 0) return last_error();
  return write_filestat(call, filestat_out, status, version);
}

// Changes O_APPEND of a file that the guest opened; files lent to it keep theirs, others may share them.
Errno set_append(const Descriptor& file, bool append) {
  const int before = ::fcntl(file.file.get(), F_GETFL);
  if (before < 0) return last_error();
  const int after = append ? before | O_APPEND : before & ~O_APPEND;
  if (after != before && ::fcntl(file.file.get(), F_SETFL, after) < 0) return last_error();
  return Errno::success;
}

}  // namespace

Status fd_close(Call& call, u32 fd) { return call.state.files.close(fd); }

Status fd_renumber(Call& call, u32 from, u32 to) { return call.state.files.renumber(from, to); }

Status fd_fdstat_get(Call& call, u32 fd, u32 fdstat_out) {
  WPLUG_WASI_FIND(file, call.find(fd));
  GuestRecord<kFdstatSize> record;
  record.put<uint8_t>(0, static_cast<uint8_t>(file.type));
  record.put<uint16_t>(2, file.flags);
  record.put<uint64_t>(8, file.base);
  record.put<uint64_t>(16, file.inheriting);
  return call.memory.write_record(fdstat_out, record) ? Errno::success : Errno::fault;
}

Status fd_fdstat_set_flags(Call& call, u32 fd, u32 flags) {
  WPLUG_WASI_FIND(file, call.find(fd, right::fd_fdstat_set_flags));
  if ((flags & ~u32{fdflag::all}) != 0) return Errno::inval;
  // No system lets a file become synchronous after it was opened.
  constexpr uint16_t kFixed = fdflag::dsync | fdflag::rsync | fdflag::sync;
  if (((flags ^ file.flags) & kFixed) != 0) return Errno::notsup;
  if (!file.is_stream() && !file.may_wait && !file.is_directory() && file.file.is_owned()) {
    const Errno error = set_append(file, (flags & fdflag::append) != 0);
    if (error != Errno::success) return error;
  }
  file.flags = static_cast<uint16_t>(flags);
  return Errno::success;
}

Status fd_fdstat_set_rights(Call& call, u32 fd, u64 base, u64 inheriting) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if ((base & ~file.base) != 0 || (inheriting & ~file.inheriting) != 0) return Errno::notcapable;
  file.base = base;
  file.inheriting = inheriting;
  return Errno::success;
}

Status fd_filestat_get(Call& call, u32 fd, u32 filestat_out) {
  return filestat_get(call, fd, filestat_out, Version::preview1);
}

Status unstable_fd_filestat_get(Call& call, u32 fd, u32 filestat_out) {
  return filestat_get(call, fd, filestat_out, Version::unstable);
}

Status fd_filestat_set_size(Call& call, u32 fd, u64 size) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if (file.is_directory() || !file.writable) return Errno::badf;
  if (file.is_stream() || file.may_wait) return Errno::inval;
  WPLUG_WASI_FIND(checked, call.find(fd, right::fd_filestat_set_size));
  if (size > static_cast<u64>(std::numeric_limits<off_t>::max())) return Errno::fbig;
  return ::ftruncate(checked.file.get(), static_cast<off_t>(size)) < 0 ? last_error() : Errno::success;
}

Status fd_filestat_set_times(Call& call, u32 fd, u64 atim, u64 mtim, u32 fstflags) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if (!file.changeable) return Errno::rofs;
  if (file.is_stream() || file.may_wait) return Errno::inval;
  WPLUG_WASI_FIND(checked, call.find(fd, right::fd_filestat_set_times));
  const auto times = file_times(atim, mtim, fstflags);
  if (std::holds_alternative<Errno>(times)) return std::get<Errno>(times);
  return ::futimens(checked.file.get(), std::get<FileTimes>(times).data()) < 0 ? last_error() : Errno::success;
}

}  // namespace wplug::wasi
