#include "host/registry.h"

#include <algorithm>
#include <filesystem>

#include "host/files.h"
#include "host/native_plugin.h"
#include "host/openssl_services.h"

namespace wplug {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHashPrefix = "sha256:";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string places(const PluginFolders& folders) {
  std::string list;
  for (const std::string& folder : folders.folders) list += (list.empty() ? "" : ", ") + folder;
  return list;
}

Error not_found(std::string_view reference, const PluginFolders& folders) {
  return Error(ErrorKind::host, "plugin \"" + std::string(reference) + "\" was not found in " + places(folders) +
                                    "; a path needs a slash or .wasm");
}

std::vector<std::string> modules_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".wasm" && is_file(entry->path())) files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::string> find_by_hash(std::string_view reference, const PluginFolders& folders) {
  const std::string_view wanted = reference.substr(kHashPrefix.size());
  if (!is_hash(wanted)) {
    return Error(ErrorKind::misuse, "\"" + std::string(reference) + "\" must be sha256: and 64 hexadecimal digits");
  }
  for (const std::string& folder : folders.folders) {
    for (const std::string& file : modules_in(folder)) {
      WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file));
      WPLUG_TRY_ASSIGN(const std::string hash, sha256_hex(bytes));
      if (hash == wanted) return file;
    }
  }
  return not_found(reference, folders);
}

}  // namespace

PluginFolders plugin_folders(const std::string& directory, const std::map<std::string, std::string>& environment) {
  const auto variable = [&environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  PluginFolders result{{(fs::path(directory) / "plugins").string()}};
  std::string listed = variable("WPLUG_PLUGINS");
  for (size_t begin = 0; begin < listed.size();) {
    const size_t end = std::min(listed.find(':', begin), listed.size());
    if (end > begin) result.folders.push_back(listed.substr(begin, end - begin));
    begin = end + 1;
  }
  const std::string data = variable("XDG_DATA_HOME"), home = variable("HOME");
  if (!data.empty()) {
    result.folders.push_back(data + "/wplug/plugins");
  } else if (!home.empty()) {
    result.folders.push_back(home + "/.local/share/wplug/plugins");
  }
  return result;
}

Result<std::string> find_plugin(std::string_view reference, const std::string& directory, const PluginFolders& folders,
                                bool native) {
  if (reference.starts_with(kHashPrefix)) return find_by_hash(reference, folders);
  if (reference.find('/') != std::string_view::npos || reference.ends_with(".wasm") ||
      reference.ends_with(".json") || is_native_file(reference)) {
    const fs::path path = fs::path(directory) / reference;
    return directory == "." && !fs::path(reference).is_absolute() ? std::string(reference) : path.string();
  }
  for (const std::string& folder : folders.folders) {
    const fs::path file = fs::path(folder) / (std::string(reference) + ".wasm");
    if (is_file(file)) return file.string();
    fs::path library = fs::path(folder) / reference;
    library += "." + std::string(native_extension());
    if (native && is_file(library)) return library.string();
  }
  return not_found(reference, folders);
}

}  // namespace wplug
