// Moving bytes: loops by byte and by word, and the bulk instructions, over blocks of many sizes.
#include "kernel.h"

enum { kBytes = 64 * 1024 };
static uint8_t from[kBytes], to[kBytes];

static void copy_bytes(uint8_t* d, const uint8_t* s, uint32_t size) {
  for (uint32_t i = 0; i < size; i++) {
    d[i] = s[i];
    __asm__ volatile("" ::: "memory");  // keeps it a loop
  }
}

static void copy_words(uint8_t* d, const uint8_t* s, uint32_t size) {
  for (uint32_t i = 0; i + 8 <= size; i += 8) {
    uint64_t word;
    __builtin_memcpy(&word, s + i, 8);
    __builtin_memcpy(d + i, &word, 8);
    __asm__ volatile("" ::: "memory");
  }
}

uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 9;
  uint64_t sum = 0;
  for (int i = 0; i < kBytes; i++) from[i] = (uint8_t)next_random(&seed);
  for (uint32_t round = 0; round < rounds; round++) {
    uint32_t size = 16 + (next_random(&seed) & 0x3fff), at = next_random(&seed) & 0x3fff;
    copy_bytes(to + at, from + (at ^ 1), size / 4);
    copy_words(to + at, from + (at ^ 8), size);
    __builtin_memcpy(to + at, from + (at ^ 64), size * 2);
    __builtin_memset(from + at, (int)round, size & 63);
    sum = mix(sum, to[at + size / 2]);
  }
  return sum;
}
