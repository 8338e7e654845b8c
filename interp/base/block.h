// A block of memory from the embedder's allocator, or from the C library where there is none.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "wplug/allocator.h"

namespace wplug {

inline bool is_set(const Allocator& allocator) { return allocator.allocate != nullptr; }

// Owns its memory; empty as it is made. The allocator is copied: it outlives whatever uses it.
class Block {
 public:
  Block() = default;
  explicit Block(const Allocator& allocator) : allocator_(allocator) {}
  Block(Block&& other) noexcept : allocator_(other.allocator_), data_(std::exchange(other.data_, nullptr)) {}
  Block& operator=(Block&& other) noexcept {
    if (this == &other) return *this;
    clear();
    allocator_ = other.allocator_;
    data_ = std::exchange(other.data_, nullptr);
    return *this;
  }
  ~Block() { clear(); }

  void* data() const { return data_; }

  // Any contents. What was here is given up first. False when there is no memory.
  bool allocate(size_t size) {
    clear();
    data_ = is_set(allocator_) ? allocator_.allocate(allocator_.context, size) : std::malloc(size);
    return data_ != nullptr;
  }
  // All zero; from the C library without being touched.
  bool allocate_zeroed(size_t size) {
    if (is_set(allocator_)) {
      if (allocate(size)) std::memset(data_, 0, size);
    } else {
      clear();
      data_ = std::calloc(size, 1);
    }
    return data_ != nullptr;
  }
  // Keeps the contents up to the smaller size. False when there is no memory; nothing has changed then.
  bool resize(size_t size) {
    if (data_ == nullptr) return allocate(size);
    void* moved =
        is_set(allocator_) ? allocator_.reallocate(allocator_.context, data_, size) : std::realloc(data_, size);
    if (moved == nullptr) return false;
    data_ = moved;
    return true;
  }
  void clear() {
    if (data_ == nullptr) return;
    if (is_set(allocator_)) {
      allocator_.release(allocator_.context, data_);
    } else {
      std::free(data_);
    }
    data_ = nullptr;
  }

 private:
  Allocator allocator_;
  void* data_ = nullptr;
};

}  // namespace wplug
