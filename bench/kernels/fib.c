// Calls: the naive Fibonacci function.
#include "kernel.h"

__attribute__((noinline)) static uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

uint64_t kernel(uint32_t rounds) {
  static volatile uint32_t n = 26;  // volatile: each round has to be computed
  uint64_t sum = 0;
  for (uint32_t i = 0; i < rounds; i++) sum = mix(sum, fib(n + (i & 1)));
  return sum;
}
