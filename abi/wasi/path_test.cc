#include "abi/wasi/path.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "abi/wasi/guest_fixture.h"

namespace wplug::wasi {
namespace {

// root/{a/b/file, outside links…} with a secret beside the root.
struct Tree {
  Tree() {
    top.make_directory("root");
    top.make_directory("root/a");
    top.make_directory("root/a/b");
    top.write("root/a/b/file", "inside");
    top.write("secret", "outside");
    top.make_directory("beside");
    root = HostFile::owning(::open(top.path("root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(root.is_open());
  }
  PathResult resolve(std::string_view path, bool follow = true) { return resolve_path(walk, root.get(), path, follow); }
  Errno error_of(std::string_view path, bool follow = true) {
    PathResult result = resolve(path, follow);
    return std::holds_alternative<Errno>(result) ? std::get<Errno>(result) : Errno::success;
  }
  // What is read through the pair; empty when it cannot be opened.
  std::string content_of(std::string_view path) {
    PathResult result = resolve(path);
    if (std::holds_alternative<Errno>(result)) return "";
    const ResolvedPath& found = std::get<ResolvedPath>(result);
    const HostFile file =
        HostFile::owning(::openat(found.parent.get(), found.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    char text[16];
    const ssize_t size = file.is_open() ? ::read(file.get(), text, sizeof(text)) : 0;
    return std::string(text, size > 0 ? static_cast<size_t>(size) : 0);
  }

  TemporaryDirectory top;
  HostFile root;
  PathWalk walk = PathWalk::components;
};

// Runs a test for both ways of walking; the kernel's only where there is one.
template <class Test>
void for_each_walk(Test test) {
  for (const PathWalk walk : {PathWalk::components, PathWalk::kernel}) {
    if (walk == PathWalk::kernel && best_path_walk() != PathWalk::kernel) {
      MESSAGE("this kernel has no openat2: only the walk by components is tested");
      continue;
    }
    CAPTURE(static_cast<int>(walk));
    Tree tree;
    tree.walk = walk;
    test(tree);
  }
}

}  // namespace

TEST_CASE("a path is resolved to its parent directory and its last component") {
  for_each_walk([](Tree& tree) {
    PathResult result = tree.resolve("a/b/file");
    REQUIRE(std::holds_alternative<ResolvedPath>(result));
    CHECK(std::get<ResolvedPath>(result).name == "file");
    CHECK_FALSE(std::get<ResolvedPath>(result).wants_directory);
    CHECK(tree.content_of("a/b/file") == "inside");
    CHECK(tree.content_of("a//./b/../b/file") == "inside");
    CHECK(tree.content_of("a/b/../../a/b/file") == "inside");
  });
}

TEST_CASE("a path that ends with a slash or dots wants a directory") {
  for_each_walk([](Tree& tree) {
    for (const char* path : {"a/", "a//", "a/.", "a/b/..", ".", "./"}) {
      CAPTURE(path);
      PathResult result = tree.resolve(path);
      REQUIRE(std::holds_alternative<ResolvedPath>(result));
      CHECK(std::get<ResolvedPath>(result).wants_directory);
    }
  });
}

TEST_CASE("empty, absolute, overlong and broken paths are refused") {
  for_each_walk([](Tree& tree) {
    CHECK(tree.error_of("") == Errno::noent);
    CHECK(tree.error_of("/") == Errno::perm);
    CHECK(tree.error_of("/etc/passwd") == Errno::perm);
    CHECK(tree.error_of(std::string_view("a\0b", 3)) == Errno::inval);
    CHECK(tree.error_of(std::string(kMaxPathLength + 1, 'x')) == Errno::nametoolong);
    CHECK(tree.error_of("missing/file") == Errno::noent);
    CHECK(tree.error_of("a/b/file/x") == Errno::notdir);
  });
}

TEST_CASE("a path does not leave its root upwards") {
  for_each_walk([](Tree& tree) {
    for (const char* path :
         {"..", "../", "../secret", "a/../..", "a/../../secret", "a/b/../../../beside/x", "./../root/a"}) {
      CAPTURE(path);
      CHECK(tree.error_of(path) == Errno::perm);
    }
  });
}

TEST_CASE("a path does not leave its root through symbolic links") {
  for_each_walk([](Tree& tree) {
    tree.top.make_link("../secret", "root/to_file");
    tree.top.make_link("../beside", "root/to_directory");
    tree.top.make_link(tree.top.path("secret"), "root/absolute");
    tree.top.make_link(tree.top.path("root/a"), "root/absolute_inside");
    tree.top.make_link("/", "root/slash");
    tree.top.make_link("../../..", "root/a/up");
    tree.top.make_link("to_directory", "root/twice");
    for (const char* path :
         {"to_file", "to_directory", "to_directory/", "to_directory/x", "absolute", "absolute_inside/b", "slash",
          "slash/etc/passwd", "a/up", "a/up/secret", "twice/x", "a/../to_file"}) {
      CAPTURE(path);
      CHECK(tree.error_of(path) == Errno::perm);
      CHECK(tree.content_of(path) == "");
    }
  });
}

TEST_CASE("a last link is named itself when it is not to be followed") {
  for_each_walk([](Tree& tree) {
    tree.top.make_link("../secret", "root/link");
    PathResult result = tree.resolve("link", false);
    REQUIRE(std::holds_alternative<ResolvedPath>(result));
    CHECK(std::get<ResolvedPath>(result).name == "link");
    CHECK(tree.error_of("link/x", false) == Errno::perm);
  });
}

TEST_CASE("links within the root are followed") {
  for_each_walk([](Tree& tree) {
    tree.top.make_link("a/b", "root/short");
    tree.top.make_link("../b/file", "root/a/b/again");
    tree.top.make_link("short/again", "root/chain");
    tree.top.make_link("b/", "root/a/slashed");
    CHECK(tree.content_of("short/file") == "inside");
    CHECK(tree.content_of("a/b/again") == "inside");
    CHECK(tree.content_of("chain") == "inside");
    CHECK(tree.content_of("a/slashed/file") == "inside");
    CHECK(tree.content_of("short/../b/file") == "inside");
    PathResult result = tree.resolve("a/slashed");
    REQUIRE(std::holds_alternative<ResolvedPath>(result));
    CHECK(std::get<ResolvedPath>(result).wants_directory);
  });
}

TEST_CASE("a link that leads nowhere gives the name it stands for") {
  for_each_walk([](Tree& tree) {
    tree.top.make_link("b/new", "root/a/dangling");
    PathResult result = tree.resolve("a/dangling");
    REQUIRE(std::holds_alternative<ResolvedPath>(result));
    CHECK(std::get<ResolvedPath>(result).name == "new");
    tree.top.make_link("missing/new", "root/lost");
    CHECK(tree.error_of("lost") == Errno::noent);
  });
}

TEST_CASE("links in a circle end in an error") {
  for_each_walk([](Tree& tree) {
    tree.top.make_link("two", "root/one");
    tree.top.make_link("one", "root/two");
    tree.top.make_link("self", "root/self");
    CHECK(tree.error_of("one") == Errno::loop);
    CHECK(tree.error_of("self/x") == Errno::loop);
    // Each step multiplies the length: bounded by the number of links and the length of a path.
    tree.top.make_link("grow/grow", "root/grow");
    const Errno error = tree.error_of("grow/x");
    CHECK((error == Errno::loop || error == Errno::nametoolong));
  });
}

TEST_CASE("deep directories are reached or refused, never a crash") {
  for_each_walk([](Tree& tree) {
    std::string path = "a";
    for (int depth = 0; depth < 150; ++depth) {
      path += "/d";
      tree.top.make_directory("root/" + path);
    }
    CHECK(tree.error_of(path + "/x") == Errno::success);
    CHECK(tree.error_of(path + "/..") == Errno::success);
    std::string ups = path;
    for (int depth = 0; depth < 152; ++depth) ups += "/..";
    CHECK(tree.error_of(ups) == Errno::perm);
  });
}

TEST_CASE("swapping a directory for a link while paths are resolved does not lead out") {
  for_each_walk([](Tree& tree) {
    tree.top.make_directory("root/swap");
    tree.top.write("root/swap/secret", "inside");
    tree.top.make_link("../", "root/evil");
    std::atomic<bool> done = false;
    std::thread swapper([&] {
      const std::string one = tree.top.path("root/swap"), two = tree.top.path("root/evil"),
                        spare = tree.top.path("root/spare");
      while (!done) {
        ::rename(one.c_str(), spare.c_str());
        ::rename(two.c_str(), one.c_str());
        ::rename(one.c_str(), two.c_str());
        ::rename(spare.c_str(), one.c_str());
      }
    });
    int inside = 0, outside = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::string content = tree.content_of("swap/secret");
      inside += content == "inside";
      outside += content == "outside";
    }
    done = true;
    swapper.join();
    CHECK(outside == 0);
    CHECK(inside > 0);
  });
}

TEST_CASE("moving a directory away while its parent is asked for does not lead out") {
  for_each_walk([](Tree& tree) {
    tree.top.make_directory("root/deep");
    tree.top.make_directory("root/deep/er");
    std::atomic<bool> done = false;
    std::thread mover([&] {
      const std::string in = tree.top.path("root/deep/er"), out = tree.top.path("beside/er");
      while (!done) {
        ::rename(in.c_str(), out.c_str());
        ::rename(out.c_str(), in.c_str());
      }
    });
    int outside = 0;
    for (int i = 0; i < 20'000; ++i) outside += tree.content_of("deep/er/../../secret") == "outside";
    done = true;
    mover.join();
    CHECK(outside == 0);
  });
}

}  // namespace wplug::wasi
