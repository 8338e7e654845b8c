#include "abi/wasi/clocks.h"

#include <time.h>

#include <limits>

#include "abi/wasi/types.h"

namespace wplug::wasi {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

std::optional<clockid_t> host_clock(uint32_t id) {
  switch (id) {
    case clock_id::realtime:
      return CLOCK_REALTIME;
    case clock_id::monotonic:
      return CLOCK_MONOTONIC;
    case clock_id::process_cputime:
      return CLOCK_PROCESS_CPUTIME_ID;
    case clock_id::thread_cputime:
      return CLOCK_THREAD_CPUTIME_ID;
    default:
      return std::nullopt;
  }
}

uint64_t nanoseconds(const timespec& time) {
  if (time.tv_sec < 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

uint64_t saturating_add(uint64_t a, uint64_t b) {
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  return a > most - b ? most : a + b;
}

std::optional<uint64_t> Clocks::now(uint32_t id) {
  const auto clock = host_clock(id);
  if (!clock) return std::nullopt;
  if (fixed_) {
    elapsed_ = saturating_add(elapsed_, fixed_->step_ns);
    return id == clock_id::realtime ? saturating_add(fixed_->start_ns, elapsed_) : elapsed_;
  }
  timespec time{};
  if (::clock_gettime(*clock, &time) != 0) return std::nullopt;
  return nanoseconds(time);
}

std::optional<uint64_t> Clocks::resolution(uint32_t id) const {
  const auto clock = host_clock(id);
  if (!clock) return std::nullopt;
  if (fixed_) return fixed_->step_ns == 0 ? 1 : fixed_->step_ns;
  timespec time{};
  if (::clock_getres(*clock, &time) != 0) return std::nullopt;
  return nanoseconds(time);
}

void Clocks::advance(uint64_t nanoseconds) { elapsed_ = saturating_add(elapsed_, nanoseconds); }

}  // namespace wplug::wasi
