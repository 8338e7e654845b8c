// Arguments, environment, stdin, both outputs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char** environ;

static int by_text(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) printf("argument %d: '%s'\n", i, argv[i]);
  size_t count = 0;
  while (environ != NULL && environ[count] != NULL) ++count;
  qsort(environ, count, sizeof(char*), by_text);
  for (size_t i = 0; i < count; ++i) printf("environment: %s\n", environ[i]);
  const char* home = getenv("HOME");
  printf("HOME is %s\n", home != NULL ? home : "not set");
  char line[256];
  int lines = 0;
  while (fgets(line, sizeof(line), stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    printf("line %d: %s\n", ++lines, line);
  }
  fprintf(stderr, "%d lines\n", lines);
  return 0;
}
