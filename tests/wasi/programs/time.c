// Clocks run, sleeping lasts, randomness differs.
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now(clockid_t id) {
  struct timespec time;
  if (clock_gettime(id, &time) != 0) return -1;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(void) {
  printf("year is past 2020: %d\n", now(CLOCK_REALTIME) > (int64_t)1577836800 * 1000000000);
  struct timespec resolution;
  printf("resolution: %d\n", clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_nsec > 0);
  const int64_t before = now(CLOCK_MONOTONIC);
  const struct timespec nap = {0, 5000000};
  printf("nanosleep: %d\n", nanosleep(&nap, NULL));
  printf("slept: %d\n", now(CLOCK_MONOTONIC) - before >= 5000000);
  struct pollfd out = {.fd = 1, .events = POLLOUT};
  printf("stdout ready: %d\n", poll(&out, 1, 1000) == 1 && (out.revents & POLLOUT) != 0);
  struct pollfd in = {.fd = 0, .events = POLLIN};
  char byte;
  printf("stdin ready at its end: %d\n", poll(&in, 1, 1000) == 1 && read(0, &byte, 1) == 0);
  char one[16], two[16];
  printf("random: %d %d\n", getentropy(one, sizeof(one)), getentropy(two, sizeof(two)));
  printf("differs: %d\n", memcmp(one, two, sizeof(one)) != 0);
  return 0;
}
