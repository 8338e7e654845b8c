// plugin.toml: what the author of a plugin says about it.
//
//   name = "greeter"                      letters, digits, `-`, `_`, `.`
//   version = "1.2.0"                     semantic version
//   description = "…"
//   kind = "wasm"                         or "native"
//   abi = "samuel"                        default: told from the module
//   entry = "transform"                   default: what the ABI says
//   [wasm]                                or [native] for kind "native"
//   module = "plugin.wasm"                relative to the manifest; this is the default
//   sha256 = "…"                          of the module
//   exports = ["on_install"]              entries it may be run by
//   [capabilities]                        what it may ask for; nothing that is not listed here
//   filesystem.read = ["/srv/data"]       absolute directories, or patterns
//   filesystem.write = ["/srv/out"]
//   exec = ["git"]                        network.hosts = ["api.example.com"], env = ["LANG"]
//   wants = ["network:outbound:db:5432"]  in the grammar of capabilities.h
//   denied = ["fs:write:/etc/**"]         what it promises never to want
//   [runtime]
//   max_memory_mib = 64                   timeout = "5s" (a warning), hard_timeout = "30s" (the end)
//   [limits]                              keys of limits.def, where [runtime] has no such word
//   [requires]
//   wplug = ">=0.1.0"                     protocol = 1, or { min = 1, max = 1 }
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/abi.h"
#include "wplug/capabilities.h"
#include "wplug/error.h"
#include "wplug/limits.h"

namespace wplug {

// Protocols of plugins that this host speaks (samuel_protocol_version; [requires] protocol).
inline constexpr uint32_t kProtocolMin = 1;
inline constexpr uint32_t kProtocolMax = 1;

enum class PluginKind : uint8_t { wasm, native };

struct PluginManifest {
  std::string file;       // the manifest itself, as it was named
  std::string directory;  // its folder; relative module paths start here
  std::string name, version, description;
  PluginKind kind = PluginKind::wasm;
  std::string abi;                   // empty: told from the module
  std::string entry;                 // empty: what the ABI says
  std::string module = "plugin.wasm";  // relative to `directory`, never outside of it
  std::string sha256;                // of the module, lower-case hexadecimal; empty: not said
  std::vector<std::string> exports;  // entries it may be run by; empty: any
  // What it declares to need; nullopt: there is no [capabilities], so an ABI whose plugins declare by themselves is asked.
  std::optional<Grants> capabilities;
  LimitSettings limits;
  std::string requires_wplug;
  uint32_t protocol_min = kProtocolMin, protocol_max = kProtocolMax;

  // directory/module.
  std::string module_path() const;
  // Fills in what `options` leave open: entry, limits, data about what is declared. What is set in them stays.
  void apply_to(PluginOptions& options) const;
  // Whether this host is one the plugin was made for. Errors: link, naming both sides.
  Result<void> check_host() const;
};

// Reads a manifest strictly. `file` is named in messages. Errors: misuse, as `file:line:column: what is wrong`.
Result<PluginManifest> parse_manifest(std::string_view text, const std::string& file);
// From a file, or from plugin.toml in the folder `path`. Errors also: host.
Result<PluginManifest> read_manifest(const std::string& path);

// Whether `name` may name a plugin: 1 to 100 of a–z A–Z 0–9 `-` `_` `.`, the first a letter or digit.
bool is_plugin_name(std::string_view name);

}  // namespace wplug
