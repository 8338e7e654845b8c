#include "wplug/memory.h"

#include <string>

#include "interp/api/impl.h"
#include "interp/wasm/memory_access.h"

namespace wplug {

Result<Memory> Memory::create(Store& store, const MemoryType& type) {
  WPLUG_TRY(check_type(type));
  WPLUG_TRY_ASSIGN(MemoryInstance * memory, new_memory(*store.impl(), type));
  return Memory(store.impl(), memory);
}

Result<SharedMemory> SharedMemory::create(const Engine& engine, const MemoryType& type) {
  if (!type.limits.shared) return Error(ErrorKind::misuse, "memory that is not shared: use Memory::create");
  WPLUG_TRY(check_type(type));
  WPLUG_TRY_ASSIGN(auto shared, new_shared_memory(engine.config(), type, UINT64_MAX));
  return SharedMemory(std::move(shared));
}

MemoryType SharedMemory::type() const {
  MemoryType type = impl_->type;
  type.limits.min = size() >> type.page_size_log2;
  return type;
}

uint64_t SharedMemory::size() const { return impl_->size.load(std::memory_order_acquire); }

std::span<uint8_t> SharedMemory::data() const { return {impl_->base, static_cast<size_t>(size())}; }

uint32_t SharedMemory::notify(uint64_t address, uint32_t count) const { return impl_->waiters.notify(address, count); }

Result<Memory> Memory::from_shared(Store& store, const SharedMemory& shared) {
  const SharedMemoryImpl& memory = *shared.impl();
  const bool relies_on_guards = has_guard_pages(store.engine().config(), memory.type);
  if (relies_on_guards && memory.reservation.kind() != Reservation::Kind::guarded) {
    return Error(ErrorKind::misuse, "shared memory without guard pages in a store whose engine relies on them");
  }
  return Memory(store.impl(), adopt_shared(*store.impl(), shared.impl()));
}

std::optional<SharedMemory> Memory::shared() const {
  if (memory_->shared == nullptr) return std::nullopt;
  return SharedMemory(memory_->shared);
}

MemoryType Memory::type() const {
  MemoryType type = memory_->type;
  type.limits.min = pages();
  return type;
}

uint64_t Memory::size() const { return memory_->current_size(); }

uint64_t Memory::pages() const { return size() >> memory_->type.page_size_log2; }

std::span<uint8_t> Memory::data() const { return {memory_->base, static_cast<size_t>(size())}; }

Result<uint64_t> Memory::grow(uint64_t pages) {
  const uint64_t old_pages = grow_memory(*store_, *memory_, pages);
  if (old_pages == UINT64_MAX) {
    return Error(ErrorKind::limit, "memory of " + std::to_string(this->pages()) + " pages cannot grow by " +
                                       std::to_string(pages) + ": its maximum is " + std::to_string(memory_->max_size) +
                                       " bytes, the store's " + std::to_string(store_->limits.total_memory_bytes));
  }
  return old_pages;
}

}  // namespace wplug
