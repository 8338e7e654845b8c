// Modules that were compiled before, shared by all plugins and threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/abi.h"
#include "wplug/engine.h"
#include "wplug/error.h"
#include "wplug/module.h"

namespace wplug {

struct ModuleCacheOptions {
  // Of the modules that are kept, as estimated; 0: no limit. A module larger than this is compiled and not kept.
  uint64_t budget_bytes = uint64_t{500} << 20;
  // A file that was changed within this time before it was read is read again the next time: its time stamps are too coarse
  // to tell whether it has changed since.
  std::chrono::nanoseconds settling = std::chrono::milliseconds(100);
};

struct ModuleCacheStats {
  uint64_t hits = 0;    // requests answered by a module that was there, or that another thread was compiling
  uint64_t misses = 0;  // requests that compiled
  double hit_rate = 0;  // hits / (hits + misses); 0 when there were none
  uint64_t modules = 0;
  uint64_t budget_bytes = 0;
  uint64_t used_bytes = 0;
};

// Finds modules by their bytes; files by device, inode, size and times first, so that a file that has not changed is neither
// read nor hashed again. Modules that were not used for longest are dropped when the budget is spent; who holds one keeps
// it. Used by any number of threads at once: of those that want the same module, one compiles and the others wait for it.
// A failure is given to all who wait, and the next one tries again.
class ModuleCache {
 public:
  explicit ModuleCache(const Engine& engine, ModuleCacheOptions options = {});
  ~ModuleCache();
  ModuleCache(const ModuleCache&) = delete;
  ModuleCache& operator=(const ModuleCache&) = delete;

  const Engine& engine() const;

  // The module in `file`, named after it in backtraces. `sha256`: what its bytes must hash to, lower-case hexadecimal; empty:
  // anything. Errors: as of Module::compile; host (cannot be read), limit (too large), link (another hash); the latter begin
  // with the file.
  Result<Module> get_file(const std::string& file, std::string_view sha256 = {});
  // The module of these bytes. `name` is used in backtraces when the module has none and is not there yet.
  Result<Module> get(std::vector<uint8_t> bytes, std::string_view name = {});

  // For PluginOptions::description: what plugins of `module` that speak `abi` with these options say of themselves. Null when
  // the module is not in the cache.
  std::shared_ptr<DescriptionSlot> description(const Module& module, std::string_view abi, const PluginOptions& options);

  ModuleCacheStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wplug
