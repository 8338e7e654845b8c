// Linear memories: which kind of address space each gets, and growing within limits.
//
// A memory that may become large gets its address space at once, so that its base never moves and growing is one
// mprotect. A small one is not worth two mappings of its own: it is allocated to size, and moves if it grows. Guard
// pages are not a choice but a promise to the generated code, so they are never replaced by another kind: a memory has
// them exactly when the code for its type relies on them (has_guard_pages).
//
// A shared memory reserves its maximum whatever its size: other threads use its base while it grows. Its bytes count in
// the store that asked for them, by making the memory or by growing it.
#include <algorithm>
#include <cstring>
#include <string>

#include "interp/store/runtime.h"
#include "interp/wasm/memory_access.h"

namespace wplug {

namespace {

constexpr uint64_t kSmallMemory = uint64_t{1} << 20;
constexpr uint64_t kMostReserved = uint64_t{4} << 30;

// The most bytes that the type itself allows, on a machine with addresses of 48 bits. Pages of one byte: memory.size
// must be able to tell their number.
uint64_t type_max(const MemoryType& type) {
  const uint64_t address_bits = type.limits.is_64 ? 48 : 32;
  const uint64_t all_pages = uint64_t{1} << (address_bits - std::min<uint64_t>(type.page_size_log2, address_bits));
  const uint64_t most_pages = address_bits == 32 && type.page_size_log2 == 0 ? all_pages - 1 : all_pages;
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

Result<void> check_pages(const MemoryType& type) {
  const uint64_t most = type_max(type) >> type.page_size_log2;
  if (type.limits.min <= most) return {};
  return Error(ErrorKind::limit, "memory of " + std::to_string(type.limits.min) + " pages > maximum of " +
                                     std::to_string(most) + " pages");
}

bool allocate_reservation(Reservation& reservation, const Config& config, bool guard_pages, uint64_t size,
                          uint64_t max_size) {
  if (guard_pages) return reservation.allocate(Reservation::Kind::guarded, size, max_size);
  if (!WPLUG_PARANOID && !is_set(config.allocator) && max_size > kSmallMemory && max_size <= kMostReserved &&
      reservation.allocate(Reservation::Kind::reserved, size, max_size)) {
    return true;
  }
  return reservation.allocate(Reservation::Kind::movable, size, max_size, config.allocator);
}

}  // namespace

Result<std::shared_ptr<SharedMemoryImpl>> new_shared_memory(const Config& config, const MemoryType& type,
                                                            uint64_t most_bytes) {
  WPLUG_TRY(check_pages(type));
  auto shared = std::make_shared<SharedMemoryImpl>();
  const uint64_t size = type.limits.min << type.page_size_log2;
  shared->max_size = std::min(type_max(type), most_bytes);
  if (size > shared->max_size) return limit_error(size, "limit of one memory", shared->max_size);
  const bool guard_pages = has_guard_pages(config, type);
  const auto kind = guard_pages ? Reservation::Kind::guarded : Reservation::Kind::fixed;
  if (!shared->reservation.allocate(kind, size, shared->max_size, config.allocator)) return refused_error(shared->max_size, guard_pages);
  shared->type = type;
  shared->base = shared->reservation.base();
  shared->size.store(size, std::memory_order_release);
  return shared;
}

MemoryInstance* adopt_shared(StoreImpl& store, const std::shared_ptr<SharedMemoryImpl>& shared) {
  for (MemoryInstance* known : store.shared_memories) {
    if (known->shared == shared) return known;
  }
  MemoryInstance& memory = store.memories.emplace_back();
  memory.base = shared->base;
  memory.size = shared->size.load(std::memory_order_acquire);
  memory.type = shared->type;
  memory.max_size = std::min(shared->max_size, store.limits.memory_bytes);
  memory.shared = shared;
  store.shared_memories.push_back(&memory);
  return &memory;
}

Result<MemoryInstance*> new_memory(StoreImpl& store, const MemoryType& type) {
  WPLUG_TRY(check_pages(type));
  const uint64_t most = type_max(type);
  const uint64_t size = type.limits.min << type.page_size_log2;
  if (size > store.limits.memory_bytes) return limit_error(size, "limit of one memory", store.limits.memory_bytes);
  if (!fits_in_store(store, size)) {
    return limit_error(store.memory_bytes + size, "limit of all memories", store.limits.total_memory_bytes);
  }
  const uint64_t max_size = std::min(most, store.limits.memory_bytes);
  if (type.limits.shared) {
    WPLUG_TRY_ASSIGN(const auto shared, new_shared_memory(store.engine.config(), type, store.limits.memory_bytes));
    add_memory_bytes(store, size);
    return adopt_shared(store, shared);
  }
  const bool guard_pages = has_guard_pages(store.engine.config(), type);
  Reservation reservation;
  if (!allocate_reservation(reservation, store.engine.config(), guard_pages, size, max_size)) return refused_error(size, guard_pages);
  MemoryInstance& memory = store.memories.emplace_back();
  memory.base = reservation.base();
  memory.size = size;
  memory.type = type;
  memory.max_size = max_size;
  memory.reservation = std::move(reservation);
  add_memory_bytes(store, size);
  return &memory;
}

namespace {

// Makes room; the base of a memory that is not shared may move. False when the system refuses.
bool make_room(MemoryInstance& memory, uint64_t size) {
  if (memory.shared != nullptr) return memory.shared->reservation.grow(size);
  if (!memory.reservation.grow(size)) return false;
  memory.base = memory.reservation.base();
  return true;
}

}  // namespace

uint64_t grow_memory(StoreImpl& store, MemoryInstance& memory, uint64_t pages) {
  // Other threads that grow a shared memory wait until this one is done.
  const Locked lock(memory.shared == nullptr ? nullptr : &memory.shared->growing);
  const uint64_t old_size = memory.current_size();
  const uint32_t page_size_log2 = memory.type.page_size_log2;
  const uint64_t old_pages = old_size >> page_size_log2;
  if (pages == 0) return old_pages;
  // What the type forbids is the module's own affair; what only the limits forbid is a denial.
  if (pages > (type_max(memory.type) - old_size) >> page_size_log2) return UINT64_MAX;
  const uint64_t more = pages << page_size_log2;
  if (memory.max_size < old_size || more > memory.max_size - old_size || !fits_in_store(store, more)) {
    ++store.memory_denials;
    return UINT64_MAX;
  }
  if (!make_room(memory, old_size + more)) return UINT64_MAX;
  memory.size = old_size + more;
  if (memory.shared != nullptr) memory.shared->size.store(memory.size, std::memory_order_release);
  add_memory_bytes(store, more);
  const InstanceImpl* current = store.context.instance;
  if (current != nullptr && current->memory_count != 0 && current->memories[0] == &memory)
    refresh_memory(store.context);
  return old_pages;
}

void write_memory(MemoryInstance& memory, uint64_t at, const uint8_t* source, uint64_t count) {
  if (count == 0) return;
  if (memory.shared != nullptr) {
    relaxed_copy(memory.base + at, source, count, false);
  } else {
    std::memcpy(memory.base + at, source, static_cast<size_t>(count));
  }
}

}  // namespace wplug
