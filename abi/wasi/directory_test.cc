#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "abi/wasi/guest_fixture.h"

namespace wplug::wasi {
namespace {

struct Entry {
  u64 next, inode;
  Filetype type;
  std::string name;
};

struct Listing {
  std::vector<Entry> entries;  // whole ones
  u32 used;
};

Listing list(Guest& guest, u32 fd, u64 cookie, u32 size) {
  const u32 buffer = guest.reserve(size), used = guest.reserve(4);
  REQUIRE(number_of(fd_readdir(guest.call, fd, buffer, size, cookie, used)) == Errno::success);
  Listing listing{{}, guest.get<u32>(used)};
  for (u32 at = 0; at + kDirentSize <= listing.used;) {
    const u32 length = guest.get<u32>(buffer + at + 16);
    if (at + kDirentSize + length > listing.used) break;
    listing.entries.push_back({guest.get<u64>(buffer + at), guest.get<u64>(buffer + at + 8),
                               static_cast<Filetype>(guest.get<uint8_t>(buffer + at + 20)),
                               guest.text(buffer + at + kDirentSize, length)});
    at += kDirentSize + length;
  }
  return listing;
}

// Reads to the end as C's library does: from the last whole entry on.
std::vector<Entry> list_all(Guest& guest, u32 fd, u32 size) {
  std::vector<Entry> all;
  u64 cookie = 0;
  for (;;) {
    const Listing some = list(guest, fd, cookie, size);
    all.insert(all.end(), some.entries.begin(), some.entries.end());
    if (some.used < size) return all;
    REQUIRE_FALSE(some.entries.empty());
    cookie = all.back().next;
  }
}

std::multiset<std::string> names(const std::vector<Entry>& entries) {
  std::multiset<std::string> found;
  for (const Entry& entry : entries) found.insert(entry.name);
  return found;
}

}  // namespace

TEST_CASE("the given directories have their names, and no others") {
  TemporaryDirectory directory;
  WasiConfig config;
  config.directories.push_back({directory.path(), "/data", false});
  config.directories.push_back({directory.path(), "work", true});
  Guest guest(std::move(config));
  const u32 out = guest.reserve(16);
  CHECK(number_of(fd_prestat_get(guest.call, 3, out)) == Errno::success);
  CHECK(guest.get<uint8_t>(out) == 0);
  CHECK(guest.get<u32>(out + 4) == 5);
  CHECK(number_of(fd_prestat_dir_name(guest.call, 3, out, 5)) == Errno::success);
  CHECK(guest.text(out, 5) == "/data");
  CHECK(number_of(fd_prestat_dir_name(guest.call, 4, out, 16)) == Errno::success);
  CHECK(guest.text(out, 4) == "work");
  CHECK(number_of(fd_prestat_dir_name(guest.call, 3, out, 4)) == Errno::nametoolong);
  CHECK(number_of(fd_prestat_get(guest.call, 5, out)) == Errno::badf);
  CHECK(number_of(fd_prestat_get(guest.call, 0, out)) == Errno::badf);
  CHECK(number_of(fd_prestat_get(guest.call, 3, 0xfffffffd)) == Errno::fault);
}

TEST_CASE("a directory lists its entries with their types") {
  TemporaryDirectory directory;
  directory.make_directory("sub");
  directory.write("file", "x");
  directory.make_link("file", "link");
  Guest guest = Guest::with_directory(directory, false);
  const std::vector<Entry> all = list_all(guest, kRoot, 4096);
  CHECK(names(all) == std::multiset<std::string>{".", "..", "sub", "file", "link"});
  struct stat root{};
  REQUIRE(::stat(directory.path().c_str(), &root) == 0);
  for (const Entry& entry : all) {
    CAPTURE(entry.name);
    if (entry.name == "file") CHECK(entry.type == Filetype::regular_file);
    if (entry.name == "sub") CHECK(entry.type == Filetype::directory);
    if (entry.name == "link") CHECK(entry.type == Filetype::symbolic_link);
    // The number of the directory above is not told.
    if (entry.name == "." || entry.name == "..") CHECK(entry.inode == root.st_ino);
  }
}

TEST_CASE("a long directory is read in pieces without loss or repetition") {
  TemporaryDirectory directory;
  std::multiset<std::string> expected{".", ".."};
  for (int i = 0; i < 300; ++i) {
    const std::string name = "file." + std::to_string(i);
    directory.write(name, "");
    expected.insert(name);
  }
  Guest guest = Guest::with_directory(directory, false);
  CHECK(names(list_all(guest, kRoot, 256)) == expected);
  CHECK(names(list_all(guest, kRoot, 4096)) == expected);
}

TEST_CASE("every cookie leads to the entry after it") {
  TemporaryDirectory directory;
  for (const char* name : {"a", "b", "c", "d"}) directory.write(name, "");
  Guest guest = Guest::with_directory(directory, false);
  const std::vector<Entry> all = list_all(guest, kRoot, 4096);
  REQUIRE(all.size() == 6);
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    const Listing rest = list(guest, kRoot, all[i].next, 4096);
    REQUIRE(rest.entries.size() == all.size() - i - 1);
    CHECK(rest.entries[0].name == all[i + 1].name);
  }
  CHECK(list(guest, kRoot, all.back().next, 4096).used == 0);
}

