// WASI preview 1: what a program compiled by C, Rust, Go or another toolchain for `wasm32-wasi` expects of its host.
//
// All 46 functions of `wasi_snapshot_preview1`, and those of its forerunner `wasi_unstable` with their own layouts. A
// context that is configured with nothing gives nothing: no arguments, no environment, no files, an empty stdin,
// outputs that vanish.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "wplug/error.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/module.h"
#include "wplug/store.h"

namespace wplug {

// A file descriptor of the host, lent for the life of the context; never closed by it.
struct WasiFd {
  int fd = -1;
};
// Fills the buffer and returns how many bytes it wrote there; 0 is the end. Runs on the store's thread and should not
// block.
using WasiReader = std::function<size_t(std::span<uint8_t> buffer)>;
// Takes all bytes, or returns false: the guest's write then fails with an input/output error.
using WasiWriter = std::function<bool(std::span<const uint8_t> bytes)>;
// Collects output in a string of the embedder, which outlives the context; beyond `limit` bytes of it the guest's
// writes fail with "no space left".
struct WasiBuffer {
  std::string* text = nullptr;
  size_t limit = size_t{64} << 20;
};

// stdin: at its end at once, a descriptor, a text, a function.
using WasiInput = std::variant<std::monostate, WasiFd, std::string, WasiReader>;
// stdout, stderr: thrown away, a descriptor, a string, a function.
using WasiOutput = std::variant<std::monostate, WasiFd, WasiBuffer, WasiWriter>;

// A directory the guest may use, and all that is below it.
struct WasiDirectory {
  std::string host_path;
  std::string guest_path;  // the name the guest knows it by ("/", "data")
  bool writable = false;   // else every change below it is refused: "read-only file system"
};

// Time that does not depend on the machine: every look at a clock moves it by `step_ns`; sleeping moves it at once.
struct WasiFixedClock {
  uint64_t start_ns = 0;  // since the epoch; the monotonic clock starts at 0
  uint64_t step_ns = 1000;
};

struct WasiConfig {
  std::vector<std::string> args;  // the program's name first
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<WasiDirectory> directories;
  // Told of a directory that is not there, which the program then does without; empty: that is an error.
  std::function<void(const WasiDirectory&)> missing_directory;
  WasiInput stdin_source;
  WasiOutput stdout_sink;
  WasiOutput stderr_sink;
  std::optional<WasiFixedClock> fixed_clock;
  std::optional<uint64_t> random_seed;  // random_get gives the same bytes for the same seed; not for secrets
  uint32_t max_open_files = 256;        // of the guest, stdio and directories included
};

struct WasiState;

// What one guest program has of the outside: arguments, open files, clocks. Outlives every store it is linked into;
// belongs, like the store, to one thread at a time. Files the guest leaves open are closed with it.
class WasiContext {
 public:
  // Opens the directories. Errors: host (a directory that cannot be opened), misuse (a NUL in an argument, an empty or
  // doubled name).
  static Result<WasiContext> create(WasiConfig config);
  WasiContext(WasiContext&&) noexcept;
  WasiContext& operator=(WasiContext&&) noexcept;
  ~WasiContext();

  WasiState* impl() const { return impl_.get(); }

 private:
  explicit WasiContext(std::unique_ptr<WasiState> impl);
  std::unique_ptr<WasiState> impl_;
};

// Defines all functions of both WASI modules, or only those that `module` imports (cheaper for one instance). Error
// `link`: the module imports some and exports a memory with 64-bit addresses.
Result<void> add_wasi(Linker& linker, WasiContext& context);
Result<void> add_wasi(Linker& linker, WasiContext& context, const Module& module);

// Whether the module imports any WASI function.
bool wasi_is_wanted(const Module& module);
// Whether the module is a program: exports the function `_start` without parameters and results.
bool wasi_is_command(const Module& module);
// Whether the module is a library that wants to be initialised: exports such a function `_initialize`.
bool wasi_is_reactor(const Module& module);

// Runs a program: links WASI beside what `linker` has, instantiates, calls `_start`. The exit code: 0 when `_start`
// returns, else proc_exit's. Errors: misuse (no `_start`), link, limit, trap (also deadline, fuel, interrupt).
Result<int32_t> run_wasi_command(Store& store, const Module& module, Linker& linker, WasiContext& context);

// Calls `_initialize` where the instance exports it; call it once, before any other export. An exit with code 0 is
// success. Errors: trap, exit.
Result<void> initialize_reactor(Store& store, const Instance& instance);

}  // namespace wplug
