// Extism's manifest (JSON): which modules a plugin is made of and what it may use, read as Extism reads it.
//
// wasm: [{path | url | data (base64), hash? (SHA-256), name?, headers?, method?}], memory {max_pages,
// max_http_response_bytes, max_var_bytes}, config, allowed_hosts, allowed_paths ("ro:" for read-only), timeout_ms. Other
// keys are ignored. Relative paths start at the manifest's folder.
#pragma once

#include <string>
#include <string_view>

#include "wplug/abi.h"
#include "wplug/engine.h"
#include "wplug/module.h"

namespace wplug {

// The plugin's main module: the one named "main", else the last; the others go to `options.linked`, in their order.
// Configuration, limits, grants and directories go to `options` where they do not say otherwise already. `http` fetches
// modules by url from hosts that are granted; null: none are. Errors: misuse, with the file and the key; host; limit; those
// of Module::compile.
Result<Module> load_extism_manifest(const Engine& engine, const std::string& file, HttpClient* http,
                                    PluginOptions& options);
Result<Module> parse_extism_manifest(const Engine& engine, std::string_view text, const std::string& file,
                                     HttpClient* http, PluginOptions& options);

// Whether a plugin's file is a manifest, by its name.
bool is_extism_manifest(std::string_view file);

}  // namespace wplug
