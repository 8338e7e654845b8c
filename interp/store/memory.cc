// Linear memories: which kind of address space each gets, and growing within limits.
//
// A memory that may become large gets its address space at once, so that its base never moves and growing is one
// mprotect. A small one is not worth two mappings of its own: it is allocated to size, and moves if it grows. Guard
// pages are not a choice but a promise to the generated code, so they are never replaced by another kind.
#include <algorithm>
#include <string>

#include "interp/store/runtime.h"

namespace wplug {

namespace {

constexpr uint64_t kSmallMemory = uint64_t{1} << 20;
constexpr uint64_t kMostReserved = uint64_t{4} << 30;

// The most bytes that the type itself allows.
uint64_t type_max(const MemoryType& type) {
  const uint64_t address_bits = type.limits.is_64 ? 48 : 32;
  const uint64_t most_pages = uint64_t{1} << (address_bits - std::min<uint64_t>(type.page_size_log2, address_bits));
  return std::min(type.limits.max.value_or(most_pages), most_pages) << type.page_size_log2;
}

bool fits_in_store(const StoreImpl& store, uint64_t more) {
  return store.memory_bytes <= store.limits.total_memory_bytes &&
         more <= store.limits.total_memory_bytes - store.memory_bytes;
}

void add_memory_bytes(StoreImpl& store, uint64_t more) {
  store.memory_bytes += more;
  store.peak_memory_bytes = std::max(store.peak_memory_bytes, store.memory_bytes);
}

Error limit_error(uint64_t wanted, const char* what, uint64_t limit) {
  return {ErrorKind::limit, "memory of " + std::to_string(wanted) + " bytes > " + what + " of " +
                                std::to_string(limit) + " bytes: raise the limit or use a smaller module"};
}

Error refused_error(uint64_t wanted, bool guarded) {
  std::string message = "memory of " + std::to_string(wanted) + " bytes: the system refuses ";
  message += guarded ? "8 GiB of address space for its guard pages: use explicit checks" : "to allocate it";
  return {ErrorKind::limit, std::move(message)};
}

bool allocate_reservation(Reservation& reservation, bool guard_pages, uint64_t size, uint64_t max_size) {
  if (guard_pages) return reservation.allocate(Reservation::Kind::guarded, size, max_size);
  if (!WPLUG_PARANOID && max_size > kSmallMemory && max_size <= kMostReserved &&
      reservation.allocate(Reservation::Kind::reserved, size, max_size)) {
    return true;
  }
  return reservation.allocate(Reservation::Kind::movable, size, max_size);
}

}  // namespace

Result<MemoryInstance*> new_memory(StoreImpl& store, const MemoryType& type) {
  const uint64_t most = type_max(type);
  if (type.limits.min > most >> type.page_size_log2) {
    return Error(ErrorKind::misuse, "memory of " + std::to_string(type.limits.min) + " pages > maximum of " +
                                        std::to_string(most >> type.page_size_log2) + " pages");
  }
  const uint64_t size = type.limits.min << type.page_size_log2;
  if (size > store.limits.memory_bytes) return limit_error(size, "limit of one memory", store.limits.memory_bytes);
  if (!fits_in_store(store, size)) {
    return limit_error(store.memory_bytes + size, "limit of all memories", store.limits.total_memory_bytes);
  }
  const uint64_t max_size = std::min(most, store.limits.memory_bytes);
  const bool guard_pages = store.engine.config().memory == MemoryKind::guard_pages && !type.limits.is_64;
  Reservation reservation;
  if (!allocate_reservation(reservation, guard_pages, size, max_size)) return refused_error(size, guard_pages);
  MemoryInstance& memory = store.memories.emplace_back();
  memory.base = reservation.base();
  memory.size = size;
  memory.type = type;
  memory.max_size = max_size;
  memory.reservation = std::move(reservation);
  add_memory_bytes(store, size);
  return &memory;
}

uint64_t grow_memory(StoreImpl& store, MemoryInstance& memory, uint64_t pages) {
  const uint32_t page_size_log2 = memory.type.page_size_log2;
  const uint64_t old_pages = memory.size >> page_size_log2;
  if (pages == 0) return old_pages;
  // What the type forbids is the module's own affair; what only the limits forbid is a denial.
  if (pages > (type_max(memory.type) - memory.size) >> page_size_log2) return UINT64_MAX;
  const uint64_t more = pages << page_size_log2;
  if (memory.max_size < memory.size || more > memory.max_size - memory.size || !fits_in_store(store, more)) {
    ++store.memory_denials;
    return UINT64_MAX;
  }
  if (!memory.reservation.grow(memory.size + more)) return UINT64_MAX;
  memory.base = memory.reservation.base();
  memory.size += more;
  add_memory_bytes(store, more);
  const InstanceImpl* current = store.context.instance;
  if (current != nullptr && current->memory_count != 0 && current->memories[0] == &memory)
    refresh_memory(store.context);
  return old_pages;
}

}  // namespace wplug
