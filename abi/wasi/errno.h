// WASI's error numbers.
#pragma once

#include <cstdint>

#include "wplug/func.h"

namespace wplug::wasi {

// The name without its leading E; 2BIG is `toobig`.
enum class Errno : uint16_t {
#define WPLUG_ERRNO(name, number, host) name = number,
#include "abi/wasi/errno.def"
};

// The guest's number for one of this operating system; `io` for those that WASI does not know.
Errno from_host(int host_errno);

// from_host(errno).
Errno last_error();

}  // namespace wplug::wasi

namespace wplug::detail {

// Lets a host function return Result<Errno>.
template <>
struct SlotType<wasi::Errno> {
  static constexpr ValType type() { return ValType::i32(); }
  static uint64_t write(wasi::Errno v) { return static_cast<uint64_t>(v); }
};

}  // namespace wplug::detail
