// What lowering makes: internal code, shared by all instances of a module and by all threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interp/base/block.h"
#include "interp/base/sync.h"
#include "interp/lower/cell.h"
#include "interp/wasm/module_def.h"
#include "interp/wasm/type_registry.h"
#include "wplug/engine.h"
#include "wplug/error.h"
#include "wplug/module.h"

namespace wplug {

struct ModuleCode;
struct LoweredBody;
struct UnwindTable;

// A defined function's code. `entry` is `stub`, whose handler lowers the function, until it is lowered. A reader loads `entry` first
// (acquire), then `frame_slots`.
struct FunctionCode {
  std::atomic<const Cell*> entry{nullptr};
  std::atomic<uint32_t> frame_slots{0};  // of the whole frame; while not lowered of parameters, results and header
  Cell stub[2] = {};                     // handler, this
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
  Mutex mutex;                           // guards lowering and `bodies`
  std::map<const Cell*, std::unique_ptr<LoweredBody>> bodies;  // by their first cells
  OnceFlag names_once;
  NameSection name_section;

  uint64_t largest_function = 0;  // an upper bound of the instructions of one function

  FunctionCode& function(uint32_t index) { return functions[index - def.imported_functions]; }
};

// A function's internal code.
struct LoweredBody {
  LoweredBody();
  ~LoweredBody();
  // Copies the cells into memory of the allocator. False when there is none.
  bool keep(const std::vector<Cell>& made, const Allocator& allocator);

  std::span<Cell> cells;  // in `memory`
  Block memory;
  // With Config::count_dispatches, by cell: the handler that the counting one in `cells` stands for, and how often it was
  // dispatched. Counting is not exact when several threads run the function.
  struct Counted {
    const void* handler = nullptr;
    uint64_t count = 0;
  };
  mutable std::vector<Counted> counted;
  std::unique_ptr<const UnwindTable> unwind;  // null without handlers of exceptions
  const FunctionCode* function = nullptr;
  bool contains(const Cell* pc) const { return pc >= cells.data() && pc < cells.data() + cells.size(); }
};

// Where a cell came from; made again from the module when it is asked for, so that running code carries no tables.
struct CodeLocation {
  uint32_t offset = 0;  // of the instruction, from the start of the module
  uint32_t count = 0;   // instructions since the last settling point, this one included
};
struct CodeMap {
  struct Entry {
    uint32_t cell;
    CodeLocation location;
  };
  std::vector<Entry> entries;                            // by ascending cell: first cell of each operation
  std::vector<std::pair<uint32_t, uint32_t>> labels;     // cell of a label, instructions since the last settling point there
  // The operation that holds the cell. The map is not empty.
  CodeLocation at(uint32_t cell) const;
  // Instructions since the last settling point before the cell that a branch or return goes to.
  uint32_t count_at_target(uint32_t cell) const;
};
CodeMap map_code(ModuleCode& module, uint32_t index);

// The lowered body that holds `pc`, or null.
const LoweredBody* find_body(ModuleCode& module, const Cell* pc);

// Lowers one function if it is not lowered yet. Safe from any thread. Errors: limit.
Result<void> lower_function(ModuleCode& module, uint32_t index);

// Makes the operations of `body` count themselves.
void count_dispatches(LoweredBody& body);
// The handler that the cell's operation goes to, counted or not.
const void* handler_at(const LoweredBody& body, size_t cell);
std::vector<DispatchCount> dispatch_counts(ModuleCode& module);

// The internal code of a lowered function as text, one cell a line.
std::string print_code(ModuleCode& module, uint32_t index);

}  // namespace wplug