TEST_CASE("listing from the start again shows what is new") {
  TemporaryDirectory directory;
  Guest guest = Guest::with_directory(directory, false);
  CHECK(list_all(guest, kRoot, 4096).size() == 2);
  directory.write("late", "");
  CHECK(names(list_all(guest, kRoot, 4096)).count("late") == 1);
}

TEST_CASE("entries can be removed while they are listed") {
  TemporaryDirectory directory;
  for (int i = 0; i < 100; ++i) directory.write("file." + std::to_string(i), "");
  Guest guest = Guest::with_directory(directory, true);
  u64 cookie = 0;
  size_t removed = 0;
  for (;;) {
    const Listing some = list(guest, kRoot, cookie, 200);
    for (const Entry& entry : some.entries) {
      if (entry.type != Filetype::regular_file) continue;
      const Text name = guest.put(entry.name);
      REQUIRE(number_of(path_unlink_file(guest.call, kRoot, name.at, name.size)) == Errno::success);
      ++removed;
    }
    if (some.used < 200) break;
    cookie = some.entries.back().next;
  }
  CHECK(removed == 100);
}

TEST_CASE("made-up cookies and hostile buffers do no harm") {
  TemporaryDirectory directory;
  directory.write("file", "");
  Guest guest = Guest::with_directory(directory, false);
  const u32 buffer = guest.reserve(4096), used = guest.reserve(4);
  for (const u64 cookie : {u64{1}, u64{12345}, u64{1} << 62, ~u64{0}, u64{1} << 63}) {
    const Status status = fd_readdir(guest.call, kRoot, buffer, 4096, cookie, used);
    REQUIRE(status.ok());
    if (*status == Errno::success) CHECK(guest.get<u32>(used) <= 4096);
  }
  CHECK(names(list_all(guest, kRoot, 4096)).count("file") == 1);
  CHECK(number_of(fd_readdir(guest.call, kRoot, 0xffffff00, 0x200, 0, used)) == Errno::fault);
  CHECK(number_of(fd_readdir(guest.call, kRoot, buffer, 16, 0, 0xffffffff)) == Errno::fault);
  CHECK(number_of(fd_readdir(guest.call, 0, buffer, 16, 0, used)) == Errno::notdir);
  CHECK(number_of(fd_readdir(guest.call, 50, buffer, 16, 0, used)) == Errno::badf);
  // A buffer too small for one record is filled with its beginning.
  CHECK(list(guest, kRoot, 0, 10).used == 10);
  CHECK(list(guest, kRoot, 0, 0).used == 0);
}

}  // namespace wplug::wasi
