// What lowering makes: internal code, shared by all instances of a module and by all threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "interp/wasm/module_def.h"
#include "interp/wasm/type_registry.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

// One 8-byte word of internal code: a handler's address or operands. See ir_ops.def for what follows which handler.
union Cell;
struct ModuleCode;
struct LoweredBody;

// A defined function's code. `entry` is the stub that lowers on first call until it is lowered.
struct FunctionCode {
  std::atomic<const Cell*> entry{nullptr};
  uint32_t frame_slots = 0;  // of the whole frame: parameters, header, locals, temporaries; at least 3 while not lowered
  uint32_t param_slots = 0;
  uint32_t result_slots = 0;
  uint32_t index = 0;  // in the module's function index space
  ModuleCode* module = nullptr;
  const LoweredBody* body = nullptr;  // null until lowered; published before `entry`
};

// The code of one module. Made with the module; functions are lowered one at a time under `mutex`, and never change after.
struct ModuleCode {
  ModuleCode(const ModuleDef& module, std::vector<const CanonicalType*> canonical, const Config& configuration,
             std::string_view fallback_name);
  ~ModuleCode();
  ModuleCode(const ModuleCode&) = delete;
  ModuleCode& operator=(const ModuleCode&) = delete;

  const ModuleDef& def;
  const NameSection& names();                  // read on first use
  std::string function_name(uint32_t index);   // name section, else export name, else empty
  std::string module_name();                   // name section, else the fallback

  std::vector<const CanonicalType*> types;  // by the module's type index
  Config config;
  std::string fallback_name;
  std::unique_ptr<FunctionCode[]> functions;  // defined functions only: [index - def.imported_functions]
  std::mutex mutex;                           // guards lowering and `bodies`
  std::vector<std::unique_ptr<LoweredBody>> bodies;  // sorted by no order; each knows its cells
  std::once_flag names_once;
  NameSection name_section;

  FunctionCode& function(uint32_t index) { return functions[index - def.imported_functions]; }
};

// Lowers one function if it is not lowered yet. Safe from any thread. Errors: limit.
Result<void> lower_function(ModuleCode& module, uint32_t index);

// The internal code of a lowered function as text, one cell a line.
std::string print_code(ModuleCode& module, uint32_t index);

}  // namespace wplug
