// Bytes in memory: the sieve of Eratosthenes.
#include "kernel.h"

enum { kLimit = 200000 };
static uint8_t composite[kLimit + 1];

static uint32_t count_primes(uint32_t limit) {
  uint32_t count = 0;
  for (uint32_t i = 0; i <= limit; i++) composite[i] = 0;
  for (uint32_t i = 2; i <= limit; i++) {
    if (composite[i]) continue;
    count++;
    for (uint32_t j = i * 2; j <= limit; j += i) composite[j] = 1;
  }
  return count;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < rounds; i++) sum = mix(sum, count_primes(kLimit - i));
  return sum;
}
