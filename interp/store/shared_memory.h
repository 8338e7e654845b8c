// Shared memories (threads proposal): what the stores of several threads have in common.
//
// Each store has a MemoryInstance of its own that points here. The base never moves, because the maximum is reserved at
// once; the size only grows, so what a store has seen of it is safe to use and, when it is not enough, looked up again.
//
// memory.atomic.wait and notify meet in a WaitQueue. A waiting thread is one entry in a list, which lives on that
// thread's stack: waiting takes no memory that a guest could use up, and there are never more entries than threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "interp/base/sync.h"
#include "interp/store/reservation.h"
#include "wplug/engine.h"
#include "wplug/error.h"
#include "wplug/types.h"

namespace wplug {

// The threads that wait at the addresses of one memory.
class WaitQueue {
 public:
  using Clock = std::chrono::steady_clock;
  // In the numbers of memory.atomic.wait's result; `stopped` is none.
  enum class Outcome : uint8_t { woken = 0, not_equal = 1, timed_out = 2, stopped = 3 };

  // Waits until it is woken at `address`, `until` has come, or `should_stop(env)`, which is asked every half
  // millisecond. `is_expected(env)` is asked first, in one step with becoming visible to notify().
  Outcome wait(uint64_t address, Clock::time_point until, bool (*is_expected)(void* env),
               bool (*should_stop)(void* env), void* env);
  // Wakes at most `count` threads at `address`, those first that have waited longest; how many.
  uint32_t notify(uint64_t address, uint32_t count);

 private:
  struct Waiter;
  void append(Waiter& waiter);
  void remove(Waiter& waiter);

  Mutex mutex_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

// Safe from any thread. `type`, `base` and `max_size` never change.
struct SharedMemoryImpl {
  MemoryType type;  // limits.min is the size at creation
  uint8_t* base = nullptr;
  uint64_t max_size = 0;          // bytes; what is reserved
  std::atomic<uint64_t> size{0};  // bytes; only grows
  Mutex growing;                  // held while `reservation` and `size` change
  Reservation reservation;
  WaitQueue waiters;
};

// A new shared memory of at most `most_bytes`. The type is valid and has a maximum. Errors: limit.
Result<std::shared_ptr<SharedMemoryImpl>> new_shared_memory(const Config& config, const MemoryType& type,
                                                            uint64_t most_bytes);

// memmove and memset on memory that other threads may use at the same time: no torn bytes, no order between them.
// `backward`: from the last byte to the first, for a target above a source that it overlaps.
void relaxed_copy(uint8_t* to, const uint8_t* from, uint64_t count, bool backward);
void relaxed_fill(uint8_t* to, uint8_t value, uint64_t count);

}  // namespace wplug
