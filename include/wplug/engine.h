// Engine: configuration and what modules share.
#pragma once

#include <cstdint>
#include <memory>

#include "wplug/allocator.h"
#include "wplug/error.h"
#include "wplug/features.h"

namespace wplug {

// How out-of-bounds accesses to linear memory are found. Both give the same results and traps.
enum class MemoryKind : uint8_t {
  explicit_checks,  // a comparison at each access; the default, works everywhere
  guard_pages,      // reserved address space and a SIGSEGV handler; 64-bit Linux, tail dispatch
};

// Checked while a module is decoded, before anything is allocated for it.
struct ModuleLimits {
  uint64_t module_size = uint64_t{1} << 30;   // bytes
  uint32_t function_size = 7'654'321;         // bytes of one body
  uint32_t types = 1'000'000;
  uint32_t struct_fields = 10'000;
  uint32_t subtype_depth = 63;  // supertypes above a type
  uint32_t functions = 1'000'000;
  uint32_t imports = 1'000'000;
  uint32_t exports = 1'000'000;
  uint32_t globals = 1'000'000;
  uint32_t tags = 1'000'000;
  uint32_t data_segments = 100'000;
  uint32_t element_segments = 100'000;
  uint32_t tables = 100;
  uint32_t memories = 100;
  uint32_t params = 1'000;
  uint32_t results = 1'000;
  uint32_t locals = 50'000;       // of one function, parameters included
  uint32_t frame_slots = 65'000;  // 8-byte slots of one function's frame
};

struct Config {
  MemoryKind memory = MemoryKind::explicit_checks;
  // Counts executed instructions. Off, code runs a little faster; fuel limits are then refused and fuel_consumed() is 0.
  bool metering = true;
  // Keeps values in machine registers where the build has them; off, every value lives in its frame slot.
  bool register_allocation = true;
  // Lowers every function when the module is compiled instead of on first call.
  bool eager_lowering = false;
  // Counts how often each internal instruction is dispatched (Module::dispatch_counts); everything runs many times slower.
  bool count_dispatches = false;
  // Where memories, tables, stacks and code come from; the system when it is not set. Not together with guard pages.
  Allocator allocator;
  // A module that uses another feature is refused with the feature's name (kind `invalid`).
  Features features = Features::all();
  ModuleLimits limits;
};

struct EngineImpl;

// Immutable after creation, shared between threads by copying this handle.
class Engine {
 public:
  // `misuse` when the configuration asks for what this build or machine does not have.
  static Result<Engine> create(const Config& config = {});

  const Config& config() const;
  const std::shared_ptr<EngineImpl>& impl() const { return impl_; }

 private:
  explicit Engine(std::shared_ptr<EngineImpl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<EngineImpl> impl_;
};

// What this build is: version, dispatch back end, registers, compiler; for `--version` and benchmarks.
struct BuildInfo {
  const char* version;
  const char* dispatch;  // "tail" or "loop"
  int int_registers;     // K
  int float_registers;   // M
  const char* compiler;
  bool paranoid;
};
BuildInfo build_info();

}  // namespace wplug
