// The guest's open files. Its descriptor numbers are its own; they never are the host's.
#pragma once

#include <dirent.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "abi/wasi/errno.h"
#include "abi/wasi/host_file.h"
#include "abi/wasi/types.h"
#include "wplug/wasi.h"

namespace wplug::wasi {

// A text that the guest reads as a stream.
struct TextSource {
  std::string text;
  size_t position = 0;
};

// What is behind a descriptor that is not a file of the host. monostate: nothing to read, and what is written vanishes.
using Stream = std::variant<std::monostate, TextSource, WasiReader, WasiBuffer, WasiWriter>;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

struct Descriptor {
  Filetype type = Filetype::unknown;
  Rights base = 0;
  Rights inheriting = 0;
  uint16_t flags = 0;  // fdflags
  // What it was opened for, which no right can add to.
  bool readable = false;
  bool writable = false;
  // Whether what is at or below it may change; a read-only directory passes `false` on to everything opened through it.
  bool changeable = true;
  // A pipe, terminal or socket, where reading and writing may have to wait.
  bool may_wait = false;
  HostFile file;
  Stream stream;                       // when `file` is not open
  std::optional<std::string> preopen;  // the guest's name of a directory it got from the start
  // For reading a directory: where `entries` stands.
  std::unique_ptr<DIR, CloseDirectory> entries;
  uint64_t entries_cookie = 0;

  bool is_stream() const { return !file.is_open(); }
  bool is_directory() const { return type == Filetype::directory; }
};

class FdTable {
 public:
  explicit FdTable(uint32_t limit) : limit_(limit) {}

  // Null when `fd` is not open.
  Descriptor* find(uint32_t fd) { return fd < descriptors_.size() ? descriptors_[fd].get() : nullptr; }
  // The descriptor with all of `needed`; badf, notcapable.
  std::variant<Descriptor*, Errno> find(uint32_t fd, Rights needed);
  // Whether one more can be opened.
  bool has_room() const { return open_ < limit_; }
  // Puts it at the lowest free number; nullopt at the limit.
  std::optional<uint32_t> insert(std::unique_ptr<Descriptor> descriptor);
  Errno close(uint32_t fd);
  // `from` takes the place of `to`, which is closed; both must be open.
  Errno renumber(uint32_t from, uint32_t to);

 private:
  uint32_t limit_;
  uint32_t open_ = 0;
  std::vector<std::unique_ptr<Descriptor>> descriptors_;
};

// The guest's type for a mode of stat(2).
Filetype filetype_of_mode(uint32_t mode);
// And for a type of readdir(3).
Filetype filetype_of_entry(uint8_t type);

// Descriptors around a file of the host, of whatever type it is.
std::unique_ptr<Descriptor> make_host_descriptor(HostFile file, bool readable, bool writable);
std::unique_ptr<Descriptor> make_stream_descriptor(Stream stream, bool readable, bool writable);
// The root of a tree of files.
std::unique_ptr<Descriptor> make_preopen(HostFile directory, std::string guest_path, bool writable);

}  // namespace wplug::wasi
