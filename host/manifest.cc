#include "wplug/manifest.h"

#include <algorithm>
#include <set>

#include <sys/stat.h>

#include "host/files.h"
#include "host/semver.h"
#include "host/toml_limits.h"
#include "host/toml_reader.h"
#include "host/units.h"
#include "wplug/engine.h"

namespace wplug {
namespace {

// What [runtime] has when it is left out.
constexpr std::chrono::seconds kSoftTimeout{5};
constexpr std::chrono::seconds kHardTimeout{30};

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A path that stays below the folder it starts in.
bool stays_inside(std::string_view path) {
  if (path.empty() || path.front() == '/') return false;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return true;
}

// A directory as the pattern of everything in it.
std::string pattern_of_mount(std::string mount) {
  if (mount.find_first_of("*?") != std::string::npos) return mount;
  while (!mount.empty() && mount.back() == '/') mount.pop_back();
  return mount + "/**";
}

class ManifestReader {
 public:
  explicit ManifestReader(const std::string& file) : file_(file) {
    const size_t slash = file.rfind('/');
    manifest_.file = file;
    manifest_.directory = slash == std::string::npos ? "." : slash == 0 ? "/" : file.substr(0, slash);
  }

  Result<PluginManifest> read(const toml::table& root) {
    WPLUG_TRY(read_table(
        file_, root, "the manifest",
        {{"name", [&](const toml::node& node) { return read_name(node); }},
         {"version", [&](const toml::node& node) { return read_own_version(node); }},
         {"description", [&](const toml::node& node) { return read_into(node, "description", manifest_.description); }},
         {"kind", [&](const toml::node& node) { return read_kind(node); }},
         {"abi", [&](const toml::node& node) { return read_into(node, "abi", manifest_.abi); }},
         {"entry", [&](const toml::node& node) { return read_into(node, "entry", manifest_.entry); }},
         {"wasm", [&](const toml::node& node) { return read_module(node, "wasm"); }},
         {"native", [&](const toml::node& node) { return read_module(node, "native"); }},
         {"capabilities", [&](const toml::node& node) { return read_capabilities(node); }},
         {"runtime", [&](const toml::node& node) { return read_runtime(node); }},
         {"limits", [&](const toml::node& node) { return read_limits_table(file_, node, "[limits]", limits_); }},
         {"requires", [&](const toml::node& node) { return read_requires(node); }}}));
    WPLUG_TRY(check_whole(root));
    return std::move(manifest_);
  }

 private:
  Error error_at(const toml::node& node, const std::string& message) const {
    return toml_error(file_, node.source(), message);
  }

  Result<void> read_into(const toml::node& node, std::string_view key, std::string& to) {
    WPLUG_TRY_ASSIGN(to, read_string(file_, node, key));
    if (to.empty()) return error_at(node, std::string(key) + " must not be empty");
    return {};
  }

  Result<void> read_name(const toml::node& node) {
    WPLUG_TRY(read_into(node, "name", manifest_.name));
    if (is_plugin_name(manifest_.name)) return {};
    return error_at(node, "name must be letters, digits, -, _ and ., at most 100, the first a letter or digit");
  }

  Result<void> read_own_version(const toml::node& node) {
    WPLUG_TRY(read_into(node, "version", manifest_.version));
    if (parse_version(manifest_.version)) return {};
    return error_at(node, "version must be a semantic version such as 1.2.0: \"" + manifest_.version + "\"");
  }

  Result<void> read_kind(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const std::string kind, read_string(file_, node, "kind"));
    if (kind != "wasm" && kind != "native") return error_at(node, "kind must be \"wasm\" or \"native\": \"" + kind + "\"");
    manifest_.kind = kind == "wasm" ? PluginKind::wasm : PluginKind::native;
    return {};
  }

