// Tries to get out of its directory in every way there is.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

// Below the C library, which has ideas of its own about paths: descriptor 3 is the only directory.
static int raw_open(const char* path, __wasi_lookupflags_t lookup, __wasi_oflags_t oflags, __wasi_rights_t rights) {
  __wasi_fd_t fd = 0;
  const __wasi_errno_t error = __wasi_path_open(3, lookup, path, oflags, rights, rights, 0, &fd);
  if (error == 0) __wasi_fd_close(fd);
  return error;
}

static void attempt(const char* path) {
  const int followed = raw_open(path, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, 0, __WASI_RIGHTS_FD_READ);
  const int not_followed = raw_open(path, 0, 0, __WASI_RIGHTS_FD_READ);
  const int created = raw_open(path, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, __WASI_OFLAGS_CREAT,
                               __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE);
  __wasi_filestat_t status;
  const int stated = __wasi_path_filestat_get(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, &status);
  printf("%s:%s%s%s%s%s\n", path, followed && not_followed && created && stated ? " refused" : "",
         followed ? "" : " OPENED", not_followed ? "" : " OPENED-NOFOLLOW", created ? "" : " CREATED",
         stated ? "" : " STATED");
}

int main(void) {
  symlink("../secret", "/box/mine");
  symlink("..", "/box/up");
  symlink("up/secret", "/box/through");
  symlink("sub/../../secret", "/box/winding");
  printf("absolute link: %s\n", symlink("/etc/passwd", "/box/absolute") < 0 ? strerror(errno) : "made");
  static const char* const kPaths[] = {
      "../secret",
      "sub/../../secret",
      "/etc/passwd",
      "/",
      "..",
      "../",
      "mine",
      "up",
      "up/secret",
      "up/../secret",
      "through",
      "winding",
      "planted",
      "planted_absolute",
      "planted_directory/secret",
      "planted_root/etc/passwd",
      "./sub/.././../secret",
      "sub/./..//..///secret",
      // For comparison: what is inside.
      "sub/../file",
      "planted_inside",
  };
  for (size_t i = 0; i < sizeof(kPaths) / sizeof(kPaths[0]); ++i) attempt(kPaths[i]);
  printf("rename out: %d\n", __wasi_path_rename(3, "file", 3, "../stolen") != 0);
  printf("rename in: %d\n", __wasi_path_rename(3, "../secret", 3, "stolen") != 0);
  printf("link in: %d\n", __wasi_path_link(3, 0, "../secret", 3, "stolen") != 0);
  printf("link through: %d\n", __wasi_path_link(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "planted", 3, "stolen") != 0);
  printf("unlink out: %d\n", __wasi_path_unlink_file(3, "../secret") != 0);
  printf("mkdir out: %d\n", __wasi_path_create_directory(3, "../made") != 0);
  printf("symlink out: %d\n", __wasi_path_symlink("x", 3, "up/made") != 0);
  FILE* inside = fopen("/box/file", "r");
  printf("inside: %s\n", inside != NULL ? "ok" : strerror(errno));
  return 0;
}
