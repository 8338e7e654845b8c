// A stream cipher (ChaCha20, RFC 8439), four blocks at once: plain loops over lanes, which a compiler turns into
// vectors.
#include "simd.h"

enum { kLanes = 4, kBytes = 16 * 1024 };
static uint32_t text[kBytes / 4];

static inline void add(uint32_t* a, const uint32_t* b) {
  for (int i = 0; i < kLanes; i++) a[i] += b[i];
}
static inline void turn(uint32_t* a, const uint32_t* b, int bits) {
  for (int i = 0; i < kLanes; i++) {
    uint32_t x = a[i] ^ b[i];
    a[i] = x << bits | x >> (32 - bits);
  }
}

static inline void quarter(uint32_t state[16][kLanes], int a, int b, int c, int d) {
  add(state[a], state[b]), turn(state[d], state[a], 16);
  add(state[c], state[d]), turn(state[b], state[c], 12);
  add(state[a], state[b]), turn(state[d], state[a], 8);
  add(state[c], state[d]), turn(state[b], state[c], 7);
}

static void four_blocks(const uint32_t start[16], uint32_t counter, uint32_t* out) {
  uint32_t state[16][kLanes], first[16][kLanes];
  for (int word = 0; word < 16; word++) {
    for (int i = 0; i < kLanes; i++)
      first[word][i] = state[word][i] = start[word] + (word == 12 ? counter + (uint32_t)i : 0);
  }
  for (int round = 0; round < 10; round++) {
    quarter(state, 0, 4, 8, 12), quarter(state, 1, 5, 9, 13), quarter(state, 2, 6, 10, 14),
        quarter(state, 3, 7, 11, 15);
    quarter(state, 0, 5, 10, 15), quarter(state, 1, 6, 11, 12), quarter(state, 2, 7, 8, 13),
        quarter(state, 3, 4, 9, 14);
  }
  for (int word = 0; word < 16; word++) add(state[word], first[word]);
  for (int i = 0; i < kLanes; i++) {
    for (int word = 0; word < 16; word++) out[i * 16 + word] ^= state[word][i];
  }
}

uint64_t kernel(uint32_t rounds) {
  uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  uint32_t seed = 20;
  for (int i = 4; i < 16; i++) start[i] = next_random(&seed);
  for (uint32_t round = 0; round < rounds; round++) {
    for (uint32_t at = 0; at < kBytes / 64; at += kLanes) four_blocks(start, round + at, text + at * 16);
  }
  uint64_t sum = 0;
  for (int i = 0; i < kBytes / 4; i++) sum = mix(sum, text[i]);
  return sum;
}