  Result<void> read_module(const toml::node& node, const std::string& table_name) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, table_name));
    module_table_ = table_name;
    return read_table(file_, *table, "[" + table_name + "]",
                      {{"module", [&](const toml::node& n) { return read_module_path(n, table_name); }},
                       {"sha256", [&](const toml::node& n) { return read_hash(n); }},
                       {"exports", [&](const toml::node& n) { return read_exports(n); }}});
  }

  Result<void> read_module_path(const toml::node& node, const std::string& table_name) {
    WPLUG_TRY(read_into(node, table_name + ".module", manifest_.module));
    has_module_ = true;
    if (stays_inside(manifest_.module)) return {};
    return error_at(node, table_name + ".module must be a file below the manifest's folder: \"" + manifest_.module + "\"");
  }

  Result<void> read_hash(const toml::node& node) {
    WPLUG_TRY_ASSIGN(manifest_.sha256, read_string(file_, node, "sha256"));
    if (is_hash(manifest_.sha256)) return {};
    return error_at(node, "sha256 must be 64 hexadecimal digits in lower case");
  }

  Result<void> read_exports(const toml::node& node) {
    WPLUG_TRY_ASSIGN(manifest_.exports, read_strings(file_, node, "exports"));
    std::set<std::string> seen;
    for (size_t i = 0; i < manifest_.exports.size(); ++i) {
      const std::string& name = manifest_.exports[i];
      if (name.empty()) return error_at(*node.as_array()->get(i), "an export's name must not be empty");
      if (!seen.insert(name).second) return error_at(*node.as_array()->get(i), "export \"" + name + "\" is listed twice");
    }
    return {};
  }

  // --- Capabilities ----------------------------------------------------------------------------------------------------

  Result<void> read_capabilities(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "capabilities"));
    manifest_.capabilities.emplace();
    WPLUG_TRY(read_table(
        file_, *table, "[capabilities]",
        {{"filesystem", [&](const toml::node& n) { return read_filesystem(n); }},
         {"network", [&](const toml::node& n) { return read_network(n); }},
         {"exec", [&](const toml::node& n) { return read_list(n, "exec", "exec:"); }},
         {"env", [&](const toml::node& n) { return read_list(n, "env", "env:"); }},
         {"wants", [&](const toml::node& n) { return read_list(n, "wants", ""); }},
         {"denied", [](const toml::node&) { return Result<void>(); }}}));
    if (const toml::node* denied = table->get("denied")) return check_denied(*denied);
    return {};
  }

  Result<void> read_filesystem(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "capabilities.filesystem"));
    return read_table(file_, *table, "capabilities.filesystem",
                      {{"read", [&](const toml::node& n) { return read_mounts(n, "filesystem.read", "fs:read:"); }},
                       {"write", [&](const toml::node& n) { return read_mounts(n, "filesystem.write", "fs:write:"); }}});
  }

  Result<void> read_mounts(const toml::node& node, const std::string& key, const std::string& prefix) {
    WPLUG_TRY_ASSIGN(const std::vector<std::string> mounts, read_strings(file_, node, key));
    for (size_t i = 0; i < mounts.size(); ++i) {
      const toml::node& element = *node.as_array()->get(i);
      if (mounts[i].empty()) return error_at(element, key + ": a mount must not be empty");
      if (mounts[i].front() != '/') {
        return error_at(element, key + ": a mount must be an absolute path: \"" + mounts[i] + "\"");
      }
      WPLUG_TRY(want(element, key, prefix + pattern_of_mount(mounts[i])));
    }
    return {};
  }

  // A host may be reached over HTTP and otherwise, at any port.
  Result<void> read_network(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "capabilities.network"));
    return read_table(file_, *table, "capabilities.network", {{"hosts", [&](const toml::node& n) -> Result<void> {
      WPLUG_TRY_ASSIGN(const std::vector<std::string> hosts, read_strings(file_, n, "network.hosts"));
      for (size_t i = 0; i < hosts.size(); ++i) {
        const toml::node& element = *n.as_array()->get(i);
        if (hosts[i].find(',') != std::string::npos) return error_at(element, "network.hosts: one host in each string");
        WPLUG_TRY(want(element, "network.hosts", "http:" + hosts[i]));
        const bool is_address = hosts[i].find(':') != std::string::npos;
        WPLUG_TRY(want(element, "network.hosts", "network:outbound:" + hosts[i] + (is_address ? "" : ":*")));
      }
      return {};
    }}});
  }

  Result<void> read_list(const toml::node& node, const std::string& key, const std::string& prefix) {
    WPLUG_TRY_ASSIGN(const std::vector<std::string> texts, read_strings(file_, node, key));
    for (size_t i = 0; i < texts.size(); ++i) WPLUG_TRY(want(*node.as_array()->get(i), key, prefix + texts[i]));
    return {};
  }

  Result<void> want(const toml::node& node, const std::string& key, const std::string& text) {
    auto capability = parse_capability(text, location_of(node));
    if (!capability.ok()) return error_at(node, key + ": " + capability.error().message());
    if (!wanted_.insert(text).second) return error_at(node, key + ": " + text + " is listed twice");
    manifest_.capabilities->add(std::move(*capability));
    return {};
  }

  // What is denied is a promise to whoever reads the manifest; the same capability wanted breaks it.
  Result<void> check_denied(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const std::vector<std::string> texts, read_strings(file_, node, "denied"));
    std::set<std::string> denied;
    for (size_t i = 0; i < texts.size(); ++i) {
      const toml::node& element = *node.as_array()->get(i);
      if (auto capability = parse_capability(texts[i]); !capability.ok()) {
        return error_at(element, "denied: " + capability.error().message());
      }
      if (!denied.insert(texts[i]).second) return error_at(element, "denied: " + texts[i] + " is listed twice");
      if (wanted_.contains(texts[i])) return error_at(element, texts[i] + " is both wanted and denied");
    }
    return {};
  }

  // --- Limits ------------------------------------------------------------------------------------------------------------

  Result<void> read_runtime(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "runtime"));
    WPLUG_TRY(read_table(
        file_, *table, "[runtime]",
        {{"max_memory_mib", [&](const toml::node& n) { return read_memory(n); }},
         {"timeout",
          [&](const toml::node& n) { return read_limit_duration(file_, n, "timeout", 0, INT64_MAX, runtime_.soft_timeout); }},
         {"hard_timeout",
          [&](const toml::node& n) { return read_limit_duration(file_, n, "hard_timeout", 0, INT64_MAX, runtime_.timeout); }}}));
    const auto soft = runtime_.soft_timeout.value_or(kSoftTimeout);
    const auto hard = runtime_.timeout.value_or(kHardTimeout);
    if (runtime_.soft_timeout && hard.count() > 0 && (soft > hard || soft.count() == 0)) {
      return error_at(*table->get("timeout"), "runtime.timeout " + format_duration(soft) + " > runtime.hard_timeout " +
                                                  format_duration(hard) + (runtime_.timeout ? "" : ", its default"));
    }
    return {};
  }

  Result<void> read_memory(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const uint64_t mebibytes, read_count(file_, node, "max_memory_mib"));
    if (mebibytes < 1 || mebibytes > 4096) {
      return error_at(node, "max_memory_mib must lie between 1 and 4096: " + std::to_string(mebibytes));
    }
    runtime_.memory = mebibytes << 20;
    return {};
  }

  // --- Requirements ------------------------------------------------------------------------------------------------------

  Result<void> read_requires(const toml::node& node) {
    WPLUG_TRY_ASSIGN(const toml::table* table, read_subtable(file_, node, "requires"));
    return read_table(file_, *table, "[requires]",
                      {{"wplug", [&](const toml::node& n) { return read_range(n); }},
                       {"protocol", [&](const toml::node& n) { return read_protocol(n); }}});
  }

  Result<void> read_range(const toml::node& node) {
    WPLUG_TRY(read_into(node, "requires.wplug", manifest_.requires_wplug));
    if (in_range(Version(), manifest_.requires_wplug)) return {};
    return error_at(node, "requires.wplug must be versions with >=, <=, >, < or =, as \">=0.1.0, <1.0.0\": \"" +
                              manifest_.requires_wplug + "\"");
  }

  Result<void> read_protocol(const toml::node& node) {
    if (!node.is_table()) {
      WPLUG_TRY(read_protocol_number(node, manifest_.protocol_min));
      manifest_.protocol_max = manifest_.protocol_min;
      return {};
    }
    manifest_.protocol_max = UINT32_MAX;
    WPLUG_TRY(read_table(file_, *node.as_table(), "requires.protocol",
                         {{"min", [&](const toml::node& n) { return read_protocol_number(n, manifest_.protocol_min); }},
                          {"max", [&](const toml::node& n) { return read_protocol_number(n, manifest_.protocol_max); }}}));
    if (manifest_.protocol_min <= manifest_.protocol_max) return {};
    return error_at(node, "requires.protocol: min is greater than max");
  }

  Result<void> read_protocol_number(const toml::node& node, uint32_t& to) {
    WPLUG_TRY_ASSIGN(const uint64_t number, read_count(file_, node, "protocol"));
    if (number == 0 || number > UINT32_MAX) return error_at(node, "protocol must be a number from 1");
    to = static_cast<uint32_t>(number);
    return {};
  }

  // --- The whole ---------------------------------------------------------------------------------------------------------

  Result<void> check_whole(const toml::table& root) {
    if (manifest_.name.empty()) return error_at(root, "the manifest has no name");
    if (manifest_.version.empty()) return error_at(root, "the manifest has no version");
    const std::string wanted_table = manifest_.kind == PluginKind::wasm ? "wasm" : "native";
    if (!module_table_.empty() && module_table_ != wanted_table) {
      return error_at(*root.get(module_table_), "kind is \"" + wanted_table + "\": write [" + wanted_table + "]");
    }
    if (root.contains("wasm") && root.contains("native")) {
      return error_at(*root.get("native"), "a plugin is either wasm or native");
    }
    if (manifest_.kind == PluginKind::native && !has_module_) return error_at(root, "native.module is missing");
    const bool twice = (limits_.memory && runtime_.memory) || (limits_.timeout && runtime_.timeout) ||
                       (limits_.soft_timeout && runtime_.soft_timeout);
    if (twice) return error_at(*root.get("limits"), "[limits] and [runtime] both say memory or timeout: keep one");
    manifest_.limits = limits_.or_else(runtime_);
    return check_entry(root);
  }

  Result<void> check_entry(const toml::table& root) {
    const std::vector<std::string>& exports = manifest_.exports;
    const bool known = std::find(exports.begin(), exports.end(), manifest_.entry) != exports.end();
    if (manifest_.entry.empty() || exports.empty() || known) return {};
    return error_at(*root.get("entry"), "entry \"" + manifest_.entry + "\" is not one of exports");
  }

  std::string location_of(const toml::node& node) const {
    const toml::source_position at = node.source().begin;
    return file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }

  const std::string& file_;
  PluginManifest manifest_;
  LimitSettings limits_, runtime_;
  std::set<std::string> wanted_;
  std::string module_table_;
  bool has_module_ = false;
};

}  // namespace

