// Access to bytes that have no type of their own and that several threads use: shared guest memory.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SANITIZE_THREAD__)
#define WPLUG_THREAD_SANITIZER 1
#elif defined(__has_feature)
#define WPLUG_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define WPLUG_THREAD_SANITIZER 0
#endif

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

// An unsigned integer as a plain access of guest code reads or writes it, while others may access the same bytes.
//
// The thread sanitizer must see that this is no data race: there it is a relaxed atomic, byte by byte where it is not
// aligned. Elsewhere it is one volatile access, which the compilers make one machine access whatever the alignment, so
// that handlers stay as short as those of a memory that is not shared.
#if WPLUG_THREAD_SANITIZER

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

#else

template <class M>
struct __attribute__((packed, may_alias)) Unaligned {
  M value;
};

template <class M>
inline M load_relaxed(const uint8_t* at) {
  return reinterpret_cast<const volatile Unaligned<M>*>(at)->value;
}

template <class M>
inline void store_relaxed(uint8_t* at, M value) {
  reinterpret_cast<volatile Unaligned<M>*>(at)->value = value;
}

#endif

}  // namespace wplug::atomic_bytes
