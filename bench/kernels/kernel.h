// What every kernel of this folder is built on: a main function that runs it and prints a checksum, without a C library.
//
// A kernel defines `uint64_t kernel(uint32_t rounds)`. The result is printed as 16 hexadecimal digits, so that all engines can
// be compared with the native program. As wasm a kernel is a WASI command that imports fd_write and nothing else.
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t kernel(uint32_t rounds);

// A small generator (xorshift32); the kernels' data come from it.
static inline uint32_t next_random(uint32_t* state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

// Mixes a value into a checksum.
static inline uint64_t mix(uint64_t sum, uint64_t value) {
  sum = (sum ^ value) * 0x9e3779b97f4a7c15ull;
  return sum ^ (sum >> 29);
}

static inline void format_checksum(uint64_t sum, char* text) {
  for (int i = 15; i >= 0; i--, sum >>= 4) text[i] = "0123456789abcdef"[sum & 15];
  text[16] = '\n';
}

#ifdef __wasm__

// The compiler may call these two on its own.
void* memcpy(void* to, const void* from, size_t size) { return __builtin_memcpy(to, from, size); }
void* memset(void* to, int value, size_t size) { return __builtin_memset(to, value, size); }

#ifdef __wasm64__

// WASI preview 1 has pointers of 32 bits: the checksum is the result of an export instead.
__attribute__((export_name("run"))) uint64_t run(void) { return kernel(ROUNDS); }

#else

struct io_vector {
  const char* data;
  uint32_t size;
};
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int fd_write(int fd,
                                                                                               const struct io_vector* io,
                                                                                               uint32_t count,
                                                                                               uint32_t* written);
__attribute__((export_name("_start"))) void start(void) {
  char text[17];
  uint32_t written;
  format_checksum(kernel(ROUNDS), text);
  struct io_vector io = {text, sizeof text};
  fd_write(1, &io, 1, &written);
}

#endif

#else

#include <stdio.h>
int main(void) {
  char text[17];
  format_checksum(kernel(ROUNDS), text);
  return fwrite(text, 1, sizeof text, stdout) == sizeof text ? 0 : 1;
}

#endif
