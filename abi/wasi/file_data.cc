// The contents of open files.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>

#include "abi/wasi/functions.h"
#include "abi/wasi/transfer.h"

namespace wplug::wasi {

namespace {

// Between two looks at the deadline.
constexpr u64 kAllocatePiece = u64{16} << 20;

constexpr bool fits_off_t(u64 value) { return value <= static_cast<u64>(std::numeric_limits<off_t>::max()); }

Errno write_result(const Call& call, u32 out, u64 value) {
  return call.memory.write<u64>(out, value) ? Errno::success : Errno::fault;
}

Status read_at(Call& call, u32 fd, u32 buffers, u32 buffer_count, std::optional<u64> offset, u32 size_out) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if (file.is_directory()) return Errno::isdir;
  if (!file.readable) return Errno::badf;
  WPLUG_WASI_FIND(checked, call.find(fd, right::fd_read | (offset ? right::fd_seek : 0)));
  if (offset && checked.is_stream()) return Errno::spipe;
  if (buffer_count > kMaxBuffers) return Errno::inval;
  const auto found = call.memory.buffers(buffers, buffer_count);
  if (!found || !call.memory.contains(size_out, 4)) return Errno::fault;
  u32 count = 0;
  WPLUG_TRY_ASSIGN(const Errno error, read_file(call, checked, *found, offset, count));
  if (error != Errno::success) return error;
  return call.memory.write<u32>(size_out, count) ? Errno::success : Errno::fault;
}

Status write_at(Call& call, u32 fd, u32 buffers, u32 buffer_count, std::optional<u64> offset, u32 size_out) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if (file.is_directory()) return Errno::isdir;
  if (!file.writable) return Errno::badf;
  WPLUG_WASI_FIND(checked, call.find(fd, right::fd_write | (offset ? right::fd_seek : 0)));
  if (offset && checked.is_stream()) return Errno::spipe;
  if (buffer_count > kMaxBuffers) return Errno::inval;
  const auto found = call.memory.buffers(buffers, buffer_count);
  if (!found || !call.memory.contains(size_out, 4)) return Errno::fault;
  u32 count = 0;
  WPLUG_TRY_ASSIGN(const Errno error, write_file(call, checked, *found, offset, count));
  if (error != Errno::success) return error;
  return call.memory.write<u32>(size_out, count) ? Errno::success : Errno::fault;
}

// What POSIX's `whence` of each version is; the order changed.
std::optional<int> host_whence(u32 whence, Version version) {
  constexpr int kPreview1[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  constexpr int kUnstable[] = {SEEK_CUR, SEEK_END, SEEK_SET};
  if (whence > 2) return std::nullopt;
  return version == Version::preview1 ? kPreview1[whence] : kUnstable[whence];
}

// Files that have a position: not streams, terminals, pipes, directories.
Errno check_seekable(const Descriptor& file) {
  if (file.is_directory()) return Errno::badf;
  if (file.is_stream() || file.may_wait) return Errno::spipe;
  return Errno::success;
}

Status seek(Call& call, u32 fd, int64_t delta, u32 whence, Version version, u32 position_out) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if (const Errno error = check_seekable(file); error != Errno::success) return error;
  const auto from = host_whence(whence, version);
  if (!from) return Errno::inval;
  // To ask for the position needs less than to change it.
  const bool only_tells = *from == SEEK_CUR && delta == 0;
  WPLUG_WASI_FIND(checked, call.find(fd, only_tells ? right::fd_tell : right::fd_seek | right::fd_tell));
  if (!call.memory.contains(position_out, 8)) return Errno::fault;
  const off_t position = ::lseek(checked.file.get(), static_cast<off_t>(delta), *from);
  if (position < 0) return last_error();
  return write_result(call, position_out, static_cast<u64>(position));
}

