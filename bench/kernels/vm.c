// An interpreter inside the interpreter: a register machine with a switch for dispatch, which becomes br_table.
#include "kernel.h"

enum op { kLoad, kAdd, kSub, kMul, kXor, kShift, kLess, kJump, kJumpIf, kStore, kFetch, kHalt };
struct instruction {
  uint8_t op, a, b, c;
};

// Collatz step counts of 1..limit, their maximum and a hash of all, kept in 16 registers and 256 words of memory.
static const struct instruction program[] = {
    {kLoad, 0, 1, 0},     // 0: n = 1
    {kLoad, 1, 1, 0},     // 1: one = 1
    {kLoad, 9, 0, 0},     // 2: hash = 0
    {kLoad, 2, 0, 0},     // 3: steps = 0
    {kAdd, 3, 0, 2},      // 4: x = n + 0 (steps is 0)
    {kLess, 4, 1, 3},     // 5: 1 < x ?
    {kJumpIf, 4, 0, 8},   // 6: then go on
    {kJump, 0, 0, 21},    // 7: else done with n
    {kLoad, 5, 2, 0},     // 8
    {kShift, 6, 3, 1},    // 9: half = x >> 1
    {kMul, 7, 6, 5},      // 10: 2 * half
    {kLess, 8, 7, 3},     // 11: odd ?
    {kJumpIf, 8, 0, 15},  // 12
    {kLoad, 10, 0, 0},    // 13
    {kJump, 0, 0, 19},    // 14
    {kLoad, 5, 3, 0},     // 15
    {kMul, 6, 3, 5},      // 16
    {kAdd, 6, 6, 1},      // 17: 3x + 1
    {kLoad, 10, 0, 0},    // 18
    {kAdd, 3, 6, 10},     // 19: x = half or 3x + 1
    {kJump, 0, 0, 27},    // 20
    {kStore, 0, 2, 0},    // 21: memory[n & 255] = steps
    {kFetch, 11, 9, 0},   // 22: memory[hash & 255]
    {kAdd, 9, 9, 11},     // 23
    {kXor, 9, 9, 2},      // 24
    {kAdd, 0, 0, 1},      // 25: n++
    {kJump, 0, 0, 29},    // 26
    {kAdd, 2, 2, 1},      // 27: steps++
    {kJump, 0, 0, 5},     // 28
    {kLess, 4, 0, 12},    // 29: n < limit ?
    {kJumpIf, 4, 0, 3},   // 30
    {kHalt, 9, 0, 0},     // 31
};

static uint32_t memory[256];

__attribute__((noinline)) static uint32_t execute(const struct instruction* code, uint32_t limit) {
  uint32_t r[16] = {0};
  r[12] = limit;
  for (uint32_t pc = 0;;) {
    struct instruction i = code[pc++];
    switch ((enum op)i.op) {
      case kLoad: r[i.a & 15] = i.b; break;
      case kAdd: r[i.a & 15] = r[i.b & 15] + r[i.c & 15]; break;
      case kSub: r[i.a & 15] = r[i.b & 15] - r[i.c & 15]; break;
      case kMul: r[i.a & 15] = r[i.b & 15] * r[i.c & 15]; break;
      case kXor: r[i.a & 15] = r[i.b & 15] ^ r[i.c & 15]; break;
      case kShift: r[i.a & 15] = r[i.b & 15] >> (r[i.c & 15] & 31); break;
      case kLess: r[i.a & 15] = r[i.b & 15] < r[i.c & 15]; break;
      case kJump: pc = i.c; break;
      case kJumpIf: if (r[i.a & 15]) pc = i.c; break;
      case kStore: memory[r[i.a & 15] & 255] = r[i.b & 15]; break;
      case kFetch: r[i.a & 15] = memory[r[i.b & 15] & 255]; break;
      case kHalt: return r[i.a & 15];
    }
  }
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < rounds; i++) sum = mix(sum, execute(program, 1000 + i));
  return sum;
}
