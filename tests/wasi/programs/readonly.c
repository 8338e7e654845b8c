// What a program may not do below a read-only directory, and what it may.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void say(const char* what, int result) { printf("%s: %s\n", what, result < 0 ? strerror(errno) : "ok"); }

int main(void) {
  char text[32] = "";
  int fd = open("/data/file", O_RDONLY);
  say("open for reading", fd);
  say("read", (int)read(fd, text, sizeof(text) - 1));
  printf("text '%s'\n", text);
  say("write", (int)write(fd, "x", 1));
  say("truncate", ftruncate(fd, 0));
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  say("futimens", futimens(fd, times));
  say("open for writing", open("/data/file", O_WRONLY));
  say("open for both", open("/data/file", O_RDWR));
  say("open to append", open("/data/file", O_WRONLY | O_APPEND));
  say("create", open("/data/new", O_CREAT | O_WRONLY, 0666));
  say("truncate by opening", open("/data/file", O_RDONLY | O_TRUNC));
  say("mkdir", mkdir("/data/d", 0777));
  say("rmdir", rmdir("/data/sub"));
  say("unlink", unlink("/data/file"));
  say("rename", rename("/data/file", "/data/other"));
  say("rename out", rename("/data/file", "/work/file"));
  say("link", link("/data/file", "/data/other"));
  say("link out", link("/data/file", "/work/file"));
  say("symlink", symlink("file", "/data/link"));
  say("utimens", utimensat(AT_FDCWD, "/data/file", times, 0));
  struct stat status;
  say("stat", stat("/data/file", &status));
  printf("size %lld\n", (long long)status.st_size);
  fd = open("/data/sub", O_RDONLY | O_DIRECTORY);
  say("open directory", fd);
  say("create through it", openat(fd, "new", O_CREAT | O_WRONLY, 0666));
  say("write elsewhere", open("/work/new", O_CREAT | O_WRONLY, 0666));
  return 0;
}
