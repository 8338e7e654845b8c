// Pictures: a 3 × 3 blur of 8-bit pixels, a threshold against the mean, and how far two pictures are apart. Plain
// loops, which a compiler turns into vectors.
#include "simd.h"

enum { kWidth = 256, kHeight = 96 };
static uint8_t picture[kHeight][kWidth], blurred[kHeight][kWidth];
static uint16_t sums[kWidth];

static void blur(void) {
  for (int y = 1; y < kHeight - 1; y++) {
    const uint8_t *above = picture[y - 1], *row = picture[y], *below = picture[y + 1];
    for (int x = 0; x < kWidth; x++) sums[x] = (uint16_t)(above[x] + 2 * row[x] + below[x]);
    for (int x = 1; x < kWidth - 1; x++) blurred[y][x] = (uint8_t)((sums[x - 1] + 2 * sums[x] + sums[x + 1]) >> 4);
  }
}

static uint32_t apart(void) {
  uint32_t total = 0;
  for (int y = 0; y < kHeight; y++) {
    for (int x = 0; x < kWidth; x++) {
      int difference = picture[y][x] - blurred[y][x];
      total += (uint32_t)(difference < 0 ? -difference : difference);
    }
  }
  return total;
}

static void brighten(uint8_t least) {
  for (int y = 0; y < kHeight; y++) {
    for (int x = 0; x < kWidth; x++) {
      uint8_t pixel = blurred[y][x];
      picture[y][x] = pixel > least ? (uint8_t)(pixel - least) : (uint8_t)(pixel + 255 - least);
    }
  }
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  uint32_t seed = 3;
  for (int i = 0; i < kWidth * kHeight; i++) picture[i / kWidth][i % kWidth] = (uint8_t)next_random(&seed);
  for (uint32_t round = 0; round < rounds; round++) {
    blur();
    sum = mix(sum, apart());
    brighten((uint8_t)(round * 37));
  }
  return sum;
}
