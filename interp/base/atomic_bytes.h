// Atomic access to bytes that have no type of their own: guest memory that several threads use. Everything here is one
// machine instruction on the supported machines where the address is aligned.
#pragma once

#include <cstdint>
#include <cstring>

namespace wplug::atomic_bytes {

template <class M>
struct Cast {
  typedef M __attribute__((may_alias)) Type;
};

template <class M>
bool is_aligned(const uint8_t* at) {
  return reinterpret_cast<uintptr_t>(at) % sizeof(M) == 0;
}

// The integer at an aligned address, for the __atomic builtins.
template <class M>
typename Cast<M>::Type* as(uint8_t* at) {
  return reinterpret_cast<typename Cast<M>::Type*>(at);
}
template <class M>
const typename Cast<M>::Type* as(const uint8_t* at) {
  return reinterpret_cast<const typename Cast<M>::Type*>(at);
}

// An unsigned integer as a plain access reads or writes it: whole where it is aligned, else byte by byte. Others that
// access the same bytes are no data race.
template <class M>
inline M load_relaxed(const uint8_t* at) {
  if (is_aligned<M>(at)) return __atomic_load_n(as<M>(at), __ATOMIC_RELAXED);
  uint8_t bytes[sizeof(M)];
  for (size_t i = 0; i < sizeof(M); ++i) bytes[i] = __atomic_load_n(at + i, __ATOMIC_RELAXED);
  M value;
  std::memcpy(&value, bytes, sizeof(M));
  return value;
}

template <class M>
inline void store_relaxed(uint8_t* at, M value) {
  if (is_aligned<M>(at)) return __atomic_store_n(as<M>(at), value, __ATOMIC_RELAXED);
  uint8_t bytes[sizeof(M)];
  std::memcpy(bytes, &value, sizeof(M));
  for (size_t i = 0; i < sizeof(M); ++i) __atomic_store_n(at + i, bytes[i], __ATOMIC_RELAXED);
}

}  // namespace wplug::atomic_bytes
