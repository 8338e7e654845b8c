/* memcmp and memchr a word at a time. Those of wasi-libc go byte by byte, which an interpreter makes slow, and comparing
   keys is a fifth of what a plugin does with a record. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static uint64_t load(const unsigned char* at) {
  uint64_t word;
  __builtin_memcpy_inline(&word, at, sizeof word);
  return word;
}

int memcmp(const void* left, const void* right, size_t size) {
  const unsigned char* a = left;
  const unsigned char* b = right;
  for (; size >= 8 && load(a) == load(b); size -= 8) {
    a += 8;
    b += 8;
  }
  for (; size > 0; --size, ++a, ++b) {
    if (*a != *b) {
      return *a - *b;
    }
  }
  return 0;
}

void* memchr(const void* text, int c, size_t size) {
  const uint64_t each_byte = 0x0101010101010101;
  const unsigned char wanted = (unsigned char)c;
  const unsigned char* at = text;
  for (; size >= 8; size -= 8, at += 8) {
    const uint64_t word = load(at) ^ each_byte * wanted; /* the byte that is looked for is 0 now */
    if (((word - each_byte) & ~word & each_byte * 0x80) != 0) {
      break;
    }
  }
  for (; size > 0; --size, ++at) {
    if (*at == wanted) {
      return (void*)at;
    }
  }
  return NULL;
}
