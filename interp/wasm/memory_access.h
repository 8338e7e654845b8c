// How code reaches a memory: what the lowering, which chooses the handlers of accesses, and the store, which makes the
// memories, must agree on. A memory's type decides, since imports must have the same address type, page size and
// sharing as the module says.
#pragma once

#include "wplug/engine.h"
#include "wplug/types.h"

namespace wplug {

// Whether memories of the type have guard pages, so that accesses with 32-bit addresses may be left to fault. A size
// that is no multiple of the machine's pages has no edge that could fault; 64-bit addresses pass any guard.
inline bool has_guard_pages(const Config& config, const MemoryType& type) {
  return config.memory == MemoryKind::guard_pages && !type.limits.is_64 && type.page_size_log2 == 16;
}

// Whether accesses to the module's memory `index` may be near: with a 32-bit address, within the base and the limits
// that the context keeps of memory 0. All others are far (exec/handlers_far.cc): other memories, 64-bit addresses, and
// shared memories without guard pages, where another thread's memory.grow may have left the limits behind.
inline bool is_near(const Config& config, const MemoryType& type, uint32_t index) {
  return index == 0 && !type.limits.is_64 && (!type.limits.shared || has_guard_pages(config, type));
}

}  // namespace wplug
