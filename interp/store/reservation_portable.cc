// Linear memories from the C library, for systems without mmap: movable ones, and fixed ones that are all there at once.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "interp/store/reservation.h"

namespace wplug {

namespace {

// Never zero, so that an empty memory has a base too.
uint64_t at_least_one(uint64_t size) { return size == 0 ? 1 : size; }

}  // namespace

bool Reservation::allocate(Kind kind, uint64_t size, uint64_t max_size) {
  if ((kind != Kind::movable && kind != Kind::fixed) || size > max_size) return false;
  const uint64_t room = at_least_one(kind == Kind::fixed ? max_size : size);
  if (room > PTRDIFF_MAX) return false;
  release();
  base_ = static_cast<uint8_t*>(std::calloc(static_cast<size_t>(room), 1));
  if (base_ == nullptr) return false;
  kind_ = kind;
  committed_ = size;
  reserved_ = room;
  return true;
}

bool Reservation::grow(uint64_t size) {
  if (base_ == nullptr || size < committed_ || size > PTRDIFF_MAX) return false;
  if (kind_ == Kind::fixed) {
    if (size > reserved_) return false;
    committed_ = size;
    return true;
  }
  if (size == committed_ && !WPLUG_PARANOID) return true;
  // calloc and not realloc: large blocks then come from the system zeroed and untouched, and the paranoid build always
  // moves.
  auto* moved = static_cast<uint8_t*>(std::calloc(static_cast<size_t>(at_least_one(size)), 1));
  if (moved == nullptr) return false;
  std::memcpy(moved, base_, static_cast<size_t>(committed_));
  std::free(base_);
  base_ = moved;
  committed_ = size;
  reserved_ = at_least_one(size);
  return true;
}

void Reservation::release() {
  std::free(base_);
  base_ = nullptr;
  committed_ = reserved_ = 0;
}

}  // namespace wplug
