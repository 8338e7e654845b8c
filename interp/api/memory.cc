#include "wplug/memory.h"

#include <string>

#include "interp/api/impl.h"

namespace wplug {

Result<Memory> Memory::create(Store& store, const MemoryType& type) {
  WPLUG_TRY(check_type(type));
  WPLUG_TRY_ASSIGN(MemoryInstance * memory, new_memory(*store.impl(), type));
  return Memory(store.impl(), memory);
}

MemoryType Memory::type() const {
  MemoryType type = memory_->type;
  type.limits.min = pages();
  return type;
}

uint64_t Memory::size() const { return memory_->size; }

uint64_t Memory::pages() const { return memory_->size >> memory_->type.page_size_log2; }

std::span<uint8_t> Memory::data() const { return {memory_->base, static_cast<size_t>(memory_->size)}; }

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
