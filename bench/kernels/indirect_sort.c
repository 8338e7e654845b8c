// Indirect calls: a merge sort and a heap sort of pointers, each comparison through one of four functions.
#include "kernel.h"

enum { kRecords = 3000 };

struct record {
  int32_t key;
  uint32_t weight;
  char name[8];
};
typedef int (*compare_function)(const struct record*, const struct record*);

static struct record records[kRecords];
static const struct record* order[kRecords];
static const struct record* spare[kRecords];

static int by_key(const struct record* a, const struct record* b) { return (a->key > b->key) - (a->key < b->key); }
static int by_weight(const struct record* a, const struct record* b) {
  return a->weight != b->weight ? (a->weight < b->weight ? -1 : 1) : by_key(a, b);
}
static int by_name(const struct record* a, const struct record* b) {
  for (int i = 0; i < 8; i++) {
    if (a->name[i] != b->name[i]) return a->name[i] - b->name[i];
  }
  return by_key(a, b);
}
static int backwards(const struct record* a, const struct record* b) { return by_weight(b, a); }

static const compare_function compares[4] = {by_key, by_weight, by_name, backwards};

static void merge_sort(const struct record** list, int count, compare_function compare) {
  if (count < 2) return;
  int half = count / 2;
  merge_sort(list, half, compare);
  merge_sort(list + half, count - half, compare);
  for (int i = 0; i < half; i++) spare[i] = list[i];
  int left = 0, right = half, to = 0;
  while (left < half && right < count) {
    list[to++] = compare(spare[left], list[right]) <= 0 ? spare[left++] : list[right++];
  }
  while (left < half) list[to++] = spare[left++];
}

static void sift_down(const struct record** heap, int at, int count, compare_function compare) {
  const struct record* moved = heap[at];
  for (int child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && compare(heap[child], heap[child + 1]) < 0) child++;
    if (compare(moved, heap[child]) >= 0) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

static void heap_sort(const struct record** list, int count, compare_function compare) {
  for (int at = count / 2 - 1; at >= 0; at--) sift_down(list, at, count, compare);
  for (int last = count - 1; last > 0; last--) {
    const struct record* greatest = list[0];
    list[0] = list[last];
    list[last] = greatest;
    sift_down(list, 0, last, compare);
  }
}

static void fill(uint32_t seed) {
  for (int i = 0; i < kRecords; i++) {
    records[i].key = (int32_t)next_random(&seed);
    records[i].weight = next_random(&seed) % 100;
    for (int j = 0; j < 8; j++) records[i].name[j] = (char)('a' + next_random(&seed) % 4);
    order[i] = &records[i];
  }
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  fill(2463534242u);
  for (uint32_t round = 0; round < rounds; round++) {
    compare_function compare = compares[round % 4];
    if (round % 2)
      heap_sort(order, kRecords, compare);
    else
      merge_sort(order, kRecords, compare);
    for (int i = 0; i < kRecords; i += 97) sum = mix(sum, (uint64_t)(uint32_t)order[i]->key);
  }
  return sum;
}
