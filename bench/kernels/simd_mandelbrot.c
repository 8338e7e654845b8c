// The Mandelbrot set in f32; with vectors four points at once, until all have left.
#include "simd.h"

enum { kWidth = 128, kHeight = 96, kSteps = 100 };

#ifdef __wasm_simd128__

// Steps of the points (x + 0..3 * dx, y), as the sum of their squares shows.
static uint64_t row_of_4(float x, float dx, float y, uint64_t sum) {
  v128_t cx = wasm_f32x4_add(wasm_f32x4_splat(x), wasm_f32x4_mul(wasm_f32x4_const(0, 1, 2, 3), wasm_f32x4_splat(dx)));
  v128_t cy = wasm_f32x4_splat(y);
  v128_t zx = wasm_f32x4_const_splat(0), zy = zx, steps = zx;
  for (int i = 0; i < kSteps; i++) {
    v128_t xx = wasm_f32x4_mul(zx, zx), yy = wasm_f32x4_mul(zy, zy);
    v128_t inside = wasm_f32x4_le(wasm_f32x4_add(xx, yy), wasm_f32x4_const_splat(4));
    if (!wasm_v128_any_true(inside)) break;
    steps = wasm_i32x4_sub(steps, inside);
    v128_t xy = wasm_f32x4_mul(zx, zy);
    zx = wasm_f32x4_add(wasm_f32x4_sub(xx, yy), cx);
    zy = wasm_f32x4_add(wasm_f32x4_add(xy, xy), cy);
  }
  sum = mix(sum, (uint64_t)wasm_i32x4_extract_lane(steps, 0));
  sum = mix(sum, (uint64_t)wasm_i32x4_extract_lane(steps, 1));
  sum = mix(sum, (uint64_t)wasm_i32x4_extract_lane(steps, 2));
  return mix(sum, (uint64_t)wasm_i32x4_extract_lane(steps, 3));
}

#else

static uint64_t row_of_4(float x, float dx, float y, uint64_t sum) {
  for (int k = 0; k < 4; k++) {
    float cx = x + (float)k * dx;
    float zx = 0, zy = 0;
    int steps = 0;
    while (steps < kSteps) {
      float xx = zx * zx, yy = zy * zy;
      if (!(xx + yy <= 4)) break;
      steps++;
      float xy = zx * zy;
      zx = xx - yy + cx;
      zy = xy + xy + y;
    }
    sum = mix(sum, (uint64_t)steps);
  }
  return sum;
}

#endif

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    float dx = 3.0f / kWidth, dy = 2.0f / kHeight, shift = (float)round * 0.001f;
    for (int j = 0; j < kHeight; j++) {
      for (int i = 0; i < kWidth; i += 4) sum = row_of_4(-2.0f + shift + (float)i * dx, dx, -1.0f + (float)j * dy, sum);
    }
  }
  return sum;
}
