// What is behind a WasiContext, and what every WASI function gets of the call it serves.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "abi/guest_memory.h"
#include "abi/wasi/clocks.h"
#include "abi/wasi/descriptor.h"
#include "abi/wasi/path.h"
#include "wplug/func.h"
#include "wplug/wasi.h"

namespace wplug {

struct WasiState {
  explicit WasiState(const WasiConfig& config)
      : files(config.max_open_files), clocks(config.fixed_clock), random_state(config.random_seed) {}

  std::vector<std::string> args;
  std::vector<std::string> env;  // "name=value"
  wasi::FdTable files;
  wasi::Clocks clocks;
  std::optional<uint64_t> random_state;  // of the seeded generator; none: the system's randomness
  wasi::PathWalk path_walk = wasi::PathWalk::components;
};

namespace wasi {

struct Call {
  Call(WasiState& wasi_state, const Caller& caller) : state(wasi_state), memory(caller), store(&caller.store()) {}
  // Without a store nothing ends the guest from outside.
  Call(WasiState& wasi_state, GuestMemory guest_memory, const Store* owner = nullptr)
      : state(wasi_state), memory(guest_memory), store(owner) {}

  // An error when the guest must end now: its deadline passed, or somebody interrupted it. Functions that wait or work
  // for long ask this at least every millisecond.
  Result<void> check_stop() const;
  // Until when a wait may go on without asking check_stop().
  std::optional<std::chrono::steady_clock::time_point> deadline() const;

  // The descriptor with the rights, or the error.
  std::variant<Descriptor*, Errno> find(uint32_t fd, Rights needed = 0) { return state.files.find(fd, needed); }

  WasiState& state;
  GuestMemory memory;
  const Store* store;
};

// Fills with random bytes of the state's generator.
Errno fill_random(WasiState& state, std::span<uint8_t> bytes);

}  // namespace wasi
}  // namespace wplug

// `WPLUG_WASI_FIND(file, call.find(fd, rights))`: declares `file`, a Descriptor&, or returns the error number.
#define WPLUG_WASI_FIND(name, expr) WPLUG_WASI_FIND_IMPL(name, expr, WPLUG_CONCAT(wplug_found_, __LINE__))
#define WPLUG_WASI_FIND_IMPL(name, expr, tmp)              \
  auto tmp = (expr);                                       \
  if (std::holds_alternative<::wplug::wasi::Errno>(tmp)) { \
    return std::get<::wplug::wasi::Errno>(tmp);            \
  }                                                        \
  ::wplug::wasi::Descriptor& name = *std::get<::wplug::wasi::Descriptor*>(tmp)
