// Directories given from the start, and reading directories.
//
// The cookie of an entry is the host's position after it, so listing takes no memory however long the directory is, and
// goes on at the right place while entries come and go. A made-up cookie is the host's to refuse or to read as some
// position in that same directory.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "abi/wasi/functions.h"

namespace wplug::wasi {

namespace {

// Entries between two looks at the deadline.
constexpr u32 kEntriesBetweenChecks = 1024;

std::variant<const std::string*, Errno> preopen_name(Call& call, u32 fd) {
  Descriptor* file = call.state.files.find(fd);
  // `badf` is what tells the guest's C library that there are no more.
  if (file == nullptr || !file->preopen) return Errno::badf;
  return &*file->preopen;
}

// Opens the entries, or moves them, so that the entry after `cookie` comes next.
Errno go_to(Descriptor& directory, u64 cookie) {
  if (directory.entries == nullptr) {
    const int fd = ::openat(directory.file.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return last_error();
    directory.entries.reset(::fdopendir(fd));
    if (directory.entries == nullptr) {
      const Errno error = last_error();
      ::close(fd);
      return error;
    }
    directory.entries_cookie = 0;
  }
  if (cookie == 0) {
    // Also when it stands at the start: it may have read ahead what is old by now.
    ::rewinddir(directory.entries.get());
  } else if (cookie != directory.entries_cookie) {
    ::seekdir(directory.entries.get(), static_cast<long>(cookie));
  }
  directory.entries_cookie = cookie;
  return Errno::success;
}

// The next entry; null at the end or, with `error` set, on failure.
const dirent* next_entry(Descriptor& directory, Errno& error) {
  errno = 0;
  const dirent* entry = ::readdir(directory.entries.get());
  error = last_error();
  if (entry != nullptr) {
    error = Errno::success;
    directory.entries_cookie = static_cast<u64>(::telldir(directory.entries.get()));
  }
  return entry;
}

// What is above a given directory is not the guest's to know: `..` has the number of `.` there.
u64 inode_of(const Descriptor& directory, const dirent& entry) {
  struct stat status{};
  const bool is_above = directory.preopen && std::string_view(entry.d_name) == "..";
  if (is_above && ::fstat(directory.file.get(), &status) == 0) return static_cast<u64>(status.st_ino);
  return static_cast<u64>(entry.d_ino);
}

Filetype type_of(const Descriptor& directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return filetype_of_entry(entry.d_type);
  // Some file systems do not say.
  struct stat status{};
  if (::fstatat(directory.file.get(), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) return Filetype::unknown;
  return filetype_of_mode(status.st_mode);
}

// Copies what fits of `source` to the front of `room`, which shrinks.
void put(std::span<uint8_t>& room, const void* source, size_t size) {
  const size_t count = std::min(size, room.size());
  if (count > 0) std::memcpy(room.data(), source, count);
  room = room.subspan(count);
}

}  // namespace

Status fd_prestat_get(Call& call, u32 fd, u32 prestat_out) {
  const auto name = preopen_name(call, fd);
  if (std::holds_alternative<Errno>(name)) return std::get<Errno>(name);
  GuestRecord<kPrestatSize> record;
  record.put<uint32_t>(4, static_cast<uint32_t>(std::get<const std::string*>(name)->size()));
  return call.memory.write_record(prestat_out, record) ? Errno::success : Errno::fault;
}

Status fd_prestat_dir_name(Call& call, u32 fd, u32 name_out, u32 size) {
  const auto name = preopen_name(call, fd);
  if (std::holds_alternative<Errno>(name)) return std::get<Errno>(name);
  const std::string& text = *std::get<const std::string*>(name);
  if (text.size() > size) return Errno::nametoolong;
  return call.memory.write_text(name_out, text) ? Errno::success : Errno::fault;
}

Status fd_readdir(Call& call, u32 fd, u32 buffer_out, u32 size, u64 cookie, u32 used_out) {
  WPLUG_WASI_FIND(directory, call.find(fd));
  if (!directory.is_directory()) return Errno::notdir;
  WPLUG_WASI_FIND(checked, call.find(fd, right::fd_readdir));
  const auto buffer = call.memory.bytes(buffer_out, size);
  if (!buffer || !call.memory.contains(used_out, 4)) return Errno::fault;
  Errno error = go_to(checked, cookie);
  std::span<uint8_t> room = *buffer;
  // A buffer filled to its end tells the guest that there is more; its last entry may be cut.
  for (u32 count = 1; error == Errno::success && !room.empty(); ++count) {
    const dirent* entry = next_entry(checked, error);
    if (entry == nullptr) break;
    const size_t name_size = std::strlen(entry->d_name);
    GuestRecord<kDirentSize> record;
    record.put<uint64_t>(0, checked.entries_cookie);
    record.put<uint64_t>(8, inode_of(checked, *entry));
    record.put<uint32_t>(16, static_cast<uint32_t>(name_size));
    record.put<uint8_t>(20, static_cast<uint8_t>(type_of(checked, *entry)));
    put(room, record.bytes().data(), kDirentSize);
    put(room, entry->d_name, name_size);
    if (count % kEntriesBetweenChecks == 0) WPLUG_TRY(call.check_stop());
  }
  if (error != Errno::success) return error;
  return call.memory.write<u32>(used_out, static_cast<u32>(size - room.size())) ? Errno::success : Errno::fault;
}

}  // namespace wplug::wasi
