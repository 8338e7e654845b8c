// Is a text valid UTF-8 (RFC 3629)? Without vectors byte by byte. With vectors 16 bytes at once, by the lookup method
// of Keiser and Lemire
// ("Validating UTF-8 in less than one instruction per byte"): each pair of neighbours is looked up by three half bytes
// in tables of what can be wrong, and what is wrong in all three is.
#include "simd.h"

enum { kBytes = 16 * 1024 };
static uint8_t text[kBytes];

// Mostly ASCII with longer sequences between, ends with a whole character.
static void write_text(uint32_t seed) {
  int at = 0;
  while (at < kBytes) {
    uint32_t r = next_random(&seed);
    uint32_t kind = r % 16;
    if (kind < 10 || at + 4 > kBytes) {
      text[at++] = (uint8_t)(' ' + r / 16 % 90);
    } else if (kind < 13) {
      text[at++] = (uint8_t)(0xc3 + r / 16 % 20);
      text[at++] = (uint8_t)(0x80 + r / 512 % 64);
    } else if (kind < 15) {
      text[at++] = (uint8_t)(0xe1 + r / 16 % 8);
      text[at++] = (uint8_t)(0x80 + r / 512 % 64);
      text[at++] = (uint8_t)(0x80 + r / 65536 % 64);
    } else {
      text[at++] = 0xf0;
      text[at++] = (uint8_t)(0x90 + r / 16 % 32);
      text[at++] = (uint8_t)(0x80 + r / 512 % 64);
      text[at++] = (uint8_t)(0x80 + r / 65536 % 64);
    }
  }
}

#ifdef __wasm_simd128__

enum {
  kTooShort = 1 << 0,
  kTooLong = 1 << 1,
  kOverlong3 = 1 << 2,
  kTooLarge = 1 << 3,
  kSurrogate = 1 << 4,
  kOverlong2 = 1 << 5,
  kTooLarge1000 = 1 << 6,
  kOverlong4 = 1 << 6,
  kTwoContinuations = 1 << 7,
  kCarry = kTooShort | kTooLong | kTwoContinuations,
};

static v128_t wrong_pairs(v128_t bytes, v128_t before) {
  const v128_t by_high = wasm_u8x16_const(
      kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTwoContinuations,
      kTwoContinuations, kTwoContinuations, kTwoContinuations, kTooShort | kOverlong2, kTooShort,
      kTooShort | kOverlong3 | kSurrogate, kTooShort | kTooLarge | kTooLarge1000 | kOverlong4);
  const v128_t by_low = wasm_u8x16_const(
      kCarry | kOverlong3 | kOverlong2 | kOverlong4, kCarry | kOverlong2, kCarry, kCarry, kCarry | kTooLarge,
      kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000,
      kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000,
      kCarry | kTooLarge | kTooLarge1000, kCarry | kTooLarge | kTooLarge1000,
      kCarry | kTooLarge | kTooLarge1000 | kSurrogate, kCarry | kTooLarge | kTooLarge1000,
      kCarry | kTooLarge | kTooLarge1000);
  const v128_t by_next = wasm_u8x16_const(
      kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort,
      kTooLong | kOverlong2 | kTwoContinuations | kOverlong3 | kTooLarge1000 | kOverlong4,
      kTooLong | kOverlong2 | kTwoContinuations | kOverlong3 | kTooLarge,
      kTooLong | kOverlong2 | kTwoContinuations | kSurrogate | kTooLarge,
      kTooLong | kOverlong2 | kTwoContinuations | kSurrogate | kTooLarge, kTooShort, kTooShort, kTooShort, kTooShort);
  return wasm_v128_and(wasm_v128_and(wasm_i8x16_swizzle(by_high, wasm_u8x16_shr(before, 4)),
                                     wasm_i8x16_swizzle(by_low, wasm_v128_and(before, wasm_u8x16_const_splat(15)))),
                       wasm_i8x16_swizzle(by_next, wasm_u8x16_shr(bytes, 4)));
}

static int is_valid(void) {
  v128_t last = wasm_i8x16_const_splat(0), wrong = last;
  for (int i = 0; i < kBytes; i += 16) {
    v128_t bytes = wasm_v128_load(text + i);
    v128_t one = wasm_i8x16_shuffle(last, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    v128_t two = wasm_i8x16_shuffle(last, bytes, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
    v128_t three = wasm_i8x16_shuffle(last, bytes, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
    // A third or fourth byte must be a continuation, and is the one place where two in a row are right.
    v128_t needed = wasm_v128_or(wasm_u8x16_sub_sat(two, wasm_u8x16_const_splat(0xe0 - 0x80)),
                                 wasm_u8x16_sub_sat(three, wasm_u8x16_const_splat(0xf0 - 0x80)));
    needed = wasm_v128_and(needed, wasm_u8x16_const_splat(0x80));
    wrong = wasm_v128_or(wrong, wasm_v128_xor(needed, wrong_pairs(bytes, one)));
    last = bytes;
  }
  // The text must not end inside a sequence.
  const v128_t most =
      wasm_u8x16_const(255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0xf0 - 1, 0xe0 - 1, 0xc0 - 1);
  return !wasm_v128_any_true(wasm_v128_or(wrong, wasm_u8x16_sub_sat(last, most)));
}

#else

static int is_valid(void) {
  for (int i = 0; i < kBytes;) {
    uint8_t first = text[i++];
    if (first < 0x80) continue;
    int more = first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (more < 0 || more > kBytes - i) return 0;
    uint8_t second = text[i];
    if (second < (first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80)) return 0;
    if (second > (first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf)) return 0;
    for (int k = 1; k < more; k++) {
      if ((text[i + k] & 0xc0) != 0x80) return 0;
    }
    i += more;
  }
  return 1;
}

#endif

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  write_text(3);
  for (uint32_t i = 0; i < rounds; i++) {
    // Now and then one bit is wrong.
    uint32_t at = i * 7919u % kBytes;
    uint8_t kept = text[at];
    if (i % 4 == 3) text[at] ^= 0x80;
    sum = mix(sum, (uint64_t)is_valid());
    text[at] = kept;
  }
  return sum;
}
