#include <doctest/doctest.h>

#include <string>

#include "abi/wasi/guest_fixture.h"

namespace wplug::wasi {
namespace {

constexpr Rights kRead = right::fd_read | right::fd_seek | right::fd_tell | right::fd_filestat_get;
constexpr Rights kReadWrite = kRead | right::fd_write;

struct Fixture {
  explicit Fixture(bool writable = true) {
    directory.make_directory("sub");
    directory.write("file", "text");
    directory.write("sub/inner", "inner");
    WasiConfig config;
    config.directories.push_back({directory.path(), "/", writable});
    guest.emplace(std::move(config));
  }
  Errno open(std::string_view path, u32 oflags, u64 rights, u32 fdflags = 0, u32 lookup = kSymlinkFollow) {
    return guest->open(path, oflags, rights, fd, fdflags, lookup);
  }
  Rights rights_of(u32 descriptor, u32 offset) {
    const u32 out = guest->reserve(kFdstatSize);
    REQUIRE(number_of(fd_fdstat_get(guest->call, descriptor, out)) == Errno::success);
    return guest->get<u64>(out + offset);
  }

  TemporaryDirectory directory;
  std::optional<Guest> guest;
  u32 fd = 0;
};

}  // namespace

TEST_CASE("files are opened, created and truncated as asked") {
  Fixture f;
  CHECK(f.open("missing", 0, kRead) == Errno::noent);
  CHECK(f.open("new", oflag::creat, kReadWrite) == Errno::success);
  CHECK(f.directory.read("new") == "");
  CHECK(f.open("file", oflag::creat | oflag::excl, kReadWrite) == Errno::exist);
  CHECK(f.directory.read("file") == "text");
  CHECK(f.open("file", oflag::trunc, kReadWrite) == Errno::success);
  CHECK(f.directory.read("file") == "");
  CHECK(f.open("file", 16, kRead) == Errno::inval);
  CHECK(f.open("file", 0, kRead, 32) == Errno::inval);
  CHECK(f.open("file", 0, kRead, 0, 2) == Errno::inval);
}

TEST_CASE("directories are opened as such, and never for writing") {
  Fixture f;
  CHECK(f.open("sub", oflag::directory, kRead) == Errno::success);
  CHECK(f.open("sub", 0, kRead) == Errno::success);
  CHECK(f.open("sub/", 0, kRead) == Errno::success);
  CHECK(f.open(".", 0, 0) == Errno::success);
  CHECK(f.open("sub", 0, kReadWrite) == Errno::isdir);
  CHECK(f.open("sub", oflag::directory, kReadWrite) == Errno::isdir);
  CHECK(f.open("file", oflag::directory, kRead) == Errno::notdir);
  CHECK(f.open("file/", 0, kRead) == Errno::notdir);
  CHECK(f.open("new/", oflag::creat, kRead) == Errno::isdir);
}

TEST_CASE("a directory opened by the guest is a root of its own") {
  Fixture f;
  u32 sub = f.guest->must_open("sub", oflag::directory, kAllRights & ~right::fd_write);
  u32 fd = 0;
  CHECK(f.guest->open("inner", 0, kRead, fd, 0, kSymlinkFollow, sub) == Errno::success);
  CHECK(f.guest->must_read(fd, 10) == "inner");
  CHECK(f.guest->open("../file", 0, kRead, fd, 0, kSymlinkFollow, sub) == Errno::perm);
  CHECK(f.guest->open("inner", 0, kRead, fd, 0, kSymlinkFollow, 99) == Errno::badf);
  const u32 file = f.guest->must_open("file");
  CHECK(f.guest->open("x", 0, kRead, fd, 0, kSymlinkFollow, file) == Errno::notdir);
  // It names no directory that was given from the start.
  CHECK(number_of(fd_prestat_get(f.guest->call, sub, f.guest->reserve(8))) == Errno::badf);
}

TEST_CASE("symbolic links are followed only within, and only when asked") {
  Fixture f;
  f.directory.make_link("file", "good");
  f.directory.make_link("/etc/passwd", "absolute");
  f.directory.make_link("../../../../../../../../etc/passwd", "up");
  f.directory.make_link("created", "dangling");
  CHECK(f.open("good", 0, kRead) == Errno::success);
  CHECK(f.guest->must_read(f.fd, 10) == "text");
  CHECK(f.open("good", 0, kRead, 0, 0) == Errno::loop);
  CHECK(f.open("absolute", 0, kRead) == Errno::perm);
  CHECK(f.open("absolute", 0, kRead, 0, 0) == Errno::loop);
  CHECK(f.open("up", 0, kRead) == Errno::perm);
  CHECK(f.open("dangling", oflag::creat | oflag::excl, kReadWrite) == Errno::exist);
  CHECK_FALSE(f.directory.has("created"));
  CHECK(f.open("dangling", oflag::creat, kReadWrite) == Errno::success);
  CHECK(f.directory.has("created"));
}

TEST_CASE("a guest cannot create a file outside through a link of its own making") {
  TemporaryDirectory top;
  top.make_directory("root");
  WasiConfig config;
  config.directories.push_back({top.path("root"), "/", true});
  Guest guest(std::move(config));
  const Text text = guest.put("../escaped"), name = guest.put("link");
  REQUIRE(number_of(path_symlink(guest.call, text.at, text.size, kRoot, name.at, name.size)) == Errno::success);
  u32 fd = 0;
  CHECK(guest.open("link", oflag::creat, kReadWrite, fd) == Errno::perm);
  CHECK(guest.open("link", oflag::creat, kReadWrite, fd, 0, 0) == Errno::loop);
  CHECK_FALSE(top.has("escaped"));
}

TEST_CASE("below a read-only directory nothing is opened for change") {
  Fixture f(false);
  CHECK(f.open("file", 0, kRead) == Errno::success);
  CHECK(f.guest->must_read(f.fd, 10) == "text");
  CHECK(f.guest->write(f.fd, "x") == Errno::badf);
  CHECK(f.open("file", 0, kReadWrite) == Errno::rofs);
  CHECK(f.open("file", oflag::trunc, kRead) == Errno::rofs);
  CHECK(f.open("new", oflag::creat, kRead) == Errno::rofs);
  const u32 sub = f.guest->must_open("sub", oflag::directory, kAllRights & ~right::fd_write);
  u32 fd = 0;
  CHECK(f.guest->open("inner", 0, kReadWrite, fd, 0, kSymlinkFollow, sub) == Errno::rofs);
  CHECK(f.guest->open("inner", 0, kRead, fd, 0, kSymlinkFollow, sub) == Errno::success);
  CHECK(number_of(fd_filestat_set_times(f.guest->call, fd, 0, 0, fstflag::mtim)) == Errno::rofs);
  CHECK(f.directory.read("file") == "text");
  CHECK_FALSE(f.directory.has("new"));
}

TEST_CASE("rights pass from a directory to what is opened through it, and never grow") {
  Fixture f;
  const u32 sub = f.guest->must_open("sub", oflag::directory, kAllRights & ~right::fd_write);
  REQUIRE(number_of(fd_fdstat_set_rights(f.guest->call, sub, right::path_open | right::fd_readdir,
                                         right::fd_read | right::path_open)) == Errno::success);
  u32 fd = 0;
  CHECK(f.guest->open("inner", 0, kRead, fd, 0, kSymlinkFollow, sub) == Errno::success);
  CHECK(f.rights_of(fd, 8) == right::fd_read);
  CHECK(f.guest->open("inner", 0, kReadWrite, fd, 0, kSymlinkFollow, sub) == Errno::notcapable);
  CHECK(f.guest->open("new", oflag::creat, kRead, fd, 0, kSymlinkFollow, sub) == Errno::notcapable);
  CHECK(f.guest->open("inner", oflag::trunc, kRead, fd, 0, kSymlinkFollow, sub) == Errno::notcapable);
  CHECK(f.guest->open(".", 0, kAllRights & ~right::fd_write, fd, 0, kSymlinkFollow, sub) == Errno::success);
  CHECK((f.rights_of(fd, 16) & ~(right::fd_read | right::path_open)) == 0);
}

TEST_CASE("what Go and C ask for opens files and directories") {
  Fixture f(false);
  // Go's O_RDONLY asks for every right but those that write data; C's masks with what the directory passes on.
  const Rights go =
      kAllRights & ~(right::fd_datasync | right::fd_write | right::fd_allocate | right::path_filestat_set_size);
  CHECK(f.open("file", 0, go) == Errno::success);
  CHECK(f.open("sub", 0, go) == Errno::success);
  CHECK((f.rights_of(kRoot, 16) & right::fd_write) != 0);
}

TEST_CASE("a guest has as many open files as it was given") {
  TemporaryDirectory directory;
  directory.write("file", "x");
  WasiConfig config;
  config.directories.push_back({directory.path(), "/", false});
  config.max_open_files = 6;
  Guest guest(std::move(config));
  CHECK(guest.must_open("file", 0, kRead) == 4);
  CHECK(guest.must_open("file", 0, kRead) == 5);
  u32 fd = 0;
  CHECK(guest.open("file", 0, kRead, fd) == Errno::mfile);
  CHECK(number_of(fd_close(guest.call, 4)) == Errno::success);
  CHECK(guest.must_open("file", 0, kRead) == 4);
}

TEST_CASE("opening a pipe in a directory does not wait for its other end") {
  Fixture f;
  REQUIRE(::mkfifo(f.directory.path("fifo").c_str(), 0666) == 0);
  CHECK(f.open("fifo", 0, right::fd_read) == Errno::success);
  CHECK(f.open("fifo", 0, right::fd_write) == Errno::success);
}

TEST_CASE("a bad place for the descriptor opens nothing") {
  Fixture f;
  const Text name = f.guest->put("new");
  const u32 end = static_cast<u32>(f.guest->call.memory.size());
  CHECK(number_of(path_open(f.guest->call, kRoot, 0, name.at, name.size, oflag::creat, kReadWrite, 0, 0, end - 3)) ==
        Errno::fault);
  CHECK_FALSE(f.directory.has("new"));
  CHECK(number_of(path_open(f.guest->call, kRoot, 0, end - 1, 2, 0, kRead, 0, 0, 64)) == Errno::fault);
  CHECK(number_of(path_open(f.guest->call, kRoot, 0, 0xffffffff, 0xffffffff, 0, kRead, 0, 0, 64)) == Errno::fault);
}

}  // namespace wplug::wasi
