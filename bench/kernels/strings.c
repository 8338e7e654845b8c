// Text: building lines, lower case, words and their counts in a hash table, searching, numbers to text and back.
#include "kernel.h"

enum { kText = 8192, kBuckets = 1024 };
static char text[kText], lower[kText];
static struct {
  uint32_t hash;
  uint32_t count;
} table[kBuckets];

static const char* const words[16] = {"The",   "quick", "Brown", "fox",    "jumps", "over",  "A",     "lazy",
                                      "dog",   "while", "Plug",  "plugin", "runs",  "under", "limit", "Overlong"};

static uint32_t append(char* to, uint32_t at, const char* s) {
  while (*s && at < kText - 24) to[at++] = *s++;
  return at;
}

static uint32_t append_number(char* to, uint32_t at, uint32_t n) {
  char digits[10];
  int count = 0;
  do digits[count++] = (char)('0' + n % 10);
  while ((n /= 10) != 0);
  while (count > 0) to[at++] = digits[--count];
  return at;
}

static uint32_t build(uint32_t seed) {
  uint32_t at = 0;
  while (at < kText - 32) {
    uint32_t r = next_random(&seed);
    at = append(text, at, words[r & 15]);
    if ((r & 0x70) == 0) at = append_number(text, at, r >> 12);
    text[at++] = (r & 0x700) == 0 ? '\n' : ' ';
  }
  return at;
}

static void to_lower(uint32_t size) {
  for (uint32_t i = 0; i < size; i++) {
    char c = text[i];
    lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
  }
}

static void count_word(uint32_t hash) {
  uint32_t at = hash % kBuckets;
  for (int probes = 0; probes < 32 && table[at].count && table[at].hash != hash; probes++) at = (at + 1) % kBuckets;
  table[at].hash = hash;
  table[at].count++;
}

static uint32_t count_words(uint32_t size) {
  uint32_t hash = 2166136261u, numbers = 0, number = 0;
  for (uint32_t i = 0; i < size; i++) {
    char c = lower[i];
    if (c == ' ' || c == '\n') {
      count_word(hash);
      numbers += number;
      hash = 2166136261u;
      number = 0;
    } else {
      hash = (hash ^ (uint8_t)c) * 16777619u;
      if (c >= '0' && c <= '9') number = number * 10 + (uint32_t)(c - '0');
    }
  }
  return numbers;
}

static uint32_t occurrences(const char* needle, uint32_t size) {
  uint32_t count = 0, length = 0;
  while (needle[length]) length++;
  for (uint32_t i = 0; i + length <= size; i++) {
    uint32_t j = 0;
    while (j < length && lower[i + j] == needle[j]) j++;
    count += j == length;
  }
  return count;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    uint32_t size = build(round + 1);
    to_lower(size);
    sum = mix(sum, count_words(size));
    sum = mix(sum, occurrences("plug", size) * 65536 + occurrences("over ", size));
  }
  for (int i = 0; i < kBuckets; i++) sum = mix(sum, table[i].count);
  return sum;
}
