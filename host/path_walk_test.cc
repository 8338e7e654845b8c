#include "host/path_walk.h"

#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "host/scratch_directory_test.h"

namespace wplug {
namespace {

constexpr PathWalk kWalks[] = {PathWalk::kernel, PathWalk::names};

TEST_CASE("a path without links is found as it is written") {
  ScratchDirectory root;
  root.folder("a");
  root.write("a/file", "x");
  for (const PathWalk walk : kWalks) {
    const FoundPath found = find_path(root.path("a/file"), walk);
    CHECK(found.error == 0);
    CHECK(found.path == root.path("a/file"));
    CHECK(found.name == "file");
    CHECK(!found.followed_links);
    CHECK(::faccessat(found.parent.get(), "file", F_OK, 0) == 0);
    CHECK(find_path(root.path("a/new"), walk).path == root.path("a/new"));
    CHECK(find_path(root.path("b/new"), walk).error == ENOENT);
    CHECK(find_path(root.path("a/file/new"), walk).error == ENOTDIR);
    CHECK(find_path("/tmp", walk).path == "/tmp");
  }
}

TEST_CASE("links are followed to where they lead") {
  ScratchDirectory root;
  root.folder("a");
  root.folder("b");
  root.write("b/file", "x");
  root.link("../b", "a/up");
  root.link(root.path("b"), "a/absolute");
  root.link("up/file", "a/last");
  root.link("./.././/b/./", "a/dots");
  root.link("/", "a/root");
  for (const PathWalk walk : kWalks) {
    for (const std::string name : {"a/up/file", "a/absolute/file", "a/last", "a/dots/file"}) {
      CAPTURE(name);
      const FoundPath found = find_path(root.path(name), walk);
      CHECK(found.error == 0);
      CHECK(found.path == root.path("b/file"));
      CHECK(found.followed_links);
    }
    CHECK(find_path(root.path("a/root") + root.path("b/file"), walk).path == root.path("b/file"));
    CHECK(find_path(root.path("a/root"), walk).error == EISDIR);
  }
}

TEST_CASE("links that go round, or down and up again, are refused") {
  ScratchDirectory root;
  root.link("loop", "loop");
  root.link("b", "a");
  root.link("a", "b");
  root.folder("folder");
  root.link("folder/../file", "down_up");
  root.link("/tmp/../etc/passwd", "absolute_up");
  root.write("file", "x");
  for (const PathWalk walk : kWalks) {
    CHECK(find_path(root.path("loop"), walk).error == ELOOP);
    CHECK(find_path(root.path("a"), walk).error == ELOOP);
    CHECK(find_path(root.path("a/x"), walk).error == ELOOP);
    CHECK(find_path(root.path("down_up"), walk).error == EACCES);
    CHECK(find_path(root.path("absolute_up"), walk).error == EACCES);
  }
}

TEST_CASE("more dots than there are directories end at the root") {
  ScratchDirectory root;
  std::string up;
  for (int i = 0; i < 60; ++i) up += "../";
  root.link(up + "etc", "above");
  CHECK(find_path(root.path("above/passwd")).path == "/etc/passwd");
}

TEST_CASE("magic links are texts") {
  CHECK(find_path("/proc/self/root/etc/passwd").path == "/etc/passwd");
  CHECK(find_path("/proc/self/fd/0").path != "/proc/self/fd/0");
}

TEST_CASE("what a link leads to is told although it is not there") {
  ScratchDirectory root;
  root.link("/nowhere/at/all", "out");
  const FoundPath found = find_path(root.path("out/x"));
  CHECK(found.error == ENOENT);
  CHECK(found.path == "/nowhere/at/all/x");
}

}  // namespace
}  // namespace wplug
