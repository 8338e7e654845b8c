// Waits for what never comes, as its argument says; the host's timeout ends it.
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  puts("waiting");
  fflush(stdout);
  const char* how = argc > 1 ? argv[1] : "sleep";
  if (strcmp(how, "sleep") == 0) {
    const struct timespec hour = {3600, 0};
    nanosleep(&hour, NULL);
  } else if (strcmp(how, "poll") == 0) {
    struct pollfd in = {.fd = 0, .events = POLLIN};
    poll(&in, 1, -1);
  } else if (strcmp(how, "read") == 0) {
    char byte;
    read(0, &byte, 1);
  }
  puts("came back");
  return 0;
}
