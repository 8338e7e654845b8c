// What libc++ does when it cannot go on, without the printf machinery: trap, so that the host discards the instance.
#include <cstdlib>
#include <new>
#include <version>

#ifdef __wasm__

#ifndef _LIBCPP_VERBOSE_ABORT_NOEXCEPT  // newer libc++ declares it noexcept
#define _LIBCPP_VERBOSE_ABORT_NOEXCEPT
#endif

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) _LIBCPP_VERBOSE_ABORT_NOEXCEPT { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD

void* operator new(std::size_t size) {
  void* const block = std::malloc(size > 0 ? size : 1);
  if (block == nullptr) {
    __builtin_trap();
  }
  return block;
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }

#endif
