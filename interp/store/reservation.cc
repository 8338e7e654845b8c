#include "interp/store/reservation.h"

#include <cstring>
#include <utility>

namespace wplug {

namespace {

// Never zero, so that an empty memory has a base too.
uint64_t at_least_one(uint64_t size) { return size == 0 ? 1 : size; }

// Small enough for differences of pointers, with room to count.
constexpr uint64_t kMostBytes = uint64_t{PTRDIFF_MAX} - 1;

}  // namespace

Reservation::Reservation(Reservation&& other) noexcept
    : block_(std::move(other.block_)),
      in_block_(std::exchange(other.in_block_, false)),
      base_(std::exchange(other.base_, nullptr)),
      committed_(std::exchange(other.committed_, 0)),
      reserved_(std::exchange(other.reserved_, 0)),
      kind_(other.kind_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    release();
    block_ = std::move(other.block_);
    in_block_ = std::exchange(other.in_block_, false);
    base_ = std::exchange(other.base_, nullptr);
    committed_ = std::exchange(other.committed_, 0);
    reserved_ = std::exchange(other.reserved_, 0);
    kind_ = other.kind_;
  }
  return *this;
}

Reservation::~Reservation() { release(); }

bool Reservation::allocate(Kind kind, uint64_t size, uint64_t max_size, const Allocator& allocator) {
  if (size > max_size) return false;
  release();
  kind_ = kind;
  return is_set(allocator) || !kHasPages ? allocate_block(size, max_size, allocator) : allocate_pages(size, max_size);
}

bool Reservation::grow(uint64_t size) {
  if (base_ == nullptr || size < committed_) return false;
  return in_block_ ? grow_block(size) : grow_pages(size);
}

void Reservation::release() {
  if (in_block_) {
    block_.clear();
  } else if (base_ != nullptr) {
    release_pages();
  }
  in_block_ = false;
  base_ = nullptr;
  committed_ = reserved_ = 0;
}

bool Reservation::allocate_block(uint64_t size, uint64_t max_size, const Allocator& allocator) {
  if (kind_ != Kind::movable && kind_ != Kind::fixed) return false;
  const uint64_t room = at_least_one(kind_ == Kind::fixed ? max_size : size);
  if (room > kMostBytes) return false;
  block_ = Block(allocator);
  if (!block_.allocate_zeroed(static_cast<size_t>(room))) return false;
  in_block_ = true;
  base_ = static_cast<uint8_t*>(block_.data());
  committed_ = size;
  reserved_ = room;
  return true;
}

bool Reservation::grow_block(uint64_t size) {
  if (size > kMostBytes) return false;
  if (kind_ == Kind::fixed) {
    if (size > reserved_) return false;
  } else if (size > reserved_) {
    if (!block_.resize(static_cast<size_t>(size))) return false;
    base_ = static_cast<uint8_t*>(block_.data());
    std::memset(base_ + reserved_, 0, static_cast<size_t>(size - reserved_));
    reserved_ = size;
  }
  committed_ = size;
  return true;
}

}  // namespace wplug
