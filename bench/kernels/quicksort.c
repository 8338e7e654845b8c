// Indirect calls: quicksort of records through a comparison function that the compiler cannot see.
#include "kernel.h"

enum { kCount = 20000 };
struct record {
  uint32_t key;
  uint32_t payload;
};
static struct record records[kCount];

typedef int (*comparison)(const struct record*, const struct record*);
static int ascending(const struct record* a, const struct record* b) { return (a->key > b->key) - (a->key < b->key); }
static int by_payload(const struct record* a, const struct record* b) {
  return (a->payload > b->payload) - (a->payload < b->payload);
}
static comparison volatile comparisons[2] = {ascending, by_payload};

static void swap(struct record* a, struct record* b) {
  struct record t = *a;
  *a = *b;
  *b = t;
}

static void quicksort(struct record* from, int count, comparison compare) {
  while (count > 1) {
    struct record pivot = from[count / 2];
    int i = 0, j = count - 1;
    while (i <= j) {
      while (compare(&from[i], &pivot) < 0) i++;
      while (compare(&from[j], &pivot) > 0) j--;
      if (i <= j) swap(&from[i++], &from[j--]);
    }
    quicksort(from, j + 1, compare);
    from += i;
    count -= i;
  }
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    uint32_t seed = round + 1;
    for (int i = 0; i < kCount; i++) records[i] = (struct record){next_random(&seed), next_random(&seed)};
    quicksort(records, kCount, comparisons[round & 1]);
    for (int i = 0; i < kCount; i += 97) sum = mix(sum, records[i].key);
  }
  return sum;
}
