// Address space for one linear memory: reserved where the OS can, so that the base never moves; committed as it grows.
#pragma once

#include <cstdint>

namespace wplug {

// Owns pages. A fixed one is as reserved, also where the system cannot reserve: there the maximum is allocated at once.
// Movable, not copyable. With guards, 4 GiB + 4 GiB + 64 KiB are reserved after the base for a 32-bit memory, so that
// every effective address of a 32-bit index plus 32-bit offset is inside: what is not committed faults.
class Reservation {
 public:
  enum class Kind : uint8_t { movable, reserved, guarded, fixed };

  Reservation() = default;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation();

  // Room for `max_size` bytes with `size` committed and zero. False when the system refuses.
  bool allocate(Kind kind, uint64_t size, uint64_t max_size);
  // Commits up to `size`; new bytes are zero. False when the system refuses; nothing has changed then. May move when `movable`.
  bool grow(uint64_t size);

  uint8_t* base() const { return base_; }
  uint64_t reserved_size() const { return reserved_; }
  Kind kind() const { return kind_; }

 private:
  void release();
  uint8_t* base_ = nullptr;
  uint64_t committed_ = 0;
  uint64_t reserved_ = 0;
  Kind kind_ = Kind::movable;
};

}  // namespace wplug
