// Nested loops with two-dimensional addresses: product of square matrices. NUMBER is int32_t or double.
#include "kernel.h"

enum { kSide = 96 };
static NUMBER a[kSide][kSide], b[kSide][kSide], c[kSide][kSide];

static void fill(uint32_t seed) {
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) {
      a[i][j] = (NUMBER)(int32_t)(next_random(&seed) & 0xff);
      b[i][j] = (NUMBER)(int32_t)(next_random(&seed) & 0xff);
    }
  }
}

static void multiply(void) {
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) {
      NUMBER sum = 0;
      for (int k = 0; k < kSide; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < rounds; i++) {
    fill(i + 1);
    multiply();
    for (int j = 0; j < kSide; j++) sum = mix(sum, (uint64_t)c[j][kSide - 1 - j]);
  }
  return sum;
}
