#include "interp/store/reservation.h"

#include <utility>

namespace wplug {

Reservation::Reservation(Reservation&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      committed_(std::exchange(other.committed_, 0)),
      reserved_(std::exchange(other.reserved_, 0)),
      kind_(other.kind_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    release();
    base_ = std::exchange(other.base_, nullptr);
    committed_ = std::exchange(other.committed_, 0);
    reserved_ = std::exchange(other.reserved_, 0);
    kind_ = other.kind_;
  }
  return *this;
}

Reservation::~Reservation() { release(); }

}  // namespace wplug
