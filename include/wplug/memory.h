// Memory: a handle to a linear memory.
#pragma once

#include <cstdint>
#include <span>

#include "wplug/error.h"
#include "wplug/store.h"
#include "wplug/types.h"

namespace wplug {

struct MemoryInstance;

// Small, copyable; valid as long as its store.
class Memory {
 public:
  // A new memory of the store. Errors: limit, misuse (impossible type).
  static Result<Memory> create(Store& store, const MemoryType& type);

  MemoryType type() const;
  uint64_t size() const;   // bytes
  uint64_t pages() const;
  // The contents. Invalid after anything that may grow the memory or run guest code.
  std::span<uint8_t> data() const;
  // Adds pages; the old page count. Error `limit`.
  Result<uint64_t> grow(uint64_t pages);

  explicit Memory(StoreImpl* store, MemoryInstance* memory) : store_(store), memory_(memory) {}
  MemoryInstance* impl() const { return memory_; }
  StoreImpl* store_impl() const { return store_; }

 private:
  StoreImpl* store_;
  MemoryInstance* memory_;
};

}  // namespace wplug
