// Floating point with a branch that ends each loop: the Mandelbrot set with doubles, and how smooth its edge is.
#include "kernel.h"

enum { kSide = 64, kLimit = 200 };

static int steps(double x, double y) {
  double re = 0, im = 0, re2 = 0, im2 = 0;
  int count = 0;
  while (count < kLimit && re2 + im2 <= 4.0) {
    im = 2 * re * im + y;
    re = re2 - im2 + x;
    re2 = re * re;
    im2 = im * im;
    count++;
  }
  return count;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    double width = 3.0 / (1 + round % 8);
    for (int row = 0; row < kSide; row++) {
      uint32_t line = 0;
      for (int column = 0; column < kSide; column++) {
        line =
            line * 31 + (uint32_t)steps(-0.7 + width * (column - kSide / 2) / kSide, width * (row - kSide / 2) / kSide);
      }
      sum = mix(sum, line);
    }
  }
  return sum;
}
