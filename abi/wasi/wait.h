// Waiting for files and time without outliving the guest's deadline.
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <span>

#include "abi/wasi/state.h"
#include "wplug/error.h"

namespace wplug::wasi {

using TimePoint = std::chrono::steady_clock::time_point;

// Waits until one of `files` has an event or `until` is reached (nullopt: for ever); the number of files with events, 0
// at `until`. Interrupts are seen within a millisecond, the deadline on time. Errors: trap.
Result<int> wait_for_any(const Call& call, std::span<pollfd> files, std::optional<TimePoint> until);

// Waits until `file`, one that may have to wait, is ready for POLLIN or POLLOUT; false when it is not and does not want
// to block.
Result<bool> wait_until_ready(const Call& call, const Descriptor& file, short events);

}  // namespace wplug::wasi
