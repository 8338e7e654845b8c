// The functions of WASI preview 1 (github.com/WebAssembly/WASI, legacy/preview1/docs.md), with the parameters of their
// witx: descriptors, pointers, lengths and flags are u32, sizes of files, rights and times u64. Pointers named `…_out`
// take results. Each returns the guest's error number, or an error that ends the guest. functions.def lists them with
// their meaning.
#pragma once

#include <cstdint>

#include "abi/wasi/errno.h"
#include "abi/wasi/state.h"
#include "wplug/error.h"

namespace wplug::wasi {

using Status = Result<Errno>;
using u32 = uint32_t;
using u64 = uint64_t;

// process.cc
Status args_get(Call& call, u32 argv_out, u32 text_out);
Status args_sizes_get(Call& call, u32 count_out, u32 size_out);
Status environ_get(Call& call, u32 environ_out, u32 text_out);
Status environ_sizes_get(Call& call, u32 count_out, u32 size_out);
Status clock_res_get(Call& call, u32 id, u32 resolution_out);
Status clock_time_get(Call& call, u32 id, u64 precision, u32 time_out);
Status random_get(Call& call, u32 buffer_out, u32 size);
Status sched_yield(Call& call);
Result<void> proc_exit(Call& call, u32 code);
Status proc_raise(Call& call, u32 signal);

// file_data.cc
Status fd_read(Call& call, u32 fd, u32 buffers, u32 buffer_count, u32 size_out);
Status fd_write(Call& call, u32 fd, u32 buffers, u32 buffer_count, u32 size_out);
Status fd_pread(Call& call, u32 fd, u32 buffers, u32 buffer_count, u64 offset, u32 size_out);
Status fd_pwrite(Call& call, u32 fd, u32 buffers, u32 buffer_count, u64 offset, u32 size_out);
Status fd_seek(Call& call, u32 fd, int64_t delta, u32 whence, u32 position_out);
Status unstable_fd_seek(Call& call, u32 fd, int64_t delta, u32 whence, u32 position_out);
Status fd_tell(Call& call, u32 fd, u32 position_out);
Status fd_sync(Call& call, u32 fd);
Status fd_datasync(Call& call, u32 fd);
Status fd_advise(Call& call, u32 fd, u64 offset, u64 size, u32 advice);
Status fd_allocate(Call& call, u32 fd, u64 offset, u64 size);

// file_meta.cc
Status fd_close(Call& call, u32 fd);
Status fd_renumber(Call& call, u32 from, u32 to);
Status fd_fdstat_get(Call& call, u32 fd, u32 fdstat_out);
Status fd_fdstat_set_flags(Call& call, u32 fd, u32 flags);
Status fd_fdstat_set_rights(Call& call, u32 fd, u64 base, u64 inheriting);
Status fd_filestat_get(Call& call, u32 fd, u32 filestat_out);
Status unstable_fd_filestat_get(Call& call, u32 fd, u32 filestat_out);
Status fd_filestat_set_size(Call& call, u32 fd, u64 size);
Status fd_filestat_set_times(Call& call, u32 fd, u64 atim, u64 mtim, u32 fstflags);

// directory.cc
Status fd_prestat_get(Call& call, u32 fd, u32 prestat_out);
Status fd_prestat_dir_name(Call& call, u32 fd, u32 name_out, u32 size);
Status fd_readdir(Call& call, u32 fd, u32 buffer_out, u32 size, u64 cookie, u32 used_out);

// path_open.cc
Status path_open(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u32 oflags, u64 base, u64 inheriting,
                 u32 fdflags, u32 fd_out);

// path_change.cc
Status path_create_directory(Call& call, u32 fd, u32 path, u32 path_size);
Status path_filestat_get(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u32 filestat_out);
Status unstable_path_filestat_get(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u32 filestat_out);
Status path_filestat_set_times(Call& call, u32 fd, u32 lookupflags, u32 path, u32 path_size, u64 atim, u64 mtim,
                               u32 fstflags);
Status path_link(Call& call, u32 old_fd, u32 lookupflags, u32 old_path, u32 old_path_size, u32 new_fd, u32 new_path,
                 u32 new_path_size);
Status path_readlink(Call& call, u32 fd, u32 path, u32 path_size, u32 buffer_out, u32 size, u32 used_out);
Status path_remove_directory(Call& call, u32 fd, u32 path, u32 path_size);
Status path_rename(Call& call, u32 old_fd, u32 old_path, u32 old_path_size, u32 new_fd, u32 new_path,
                   u32 new_path_size);
Status path_symlink(Call& call, u32 text, u32 text_size, u32 fd, u32 new_path, u32 new_path_size);
Status path_unlink_file(Call& call, u32 fd, u32 path, u32 path_size);

// poll.cc
Status poll_oneoff(Call& call, u32 subscriptions, u32 events_out, u32 count, u32 count_out);
Status unstable_poll_oneoff(Call& call, u32 subscriptions, u32 events_out, u32 count, u32 count_out);

// socket.cc
Status sock_accept(Call& call, u32 fd, u32 flags, u32 fd_out);
Status sock_recv(Call& call, u32 fd, u32 buffers, u32 buffer_count, u32 flags, u32 size_out, u32 flags_out);
Status sock_send(Call& call, u32 fd, u32 buffers, u32 buffer_count, u32 flags, u32 size_out);
Status sock_shutdown(Call& call, u32 fd, u32 how);

}  // namespace wplug::wasi
