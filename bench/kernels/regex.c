// Branches: regular expressions, matched by backtracking over their text: literals, '.', classes, '*', '+', '?', '^',
// '$'.
#include "kernel.h"

enum { kText = 4096, kPatterns = 8 };
static char text[kText + 1];

static const char* const patterns[kPatterns] = {
    "[a-c]+x*d", "^e.*f$", "a.?b.?c", "[^aeiou ]+e[mn]", "(none)", "c*a*b+ d", "[a-h][a-h]*h e", "f[ea]*d?c+ ",
};

struct item {
  const char* begin;  // of the character or class
  const char* after;  // what follows it and its repetition
  char repeat;        // '*', '+', '?' or 0
};

static struct item read_item(const char* pattern) {
  const char* at = pattern + 1;
  if (*pattern == '[') {
    while (*at != ']') at++;
    at++;
  }
  char repeat = *at == '*' || *at == '+' || *at == '?' ? *at : 0;
  return (struct item){pattern, repeat ? at + 1 : at, repeat};
}

static int accepts(const char* item, char c) {
  if (!c || c == '\n') return 0;
  if (*item == '.') return 1;
  if (*item != '[') return *item == c;
  int inverted = item[1] == '^', found = 0;
  for (const char* at = item + 1 + inverted; *at != ']'; at++) {
    if (at[1] == '-' && at[2] != ']') {
      found |= c >= at[0] && c <= at[2];
      at += 2;
    } else {
      found |= c == *at;
    }
  }
  return found != inverted;
}

// Where the match of `pattern` that begins at `at` ends, or null.
static const char* match(const char* pattern, const char* at) {
  while (*pattern) {
    if (*pattern == '$' && !pattern[1]) return *at == '\n' || !*at ? at : 0;
    struct item item = read_item(pattern);
    if (item.repeat) {
      int most = item.repeat == '?' ? 1 : kText, count = 0;
      while (count < most && accepts(item.begin, at[count])) count++;
      for (; count >= (item.repeat == '+'); count--) {
        const char* end = match(item.after, at + count);
        if (end) return end;
      }
      return 0;
    }
    if (!accepts(item.begin, *at)) return 0;
    at++;
    pattern = item.after;
  }
  return at;
}

static uint64_t search(const char* pattern) {
  uint64_t found = 0;
  int anchored = *pattern == '^';
  for (const char* at = text; *at;) {
    const char* end = !anchored || at == text || at[-1] == '\n' ? match(pattern + anchored, at) : 0;
    if (end) found = mix(found, (uint64_t)(at - text) << 16 | (uint64_t)(end - at));
    at = end && end > at ? end : at + 1;
  }
  return found;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  uint32_t seed = 4;
  for (uint32_t round = 0; round < rounds; round++) {
    for (int i = 0; i < kText; i++) {
      uint32_t r = next_random(&seed);
      text[i] = r % 61 == 0 ? '\n' : r % 7 == 0 ? ' ' : (char)('a' + (r >> 8) % 14);
    }
    for (int i = 0; i < kPatterns; i++) sum = mix(sum, search(patterns[i]));
  }
  return sum;
}
