// Memory byte by byte with neighbours: Conway's game on a torus, and a flood fill that counts what hangs together.
#include "kernel.h"

enum { kWidth = 128, kHeight = 96, kCells = kWidth * kHeight };
static uint8_t board[kCells], next_board[kCells];
static uint16_t waiting[kCells];

static void step(void) {
  for (int y = 0; y < kHeight; y++) {
    const uint8_t* row = board + y * kWidth;
    const uint8_t* above = board + (y + kHeight - 1) % kHeight * kWidth;
    const uint8_t* below = board + (y + 1) % kHeight * kWidth;
    for (int x = 0; x < kWidth; x++) {
      int left = (x + kWidth - 1) % kWidth, right = (x + 1) % kWidth;
      int alive =
          above[left] + above[x] + above[right] + row[left] + row[right] + below[left] + below[x] + below[right];
      next_board[y * kWidth + x] = alive == 3 || (alive == 2 && row[x]);
    }
  }
  __builtin_memcpy(board, next_board, sizeof board);
}

static uint32_t islands(void) {
  uint32_t found = 0;
  __builtin_memcpy(next_board, board, sizeof board);
  for (int start = 0; start < kCells; start++) {
    if (!next_board[start]) continue;
    found++;
    int count = 0;
    waiting[count++] = (uint16_t)start;
    next_board[start] = 0;
    while (count > 0) {
      int at = waiting[--count], x = at % kWidth;
      int neighbours[4] = {x > 0 ? at - 1 : -1, x < kWidth - 1 ? at + 1 : -1, at - kWidth, at + kWidth};
      for (int i = 0; i < 4; i++) {
        int there = neighbours[i];
        if (there < 0 || there >= kCells || !next_board[there]) continue;
        next_board[there] = 0;
        waiting[count++] = (uint16_t)there;
      }
    }
  }
  return found;
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  uint32_t seed = 17;
  for (int i = 0; i < kCells; i++) board[i] = next_random(&seed) % 3 == 0;
  for (uint32_t round = 0; round < rounds; round++) {
    step();
    if (round % 8 == 0) sum = mix(sum, islands());
    board[next_random(&seed) % kCells] ^= 1;
  }
  for (int i = 0; i < kCells; i++) sum = mix(sum, board[i]);
  return sum;
}
