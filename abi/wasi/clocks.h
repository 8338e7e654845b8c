// The guest's clocks: the machine's, or fixed ones that move only when looked at.
#pragma once

#include <cstdint>
#include <optional>

#include "wplug/wasi.h"

namespace wplug::wasi {

class Clocks {
 public:
  explicit Clocks(std::optional<WasiFixedClock> fixed) : fixed_(fixed) {}

  bool is_fixed() const { return fixed_.has_value(); }
  // Nanoseconds; nullopt for a clock that is not known.
  std::optional<uint64_t> now(uint32_t id);
  std::optional<uint64_t> resolution(uint32_t id) const;
  // Moves fixed clocks, as sleeping would.
  void advance(uint64_t nanoseconds);

 private:
  std::optional<WasiFixedClock> fixed_;
  uint64_t elapsed_ = 0;  // of fixed clocks
};

// The sum, or the greatest number where it does not fit.
uint64_t saturating_add(uint64_t a, uint64_t b);

}  // namespace wplug::wasi
