#include "abi/wasi/state.h"

#include <errno.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/random.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstring>

#include "wplug/trap.h"

namespace wplug::wasi {

namespace {

// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t next_random(uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void fill_seeded(uint64_t& state, std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const uint64_t word = detail::little_endian(next_random(state));
    const size_t count = std::min(bytes.size(), sizeof(word));
    std::memcpy(bytes.data(), &word, count);
    bytes = bytes.subspan(count);
  }
}

}  // namespace

Errno fill_random(WasiState& state, std::span<uint8_t> bytes) {
  if (state.random_state) {
    fill_seeded(*state.random_state, bytes);
    return Errno::success;
  }
#if defined(__linux__)
  while (!bytes.empty()) {
    const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0 && errno != EINTR) return last_error();
    if (count > 0) bytes = bytes.subspan(static_cast<size_t>(count));
  }
#else
  ::arc4random_buf(bytes.data(), bytes.size());
#endif
  return Errno::success;
}

Result<void> Call::check_stop() const {
  if (store == nullptr) return {};
  if (store->interrupted()) return Error(Trap(TrapKind::interrupted));
  const auto end = deadline();
  if (end && std::chrono::steady_clock::now() >= *end) return Error(Trap(TrapKind::deadline_exceeded));
  return {};
}

std::optional<std::chrono::steady_clock::time_point> Call::deadline() const {
  return store == nullptr ? std::nullopt : store->deadline();
}

}  // namespace wplug::wasi
