// Floating point: the spectral norm of an infinite matrix whose entries are computed where they are needed (divisions).
#include "kernel.h"

enum { kSize = 100 };
static double u[kSize], v[kSize], between[kSize];

static double entry(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void times(const double* from, double* to) {
  for (int i = 0; i < kSize; i++) {
    double sum = 0;
    for (int j = 0; j < kSize; j++) sum += entry(i, j) * from[j];
    to[i] = sum;
  }
}

static void times_transposed(const double* from, double* to) {
  for (int i = 0; i < kSize; i++) {
    double sum = 0;
    for (int j = 0; j < kSize; j++) sum += entry(j, i) * from[j];
    to[i] = sum;
  }
}

uint64_t kernel(uint32_t rounds) {
  for (int i = 0; i < kSize; i++) u[i] = 1;
  double squares = 0, products = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    times(u, between);
    times_transposed(between, v);
    times(v, between);
    times_transposed(between, u);
    squares = products = 0;
    for (int i = 0; i < kSize; i++) {
      products += u[i] * v[i];
      squares += v[i] * v[i];
    }
    double scale = 1 / __builtin_sqrt(squares);
    for (int i = 0; i < kSize; i++) u[i] *= scale;
  }
  double norm = __builtin_sqrt(products / squares);
  uint64_t bits;
  __builtin_memcpy(&bits, &norm, sizeof bits);
  return mix(0, bits);
}
