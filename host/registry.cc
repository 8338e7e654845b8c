#include "host/registry.h"

#include <algorithm>
#include <filesystem>

#include "host/files.h"
#include "host/native_plugin.h"
#include "host/openssl_services.h"
#include "host/plugin_store.h"
#include "host/signature.h"

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

// The plugins that were installed into a folder.
Result<LockFile> installed_in(const std::string& folder) {
  StoreFiles files;
  return PluginStore(folder, files).read();
}

Result<FoundPlugin> found_installed(const std::string& folder, const LockedPlugin& plugin) {
  StoreFiles files;
  const PluginStore store(folder, files);
  FoundPlugin found{store.module_file(plugin), std::nullopt, plugin.sha256, true};
  if (!plugin.manifest_sha256.empty()) {
    const std::string file = store.manifest_file(plugin);
    WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file));
    WPLUG_TRY_ASSIGN(const std::string hash, sha256_hex(bytes));
    if (hash != plugin.manifest_sha256) {
      return Error(ErrorKind::link, file + ": has the SHA-256 " + hash + ", not that of its name: it was changed");
    }
    WPLUG_TRY_ASSIGN(found.manifest, parse_manifest({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file));
  }
  return found;
}

Result<FoundPlugin> found_manifest(const std::string& path) {
  WPLUG_TRY_ASSIGN(PluginManifest manifest, read_manifest(path));
  FoundPlugin found{manifest.module_path(), std::nullopt, manifest.sha256, false};
  found.manifest = std::move(manifest);
  return found;
}

Result<FoundPlugin> find_by_hash(std::string_view reference, const PluginFolders& folders) {
  const std::string wanted(reference.substr(kHashPrefix.size()));
  if (!is_hash(wanted)) {
    return Error(ErrorKind::misuse, "\"" + std::string(reference) + "\" must be sha256: and 64 hexadecimal digits");
  }
  for (const std::string& folder : folders.folders) {
    WPLUG_TRY_ASSIGN(const LockFile lock, installed_in(folder));
    for (const LockedPlugin& plugin : lock.plugins) {
      if (plugin.sha256 == wanted) return found_installed(folder, plugin);
    }
    for (const std::string& file : modules_in(folder)) {
      WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file));
      WPLUG_TRY_ASSIGN(const std::string hash, sha256_hex(bytes));
      if (hash == wanted) return FoundPlugin{file, std::nullopt, wanted, false};
    }
  }
  return not_found(reference, folders);
}

Result<FoundPlugin> find_by_name(const std::string& name, const PluginFolders& folders, bool native) {
  for (const std::string& folder : folders.folders) {
    WPLUG_TRY_ASSIGN(const LockFile lock, installed_in(folder));
    if (const LockedPlugin* plugin = lock.find(name)) return found_installed(folder, *plugin);
    const fs::path file = fs::path(folder) / (name + ".wasm");
    if (is_file(file)) return FoundPlugin{file.string(), std::nullopt, "", false};
    const fs::path library = fs::path(folder) / (name + "." + std::string(native_extension()));
    if (native && is_file(library)) return FoundPlugin{library.string(), std::nullopt, "", false};
    const fs::path manifest = fs::path(folder) / name / "plugin.toml";
    if (!name.empty() && is_file(manifest)) return found_manifest(manifest.string());
  }
  return not_found(name, folders);
}

Result<FoundPlugin> find_by_path(const std::string& path) {
  std::error_code ignored;
  if (path.ends_with(".toml") || fs::is_directory(path, ignored)) return found_manifest(path);
  return FoundPlugin{path, std::nullopt, "", false};
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
  if (std::string own = user_plugin_folder(environment); !own.empty()) result.folders.push_back(std::move(own));
  return result;
}

std::string user_plugin_folder(const std::map<std::string, std::string>& environment) {
  const auto data = environment.find("XDG_DATA_HOME"), home = environment.find("HOME");
  if (data != environment.end() && !data->second.empty()) return data->second + "/wplug/plugins";
  return home != environment.end() && !home->second.empty() ? home->second + "/.local/share/wplug/plugins" : "";
}

Result<FoundPlugin> resolve_plugin(std::string_view reference, const std::string& directory,
                                   const PluginFolders& folders, bool native) {
  if (reference.starts_with(kHashPrefix)) return find_by_hash(reference, folders);
  const auto ends = [reference](std::string_view suffix) { return reference.ends_with(suffix); };
  const bool is_path = reference.find('/') != std::string_view::npos || ends(".wasm") || ends(".wat") || ends(".toml") ||
                       ends(".json") || is_native_file(reference) || reference == "." || reference == "..";
  if (!is_path) return find_by_name(std::string(reference), folders, native);
  const bool as_it_is = directory == "." && !fs::path(reference).is_absolute();
  return find_by_path(as_it_is ? std::string(reference) : (fs::path(directory) / reference).string());
}

Result<std::string> find_plugin(std::string_view reference, const std::string& directory, const PluginFolders& folders,
                                bool native) {
  WPLUG_TRY_ASSIGN(FoundPlugin found, resolve_plugin(reference, directory, folders, native));
  return std::move(found.file);
}

}  // namespace wplug
