// Compression in the manner of LZ77: matches found through hash chains, written as bytes, and expanded again.
#include "kernel.h"

enum { kText = 1 << 15, kHashes = 1 << 12, kWindow = 1 << 14, kLeast = 4, kMost = 255 + kLeast, kTries = 16 };
static uint8_t text[kText], packed[kText * 9 / 8 + 16], again[kText];
static int32_t newest[kHashes], older[kWindow];

static void write_text(uint32_t seed) {
  uint32_t at = 0;
  while (at < kText) {
    uint32_t r = next_random(&seed);
    if (at > 64 && r % 4 == 0) {
      uint32_t from = (r >> 8) % (at - 32), count = 4 + (r >> 3) % 28;
      for (uint32_t i = 0; i < count && at < kText; i++) text[at++] = text[from + i];
    } else {
      text[at++] = (uint8_t)("etaoinshrdlu .\n,"[r >> 28]);
    }
  }
}

static uint32_t hash_at(uint32_t at) {
  uint32_t word = (uint32_t)text[at] | (uint32_t)text[at + 1] << 8 | (uint32_t)text[at + 2] << 16;
  return (word * 2654435761u) >> 20;
}

static void remember(uint32_t at) {
  if (at + 3 > kText) return;
  uint32_t hash = hash_at(at);
  older[at % kWindow] = newest[hash];
  newest[hash] = (int32_t)at;
}

// The longest match of what stands at `at`; its length, and where it began.
static uint32_t find_match(uint32_t at, uint32_t* from) {
  uint32_t best = 0;
  if (at + kLeast > kText) return 0;
  uint32_t limit = kText - at < kMost ? kText - at : kMost;
  int32_t candidate = newest[hash_at(at)];
  for (int tries = 0; tries < kTries && candidate >= 0 && at - (uint32_t)candidate < kWindow; tries++) {
    uint32_t length = 0;
    while (length < limit && text[(uint32_t)candidate + length] == text[at + length]) length++;
    if (length > best) {
      best = length;
      *from = (uint32_t)candidate;
    }
    candidate = older[(uint32_t)candidate % kWindow];
  }
  return best;
}

// A control byte stands before each eight items: a bit is set where the item is a match of three bytes.
static uint32_t compress(void) {
  for (int i = 0; i < kHashes; i++) newest[i] = -1;
  uint32_t to = 0, control = 0;
  int items = 8;
  for (uint32_t at = 0; at < kText;) {
    if (items == 8) {
      control = to++;
      packed[control] = 0;
      items = 0;
    }
    uint32_t from = 0, length = find_match(at, &from);
    if (length >= kLeast) {
      packed[control] |= (uint8_t)(1 << items);
      packed[to++] = (uint8_t)(at - from);
      packed[to++] = (uint8_t)((at - from) >> 8);
      packed[to++] = (uint8_t)(length - kLeast);
    } else {
      packed[to++] = text[at];
      length = 1;
    }
    for (uint32_t end = at + length; at < end; at++) remember(at);
    items++;
  }
  return to;
}

static uint32_t expand(uint32_t size) {
  uint32_t to = 0;
  for (uint32_t at = 0; at < size;) {
    uint32_t control = packed[at++];
    for (int i = 0; i < 8 && at < size; i++, control >>= 1) {
      if (control & 1) {
        uint32_t from = to - (packed[at] | (uint32_t)packed[at + 1] << 8), length = packed[at + 2] + kLeast;
        at += 3;
        while (length-- > 0) again[to++] = again[from++];
      } else {
        again[to++] = packed[at++];
      }
    }
  }
  return to;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    write_text(round + 77);
    uint32_t size = compress();
    sum = mix(sum, size);
    uint32_t wrong = expand(size) != kText;
    for (uint32_t i = 0; i < kText; i++) wrong += again[i] != text[i];
    for (uint32_t i = 0; i < size; i += 61) sum = mix(sum, packed[i]);
    if (wrong) return wrong;
  }
  return sum;
}
