// Store: owns instances and everything they hold.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

struct CallProfile;
struct StoreImpl;

// Checked before anything is allocated. Memory and table limits make `memory.grow` and `table.grow` return -1.
struct StoreLimits {
  uint64_t memory_bytes = uint64_t{4} << 30;  // of one memory
  uint64_t total_memory_bytes = UINT64_MAX;   // of all memories of the store together
  uint64_t table_elements = 10'000'000;       // of one table
  uint64_t gc_heap_bytes = uint64_t{1} << 30;  // of structures, arrays and exceptions; beyond it `out of heap memory`
  uint32_t instances = UINT32_MAX;
  uint64_t stack_bytes = uint64_t{1} << 20;   // of guest frames; beyond it the trap `call stack exhausted`
  uint32_t host_reentry = 64;                 // host→guest→host→guest… depth
};

// Stops the guest of one store from any thread. Copies refer to the same store; outliving the store is safe.
class InterruptHandle {
 public:
  // Running and later guest code traps with `interrupted` within a millisecond, until clear_interrupt().
  void interrupt() const;

 private:
  friend class Store;
  friend struct StoreImpl;
  struct State;
  std::shared_ptr<State> state_;
};

// Belongs to one thread at a time; move it between threads freely. Destroying it frees all its objects, so every
// handle (Func, Memory, …) made from it is then invalid. Keeps engine and modules alive.
class Store {
 public:
  static Result<Store> create(const Engine& engine, const StoreLimits& limits = {});
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  const Engine& engine() const;
  const StoreLimits& limits() const;

  // Instructions the guest may still execute from now on; nullopt: no limit. Beyond it the trap `out of fuel`.
  // `misuse` when the engine does not meter.
  Result<void> set_fuel(std::optional<uint64_t> fuel);
  // What is left of set_fuel's amount; nullopt when there is no limit.
  std::optional<uint64_t> fuel() const;
  // Instructions executed since the store was made. One unit is one instruction of the module; block, loop, else
  // and end cost nothing; bulk operations cost one more for each 8 bytes or element.
  uint64_t fuel_consumed() const;
  // Where they were executed (include wplug/profile.h); empty without Config::profile_calls. What host functions charge stands with the
  // function that runs on. Not while guest code runs.
  CallProfile call_profile() const;
  // Adds to the count, for host functions that do work for the guest.
  void charge(uint64_t instructions);

  // Guest code still running at this time traps with `deadline exceeded`; nullopt: none.
  void set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline);
  std::optional<std::chrono::steady_clock::time_point> deadline() const;
  InterruptHandle interrupt_handle() const;
  // Whether it was used and not cleared since; host functions that wait ask this.
  bool interrupted() const;
  void clear_interrupt();

  // Bytes of all linear memories now, and the most they ever were. Of a shared memory those that this store asked for.
  uint64_t memory_bytes() const;
  uint64_t peak_memory_bytes() const;
  // How often a memory.grow was refused because of StoreLimits since the store was made.
  uint64_t memory_denials() const;

  // A pointer of the embedder, for its host functions. Not owned.
  void set_user_data(void* data);
  void* user_data() const;

  StoreImpl* impl() const { return impl_.get(); }

 private:
  explicit Store(std::unique_ptr<StoreImpl> impl);
  std::unique_ptr<StoreImpl> impl_;
};

}  // namespace wplug
