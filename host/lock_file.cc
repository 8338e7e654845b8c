#include "host/lock_file.h"

#include <algorithm>

#include "host/json_text.h"
#include "host/toml_reader.h"

namespace wplug {
namespace {

constexpr uint64_t kFormat = 1;

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A basic string of TOML has the escapes of JSON; DEL is the one character more that must be escaped.
std::string quoted(std::string_view text) {
  std::string result = json_string(text);
  for (size_t at = 0; (at = result.find('\x7f', at)) != std::string::npos;) result.replace(at, 1, "\\u007f");
  return result;
}

void append(std::string& out, std::string_view key, std::string_view value) {
  if (!value.empty()) out += std::string(key) + " = " + quoted(value) + "\n";
}

void append(std::string& out, const LockedPlugin& plugin) {
  out += "\n[[plugin]]\n";
  append(out, "name", plugin.name);
  append(out, "version", plugin.version);
  append(out, "kind", plugin.kind == PluginKind::wasm ? "wasm" : "native");
  append(out, "abi", plugin.abi);
  append(out, "source", plugin.source);
  append(out, "index", plugin.index);
  append(out, "sha256", plugin.sha256);
  out += "size = " + std::to_string(plugin.size) + "\n";
  append(out, "manifest_sha256", plugin.manifest_sha256);
  append(out, "signature", plugin.signature);
  append(out, "signature_key", plugin.signature_key);
  out += "capabilities = [";
  for (size_t i = 0; i < plugin.capabilities.size(); ++i) out += (i == 0 ? "" : ", ") + quoted(plugin.capabilities[i]);
  out += "]\n";
}

class LockReader {
 public:
  explicit LockReader(const std::string& file) : file_(file) {}

  Result<LockFile> read(const toml::table& root) {
    WPLUG_TRY(read_table(file_, root, "the lock file",
                         {{"version", [&](const toml::node& node) { return read_format(node); }},
                          {"plugin", [&](const toml::node& node) { return read_plugins(node); }}}));
    if (!root.contains("version")) return toml_error(file_, root.source(), "the lock file has no version");
    return std::move(lock_);
  }

 private:
  Result<void> read_format(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const uint64_t format, read_count(file_, node, "version"));
    if (format == kFormat) return {};
    return toml_error(file_, node.source(), "version must be 1: a newer wplug wrote this file");
  }

  Result<void> read_plugins(const toml::node& node) {
    const toml::array* plugins = node.as_array();
    if (plugins == nullptr || !plugins->is_array_of_tables()) {
      return toml_error(file_, node.source(), "plugins are written [[plugin]]");
    }
    for (const toml::node& plugin : *plugins) WPLUG_TRY(read_plugin(*plugin.as_table()));
    return {};
  }

  Result<void> read_plugin(const toml::table& table) {
    LockedPlugin plugin;
    const auto text = [&](std::string_view key, std::string& to) {
      return TomlKey{key, [this, key, &to](const toml::node& node) -> Result<void> {
                       WPLUG_TRY_ASSIGN(to, read_string(file_, node, key));
                       return {};
                     }};
    };
    std::string kind = "wasm";
    WPLUG_TRY(read_table(
        file_, table, "[[plugin]]",
        {text("name", plugin.name), text("version", plugin.version), text("kind", kind), text("abi", plugin.abi),
         text("source", plugin.source), text("index", plugin.index), text("sha256", plugin.sha256),
         {"size", [&](const toml::node& node) { return read_size(node, plugin.size); }},
         text("manifest_sha256", plugin.manifest_sha256), text("signature", plugin.signature),
         text("signature_key", plugin.signature_key),
         {"capabilities", [&](const toml::node& node) { return read_capabilities(node, plugin.capabilities); }}}));
    plugin.kind = kind == "native" ? PluginKind::native : PluginKind::wasm;
    // Hashes become names of files.
    const bool good = is_plugin_name(plugin.name) && is_hash(plugin.sha256) && (kind == "wasm" || kind == "native") &&
                      (plugin.manifest_sha256.empty() || is_hash(plugin.manifest_sha256));
    if (!good) return toml_error(file_, table.source(), "a plugin needs a name, a kind and hashes of 64 hexadecimal digits");
    if (lock_.find(plugin.name) != nullptr) {
      return toml_error(file_, table.source(), "there are two plugins \"" + plugin.name + "\"");
    }
    lock_.put(std::move(plugin));
    return {};
  }

  Result<void> read_size(const toml::node& node, uint64_t& to) {
    WPLUG_TRY_ASSIGN(to, read_count(file_, node, "size"));
    return {};
  }

  Result<void> read_capabilities(const toml::node& node, std::vector<std::string>& to) {
    WPLUG_TRY_ASSIGN(to, read_strings(file_, node, "capabilities"));
    return {};
  }

  const std::string& file_;
  LockFile lock_;
};

auto place_of(auto& plugins, std::string_view name) {
  return std::lower_bound(plugins.begin(), plugins.end(), name,
                          [](const LockedPlugin& plugin, std::string_view wanted) { return plugin.name < wanted; });
}

}  // namespace

const LockedPlugin* LockFile::find(std::string_view name) const {
  const auto at = place_of(plugins, name);
  return at == plugins.end() || at->name != name ? nullptr : &*at;
}

void LockFile::put(LockedPlugin plugin) {
  const auto at = place_of(plugins, plugin.name);
  if (at != plugins.end() && at->name == plugin.name) {
    *at = std::move(plugin);
  } else {
    plugins.insert(at, std::move(plugin));
  }
}

bool LockFile::remove(std::string_view name) {
  const auto at = place_of(plugins, name);
  if (at == plugins.end() || at->name != name) return false;
  plugins.erase(at);
  return true;
}

std::string LockFile::to_toml() const {
  std::string out = "# Plugins installed by `wplug plugin`, which keeps this file.\nversion = " + std::to_string(kFormat) + "\n";
  for (const LockedPlugin& plugin : plugins) append(out, plugin);
  return out;
}

Result<LockFile> parse_lock_file(std::string_view text, const std::string& file) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) return toml_error(file, parsed.error().source(), std::string(parsed.error().description()));
  return LockReader(file).read(parsed.table());
}

}  // namespace wplug
