// Integers and comparisons: how many insertions, removals and replacements make one word another, by dynamic
// programming, and the longest common subsequence of the two.
#include "kernel.h"

enum { kLength = 300 };
static uint8_t one[kLength], two[kLength];
static int32_t line[kLength + 1];
static uint16_t table[kLength + 1][kLength + 1];

static int32_t least(int32_t a, int32_t b, int32_t c) {
  int32_t smaller = a < b ? a : b;
  return smaller < c ? smaller : c;
}

static int32_t distance(void) {
  for (int32_t i = 0; i <= kLength; i++) line[i] = i;
  for (int32_t i = 0; i < kLength; i++) {
    int32_t diagonal = line[0];
    line[0] = i + 1;
    for (int32_t j = 0; j < kLength; j++) {
      int32_t above = line[j + 1];
      line[j + 1] = least(above + 1, line[j] + 1, diagonal + (one[i] != two[j]));
      diagonal = above;
    }
  }
  return line[kLength];
}

static int32_t common(void) {
  for (int i = 0; i < kLength; i++) {
    for (int j = 0; j < kLength; j++) {
      if (one[i] == two[j])
        table[i + 1][j + 1] = (uint16_t)(table[i][j] + 1);
      else
        table[i + 1][j + 1] = table[i][j + 1] > table[i + 1][j] ? table[i][j + 1] : table[i + 1][j];
    }
  }
  return table[kLength][kLength];
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  uint32_t seed = 99;
  for (uint32_t round = 0; round < rounds; round++) {
    for (int i = 0; i < kLength; i++) {
      one[i] = (uint8_t)(next_random(&seed) % 6);
      two[i] = next_random(&seed) % 3 ? one[i] : (uint8_t)(next_random(&seed) % 6);
    }
    sum = mix(sum, (uint64_t)distance());
    sum = mix(sum, (uint64_t)common());
  }
  return sum;
}
