// Integers in small arrays: how often the first elements of a permutation can be turned round, for all permutations.
#include "kernel.h"

enum { kSize = 8 };

static uint32_t flips(const uint8_t* permutation) {
  uint8_t turned[kSize];
  uint32_t count = 0;
  for (int i = 0; i < kSize; i++) turned[i] = permutation[i];
  for (int first; (first = turned[0]) != 0; count++) {
    for (int low = 0, high = first; low < high; low++, high--) {
      uint8_t t = turned[low];
      turned[low] = turned[high];
      turned[high] = t;
    }
  }
  return count;
}

static uint64_t all_permutations(uint32_t start) {
  uint8_t permutation[kSize], count[kSize];
  uint32_t most = 0, checksum = 0, sign = 0;
  for (int i = 0; i < kSize; i++) permutation[i] = (uint8_t)((i + start) % kSize);
  int level = kSize;
  for (;;) {
    for (; level > 1; level--) count[level - 1] = (uint8_t)level;
    uint32_t turns = flips(permutation);
    most = turns > most ? turns : most;
    checksum += sign ? 0u - turns : turns;
    sign ^= 1;
    for (;;) {
      if (level == kSize) return (uint64_t)most << 32 | checksum;
      uint8_t first = permutation[0];
      for (int i = 0; i < level; i++) permutation[i] = permutation[i + 1];
      permutation[level] = first;
      if (--count[level] > 0) break;
      level++;
    }
  }
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) sum = mix(sum, all_permutations(round % kSize));
  return sum;
}
