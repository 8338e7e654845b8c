// The elements of a table: reference bits, one after the other.
//
// A table may grow by millions of elements in one instruction, and no instruction may hold an interrupt or a deadline up.
// So growing is cheap however large the table is (large ones are pages that the system moves by its page tables), and new
// elements are written by the caller in as many pieces as it likes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "interp/store/reservation.h"

namespace wplug {

class ElementArray {
 public:
  explicit ElementArray(const Allocator& allocator = {}) : block_(allocator), allocator_(allocator) {}
  ElementArray(const ElementArray&) = delete;
  ElementArray& operator=(const ElementArray&) = delete;

  size_t size() const { return size_; }
  uint64_t* data() { return data_; }
  const uint64_t* data() const { return data_; }
  uint64_t& operator[](size_t index) { return data_[index]; }
  const uint64_t& operator[](size_t index) const { return data_[index]; }
  const uint64_t* begin() const { return data_; }
  const uint64_t* end() const { return data_ + size_; }

  // New elements are null (zero). False when there is no memory for them; nothing has changed then. Takes a time that does
  // not depend on the size, but for elements that a `shrink` gave up, which are cleared again.
  bool grow(size_t size);
  // Gives the elements from `size` on up.
  void shrink(size_t size) { size_ = size; }

 private:
  bool move_to(size_t capacity);

  uint64_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t used_ = 0;  // from here to the capacity all is zero
  bool in_pages_ = false;
  Block block_;
  Allocator allocator_;
  Reservation pages_;
};

}  // namespace wplug
