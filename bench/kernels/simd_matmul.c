// Product of square matrices of f32, in the order that lets a compiler vectorise the inner loop.
#include "simd.h"

enum { kSide = 96 };
static float a[kSide][kSide], b[kSide][kSide], c[kSide][kSide];

static void fill(uint32_t seed) {
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) {
      a[i][j] = (float)(int32_t)(next_random(&seed) & 0xff);
      b[i][j] = (float)(int32_t)(next_random(&seed) & 0xff);
      c[i][j] = 0;
    }
  }
}

static void multiply(void) {
  for (int i = 0; i < kSide; i++) {
    for (int k = 0; k < kSide; k++) {
      float factor = a[i][k];
      for (int j = 0; j < kSide; j++) c[i][j] += factor * b[k][j];
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
