// Branches: sudokus solved by trying the cell with the fewest candidates, with sets of digits as bits.
#include "kernel.h"

static const char* const puzzles[5] = {
    "530070000600195000098000060800060003400803001700020006060000280000419005000080079",
    "100007090030020008009600500005300900010080002600004000300000010040000007007000300",
    "800000000003600000070090200050007000000045700000100030001000068008500010090000400",
    "000000907000420180000705026100904000050000040000507009920108000034059000507000000",
    "020810740700003100090002805009040087400208003160030200302700060005600008076051090"};

static uint16_t rows[9], columns[9], boxes[9];
static uint8_t cells[81];
static uint32_t tried;

static void put(int at, int digit) {
  uint16_t bit = (uint16_t)(1 << digit);
  cells[at] = (uint8_t)(digit + 1);
  rows[at / 9] |= bit;
  columns[at % 9] |= bit;
  boxes[at / 27 * 3 + at % 9 / 3] |= bit;
}

static void take(int at) {
  uint16_t bit = (uint16_t)(1 << (cells[at] - 1));
  cells[at] = 0;
  rows[at / 9] &= (uint16_t)~bit;
  columns[at % 9] &= (uint16_t)~bit;
  boxes[at / 27 * 3 + at % 9 / 3] &= (uint16_t)~bit;
}

static uint32_t candidates(int at) {
  return 0x1ff & ~(uint32_t)(rows[at / 9] | columns[at % 9] | boxes[at / 27 * 3 + at % 9 / 3]);
}

// The bits that are set; a loop, as machines without the instruction have it.
static int count_bits(uint32_t bits) {
  int count = 0;
  for (; bits; bits &= bits - 1) count++;
  return count;
}

static int solve(void) {
  int best = -1, fewest = 10;
  for (int at = 0; at < 81 && fewest > 1; at++) {
    if (cells[at]) continue;
    int count = count_bits(candidates(at));
    if (count < fewest) {
      fewest = count;
      best = at;
    }
  }
  if (best < 0) return 1;
  uint32_t left = candidates(best);
  for (int digit = 0; digit < 9; digit++) {
    if (!(left >> digit & 1)) continue;
    tried++;
    put(best, digit);
    if (solve()) return 1;
    take(best);
  }
  return 0;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    for (int i = 0; i < 9; i++) rows[i] = columns[i] = boxes[i] = 0;
    const char* puzzle = puzzles[round % 5];
    int turn = (int)(round / 5 % 9);
    for (int at = 0; at < 81; at++) {
      cells[at] = 0;
      if (puzzle[at] != '0') put(at, (puzzle[at] - '1' + turn) % 9);
    }
    sum = mix(sum, (uint64_t)solve());
    for (int at = 0; at < 81; at++) sum = mix(sum, cells[at]);
  }
  return mix(sum, tried);
}
