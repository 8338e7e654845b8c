// What the system says of files, to see whether they have changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wplug/pipeline.h"

namespace wplug {

// Any write changes ctime, which nobody sets.
struct FileStamp {
  std::string path;
  bool exists = false;
  bool is_file = false;  // a regular one; of others nothing more is known
  uint64_t device = 0, inode = 0, size = 0;
  int64_t mtime = 0, ctime = 0;  // nanoseconds
  bool operator==(const FileStamp&) const = default;
};

using FileStamps = std::vector<FileStamp>;

FileStamps stamp_files(const std::vector<std::string>& paths);

// Every file that decides what `config`, read from `file`, becomes: also those that are not there but would be taken if
// they were. `folders`: where installed plugins are.
std::vector<std::string> files_behind(const std::string& file, const PipelineConfig& config,
                                      const std::vector<std::string>& folders);

}  // namespace wplug
