// Memory: a handle to a linear memory; SharedMemory: one that several stores use.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "wplug/error.h"
#include "wplug/store.h"
#include "wplug/types.h"

namespace wplug {

struct MemoryInstance;
struct SharedMemoryImpl;

// A linear memory that guests on several threads use at once, each in a store of its own (threads proposal). Copies
// refer to the same memory, which lives as long as any copy or any store that has it. Safe from any thread.
//
// Give it to a store with Memory::from_shared, or to all stores that a linker instantiates into with Linker::define.
// Its bytes count towards the limits of the store that asked for them: one that made it by instantiating a module, or
// one that grew it. What is made here counts nowhere.
class SharedMemory {
 public:
  // `type` must be shared and have a maximum, whose address space is reserved at once. Errors: limit, misuse.
  static Result<SharedMemory> create(const Engine& engine, const MemoryType& type);

  MemoryType type() const;
  uint64_t size() const;  // bytes
  // The contents. Never moves; grows only. Guests may read and write them at any time: use atomic accesses for what
  // they may be using.
  std::span<uint8_t> data() const;
  // Wakes at most `count` guests that wait at a byte address (memory.atomic.wait); how many.
  uint32_t notify(uint64_t address, uint32_t count) const;

  explicit SharedMemory(std::shared_ptr<SharedMemoryImpl> impl) : impl_(std::move(impl)) {}
  const std::shared_ptr<SharedMemoryImpl>& impl() const { return impl_; }

 private:
  std::shared_ptr<SharedMemoryImpl> impl_;
};

// Small, copyable; valid as long as its store.
class Memory {
 public:
  // A new memory of the store. Errors: limit, misuse (impossible type).
  static Result<Memory> create(Store& store, const MemoryType& type);
  // The store's handle to a memory shared with other stores. Error `misuse`: the store's engine has guard pages, and
  // the memory was made by one that has not.
  static Result<Memory> from_shared(Store& store, const SharedMemory& shared);
  // What to give to other stores; nullopt when the memory is not shared.
  std::optional<SharedMemory> shared() const;

  MemoryType type() const;
  uint64_t size() const;   // bytes
  uint64_t pages() const;
  // The contents. Invalid after anything that may grow the memory or run guest code. Those of a shared memory stay
  // where they are, but other threads may change them at any time.
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
