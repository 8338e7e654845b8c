// Address space for one linear memory: reserved where the OS can, so that the base never moves; committed as it grows.
#pragma once

#include <cstdint>

#include "interp/base/block.h"

namespace wplug {

// Owns pages, or a block of the embedder's allocator. A fixed one is as reserved, also where nothing can be reserved.
// Movable, not copyable. With guards, 4 GiB + 4 GiB + 64 KiB are reserved after the base for a 32-bit memory, so that
// every effective address of a 32-bit index plus 32-bit offset is inside: what is not committed faults.
class Reservation {
 public:
  enum class Kind : uint8_t { movable, reserved, guarded, fixed };

  // Whether the system has address space to reserve.
  static const bool kHasPages;

  Reservation() = default;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation();

  // Room for `max_size` bytes with `size` committed and zero. False when the system refuses. With an allocator, and where
  // the system has no pages, only movable and fixed ones can be made; the fixed one's maximum is then allocated at once.
  bool allocate(Kind kind, uint64_t size, uint64_t max_size, const Allocator& allocator = {});
  // Commits up to `size`; new bytes are zero. False when the system refuses; nothing has changed then. May move when `movable`.
  bool grow(uint64_t size);

  uint8_t* base() const { return base_; }
  uint64_t reserved_size() const { return reserved_; }
  Kind kind() const { return kind_; }

 private:
  void release();
  bool allocate_block(uint64_t size, uint64_t max_size, const Allocator& allocator);
  bool grow_block(uint64_t size);
  // Of the system: reservation_posix.cc, reservation_portable.cc.
  bool allocate_pages(uint64_t size, uint64_t max_size);
  bool grow_pages(uint64_t size);
  void release_pages();

  Block block_;
  bool in_block_ = false;
  uint8_t* base_ = nullptr;
  uint64_t committed_ = 0;
  uint64_t reserved_ = 0;
  Kind kind_ = Kind::movable;
};

}  // namespace wplug
