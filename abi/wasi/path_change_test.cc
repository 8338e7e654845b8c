#include <doctest/doctest.h>

#include <string>

#include "abi/wasi/guest_fixture.h"

namespace wplug::wasi {
namespace {

// A guest with the directories "rw" at 3 and "ro" at 4.
struct Fixture {
  Fixture() {
    top.make_directory("rw");
    top.make_directory("ro");
    top.write("rw/file", "text");
    top.write("ro/file", "fixed");
    top.write("secret", "outside");
    WasiConfig config;
    config.directories.push_back({top.path("rw"), "rw", true});
    config.directories.push_back({top.path("ro"), "ro", false});
    guest.emplace(std::move(config));
  }
  Call& call() { return guest->call; }
  Text put(std::string_view text) { return guest->put(text); }

  Errno mkdir(std::string_view path, u32 fd = 3) {
    const Text p = put(path);
    return number_of(path_create_directory(call(), fd, p.at, p.size));
  }
  Errno rmdir(std::string_view path, u32 fd = 3) {
    const Text p = put(path);
    return number_of(path_remove_directory(call(), fd, p.at, p.size));
  }
  Errno unlink(std::string_view path, u32 fd = 3) {
    const Text p = put(path);
    return number_of(path_unlink_file(call(), fd, p.at, p.size));
  }
  Errno symlink(std::string_view text, std::string_view path, u32 fd = 3) {
    const Text t = put(text), p = put(path);
    return number_of(path_symlink(call(), t.at, t.size, fd, p.at, p.size));
  }
  Errno rename(std::string_view from, std::string_view to, u32 from_fd = 3, u32 to_fd = 3) {
    const Text a = put(from), b = put(to);
    return number_of(path_rename(call(), from_fd, a.at, a.size, to_fd, b.at, b.size));
  }
  Errno link(std::string_view from, std::string_view to, u32 from_fd = 3, u32 to_fd = 3, u32 lookup = 0) {
    const Text a = put(from), b = put(to);
    return number_of(path_link(call(), from_fd, lookup, a.at, a.size, to_fd, b.at, b.size));
  }
  Errno stat(std::string_view path, u32 lookup = kSymlinkFollow, u32 fd = 3) {
    const Text p = put(path);
    record = guest->reserve(kFilestatSize);
    return number_of(path_filestat_get(call(), fd, lookup, p.at, p.size, record));
  }
  Errno set_times(std::string_view path, u64 atim, u64 mtim, u32 flags, u32 lookup = 0, u32 fd = 3) {
    const Text p = put(path);
    return number_of(path_filestat_set_times(call(), fd, lookup, p.at, p.size, atim, mtim, flags));
  }
  Filetype type() { return static_cast<Filetype>(guest->get<uint8_t>(record + 16)); }

