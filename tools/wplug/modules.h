// Modules from files, for commands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wplug/engine.h"
#include "wplug/error.h"
#include "wplug/manifest.h"
#include "wplug/module.h"

namespace wplug {

// The bytes of a module, which is in the text format when the name ends with .wat. Errors: host, limit, and those of
// parse_wat. The message does not name the file.
Result<std::vector<uint8_t>> read_module(const std::string& path, const ModuleLimits& limits);
// A plugin by path (a module, a folder with plugin.toml, that file) or by the name of an installed one.
struct PluginFile {
  Module module;
  std::optional<PluginManifest> manifest;
};
// Errors: as of compile_file and load_module; the message does not name a module's file.
Result<PluginFile> find_and_compile(const Engine& engine, const std::string& reference);
// Reads and compiles.
Result<Module> compile_file(const Engine& engine, const std::string& path);

}  // namespace wplug