bool is_plugin_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 100 && is_plain(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_plain(c) || c == '-' || c == '_' || c == '.'; });
}

std::string PluginManifest::module_path() const { return directory == "." ? module : directory + "/" + module; }

void PluginManifest::apply_to(PluginOptions& options) const {
  if (options.entry.empty()) options.entry = entry;
  options.limits = options.limits.or_else(limits);
  if (!options.declared) options.declared = capabilities;
}

Result<void> PluginManifest::check_host() const {
  const char* const host = build_info().version;
  const auto host_version = parse_version(host);
  const std::string who = name + " " + version;
  if (!requires_wplug.empty() && host_version && !in_range(*host_version, requires_wplug).value_or(false)) {
    return Error(ErrorKind::link, who + " requires wplug " + requires_wplug + ", this is " + host);
  }
  if (protocol_min > kProtocolMax || protocol_max < kProtocolMin) {
    return Error(ErrorKind::link, who + " requires protocol " + std::to_string(protocol_min) + " to " +
                                      std::to_string(protocol_max) + ", this host speaks " +
                                      std::to_string(kProtocolMin) + " to " + std::to_string(kProtocolMax));
  }
  return {};
}

Result<PluginManifest> parse_manifest(std::string_view text, const std::string& file) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) return toml_error(file, parsed.error().source(), std::string(parsed.error().description()));
  return ManifestReader(file).read(parsed.table());
}

Result<PluginManifest> read_manifest(const std::string& path) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 20;
  struct stat status {};
  const bool is_folder = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  const std::string file = is_folder ? path + (path.ends_with('/') ? "" : "/") + "plugin.toml" : path;
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, read_file(file, kMostBytes));
  return parse_manifest({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file);
}

}  // namespace wplug
