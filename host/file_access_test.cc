#include "host/file_access.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "host/scratch_directory_test.h"

namespace wplug {
namespace {

constexpr PathWalk kWalks[] = {PathWalk::kernel, PathWalk::names};
constexpr uint64_t kMost = 1 << 20;

// A folder `in` of which everything below is granted, and a folder `out` with a secret.
struct Tree {
  ScratchDirectory root;
  Policy policy;

  Tree() {
    root.folder("in");
    root.folder("out");
    root.write("in/file", "granted");
    root.write("out/secret", "secret");
    policy.plugin = "p";
    grant("fs:read:" + root.path("in/**"));
    grant("fs:write:" + root.path("in/**"));
  }
  void grant(const std::string& text) { REQUIRE(policy.granted.add(text).ok()); }
  std::string path(const std::string& name) const { return root.path(name); }
};

FileReply read(const Tree& tree, const std::string& path, PathWalk walk = PathWalk::kernel, uint64_t most = kMost) {
  return make_file_access(walk)->read(tree.policy, path, most);
}
FileReply write(const Tree& tree, const std::string& path, std::string_view data, PathWalk walk = PathWalk::kernel) {
  return make_file_access(walk)->write(tree.policy, path, data);
}

TEST_CASE("a granted file is read whole") {
  Tree tree;
  const std::string large(100'000, 'x');
  tree.root.write("in/large", large);
  tree.root.write("in/empty", "");
  for (const PathWalk walk : kWalks) {
    CHECK(read(tree, tree.path("in/file"), walk).data == "granted");
    CHECK(read(tree, tree.path("in/large"), walk).data == large);
    CHECK(read(tree, tree.path("in/empty"), walk).outcome == FileOutcome::ok);
  }
}

TEST_CASE("what is not granted is denied, there or not, and the denial says what would allow it") {
  Tree tree;
  for (const PathWalk walk : kWalks) {
    CHECK(read(tree, tree.path("out/secret"), walk).outcome == FileOutcome::denied);
    CHECK(read(tree, tree.path("out/nothing"), walk).outcome == FileOutcome::denied);
    CHECK(read(tree, tree.path("in/../out/secret"), walk).outcome == FileOutcome::denied);
    CHECK(write(tree, tree.path("out/secret"), "x", walk).outcome == FileOutcome::denied);
  }
  CHECK(read(tree, tree.path("out/secret")).message.find("grants.fs_read = [\"" + tree.path("out/secret") + "\"]") !=
        std::string::npos);
  CHECK(tree.root.read("out/secret") == "secret");
}

TEST_CASE("paths that cannot be are invalid, files that are not there are not found") {
  Tree tree;
  CHECK(read(tree, "in/file").outcome == FileOutcome::invalid);
  CHECK(read(tree, "").outcome == FileOutcome::invalid);
  CHECK(read(tree, tree.path("in/file") + std::string(1, '\0')).outcome == FileOutcome::invalid);
  CHECK(read(tree, "/" + std::string(5000, 'a')).outcome == FileOutcome::invalid);
  CHECK(read(tree, tree.path("in/nothing")).outcome == FileOutcome::not_found);
  CHECK(read(tree, tree.path("in/file/x")).outcome == FileOutcome::not_found);
  CHECK(write(tree, tree.path("in/nothing/x"), "x").outcome == FileOutcome::not_found);
  CHECK(!tree.root.has("in/nothing"));
}

TEST_CASE("a symbolic link is followed when where it leads is granted") {
  Tree tree;
  tree.root.folder("in/deep");
  tree.root.link("../file", "in/deep/link");
  tree.root.link(tree.path("out/secret"), "in/leak");
  tree.root.link("../out", "in/folder");
  tree.root.link("leak", "in/twice");
  tree.root.link("/nowhere/at/all", "in/dangling");
  tree.root.link(tree.path("in/file"), "out/back");
  for (const PathWalk walk : kWalks) {
    CHECK(read(tree, tree.path("in/deep/link"), walk).data == "granted");
    for (const char* name : {"in/leak", "in/folder/secret", "in/twice", "in/dangling", "in/folder/nothing"}) {
      CAPTURE(name);
      const FileReply reply = read(tree, tree.path(name), walk);
      CHECK(reply.outcome == FileOutcome::denied);
      CHECK(reply.data.empty());
    }
    // The path that is asked for must be granted too.
    CHECK(read(tree, tree.path("out/back"), walk).outcome == FileOutcome::denied);
  }
  tree.grant("fs:read:" + tree.path("out/secret"));
  CHECK(read(tree, tree.path("in/leak")).data == "secret");
}

TEST_CASE("a file with several names is read only when a grant names it") {
  Tree tree;
  tree.root.hard_link("out/secret", "in/hard");
  for (const PathWalk walk : kWalks) {
    const FileReply reply = read(tree, tree.path("in/hard"), walk);
    CHECK(reply.outcome == FileOutcome::denied);
    CHECK(reply.message.find("hard links") != std::string::npos);
  }
  tree.grant("fs:read:" + tree.path("in/hard"));
  CHECK(read(tree, tree.path("in/hard")).data == "secret");
}

TEST_CASE("only regular files are read, and nothing waits for a pipe") {
  Tree tree;
  tree.root.pipe("in/pipe");
  tree.root.folder("in/folder");
  tree.grant("fs:read:/dev/null");
  tree.grant("fs:read:/dev/zero");
  for (const PathWalk walk : kWalks) {
    CHECK(read(tree, tree.path("in/pipe"), walk).outcome == FileOutcome::denied);
    CHECK(read(tree, tree.path("in/folder"), walk).outcome == FileOutcome::failed);
    CHECK(read(tree, "/dev/null", walk).outcome == FileOutcome::denied);
    CHECK(read(tree, "/dev/zero", walk).outcome == FileOutcome::denied);
    CHECK(write(tree, tree.path("in/pipe"), "x", walk).outcome == FileOutcome::denied);
    CHECK(write(tree, tree.path("in/folder"), "x", walk).outcome == FileOutcome::failed);
  }
}

TEST_CASE("files of the kernel are not covered by wildcards") {
  Tree tree;
  tree.grant("fs:read:/proc/**");
  CHECK(read(tree, "/proc/self/environ").outcome == FileOutcome::denied);
  CHECK(read(tree, "/proc/self/root/etc/passwd").outcome == FileOutcome::denied);
  const int fd = ::open(tree.path("out/secret").c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(read(tree, "/proc/self/fd/" + std::to_string(fd)).outcome == FileOutcome::denied);
  ::close(fd);
  tree.grant("fs:read:/proc/version");
  const FileReply version = read(tree, "/proc/version");
  CHECK(version.outcome == FileOutcome::ok);
  CHECK(!version.data.empty());
}

TEST_CASE("a file is never larger than what may be read") {
  Tree tree;
  CHECK(read(tree, tree.path("in/file"), PathWalk::kernel, 6).outcome == FileOutcome::too_large);
  CHECK(read(tree, tree.path("in/file"), PathWalk::kernel, 7).data == "granted");
  CHECK(read(tree, tree.path("in/file"), PathWalk::kernel, 0).outcome == FileOutcome::too_large);
  // Its size is told as 0.
  tree.grant("fs:read:/proc/cpuinfo");
  CHECK(read(tree, "/proc/cpuinfo", PathWalk::kernel, 10).outcome == FileOutcome::too_large);
}

TEST_CASE("a file is replaced, and made with a mode for all to read") {
  Tree tree;
  for (const PathWalk walk : kWalks) {
    CHECK(write(tree, tree.path("in/file"), "new", walk).outcome == FileOutcome::ok);
    CHECK(tree.root.read("in/file") == "new");
    CHECK(write(tree, tree.path("in/made"), std::string(100'000, 'y'), walk).outcome == FileOutcome::ok);
    CHECK(tree.root.read("in/made") == std::string(100'000, 'y'));
    struct stat status {};
    REQUIRE(::stat(tree.path("in/made").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0644);
    tree.root.remove("in/made");
  }
}

TEST_CASE("writing through a link writes where it leads, if that is granted") {
  Tree tree;
  tree.root.link(tree.path("out/secret"), "in/leak");
  tree.root.link(tree.path("out/new"), "in/dangling");
  tree.root.link("../out", "in/folder");
  tree.root.link("file", "in/link");
  for (const PathWalk walk : kWalks) {
    for (const char* name : {"in/leak", "in/dangling", "in/folder/new"}) {
      CHECK(write(tree, tree.path(name), "x", walk).outcome == FileOutcome::denied);
    }
    CHECK(write(tree, tree.path("in/link"), "through", walk).outcome == FileOutcome::ok);
  }
  CHECK(tree.root.read("out/secret") == "secret");
  CHECK(!tree.root.has("out/new"));
  CHECK(tree.root.read("in/file") == "through");
  CHECK(read(tree, tree.path("in/link")).data == "through");
}

TEST_CASE("writing to a file with several names leaves the others as they are") {
  Tree tree;
  tree.root.hard_link("out/secret", "in/hard");
  CHECK(write(tree, tree.path("in/hard"), "x").outcome == FileOutcome::ok);
  CHECK(tree.root.read("out/secret") == "secret");
  CHECK(tree.root.read("in/hard") == "x");
}

TEST_CASE("a write that fails leaves nothing behind") {
  Tree tree;
  tree.root.folder("in/taken");
  tree.root.write("in/taken/file", "");
  CHECK(write(tree, tree.path("in/taken"), "x").outcome == FileOutcome::failed);
  CHECK(write(tree, tree.path("in/" + std::string(256, 'n')), "x").outcome == FileOutcome::failed);
  tree.root.remove("in/taken/file");
  tree.root.remove("in/taken");
  tree.root.remove("in/file");
  // Empty: nothing temporary is left.
  CHECK(::rmdir(tree.path("in").c_str()) == 0);
}

// The swapping goes on for as long as there is reading, so each reading may meet any state of the tree.
template <class Swap>
void read_while(const Tree& tree, const std::string& path, Swap&& swap) {
  std::atomic<bool> done = false;
  std::thread swapper([&] {
    while (!done) swap();
  });
  for (const PathWalk walk : kWalks) {
    const auto access = make_file_access(walk);
    for (int round = 0; round < 100; ++round) {
      const FileReply reply = access->read(tree.policy, path, kMost);
      if (reply.outcome == FileOutcome::ok) {
        CHECK(reply.data == "granted");
      } else {
        CHECK(reply.data.empty());
      }
    }
  }
  done = true;
  swapper.join();
}

TEST_CASE("a file that becomes a link and back never shows what the link leads to") {
  Tree tree;
  tree.root.write("in/kept", "granted");
  tree.root.link(tree.path("out/secret"), "in/link");
  const std::string file = tree.path("in/file"), link = tree.path("in/link"), spare = tree.path("in/spare");
  read_while(tree, file, [&] {
    ::rename(file.c_str(), spare.c_str());
    ::rename(link.c_str(), file.c_str());
    ::rename(file.c_str(), link.c_str());
    ::rename(spare.c_str(), file.c_str());
  });
}

TEST_CASE("a folder that becomes a link and back never shows what the link leads to") {
  Tree tree;
  tree.root.folder("in/folder");
  tree.root.write("in/folder/secret", "granted");
  tree.root.link(tree.path("out"), "in/link");
  const std::string folder = tree.path("in/folder"), link = tree.path("in/link"), spare = tree.path("in/spare");
  read_while(tree, folder + "/secret", [&] {
    ::rename(folder.c_str(), spare.c_str());
    ::rename(link.c_str(), folder.c_str());
    ::rename(folder.c_str(), link.c_str());
    ::rename(spare.c_str(), folder.c_str());
  });
}

TEST_CASE("a hard link that comes and goes never shows the file from outside") {
  Tree tree;
  const std::string secret = tree.path("out/secret"), hard = tree.path("in/hard");
  read_while(tree, hard, [&] {
    (void)!::link(secret.c_str(), hard.c_str());
    ::unlink(hard.c_str());
  });
}

TEST_CASE("a reader sees the old file or the new one") {
  Tree tree;
  std::atomic<bool> done = false;
  const std::string one(50'000, '1'), two(50'000, '2');
  const auto access = make_file_access();
  REQUIRE(access->write(tree.policy, tree.path("in/file"), one).outcome == FileOutcome::ok);
  std::thread writer([&] {
    for (int i = 0; !done; ++i) access->write(tree.policy, tree.path("in/file"), i % 2 == 0 ? two : one);
  });
  for (int round = 0; round < 300; ++round) {
    const FileReply reply = access->read(tree.policy, tree.path("in/file"), kMost);
    if (reply.outcome == FileOutcome::ok) CHECK((reply.data == one || reply.data == two));
  }
  done = true;
  writer.join();
}

}  // namespace
}  // namespace wplug
