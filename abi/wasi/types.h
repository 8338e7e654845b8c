// The vocabulary of WASI preview 1, as its witx has it: rights, flags and the sizes and offsets of records in guest
// memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wplug::wasi {

using Rights = uint64_t;
namespace right {
inline constexpr Rights fd_datasync = 1u << 0, fd_read = 1u << 1, fd_seek = 1u << 2, fd_fdstat_set_flags = 1u << 3,
                        fd_sync = 1u << 4, fd_tell = 1u << 5, fd_write = 1u << 6, fd_advise = 1u << 7,
                        fd_allocate = 1u << 8, path_create_directory = 1u << 9, path_create_file = 1u << 10,
                        path_link_source = 1u << 11, path_link_target = 1u << 12, path_open = 1u << 13,
                        fd_readdir = 1u << 14, path_readlink = 1u << 15, path_rename_source = 1u << 16,
                        path_rename_target = 1u << 17, path_filestat_get = 1u << 18, path_filestat_set_size = 1u << 19,
                        path_filestat_set_times = 1u << 20, fd_filestat_get = 1u << 21, fd_filestat_set_size = 1u << 22,
                        fd_filestat_set_times = 1u << 23, path_symlink = 1u << 24, path_remove_directory = 1u << 25,
                        path_unlink_file = 1u << 26, poll_fd_readwrite = 1u << 27, sock_shutdown = 1u << 28,
                        sock_accept = 1u << 29;
}  // namespace right

// What can be done at all with a thing of each type.
inline constexpr Rights kAllRights = (1u << 30) - 1;
inline constexpr Rights kStreamRights =
    right::fd_read | right::fd_write | right::fd_fdstat_set_flags | right::fd_filestat_get | right::poll_fd_readwrite;
inline constexpr Rights kFileRights = kStreamRights | right::fd_datasync | right::fd_sync | right::fd_seek |
                                      right::fd_tell | right::fd_advise | right::fd_allocate |
                                      right::fd_filestat_set_size | right::fd_filestat_set_times;
// Of a directory, those that change what is below it, and the rest.
inline constexpr Rights kDirectoryChanges =
    right::path_create_directory | right::path_create_file | right::path_link_source | right::path_link_target |
    right::path_rename_source | right::path_rename_target | right::path_filestat_set_size |
    right::path_filestat_set_times | right::path_symlink | right::path_remove_directory | right::path_unlink_file |
    right::fd_filestat_set_times;
inline constexpr Rights kDirectoryRights = kDirectoryChanges | right::fd_datasync | right::fd_sync | right::path_open |
                                           right::fd_readdir | right::path_readlink | right::path_filestat_get |
                                           right::fd_filestat_get | right::fd_fdstat_set_flags;
// Of a file, those that need it open for writing.
inline constexpr Rights kWriteRights = right::fd_write | right::fd_allocate | right::fd_filestat_set_size;

enum class Filetype : uint8_t {
  unknown = 0,
  block_device = 1,
  character_device = 2,
  directory = 3,
  regular_file = 4,
  socket_dgram = 5,
  socket_stream = 6,
  symbolic_link = 7,
};

namespace fdflag {
inline constexpr uint16_t append = 1, dsync = 2, nonblock = 4, rsync = 8, sync = 16;
inline constexpr uint16_t all = 31;
}  // namespace fdflag

namespace oflag {
inline constexpr uint32_t creat = 1, directory = 2, excl = 4, trunc = 8;
inline constexpr uint32_t all = 15;
}  // namespace oflag

namespace fstflag {
inline constexpr uint32_t atim = 1, atim_now = 2, mtim = 4, mtim_now = 8;
inline constexpr uint32_t all = 15;
}  // namespace fstflag

namespace clock_id {
inline constexpr uint32_t realtime = 0, monotonic = 1, process_cputime = 2, thread_cputime = 3;
}  // namespace clock_id

namespace eventtype {
inline constexpr uint8_t clock = 0, fd_read = 1, fd_write = 2;
}  // namespace eventtype

inline constexpr uint32_t kSymlinkFollow = 1;    // lookupflags
inline constexpr uint16_t kClockAbsolute = 1;    // subclockflags
inline constexpr uint16_t kReadWriteHangup = 1;  // eventrwflags

// Record sizes in bytes.
inline constexpr size_t kFdstatSize = 24, kPrestatSize = 8, kDirentSize = 24, kEventSize = 32, kFilestatSize = 64,
                        kUnstableFilestatSize = 56, kSubscriptionSize = 48, kUnstableSubscriptionSize = 56;

// The two modules differ in the order of whence, in filestat and in clock subscriptions.
enum class Version : uint8_t { unstable, preview1 };

}  // namespace wplug::wasi