Errno allocate_piece(int fd, u64 offset, u64 size) {
#if defined(__linux__)
  // Not posix_fallocate: where the file system cannot, that writes every block.
  int result;
  do {
    result = ::fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(size));
  } while (result < 0 && errno == EINTR);
  return result < 0 ? last_error() : Errno::success;
#else
  (void)fd, (void)offset, (void)size;
  return Errno::notsup;
#endif
}

Status flush(Call& call, u32 fd, Rights needed, int (*host_flush)(int)) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if (file.is_stream() || file.may_wait) return Errno::inval;
  WPLUG_WASI_FIND(checked, call.find(fd, needed));
  return host_flush(checked.file.get()) < 0 ? last_error() : Errno::success;
}

}  // namespace

Status fd_read(Call& call, u32 fd, u32 buffers, u32 buffer_count, u32 size_out) {
  return read_at(call, fd, buffers, buffer_count, std::nullopt, size_out);
}

Status fd_write(Call& call, u32 fd, u32 buffers, u32 buffer_count, u32 size_out) {
  return write_at(call, fd, buffers, buffer_count, std::nullopt, size_out);
}

Status fd_pread(Call& call, u32 fd, u32 buffers, u32 buffer_count, u64 offset, u32 size_out) {
  return read_at(call, fd, buffers, buffer_count, offset, size_out);
}

Status fd_pwrite(Call& call, u32 fd, u32 buffers, u32 buffer_count, u64 offset, u32 size_out) {
  return write_at(call, fd, buffers, buffer_count, offset, size_out);
}

Status fd_seek(Call& call, u32 fd, int64_t delta, u32 whence, u32 position_out) {
  return seek(call, fd, delta, whence, Version::preview1, position_out);
}

Status unstable_fd_seek(Call& call, u32 fd, int64_t delta, u32 whence, u32 position_out) {
  return seek(call, fd, delta, whence, Version::unstable, position_out);
}

Status fd_tell(Call& call, u32 fd, u32 position_out) { return fd_seek(call, fd, 0, 1, position_out); }

Status fd_sync(Call& call, u32 fd) { return flush(call, fd, right::fd_sync, ::fsync); }

Status fd_datasync(Call& call, u32 fd) { return flush(call, fd, right::fd_datasync, ::fdatasync); }

Status fd_advise(Call& call, u32 fd, u64 offset, u64 size, u32 advice) {
  constexpr u32 kAdviceCount = 6;
  WPLUG_WASI_FIND(file, call.find(fd));
  if (const Errno error = check_seekable(file); error != Errno::success) return error;
  WPLUG_WASI_FIND(checked, call.find(fd, right::fd_advise));
  if (advice >= kAdviceCount || !fits_off_t(offset) || !fits_off_t(size)) return Errno::inval;
#if defined(__linux__)
  constexpr int kHost[kAdviceCount] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                       POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  return from_host(
      ::posix_fadvise(checked.file.get(), static_cast<off_t>(offset), static_cast<off_t>(size), kHost[advice]));
#else
  (void)checked;
  return Errno::success;
#endif
}

Status fd_allocate(Call& call, u32 fd, u64 offset, u64 size) {
  WPLUG_WASI_FIND(file, call.find(fd));
  if (file.is_directory() || !file.writable) return Errno::badf;
  if (const Errno error = check_seekable(file); error != Errno::success) return error;
  WPLUG_WASI_FIND(checked, call.find(fd, right::fd_allocate));
  if (size == 0 || !fits_off_t(offset) || !fits_off_t(size)) return Errno::inval;
  if (!fits_off_t(offset + size)) return Errno::fbig;
  for (const u64 end = offset + size; offset != end;) {
    const u64 piece = std::min(end - offset, kAllocatePiece);
    const Errno error = allocate_piece(checked.file.get(), offset, piece);
    if (error != Errno::success) return error;
    offset += piece;
    WPLUG_TRY(call.check_stop());
  }
  return Errno::success;
}

}  // namespace wplug::wasi
