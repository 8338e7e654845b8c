// Linear memories from mmap.
//
//   movable    exactly the bytes in use, readable and writable. Neighbours of equal protection are one mapping to
//   Linux, so that
//              tens of thousands of small memories stay far below its limit of mappings (vm.max_map_count). Grows by
//              mremap, which moves page tables and not bytes; elsewhere by copying.
//   reserved   the maximum as inaccessible address space, the front of it made accessible. The base never moves. Two
//   mappings each. guarded    reserved, and beyond it whatever a 32-bit index plus a 32-bit offset plus the access can
//   reach.
//
// Anonymous pages are zero and take no memory until they are touched, which is what makes large, mostly unused memories
// cheap.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "interp/store/reservation.h"

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

namespace wplug {

namespace {

constexpr uint64_t kGuardedSize = (uint64_t{8} << 30) + (uint64_t{64} << 10);
// Half of the address space of a 64-bit process: beyond it a sum of sizes is an overflow, not a request.
constexpr uint64_t kMostBytes = uint64_t{1} << 46;
// Below this a huge page would be shared with, and paid by, neighbouring memories.
constexpr uint64_t kHugePage = uint64_t{2} << 20;

uint64_t round_to_pages(uint64_t size) {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return size == 0 ? page : (size + page - 1) / page * page;
}

uint8_t* map(uint64_t size, int protection, int flags) {
  if (size > SIZE_MAX) return nullptr;
  void* at = mmap(nullptr, static_cast<size_t>(size), protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<uint8_t*>(at);
}

uint8_t* map_movable(uint64_t size) {
  uint8_t* base = map(size, PROT_READ | PROT_WRITE, 0);
#ifdef MADV_NOHUGEPAGE
  if (base != nullptr && size < kHugePage) madvise(base, static_cast<size_t>(size), MADV_NOHUGEPAGE);
#endif
  return base;
}

[[maybe_unused]] uint8_t* move_by_copy(uint8_t* base, uint64_t old_size, uint64_t new_size) {
  uint8_t* moved = map_movable(new_size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, base, static_cast<size_t>(old_size));
  munmap(base, static_cast<size_t>(old_size));
  return moved;
}

// The new base, or null when the system refuses.
uint8_t* resize_movable(uint8_t* base, uint64_t old_size, uint64_t new_size) {
#if defined(__linux__) && !WPLUG_PARANOID
  if (new_size > SIZE_MAX) return nullptr;
  void* at = mremap(base, static_cast<size_t>(old_size), static_cast<size_t>(new_size), MREMAP_MAYMOVE);
  return at == MAP_FAILED ? nullptr : static_cast<uint8_t*>(at);
#else
  return move_by_copy(base, old_size, new_size);
#endif
}

}  // namespace

const bool Reservation::kHasPages = true;

bool Reservation::allocate_pages(uint64_t size, uint64_t max_size) {
  if (max_size > kMostBytes) return false;
  if (kind_ == Kind::guarded && max_size > (uint64_t{4} << 30)) return false;
  if (kind_ == Kind::movable) {
    base_ = map_movable(round_to_pages(size));
    if (base_ == nullptr) return false;
    reserved_ = round_to_pages(size);
    committed_ = size;
    return true;
  }
  const uint64_t room = kind_ == Kind::guarded ? kGuardedSize : round_to_pages(max_size);
  base_ = map(room, PROT_NONE, MAP_NORESERVE);
  if (base_ == nullptr) return false;
  reserved_ = room;
  if (size == 0 || grow_pages(size)) return true;
  release();
  return false;
}

bool Reservation::grow_pages(uint64_t size) {
  if (size > kMostBytes) return false;
  const uint64_t wanted = round_to_pages(size);
  if (kind_ == Kind::movable) {
    if (wanted != reserved_ || WPLUG_PARANOID) {
      uint8_t* moved = resize_movable(base_, reserved_, wanted);
      if (moved == nullptr) return false;
      base_ = moved;
      reserved_ = wanted;
    }
  } else {
    if (wanted > reserved_) return false;
    const uint64_t from = committed_ == 0 ? 0 : round_to_pages(committed_);
    if (wanted > from && mprotect(base_ + from, static_cast<size_t>(wanted - from), PROT_READ | PROT_WRITE) != 0) {
      return false;
    }
  }
  committed_ = size;
  return true;
}

void Reservation::release_pages() { munmap(base_, static_cast<size_t>(reserved_)); }

}  // namespace wplug
