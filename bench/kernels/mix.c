// A mix in the manner of CoreMark, written for this project: linked-list work, small integer matrices, a state machine over
// text that scans numbers, and a CRC over all results. No code of CoreMark is in it and its numbers are not CoreMark numbers.
#include "kernel.h"

enum { kItems = 400, kSide = 12, kText = 600 };

struct item {
  struct item* next;
  int16_t value;
  int16_t index;
};

static struct item items[kItems];
static int16_t matrix_a[kSide][kSide], matrix_b[kSide][kSide];
static int32_t matrix_c[kSide][kSide];
static char text[kText];

static uint16_t crc16(uint16_t crc, uint32_t value) {
  for (int i = 0; i < 32; i++) {
    uint16_t carry = (crc ^ value) & 1;
    crc >>= 1;
    value >>= 1;
    if (carry) crc ^= 0xa001;
  }
  return crc;
}

static struct item* make_list(uint32_t seed) {
  for (int i = 0; i < kItems; i++) {
    items[i].value = (int16_t)next_random(&seed);
    items[i].index = (int16_t)i;
    items[i].next = i + 1 < kItems ? &items[i + 1] : 0;
  }
  return items;
}

static struct item* reverse(struct item* list) {
  struct item* done = 0;
  while (list) {
    struct item* next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static struct item* find(struct item* list, int16_t low) {
  while (list && (list->value & 0xff) != low) list = list->next;
  return list;
}

typedef int (*item_order)(const struct item*, const struct item*);
static int by_value(const struct item* a, const struct item* b) { return a->value - b->value; }
static int by_index(const struct item* a, const struct item* b) { return a->index - b->index; }

// Bottom-up merge sort of a linked list.
static struct item* sort(struct item* list, item_order order) {
  for (int size = 1;; size *= 2) {
    struct item *from = list, *tail = 0;
    int merges = 0;
    list = 0;
    while (from) {
      struct item* other = from;
      int left = 0, right = size;
      merges++;
      while (left < size && other) other = other->next, left++;
      while (left > 0 || (right > 0 && other)) {
        struct item* taken;
        if (left > 0 && (right == 0 || !other || order(from, other) <= 0)) taken = from, from = from->next, left--;
        else taken = other, other = other->next, right--;
        if (tail) tail->next = taken;
        else list = taken;
        tail = taken;
      }
      from = other;
    }
    tail->next = 0;
    if (merges <= 1) return list;
  }
}

static uint16_t list_work(uint16_t crc, uint32_t seed) {
  struct item* list = make_list(seed);
  for (int16_t low = 0; low < 24; low++) {
    struct item* found = find(list, low);
    list = reverse(list);
    crc = crc16(crc, found ? (uint32_t)found->index : 0xffff);
  }
  list = sort(list, by_value);
  crc = crc16(crc, (uint32_t)list->index);
  list = sort(list, by_index);
  return crc16(crc, (uint32_t)list->value);
}

static uint16_t matrix_work(uint16_t crc, uint32_t seed) {
  for (int i = 0; i < kSide * kSide; i++) {
    matrix_a[0][i] = (int16_t)(next_random(&seed) & 0x3ff);
    matrix_b[0][i] = (int16_t)(next_random(&seed) & 0x3ff);
  }
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) {
      int32_t sum = 0;
      for (int k = 0; k < kSide; k++) sum += matrix_a[i][k] * matrix_b[k][j];
      matrix_c[i][j] = sum;
    }
  }
  int32_t last = 0, total = 0;
  for (int i = 0; i < kSide * kSide; i++) {
    int32_t bits = ((matrix_c[0][i] >> 2) & 0xf) * ((matrix_c[0][i] >> 5) & 0x7f);
    total += matrix_c[0][i] > last ? 10 : bits;
    last = matrix_c[0][i];
  }
  return crc16(crc, (uint32_t)total);
}

enum state { kStart, kSign, kInteger, kPoint, kFraction, kExponent, kScientific, kBad, kStates };

static enum state step(enum state state, char c) {
  int digit = c >= '0' && c <= '9';
  switch (state) {
    case kStart: return digit ? kInteger : c == '+' || c == '-' ? kSign : c == '.' ? kPoint : kBad;
    case kSign: return digit ? kInteger : c == '.' ? kPoint : kBad;
    case kInteger: return digit ? kInteger : c == '.' ? kFraction : c == 'e' ? kExponent : kBad;
    case kPoint: return digit ? kFraction : kBad;
    case kFraction: return digit ? kFraction : c == 'e' ? kExponent : kBad;
    case kExponent: return digit || c == '-' || c == '+' ? kScientific : kBad;
    case kScientific: return digit ? kScientific : kBad;
    default: return kBad;
  }
}

static uint16_t state_work(uint16_t crc, uint32_t seed) {
  static const char letters[] = "0123456789012345+-.e,,,x";
  uint32_t counts[kStates] = {0};
  for (int i = 0; i < kText; i++) text[i] = letters[next_random(&seed) % (sizeof letters - 1)];
  enum state state = kStart;
  for (int i = 0; i < kText; i++) {
    if (text[i] == ',') {
      counts[state]++;
      state = kStart;
    } else {
      state = step(state, text[i]);
    }
  }
  for (int i = 0; i < kStates; i++) crc = crc16(crc, counts[i]);
  return crc;
}

uint64_t kernel(uint32_t rounds) {
  uint16_t crc = 0xffff;
  for (uint32_t i = 0; i < rounds; i++) {
    crc = list_work(crc, i + 1);
    crc = matrix_work(crc, i + 77);
    crc = state_work(crc, i + 1234);
  }
  return mix(1, crc);
}
