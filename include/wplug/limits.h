// What a plugin may use.
#pragma once

#include <chrono>
#include <cstdint>

namespace wplug {

// Limits of one plugin; the budgets are those of a single call. All are checked by the host, none by the guest.
struct PluginLimits {
  // Wall clock of one call, host calls included; zero: no limit.
  std::chrono::nanoseconds timeout = std::chrono::milliseconds(50);
  // Wall clock of making an instance ready (start function, `_initialize`); zero: no limit.
  std::chrono::nanoseconds start_timeout = std::chrono::seconds(5);
  uint64_t memory = uint64_t{1} << 20;  // bytes of linear memory, all memories together; as many of garbage-collected objects
  uint64_t stack = uint64_t{1} << 20;   // bytes of guest frames
  uint64_t fuel = 0;                    // instructions; 0: no limit
  uint64_t http_calls = 0;              // requests to the network; redirects count
  uint64_t host_calls = 10'000;         // calls of the ABI's host functions
};

}  // namespace wplug
