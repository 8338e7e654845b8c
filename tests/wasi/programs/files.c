// Everything a program does with files, below the directory of its argument.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char* root;

static const char* below(const char* name) {
  static char path[4][512];
  static int next;
  char* made = path[next++ % 4];
  snprintf(made, sizeof(path[0]), "%s/%s", root, name);
  return made;
}

static void say(const char* what, int result) {
  if (result < 0) {
    printf("%s: %s\n", what, strerror(errno));
  } else {
    printf("%s: ok\n", what);
  }
}

static void show(const char* name) {
  char text[256];
  FILE* file = fopen(below(name), "r");
  if (file == NULL) {
    printf("%s: %s\n", name, strerror(errno));
    return;
  }
  const size_t size = fread(text, 1, sizeof(text) - 1, file);
  text[size] = '\0';
  fclose(file);
  printf("%s holds '%s'\n", name, text);
}

static int by_name(const struct dirent** a, const struct dirent** b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void list(const char* name) {
  struct dirent** entries;
  const int count = scandir(below(name), &entries, NULL, by_name);
  printf("%s lists %d:", name, count);
  for (int i = 0; i < count; ++i) {
    const unsigned char type = entries[i]->d_type;
    printf(" %s%s", entries[i]->d_name, type == DT_DIR ? "/" : type == DT_LNK ? "@" : "");
    free(entries[i]);
  }
  printf("\n");
  if (count >= 0) free(entries);
}

static void write_and_read(void) {
  FILE* file = fopen(below("notes"), "w+");
  if (file == NULL) {
    printf("create: %s\n", strerror(errno));
    return;
  }
  fprintf(file, "first line\nsecond line\n");
  fseek(file, 6, SEEK_SET);
  fputs("LINE", file);
  fflush(file);
  printf("position %ld\n", ftell(file));
  fclose(file);
  show("notes");
  file = fopen(below("notes"), "a");
  fputs("third", file);
  fclose(file);
  show("notes");
  const int fd = open(below("notes"), O_RDWR);
  char part[5] = "";
  say("pread", (int)pread(fd, part, 4, 6));
  printf("part '%s'\n", part);
  say("pwrite", (int)pwrite(fd, "1ST", 3, 0));
  say("truncate", ftruncate(fd, 10));
  say("sync", fsync(fd));
  close(fd);
  show("notes");
}

static void names(void) {
  say("mkdir", mkdir(below("d"), 0777));
  say("mkdir again", mkdir(below("d"), 0777));
  say("rename", rename(below("notes"), below("d/moved")));
  say("symlink", symlink("d/moved", below("link")));
  say("link", link(below("d/moved"), below("twin")));
  show("link");
  char text[64] = "";
  const ssize_t size = readlink(below("link"), text, sizeof(text) - 1);
  printf("link says '%.*s'\n", (int)size, text);
  list(".");
  list("d");
  say("rmdir full", rmdir(below("d")));
  say("unlink directory", unlink(below("d")));
}

static void attributes(void) {
  struct stat status;
  say("stat", stat(below("link"), &status));
  printf("size %lld, links %u, %s\n", (long long)status.st_size, (unsigned)status.st_nlink,
         S_ISREG(status.st_mode) ? "file" : "other");
  say("lstat", lstat(below("link"), &status));
  printf("%s\n", S_ISLNK(status.st_mode) ? "link" : "other");
  const struct timespec times[2] = {{1000, 1}, {2000, 2}};
  say("utimens", utimensat(AT_FDCWD, below("twin"), times, 0));
  say("stat", stat(below("twin"), &status));
  printf("times %lld.%ld %lld.%ld\n", (long long)status.st_atim.tv_sec, status.st_atim.tv_nsec,
         (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  say("stat missing", stat(below("missing"), &status));
}

static void remove_all(void) {
  say("unlink", unlink(below("link")));
  say("unlink", unlink(below("twin")));
  say("unlink", unlink(below("d/moved")));
  say("rmdir", rmdir(below("d")));
  list(".");
}

int main(int argc, char** argv) {
  root = argc > 1 ? argv[1] : ".";
  write_and_read();
  names();
  attributes();
  remove_all();
  return 0;
}
