// Base64 of a block of bytes: bytes moved and bits shifted about. With vectors 12 bytes become 16 characters at once.
#include "simd.h"

enum { kBytes = 12 * 1024 };
static uint8_t input[kBytes + 16];
static uint8_t output[kBytes / 3 * 4];

#ifdef __wasm_simd128__

// The character of each of 16 numbers below 64: ranges told apart by saturating arithmetic choose what is added.
static v128_t characters(v128_t numbers) {
  v128_t range = wasm_u8x16_sub_sat(numbers, wasm_u8x16_const_splat(51));
  range = wasm_v128_or(range,
                       wasm_v128_and(wasm_u8x16_lt(numbers, wasm_u8x16_const_splat(26)), wasm_u8x16_const_splat(13)));
  v128_t offsets = wasm_i8x16_const('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                    '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
  return wasm_i8x16_add(numbers, wasm_i8x16_swizzle(offsets, range));
}

static void encode(void) {
  for (int i = 0, o = 0; i < kBytes; i += 12, o += 16) {
    v128_t bytes = wasm_v128_load(input + i);
    // Each group of three bytes b0 b1 b2 as b1 b0 b2 b1, so that all four numbers are bits of a 32-bit lane.
    v128_t groups = wasm_i8x16_shuffle(bytes, bytes, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    v128_t first = wasm_v128_and(wasm_u16x8_shr(groups, 10), wasm_i32x4_const_splat(0x0000003f));
    v128_t second = wasm_v128_and(wasm_i16x8_shl(groups, 4), wasm_i32x4_const_splat(0x00003f00));
    v128_t third = wasm_v128_and(wasm_u16x8_shr(groups, 6), wasm_i32x4_const_splat(0x003f0000));
    v128_t fourth = wasm_v128_and(wasm_i16x8_shl(groups, 8), wasm_i32x4_const_splat(0x3f000000));
    v128_t numbers = wasm_v128_or(wasm_v128_or(first, second), wasm_v128_or(third, fourth));
    wasm_v128_store(output + o, characters(numbers));
  }
}

#else

static const uint8_t alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(void) {
  for (int i = 0, o = 0; i < kBytes; i += 3, o += 4) {
    uint32_t group = (uint32_t)input[i] << 16 | (uint32_t)input[i + 1] << 8 | input[i + 2];
    output[o] = alphabet[group >> 18];
    output[o + 1] = alphabet[group >> 12 & 63];
    output[o + 2] = alphabet[group >> 6 & 63];
    output[o + 3] = alphabet[group & 63];
  }
}

#endif

uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 7;
  uint64_t sum = 0;
  for (int i = 0; i < kBytes; i++) input[i] = (uint8_t)next_random(&seed);
  for (uint32_t round = 0; round < rounds; round++) {
    encode();
    input[round % kBytes] = output[round % sizeof output];
  }
  for (size_t i = 0; i < sizeof output; i++) sum = mix(sum, output[i]);
  return sum;
}