  TemporaryDirectory top;
  std::optional<Guest> guest;
  u32 record = 0;
};

}  // namespace

TEST_CASE("directories are made and removed") {
  Fixture f;
  CHECK(f.mkdir("d") == Errno::success);
  CHECK(f.mkdir("d/") == Errno::exist);
  CHECK(f.mkdir("d/e/") == Errno::success);
  CHECK(f.mkdir("missing/e") == Errno::noent);
  CHECK(f.mkdir("../out") == Errno::perm);
  CHECK(f.mkdir("/out") == Errno::perm);
  CHECK(f.rmdir("d") == Errno::notempty);
  CHECK(f.rmdir("d/e") == Errno::success);
  CHECK(f.rmdir("d/") == Errno::success);
  CHECK(f.rmdir("d") == Errno::noent);
  CHECK(f.rmdir("file") == Errno::notdir);
  CHECK(f.rmdir("..") != Errno::success);
  CHECK(f.rmdir(".") != Errno::success);
  CHECK(f.top.has("rw"));
}

TEST_CASE("files are removed, directories are not") {
  Fixture f;
  REQUIRE(f.mkdir("d") == Errno::success);
  CHECK(f.unlink("d") == Errno::isdir);
  CHECK(f.unlink("d/") == Errno::isdir);
  CHECK(f.unlink("file/") == Errno::notdir);
  CHECK(f.unlink("file") == Errno::success);
  CHECK_FALSE(f.top.has("rw/file"));
  CHECK(f.unlink("file") == Errno::noent);
  CHECK(f.unlink("../secret") == Errno::perm);
  CHECK(f.top.has("secret"));
}

TEST_CASE("removing a link removes the link, not what it names") {
  Fixture f;
  REQUIRE(f.mkdir("d") == Errno::success);
  REQUIRE(f.symlink("d", "to_d") == Errno::success);
  REQUIRE(f.symlink("../secret", "out") == Errno::success);
  CHECK(f.unlink("to_d/") == Errno::notdir);
  CHECK(f.rmdir("to_d") == Errno::notdir);
  CHECK(f.unlink("to_d") == Errno::success);
  CHECK(f.unlink("out") == Errno::success);
  CHECK(f.top.has("rw/d"));
  CHECK(f.top.has("secret"));
}

TEST_CASE("names are changed within what is writable") {
  Fixture f;
  REQUIRE(f.mkdir("d") == Errno::success);
  CHECK(f.rename("file", "d/moved") == Errno::success);
  CHECK(f.top.read("rw/d/moved") == "text");
  CHECK(f.rename("d/", "e/") == Errno::success);
  CHECK(f.rename("e/moved", "x/") == Errno::notdir);
  CHECK(f.rename("e/moved/", "x") == Errno::notdir);
  CHECK(f.rename("missing", "x") == Errno::noent);
  CHECK(f.rename("e/moved", "../out") == Errno::perm);
  CHECK(f.rename("../secret", "got") == Errno::perm);
  CHECK(f.rename("e/moved", "moved", 3, 4) == Errno::rofs);
  CHECK(f.rename("file", "file", 4, 3) == Errno::rofs);
  CHECK(f.rename("e/moved", "moved", 3, 77) == Errno::badf);
}

TEST_CASE("renaming over a link replaces the link") {
  Fixture f;
  REQUIRE(f.symlink("../secret", "out") == Errno::success);
  CHECK(f.rename("file", "out") == Errno::success);
  CHECK(f.top.read("secret") == "outside");
  CHECK(f.top.read("rw/out") == "text");
}

TEST_CASE("hard links stay within what is writable") {
  Fixture f;
  CHECK(f.link("file", "twin") == Errno::success);
  CHECK(f.top.read("rw/twin") == "text");
  CHECK(f.link("file", "twin") == Errno::exist);
  CHECK(f.link("file", "new/") == Errno::noent);
  CHECK(f.link("../secret", "got") == Errno::perm);
  CHECK(f.link("file", "../got") == Errno::perm);
  // A link into the writable directory would make the read-only file writable.
  CHECK(f.link("file", "stolen", 4, 3) == Errno::rofs);
  CHECK(f.link("file", "put", 3, 4) == Errno::rofs);
  REQUIRE(f.mkdir("d") == Errno::success);
  CHECK(f.link("d", "e") == Errno::perm);
}

TEST_CASE("a hard link to a link is to the link itself, or to what it names within") {
  Fixture f;
  REQUIRE(f.symlink("../secret", "out") == Errno::success);
  REQUIRE(f.symlink("file", "in") == Errno::success);
  CHECK(f.link("out", "stolen", 3, 3, kSymlinkFollow) == Errno::perm);
  CHECK(f.link("out", "copy") == Errno::success);
  CHECK(f.stat("copy", 0) == Errno::success);
  CHECK(f.type() == Filetype::symbolic_link);
  CHECK(f.link("in", "followed", 3, 3, kSymlinkFollow) == Errno::success);
  CHECK(f.stat("followed", 0) == Errno::success);
  CHECK(f.type() == Filetype::regular_file);
}

TEST_CASE("symbolic links are made with any relative text") {
  Fixture f;
  CHECK(f.symlink("file", "link") == Errno::success);
  CHECK(f.symlink("file", "link") == Errno::exist);
  CHECK(f.symlink("/etc/passwd", "absolute") == Errno::perm);
  CHECK(f.symlink("", "empty") == Errno::noent);
  CHECK(f.symlink(std::string_view("a\0b", 3), "nul") == Errno::inval);
  CHECK(f.symlink(std::string(5000, 'x'), "long") == Errno::nametoolong);
  CHECK(f.symlink("file", "new/") == Errno::noent);
  CHECK(f.symlink("file", "file/") == Errno::notdir);
  CHECK(f.symlink("file", "../out") == Errno::perm);
  const u32 out = f.guest->reserve(16), used = f.guest->reserve(4);
  const Text name = f.put("link");
  CHECK(number_of(path_readlink(f.call(), 3, name.at, name.size, out, 16, used)) == Errno::success);
  CHECK(f.guest->text(out, f.guest->get<u32>(used)) == "file");
  CHECK(number_of(path_readlink(f.call(), 3, name.at, name.size, out, 2, used)) == Errno::success);
  CHECK(f.guest->get<u32>(used) == 2);
  const Text file = f.put("file");
  CHECK(number_of(path_readlink(f.call(), 3, file.at, file.size, out, 16, used)) == Errno::inval);
  CHECK(number_of(path_readlink(f.call(), 3, name.at, name.size, 0xffffff00, 0x200, used)) == Errno::fault);
}

TEST_CASE("attributes are those of the host's file") {
  Fixture f;
  REQUIRE(f.symlink("file", "link") == Errno::success);
  REQUIRE(f.symlink("../secret", "out") == Errno::success);
  struct stat status{};
  REQUIRE(::stat(f.top.path("rw/file").c_str(), &status) == 0);
  CHECK(f.stat("file") == Errno::success);
  CHECK(f.guest->get<u64>(f.record) == status.st_dev);
  CHECK(f.guest->get<u64>(f.record + 8) == status.st_ino);
  CHECK(f.type() == Filetype::regular_file);
  CHECK(f.guest->get<u64>(f.record + 24) == 1);
  CHECK(f.guest->get<u64>(f.record + 32) == 4);
  CHECK(f.guest->get<u64>(f.record + 48) / 1'000'000'000 == static_cast<u64>(status.st_mtim.tv_sec));
  CHECK(f.stat("link") == Errno::success);
  CHECK(f.type() == Filetype::regular_file);
  CHECK(f.stat("link", 0) == Errno::success);
  CHECK(f.type() == Filetype::symbolic_link);
  CHECK(f.stat("out") == Errno::perm);
  CHECK(f.stat("out", 0) == Errno::success);
  CHECK(f.stat("file/") == Errno::notdir);
  CHECK(f.stat(".") == Errno::success);
  CHECK(f.type() == Filetype::directory);
  CHECK(f.stat("..") == Errno::perm);
}

TEST_CASE("the unstable version has a shorter record of attributes") {
  Fixture f;
  const Text name = f.put("file");
  const u32 out = f.guest->reserve(kUnstableFilestatSize);
  REQUIRE(number_of(unstable_path_filestat_get(f.call(), 3, 0, name.at, name.size, out)) == Errno::success);
  CHECK(f.guest->get<uint8_t>(out + 16) == static_cast<uint8_t>(Filetype::regular_file));
  CHECK(f.guest->get<u32>(out + 20) == 1);
  CHECK(f.guest->get<u64>(out + 24) == 4);
}

TEST_CASE("times are set to what is given, to now, or left") {
  Fixture f;
  CHECK(f.set_times("file", 1'000'000'000'000'000'001, 5'000'000'007, fstflag::atim | fstflag::mtim) == Errno::success);
  CHECK(f.stat("file") == Errno::success);
  CHECK(f.guest->get<u64>(f.record + 40) == 1'000'000'000'000'000'001);
  CHECK(f.guest->get<u64>(f.record + 48) == 5'000'000'007);
  CHECK(f.set_times("file", 9, 9, fstflag::atim_now) == Errno::success);
  CHECK(f.stat("file") == Errno::success);
  CHECK(f.guest->get<u64>(f.record + 40) > 1'600'000'000'000'000'000);
  CHECK(f.guest->get<u64>(f.record + 48) == 5'000'000'007);
  CHECK(f.set_times("file", 0, 0, fstflag::atim | fstflag::atim_now) == Errno::inval);
  CHECK(f.set_times("file", 0, 0, 16) == Errno::inval);
  REQUIRE(f.symlink("../secret", "out") == Errno::success);
  CHECK(f.set_times("out", 0, 0, fstflag::mtim, kSymlinkFollow) == Errno::perm);
  CHECK(f.set_times("out", 0, 0, fstflag::mtim) == Errno::success);
  struct stat status{};
  REQUIRE(::stat(f.top.path("secret").c_str(), &status) == 0);
  CHECK(status.st_mtim.tv_sec > 1'600'000'000);
}

TEST_CASE("nothing below a read-only directory is changed") {
  Fixture f;
  CHECK(f.mkdir("d", 4) == Errno::rofs);
  CHECK(f.rmdir("d", 4) == Errno::rofs);
  CHECK(f.unlink("file", 4) == Errno::rofs);
  CHECK(f.symlink("file", "link", 4) == Errno::rofs);
  CHECK(f.rename("file", "other", 4, 4) == Errno::rofs);
  CHECK(f.link("file", "other", 4, 4) == Errno::rofs);
  CHECK(f.set_times("file", 0, 0, fstflag::mtim, 0, 4) == Errno::rofs);
  CHECK(f.stat("file", 0, 4) == Errno::success);
  CHECK(f.top.read("ro/file") == "fixed");
}

TEST_CASE("a directory without a right refuses what needs it") {
  Fixture f;
  const Rights kept = right::path_open | right::path_filestat_get;
  REQUIRE(number_of(fd_fdstat_set_rights(f.call(), 3, kept, 0)) == Errno::success);
  CHECK(f.stat("file") == Errno::success);
  CHECK(f.mkdir("d") == Errno::notcapable);
  CHECK(f.rmdir("d") == Errno::notcapable);
  CHECK(f.unlink("file") == Errno::notcapable);
  CHECK(f.symlink("file", "link") == Errno::notcapable);
  CHECK(f.rename("file", "other") == Errno::notcapable);
  CHECK(f.link("file", "other") == Errno::notcapable);
  CHECK(f.set_times("file", 0, 0, 0) == Errno::notcapable);
  const Text name = f.put("file");
  CHECK(number_of(path_readlink(f.call(), 3, name.at, name.size, 0, 0, 64)) == Errno::notcapable);
}

}  // namespace wplug::wasi
