// What a server counts.
//
// Each thread that calls plugins counts for itself, so that counting costs no more than adding; whoever wants to know
// adds up. Counters live as long as the server, over all versions of a pipeline.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "wplug/pipeline.h"

namespace wplug {

// Written by one thread, read by any.
class Counter {
 public:
  void add(uint64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void raise_to(uint64_t n) {
    if (n > value()) value_.store(n, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

inline constexpr size_t kFailureKinds = 0
#define WPLUG_FAILURE(name, exit_code, status, keeps_instance, meaning) +1
#include "wplug/failures.def"
    ;

// Upper ends of the buckets, in microseconds; one more bucket holds the rest.
inline constexpr std::array<uint32_t, 18> kBuckets = {10,      25,      50,      100,       250,       500,
                                                      1'000,   2'500,   5'000,   10'000,    25'000,    50'000,
                                                      100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

struct Timings {
  std::array<Counter, kBuckets.size() + 1> buckets;
  Counter nanoseconds;
  void add(std::chrono::nanoseconds time);
};

struct StageCounters {
  Counter calls, starts, instructions, host_calls, http_calls, input_bytes, output_bytes, peak_memory;
  std::array<Counter, kFailureKinds> errors;
  Timings timings;
  void add(const StageCall& call);
};

// Of one thread and one pipeline.
class PipelineCounters {
 public:
  Counter requests, abandoned, expired;
  std::array<Counter, kFailureKinds> errors;  // of requests that no stage failed at
  Timings timings;                            // from the last byte of a request to its answer

  // Made when first asked for; stays where it is.
  StageCounters& stage(const std::string& name);
  template <class Action>
  void for_stages(Action&& action) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, counters] : stages_) action(name, *counters);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<StageCounters>> stages_;
};

}  // namespace wplug
