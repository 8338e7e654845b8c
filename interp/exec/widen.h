// From memory to the frame.
#pragma once

#include <type_traits>

#include "interp/exec/dispatch.h"

namespace wplug {

// What a load of an M gives as an R: narrow integers extended by their sign, vectors made of what is loaded.
template <class M, class R>
WPLUG_INLINE R widen(M value) {
  if constexpr (std::is_same_v<R, V128>) {
    return numeric::vector_of(value);
  } else if constexpr (std::is_floating_point_v<M>) {
    return value;
  } else if constexpr (std::is_signed_v<M>) {
    return static_cast<R>(static_cast<std::make_signed_t<R>>(value));
  } else {
    return value;
  }
}

}  // namespace wplug
