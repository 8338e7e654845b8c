// Modules from files, for commands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wplug/engine.h"
#include "wplug/error.h"
#include "wplug/module.h"

namespace wplug {

// The bytes of a module, which is in the text format when the name ends with .wat. Errors: host, limit, and those of
// parse_wat. The message does not name the file.
Result<std::vector<uint8_t>> read_module(const std::string& path, const ModuleLimits& limits);
// Reads and compiles.
Result<Module> compile_file(const Engine& engine, const std::string& path);

}  // namespace wplug
