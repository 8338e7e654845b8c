// All that belongs to a plugin that is about to be installed, from where its author put it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/download.h"
#include "wplug/error.h"
#include "wplug/manifest.h"

namespace wplug {

struct PluginPackage {
  std::string source;  // an absolute path or a URL
  std::string index;   // that named it
  std::string name;    // from the manifest or the index, else from the file's name
  std::string version;  // from the manifest or the index; empty: neither says
  std::vector<uint8_t> module;
  std::string manifest_text;
  std::optional<PluginManifest> manifest;
  std::string signature;  // what the signature file holds; empty: there is none
};

// A reference split into what it names and the hash behind "@sha256:". Errors: misuse.
struct PinnedReference {
  std::string reference, sha256;
};
Result<PinnedReference> parse_pinned(std::string_view text);

// Reads a module (.wasm, .wat), a folder with plugin.toml, or a plugin.toml, from disk or by URL, and the signature beside it.
// `sha256`: what the module must hash to; empty: anything. Errors: as of download and read_manifest, misuse.
Result<PluginPackage> read_package(const std::string& reference, std::string_view sha256, const DownloadOptions& options);

// The plugin that an index names, with its hash.
Result<PluginPackage> read_indexed_package(const std::string& name, std::string_view version, const std::string& index,
                                           const DownloadOptions& options);

}  // namespace wplug
