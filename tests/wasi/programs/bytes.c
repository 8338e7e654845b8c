// Copies stdin to stdout, byte for byte, and says how many there were.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  static char piece[70000];
  long total = 0;
  for (;;) {
    const ssize_t size = read(0, piece, sizeof(piece));
    if (size < 0) {
      perror("read");
      return 1;
    }
    if (size == 0) break;
    for (ssize_t at = 0; at < size;) {
      const ssize_t written = write(1, piece + at, (size_t)(size - at));
      if (written < 0) {
        perror("write");
        return 1;
      }
      at += written;
    }
    total += size;
  }
  fprintf(stderr, "%ld bytes\n", total);
  return 0;
}
