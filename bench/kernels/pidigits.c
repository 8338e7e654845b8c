// Big integers: digits of pi by the spigot of Gibbons, with numbers of 32-bit limbs.
#include "kernel.h"

enum { kLimbs = 400 };
struct big {
  uint32_t size;
  uint32_t limb[kLimbs];
};

static void trim(struct big* n) {
  while (n->size > 0 && n->limb[n->size - 1] == 0) n->size--;
}

static void set(struct big* n, uint32_t value) {
  n->size = 1;
  n->limb[0] = value;
  trim(n);
}

// n * factor.
static void multiply(struct big* n, uint32_t factor) {
  uint64_t carry = 0;
  for (uint32_t i = 0; i < n->size; i++) {
    carry += (uint64_t)n->limb[i] * factor;
    n->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) n->limb[n->size++] = (uint32_t)carry;
  trim(n);
}

// a + b * factor, into a.
static void add_product(struct big* a, const struct big* b, uint32_t factor) {
  uint64_t carry = 0;
  uint32_t i = 0;
  for (; i < b->size || carry; i++) {
    carry += (i < a->size ? a->limb[i] : 0);
    carry += i < b->size ? (uint64_t)b->limb[i] * factor : 0;
    a->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (i > a->size) a->size = i;
  trim(a);
}

// a - b * factor, into a; the result is not negative.
static void subtract_product(struct big* a, const struct big* b, uint32_t factor) {
  uint64_t borrow = 0;
  for (uint32_t i = 0; i < a->size; i++) {
    borrow += i < b->size ? (uint64_t)b->limb[i] * factor : 0;
    uint32_t low = (uint32_t)borrow;
    borrow = (borrow >> 32) + (a->limb[i] < low);
    a->limb[i] -= low;
  }
  trim(a);
}

static int compare(const struct big* a, const struct big* b) {
  if (a->size != b->size) return a->size < b->size ? -1 : 1;
  for (uint32_t i = a->size; i-- > 0;) {
    if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
  }
  return 0;
}

static struct big numerator, accumulated, denominator, scratch;

// The digit that (numerator * factor + accumulated) / denominator is, known to be at most 9.
static uint32_t digit(uint32_t factor) {
  scratch = accumulated;
  add_product(&scratch, &numerator, factor);
  uint32_t low = 0, high = 9;
  while (low < high) {
    uint32_t middle = (low + high + 1) / 2;
    struct big product;
    set(&product, 0);
    add_product(&product, &denominator, middle);
    if (compare(&product, &scratch) <= 0)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

static uint64_t digits(uint32_t wanted) {
  uint64_t sum = 0;
  set(&numerator, 1);
  set(&accumulated, 0);
  set(&denominator, 1);
  for (uint32_t k = 1, found = 0; found < wanted; k++) {
    add_product(&accumulated, &numerator, 2);
    multiply(&accumulated, 2 * k + 1);
    multiply(&denominator, 2 * k + 1);
    multiply(&numerator, k);
    if (compare(&numerator, &accumulated) > 0) continue;
    uint32_t next = digit(3);
    if (next != digit(4)) continue;
    sum = mix(sum, next);
    found++;
    subtract_product(&accumulated, &denominator, next);
    multiply(&accumulated, 10);
    multiply(&numerator, 10);
  }
  return sum;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) sum = mix(sum, digits(200 + round % 7));
  return sum;
}
