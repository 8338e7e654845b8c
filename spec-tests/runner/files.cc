#include "spec-tests/runner/files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace wplug::spec {
namespace {

namespace fs = std::filesystem;

Error unreadable(const std::string& path, const std::error_code& error) {
  return Error(ErrorKind::host, path + ": " + error.message());
}

Result<std::vector<ScriptFile>> scripts_below(const std::string& folder) {
  std::vector<ScriptFile> files;
  std::error_code error;
  const fs::path root = fs::absolute(folder, error);
  fs::recursive_directory_iterator it(root, fs::directory_options::skip_permission_denied, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const fs::path& path = it->path();
    if (path.extension() != ".json" && path.extension() != ".wast") continue;
    files.push_back({path.string(), path.lexically_relative(root).generic_string(), true});
  }
  if (error) return unreadable(folder, error);
  std::sort(files.begin(), files.end(), [](const ScriptFile& a, const ScriptFile& b) { return a.display < b.display; });
  return files;
}

}  // namespace

Result<std::vector<ScriptFile>> find_scripts(const std::vector<std::string>& paths) {
  std::vector<ScriptFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return unreadable(path, std::make_error_code(std::errc::no_such_file_or_directory));
    if (!fs::is_directory(status)) {
      files.push_back({fs::absolute(path, error).string(), path, false});
      continue;
    }
    WPLUG_TRY_ASSIGN(std::vector<ScriptFile> below, scripts_below(path));
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

}  // namespace wplug::spec
