#include "interp/store/element_array.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace wplug {

namespace {

// Up to here copying takes less time than an interrupt may wait; pages would cost each small table two system calls.
constexpr size_t kMostOnHeap = size_t{64} << 10;

}  // namespace

bool ElementArray::grow(size_t size) {
  if (size > capacity_ && !move_to(size)) return false;
  std::fill(data_ + size_, data_ + std::max(size_, std::min(size, used_)), uint64_t{0});
  size_ = size;
  used_ = std::max(used_, size);
  return true;
}

// Room for `capacity` elements or more, with those of before in front.
bool ElementArray::move_to(size_t capacity) {
  if (capacity > SIZE_MAX / sizeof(uint64_t)) return false;
  if (in_pages_) {
    if (!pages_.grow(capacity * sizeof(uint64_t))) return false;
    data_ = reinterpret_cast<uint64_t*>(pages_.base());
    capacity_ = capacity;
    return true;
  }
  if (capacity <= kMostOnHeap) {
    // At least by half, so that growing one by one takes linear time.
    const size_t room = std::min(kMostOnHeap, std::max(capacity, capacity_ + capacity_ / 2));
    Block moved(allocator_);
    if (!moved.allocate_zeroed(room * sizeof(uint64_t))) return false;
    if (size_ > 0) std::memcpy(moved.data(), data_, size_ * sizeof(uint64_t));
    block_ = std::move(moved);
    data_ = static_cast<uint64_t*>(block_.data());
    capacity_ = room;
    used_ = size_;
    return true;
  }
  const uint64_t bytes = uint64_t{capacity} * sizeof(uint64_t);
  if (!pages_.allocate(Reservation::Kind::movable, bytes, bytes, allocator_)) return false;
  auto* moved = reinterpret_cast<uint64_t*>(pages_.base());
  if (size_ > 0) std::memcpy(moved, data_, size_ * sizeof(uint64_t));
  block_.clear();
  data_ = moved;
  capacity_ = capacity;
  used_ = size_;
  in_pages_ = true;
  return true;
}

}  // namespace wplug
