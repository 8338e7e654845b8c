// Files for plugins: whole files read and written, within what is granted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "wplug/capabilities.h"

namespace wplug {

enum class FileOutcome : uint8_t {
  ok,
  denied,     // not granted: the path itself, where a symbolic link leads, or what a hard link brought in from outside
  not_found,
  too_large,
  failed,
  invalid,    // not an absolute path, a NUL
};

struct FileReply {
  FileOutcome outcome = FileOutcome::failed;
  std::string data;
  std::string message;
};

// Used by any number of threads at once. What is checked is what is opened, however the tree changes meanwhile.
class FileAccess {
 public:
  virtual ~FileAccess() = default;
  virtual FileReply read(const Policy& policy, std::string_view path, uint64_t max_bytes) = 0;
  // Replaces or makes the file; a reader sees the old or the new.
  virtual FileReply write(const Policy& policy, std::string_view path, std::string_view data) = 0;
};

std::unique_ptr<FileAccess> make_file_access();

}  // namespace wplug
