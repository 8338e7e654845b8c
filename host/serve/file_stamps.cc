#include "host/serve/file_stamps.h"

#include <algorithm>
#include <filesystem>

#include <sys/stat.h>

namespace wplug {
namespace {

namespace fs = std::filesystem;

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

FileStamp stamp_file(const std::string& path) {
  FileStamp stamp;
  stamp.path = path;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return stamp;
  stamp.exists = true;
  stamp.device = status.st_dev;
  stamp.inode = status.st_ino;
  // A folder changes with everything in it.
  if (!S_ISREG(status.st_mode)) return stamp;
  stamp.is_file = true;
  stamp.size = static_cast<uint64_t>(status.st_size);
  stamp.mtime = nanoseconds(status.st_mtim);
  stamp.ctime = nanoseconds(status.st_ctim);
  return stamp;
}

void add_module(std::vector<std::string>& paths, const std::string& file) {
  paths.push_back(file);
  paths.push_back(file + ".sig");
}

void add_stage(std::vector<std::string>& paths, const StageConfig& stage, const PipelineConfig& config,
               const std::vector<std::string>& folders) {
  if (stage.plugin.find('/') != std::string::npos || stage.plugin.find('.') != std::string::npos) {
    const std::string path = (fs::path(config.directory) / stage.plugin).string();
    add_module(paths, path);
    paths.push_back((fs::path(path) / "plugin.toml").string());
  }
  for (const std::string& folder : folders) {
    paths.push_back((fs::path(folder) / "wplug.lock").string());
    if (stage.plugin.find('/') != std::string::npos) continue;
    add_module(paths, (fs::path(folder) / (stage.plugin + ".wasm")).string());
    paths.push_back((fs::path(folder) / stage.plugin / "plugin.toml").string());
  }
}

}  // namespace

FileStamps stamp_files(const std::vector<std::string>& paths) {
  FileStamps stamps;
  stamps.reserve(paths.size());
  for (const std::string& path : paths) stamps.push_back(stamp_file(path));
  return stamps;
}

std::vector<std::string> files_behind(const std::string& file, const PipelineConfig& config,
                                      const std::vector<std::string>& folders) {
  std::vector<std::string> paths{file};
  for (const StageConfig& stage : config.stages) add_stage(paths, stage, config, folders);
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

}  // namespace wplug
