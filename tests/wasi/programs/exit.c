// Ends as its argument says.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void at_end(void) { puts("at exit"); }

static int recurse(volatile int depth) {
  volatile char room[256];
  room[0] = (char)depth;
  if (depth < 0) return 0;
  return recurse(depth + 1) + room[0];
}

int main(int argc, char** argv) {
  atexit(at_end);
  if (argc < 2) return 0;
  if (strcmp(argv[1], "abort") == 0) abort();
  if (strcmp(argv[1], "loop") == 0) {
    for (volatile int i = 0;; ++i) {
    }
  }
  if (strcmp(argv[1], "recurse") == 0) return recurse(0);
  if (strcmp(argv[1], "quick") == 0) _Exit(9);
  printf("ending with %s\n", argv[1]);
  exit(atoi(argv[1]));
}
