#include "abi/wasi/descriptor.h"

#include <sys/stat.h>

#include <utility>

namespace wplug::wasi {

std::variant<Descriptor*, Errno> FdTable::find(uint32_t fd, Rights needed) {
  Descriptor* descriptor = find(fd);
  if (descriptor == nullptr) return Errno::badf;
  if ((descriptor->base & needed) != needed) return Errno::notcapable;
  return descriptor;
}

std::optional<uint32_t> FdTable::insert(std::unique_ptr<Descriptor> descriptor) {
  if (!has_room()) return std::nullopt;
  uint32_t fd = 0;
  while (fd < descriptors_.size() && descriptors_[fd] != nullptr) ++fd;
  if (fd == descriptors_.size()) descriptors_.emplace_back();
  descriptors_[fd] = std::move(descriptor);
  ++open_;
  return fd;
}

Errno FdTable::close(uint32_t fd) {
  if (find(fd) == nullptr) return Errno::badf;
  descriptors_[fd] = nullptr;
  --open_;
  return Errno::success;
}

Errno FdTable::renumber(uint32_t from, uint32_t to) {
  if (find(from) == nullptr || find(to) == nullptr) return Errno::badf;
  if (from == to) return Errno::success;
  descriptors_[to] = std::move(descriptors_[from]);
  --open_;
  return Errno::success;
}

Filetype filetype_of_mode(uint32_t mode) {
  if (S_ISREG(mode)) return Filetype::regular_file;
  if (S_ISDIR(mode)) return Filetype::directory;
  if (S_ISLNK(mode)) return Filetype::symbolic_link;
  if (S_ISCHR(mode)) return Filetype::character_device;
  if (S_ISBLK(mode)) return Filetype::block_device;
  if (S_ISSOCK(mode)) return Filetype::socket_stream;
  return Filetype::unknown;
}

Filetype filetype_of_entry(uint8_t type) {
  switch (type) {
    case DT_REG:
      return Filetype::regular_file;
    case DT_DIR:
      return Filetype::directory;
    case DT_LNK:
      return Filetype::symbolic_link;
    case DT_CHR:
      return Filetype::character_device;
    case DT_BLK:
      return Filetype::block_device;
    case DT_SOCK:
      return Filetype::socket_stream;
    default:
      return Filetype::unknown;
  }
}

std::unique_ptr<Descriptor> make_host_descriptor(HostFile file, bool readable, bool writable) {
  auto made = std::make_unique<Descriptor>();
  struct stat status{};
  if (::fstat(file.get(), &status) == 0) made->type = filetype_of_mode(status.st_mode);
  made->readable = readable;
  made->writable = writable;
  made->may_wait = made->type != Filetype::regular_file && made->type != Filetype::block_device;
  switch (made->type) {
    case Filetype::directory:
      made->may_wait = false;
      made->base = kDirectoryRights;
      made->inheriting = kAllRights;
      break;
    case Filetype::regular_file:
    case Filetype::block_device:
      made->base = kFileRights;
      break;
    default:
      // A terminal is told by being a character device without the right to seek.
      made->base = kStreamRights;
  }
  if (!readable) made->base &= ~right::fd_read;
  if (!writable) made->base &= ~kWriteRights;
  made->file = std::move(file);
  return made;
}

std::unique_ptr<Descriptor> make_stream_descriptor(Stream stream, bool readable, bool writable) {
  auto made = std::make_unique<Descriptor>();
  made->readable = readable;
  made->writable = writable;
  made->base = kStreamRights;
  if (!readable) made->base &= ~right::fd_read;
  if (!writable) made->base &= ~right::fd_write;
  made->stream = std::move(stream);
  return made;
}

std::unique_ptr<Descriptor> make_preopen(HostFile directory, std::string guest_path, bool writable) {
  auto made = make_host_descriptor(std::move(directory), false, false);
  made->changeable = writable;
  made->preopen = std::move(guest_path);
  // What it may pass on stays whole: opening for writing below it is then "read-only file system", which programs
  // understand, and not a right that C's library drops without a word.
  if (!writable) made->base &= ~kDirectoryChanges;
  return made;
}

}  // namespace wplug::wasi
