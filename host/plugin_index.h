// A marketplace: a folder, on a web server or on disk, with an index.json:
//
//   {"plugins":[{"name":"greeter","version":"1.2.0","url":"greeter-1.2.0.wasm","sha256":"…",
//                "signature":"…","protocol":1,"description":"…"}]}
//
// `url` is absolute or relative to the index; `signature` is what the signature file would hold; `protocol`, `description` and
// `signature` may be missing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/download.h"
#include "wplug/error.h"

namespace wplug {

struct IndexedPlugin {
  std::string name, version, url, sha256, signature, description;
  std::optional<uint32_t> protocol;
};

struct PluginIndex {
  std::string url;  // of index.json
  std::vector<IndexedPlugin> plugins;

  // The newest version of a plugin whose protocol this host speaks, or `version` where it is not empty. Errors: host (there is
  // none), link (its protocol).
  Result<const IndexedPlugin*> find(std::string_view name, std::string_view version = {}) const;
};

// `url` is that of index.json. Errors: malformed, naming the plugin.
Result<PluginIndex> parse_index(std::string_view json, const std::string& url);
// `place` is a URL or a folder, of index.json or of its folder. Errors: as of download and parse_index.
Result<PluginIndex> read_index(const std::string& place, const DownloadOptions& options);

}  // namespace wplug
