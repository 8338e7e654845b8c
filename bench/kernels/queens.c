// Calls: how many ways eight to eleven queens stand on a board, by plain recursion with one call for each queen, and
// Takeuchi's function, which does nothing but call itself.
#include "kernel.h"

enum { kMost = 12 };
static uint8_t column_of[kMost];

// Not inlined: what is measured is the call.
__attribute__((noinline)) static int is_safe(int row, int column) {
  for (int other = 0; other < row; other++) {
    int there = column_of[other];
    if (there == column || there - column == row - other || column - there == row - other) return 0;
  }
  return 1;
}

__attribute__((noinline)) static uint32_t place(int row, int size) {
  if (row == size) return 1;
  uint32_t ways = 0;
  for (int column = 0; column < size; column++) {
    if (!is_safe(row, column)) continue;
    column_of[row] = (uint8_t)column;
    ways += place(row + 1, size);
  }
  return ways;
}

__attribute__((noinline)) static int tak(int x, int y, int z) {
  return y < x ? tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)) : z;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    sum = mix(sum, place(0, 6 + (int)(round % 3)));
    sum = mix(sum, (uint64_t)tak(12, 8, (int)(round % 4)));
  }
  return sum;
}
