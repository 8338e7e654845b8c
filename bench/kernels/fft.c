// Floating point over memory with strides: a fast Fourier transform there and back again, in single and double
// precision.
#include "kernel.h"

enum { kBits = 10, kSize = 1 << kBits };
static double re[kSize], im[kSize], cosine[kSize / 2], sine[kSize / 2];
static float samples[kSize];

// The roots of unity, each from the one of half the angle by half as many products as a series would need.
static void make_roots(void) {
  double step_re = -1, step_im = 0;  // e^(i pi), halved until it is e^(2 i pi / kSize)
  for (int i = 1; i < kBits; i++) {
    double half_re = __builtin_sqrt((1 + step_re) / 2), half_im = __builtin_sqrt((1 - step_re) / 2);
    step_re = half_re;
    step_im = half_im;
  }
  double at_re = 1, at_im = 0;
  for (int i = 0; i < kSize / 2; i++) {
    cosine[i] = at_re;
    sine[i] = at_im;
    double next = at_re * step_re - at_im * step_im;
    at_im = at_re * step_im + at_im * step_re;
    at_re = next;
  }
}

static void reverse_bits(void) {
  for (uint32_t i = 0, j = 0; i < kSize; i++) {
    if (i < j) {
      double t = re[i];
      re[i] = re[j];
      re[j] = t;
      t = im[i];
      im[i] = im[j];
      im[j] = t;
    }
    uint32_t bit = kSize >> 1;
    while (j & bit) {
      j ^= bit;
      bit >>= 1;
    }
    j |= bit;
  }
}

static void transform(double direction) {
  reverse_bits();
  for (int half = 1; half < kSize; half *= 2) {
    int stride = kSize / 2 / half;
    for (int from = 0; from < kSize; from += 2 * half) {
      for (int i = 0; i < half; i++) {
        int a = from + i, b = a + half;
        double root_re = cosine[i * stride], root_im = direction * sine[i * stride];
        double x = re[b] * root_re - im[b] * root_im, y = re[b] * root_im + im[b] * root_re;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  uint32_t seed = 5;
  make_roots();
  for (int i = 0; i < kSize; i++) samples[i] = (float)(int32_t)next_random(&seed) / 1e6f;
  for (uint32_t round = 0; round < rounds; round++) {
    for (int i = 0; i < kSize; i++) {
      re[i] = samples[i];
      im[i] = 0;
    }
    transform(1);
    for (int i = 0; i < kSize; i++) re[i] *= 1.0 / kSize, im[i] *= 1.0 / kSize;
    transform(-1);
    for (int i = 0; i < kSize; i++) samples[i] = (float)re[i] * 0.999f + (float)(i % 7);
  }
  for (int i = 0; i < kSize; i++) {
    uint32_t bits;
    __builtin_memcpy(&bits, &samples[i], sizeof bits);
    sum = mix(sum, bits);
  }
  return sum;
}
