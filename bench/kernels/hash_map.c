// Memory at random: a hash table with open addressing that grows, of 64-bit keys; insertion, search, removal.
#include "kernel.h"

enum { kMost = 1 << 16 };
struct entry {
  uint64_t key;  // 0: free, 1: removed
  uint64_t value;
};
static struct entry places[2][kMost];
static int which;
static uint32_t size, used;

static uint64_t hash_of(uint64_t key) {
  key ^= key >> 33;
  key *= 0xff51afd7ed558ccdull;
  key ^= key >> 33;
  key *= 0xc4ceb9fe1a85ec53ull;
  return key ^ key >> 33;
}

static struct entry* find(uint64_t key) {
  struct entry* table = places[which];
  uint32_t at = (uint32_t)hash_of(key) & (size - 1);
  while (table[at].key && table[at].key != key) at = (at + 1) & (size - 1);
  return &table[at];
}

static void rebuild(uint32_t wanted) {
  struct entry* old = places[which];
  uint32_t old_size = size;
  which ^= 1;
  size = wanted;
  used = 0;
  for (uint32_t i = 0; i < size; i++) places[which][i] = (struct entry){0, 0};
  for (uint32_t i = 0; i < old_size; i++) {
    if (old[i].key < 2) continue;
    *find(old[i].key) = old[i];
    used++;
  }
}

static void add(uint64_t key, uint64_t value) {
  struct entry* entry = find(key);
  if (!entry->key) {
    if ((used + 1) * 3 > size * 2) {
      rebuild(size < kMost ? size * 2 : size);
      entry = find(key);
    }
    used++;
    entry->key = key;
  }
  entry->value += value;
}

static void removed(uint64_t key) {
  struct entry* entry = find(key);
  if (entry->key) entry->key = 1;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    uint32_t seed = round + 31;
    size = 0;
    rebuild(16);
    for (int i = 0; i < 24000; i++) add(next_random(&seed) % 30000 + 2, (uint64_t)i);
    for (int i = 0; i < 6000; i++) removed(next_random(&seed) % 30000 + 2);
    uint64_t found = 0, total = 0;
    for (int i = 0; i < 30000; i++) {
      const struct entry* entry = find((uint64_t)i + 2);
      found += entry->key != 0;
      total += entry->value;
    }
    sum = mix(mix(sum, found), total);
  }
  return sum;
}
