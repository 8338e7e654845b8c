// wplug.lock: which plugins are installed, and what exactly they are.
//
// TOML with one [[plugin]] for each plugin, sorted by name, every key in a fixed order, so that the same plugins give the
// same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"
#include "wplug/manifest.h"

namespace wplug {

struct LockedPlugin {
  std::string name, version;
  PluginKind kind = PluginKind::wasm;
  std::string abi;
  std::string source;           // the file, folder or URL it came from
  std::string index;            // the index that named the source; empty: none did
  std::string sha256;           // of the module
  uint64_t size = 0;            // of the module, bytes
  std::string manifest_sha256;  // empty: it came without a manifest
  std::string signature;        // what its signature file held, in base64; empty: it is not signed
  std::string signature_key;    // the public key that made it, hexadecimal
  std::vector<std::string> capabilities;  // what it declares, in the grammar of capabilities.h
};

struct LockFile {
  std::vector<LockedPlugin> plugins;  // sorted by name

  const LockedPlugin* find(std::string_view name) const;
  // Adds it, or replaces the one of the same name.
  void put(LockedPlugin plugin);
  // Whether there was one.
  bool remove(std::string_view name);
  std::string to_toml() const;
};

// Errors: misuse, as file:line:column.
Result<LockFile> parse_lock_file(std::string_view text, const std::string& file);

}  // namespace wplug
