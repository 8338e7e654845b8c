#include "host/plugin_index.h"

#include <algorithm>
#include <filesystem>

#include "host/json_document.h"
#include "host/semver.h"
#include "host/url.h"
#include "wplug/manifest.h"

namespace wplug {
namespace {

constexpr uint64_t kMostIndexBytes = uint64_t{32} << 20;
constexpr std::string_view kFileScheme = "file://";

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Where a plugin's `url` leads from that of the index. An index on disk may not name files elsewhere.
std::optional<std::string> resolve(const std::string& index, std::string_view url) {
  if (url.starts_with("http://") || url.starts_with("https://")) return std::string(url);
  if (!index.starts_with(kFileScheme)) {
    const auto base = parse_url(index);
    const auto target = base ? resolve_location(*base, url) : std::nullopt;
    return target ? std::optional(target->to_string()) : std::nullopt;
  }
  const bool climbs = url.empty() || url.front() == '/' || url.find("..") != std::string_view::npos;
  if (climbs || is_url(url)) return std::nullopt;
  return index.substr(0, index.rfind('/') + 1) + std::string(url);
}

Result<IndexedPlugin> read_plugin(const Json& json, const std::string& index) {
  IndexedPlugin plugin;
  plugin.name = json.string_of("name");
  const auto wrong = [&](const std::string& what) {
    return Error(ErrorKind::malformed, index + ": plugin \"" + plugin.name.substr(0, 100) + "\": " + what);
  };
  if (!is_plugin_name(plugin.name)) return wrong("name must be letters, digits, -, _ and .");
  plugin.version = json.string_of("version");
  if (!parse_version(plugin.version)) return wrong("version must be a semantic version such as 1.2.0");
  plugin.sha256 = json.string_of("sha256");
  if (!is_hash(plugin.sha256)) return wrong("sha256 must be 64 hexadecimal digits in lower case");
  const auto url = resolve(index, json.string_of("url"));
  if (!url) return wrong("url must be an http or https URL, or a file below the index");
  plugin.url = *url;
  plugin.signature = json.string_of("signature");
  plugin.description = json.string_of("description");
  if (const Json* protocol = json.find("protocol")) {
    const auto number = protocol->integer();
    if (!number || *number < 1 || *number > UINT32_MAX) return wrong("protocol must be a number from 1");
    plugin.protocol = static_cast<uint32_t>(*number);
  }
  return plugin;
}

bool is_spoken(const IndexedPlugin& plugin) {
  return !plugin.protocol || (*plugin.protocol >= kProtocolMin && *plugin.protocol <= kProtocolMax);
}

}  // namespace

Result<const IndexedPlugin*> PluginIndex::find(std::string_view name, std::string_view version) const {
  const IndexedPlugin* best = nullptr;
  const IndexedPlugin* unspoken = nullptr;
  for (const IndexedPlugin& plugin : plugins) {
    if (plugin.name != name || (!version.empty() && plugin.version != version)) continue;
    if (!is_spoken(plugin)) {
      unspoken = &plugin;
    } else if (best == nullptr || compare(*parse_version(best->version), *parse_version(plugin.version)) < 0) {
      best = &plugin;
    }
  }
  if (best != nullptr) return best;
  const std::string wanted = std::string(name) + (version.empty() ? "" : " " + std::string(version));
  if (unspoken == nullptr) return Error(ErrorKind::host, url + ": has no plugin " + wanted);
  return Error(ErrorKind::link, url + ": " + wanted + " speaks protocol " + std::to_string(*unspoken->protocol) +
                                    ", this host " + std::to_string(kProtocolMin) + " to " + std::to_string(kProtocolMax));
}

Result<PluginIndex> parse_index(std::string_view text, const std::string& url) {
  auto json = parse_json(text, {.bytes = kMostIndexBytes, .depth = 20, .values = 1'000'000});
  if (!json.ok()) return Error(ErrorKind::malformed, url + ": is no index: " + json.error().message());
  const Json* plugins = json->find("plugins");
  if (plugins == nullptr || !plugins->is_array()) {
    return Error(ErrorKind::malformed, url + ": is no index: it has no list \"plugins\"");
  }
  PluginIndex index{url, {}};
  for (size_t i = 0; i < plugins->size(); ++i) {
    WPLUG_TRY_ASSIGN(IndexedPlugin plugin, read_plugin(plugins->at(i), url));
    index.plugins.push_back(std::move(plugin));
  }
  return index;
}

Result<PluginIndex> read_index(const std::string& place, const DownloadOptions& options) {
  std::string url = place;
  if (!is_url(url)) {
    std::error_code ignored;
    url = std::string(kFileScheme) + std::filesystem::absolute(place, ignored).string();
  }
  if (!url.ends_with(".json")) url += (url.ends_with('/') ? "" : "/") + std::string("index.json");
  DownloadOptions small = options;
  small.max_bytes = kMostIndexBytes;
  small.piece_bytes = kMostIndexBytes;
  WPLUG_TRY_ASSIGN(const std::vector<uint8_t> bytes, download(url, "", small));
  return parse_index({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, url);
}

}  // namespace wplug
