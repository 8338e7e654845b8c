#include "host/plugin_package.h"

#include <filesystem>

#include "host/files.h"
#include "host/openssl_services.h"
#include "host/plugin_index.h"
#include "host/url.h"
#include "wplug/text.h"

namespace wplug {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostSmallBytes = uint64_t{1} << 20;

std::string_view view(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Files are found by paths or URLs alike.
std::string absolute(const std::string& reference) {
  std::error_code ignored;
  return is_url(reference) ? reference : fs::absolute(reference, ignored).lexically_normal().string();
}

Result<std::vector<uint8_t>> read_any(const std::string& place, std::string_view sha256, const DownloadOptions& options) {
  return download(is_url(place) ? place : "file://" + place, sha256, options);
}

Result<std::string> read_signature(const std::string& module, const DownloadOptions& options) {
  const std::string place = module + ".sig";
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes,
                   download_if_there(is_url(place) ? place : "file://" + place, options));
  return std::string(view(bytes));
}

Result<std::string> beside(const std::string& place, const std::string& file) {
  if (!is_url(place)) return (fs::path(place).parent_path() / file).string();
  const auto base = parse_url(place);
  const auto target = base ? resolve_location(*base, file) : std::nullopt;
  if (!target) return Error(ErrorKind::misuse, place + ": " + file + " is no file beside it");
  return target->to_string();
}

std::string name_from(const std::string& place) {
  std::string name = place.substr(0, place.find_first_of("?#"));
  name = name.substr(name.rfind('/') + 1);
  return fs::path(name).stem().string();
}

Result<void> read_module(PluginPackage& package, const std::string& place, std::string_view sha256,
                         const DownloadOptions& options) {
  WPLUG_TRY_ASSIGN(package.module, read_any(place, sha256, options));
  if (!place.ends_with(".wat")) {
    WPLUG_TRY_ASSIGN(package.signature, read_signature(place, options));
    return {};
  }
  auto binary = parse_wat(view(package.module));
  if (!binary.ok()) return Error(binary.error().kind(), place + ": " + binary.error().to_string());
  package.module = std::move(*binary);
  return {};
}

Result<void> check_manifest_hash(const PluginPackage& package) {
  if (package.manifest->sha256.empty()) return {};
  WPLUG_TRY_ASSIGN(const std::string hash, sha256_hex(package.module));
  if (hash == package.manifest->sha256) return {};
  return Error(ErrorKind::link, package.manifest->file + ": sha256 is not that of " + package.manifest->module + ", which is " + hash);
}

}  // namespace

Result<PinnedReference> parse_pinned(std::string_view text) {
  constexpr std::string_view kMark = "@sha256:";
  const size_t at = text.rfind(kMark);
  if (at == std::string_view::npos) return PinnedReference{std::string(text), ""};
  const std::string_view hash = text.substr(at + kMark.size());
  if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return Error(ErrorKind::misuse, "\"" + std::string(hash) + "\" behind @sha256: must be 64 hexadecimal digits in lower case");
  }
  return PinnedReference{std::string(text.substr(0, at)), std::string(hash)};
}

Result<PluginPackage> read_package(const std::string& reference, std::string_view sha256, const DownloadOptions& options) {
  PluginPackage package;
  std::error_code ignored;
  package.source = absolute(reference);
  std::string place = package.source;
  if (!is_url(place) && fs::is_directory(place, ignored)) place = (fs::path(place) / "plugin.toml").string();
  package.name = name_from(place);
  if (!place.ends_with(".toml")) {
    WPLUG_TRY(read_module(package, place, sha256, options));
    return package;
  }
  DownloadOptions small = options;
  small.max_bytes = kMostSmallBytes;
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> text, read_any(place, "", small));
  package.manifest_text = view(text);
  WPLUG_TRY_ASSIGN(package.manifest, parse_manifest(package.manifest_text, place));
  WPLUG_TRY_ASSIGN(const std::string module, beside(place, package.manifest->module));
  const std::string_view expected = sha256.empty() && !module.ends_with(".wat") ? package.manifest->sha256 : sha256;
  WPLUG_TRY(read_module(package, module, expected, options));
  WPLUG_TRY(check_manifest_hash(package));
  package.name = package.manifest->name;
  package.version = package.manifest->version;
  return package;
}

Result<PluginPackage> read_indexed_package(const std::string& name, std::string_view version, const std::string& place,
                                           const DownloadOptions& options) {
  WPLUG_TRY_ASSIGN(const PluginIndex index, read_index(place, options));
  WPLUG_TRY_ASSIGN(const IndexedPlugin* plugin, index.find(name, version));
  WPLUG_TRY_ASSIGN(PluginPackage package, read_package(plugin->url, plugin->sha256, options));
  if (package.manifest && (package.manifest->name != plugin->name || package.manifest->version != plugin->version)) {
    return Error(ErrorKind::link, plugin->url + ": is " + package.manifest->name + " " + package.manifest->version +
                                      ", the index says " + plugin->name + " " + plugin->version);
  }
  package.index = place;
  package.name = plugin->name;
  package.version = plugin->version;
  if (!plugin->signature.empty()) package.signature = plugin->signature;
  return package;
}

}  // namespace wplug
