#include <doctest/doctest.h>

#include <string>

#include "abi/wasi/guest_fixture.h"
#include "abi/wasi/transfer.h"

namespace wplug::wasi {
namespace {

constexpr u32 kSet = 0, kCurrent = 1, kEnd = 2;

u64 seek_to(Guest& guest, u32 fd, int64_t delta, u32 whence) {
  const u32 out = guest.reserve(8);
  REQUIRE(number_of(fd_seek(guest.call, fd, delta, whence, out)) == Errno::success);
  return guest.get<u64>(out);
}

}  // namespace

TEST_CASE("a file is written, sought and read back") {
  TemporaryDirectory directory;
  Guest guest = Guest::with_directory(directory, true);
  const u32 fd = guest.must_open("new", oflag::creat);
  u32 count = 0;
  CHECK(guest.write(fd, "hello, world", &count) == Errno::success);
  CHECK(count == 12);
  CHECK(directory.read("new") == "hello, world");
  CHECK(seek_to(guest, fd, 7, kSet) == 7);
  CHECK(guest.must_read(fd, 100) == "world");
  CHECK(guest.must_read(fd, 100) == "");
  CHECK(seek_to(guest, fd, -5, kEnd) == 7);
  CHECK(seek_to(guest, fd, -2, kCurrent) == 5);
  const u32 out = guest.reserve(8);
  CHECK(number_of(fd_tell(guest.call, fd, out)) == Errno::success);
  CHECK(guest.get<u64>(out) == 5);
  CHECK(number_of(fd_seek(guest.call, fd, -6, kCurrent, out)) == Errno::inval);
  CHECK(number_of(fd_seek(guest.call, fd, 0, 3, out)) == Errno::inval);
  CHECK(number_of(fd_close(guest.call, fd)) == Errno::success);
  CHECK(guest.write(fd, "x") == Errno::badf);
}

TEST_CASE("the unstable version counts whence differently") {
  TemporaryDirectory directory;
  directory.write("file", "0123456789");
  Guest guest = Guest::with_directory(directory, false);
  const u32 fd = guest.must_open("file", 0, right::fd_read | right::fd_seek | right::fd_tell);
  const u32 out = guest.reserve(8);
  CHECK(number_of(unstable_fd_seek(guest.call, fd, 4, 2, out)) == Errno::success);
  CHECK(guest.get<u64>(out) == 4);
  CHECK(number_of(unstable_fd_seek(guest.call, fd, 1, 0, out)) == Errno::success);
  CHECK(guest.get<u64>(out) == 5);
  CHECK(number_of(unstable_fd_seek(guest.call, fd, -1, 1, out)) == Errno::success);
  CHECK(guest.get<u64>(out) == 9);
}

TEST_CASE("reading and writing at an offset leaves the position alone") {
  TemporaryDirectory directory;
  directory.write("file", "0123456789");
  Guest guest = Guest::with_directory(directory, true);
  const u32 fd = guest.must_open("file");
  const Text room{guest.reserve(4), 4};
  const u32 out = guest.reserve(4);
  CHECK(number_of(fd_pread(guest.call, fd, guest.put_buffers({room}), 1, 8, out)) == Errno::success);
  CHECK(guest.text(room.at, guest.get<u32>(out)) == "89");
  CHECK(number_of(fd_pwrite(guest.call, fd, guest.put_buffers({guest.put("ab")}), 1, 3, out)) == Errno::success);
  CHECK(directory.read("file") == "012ab56789");
  CHECK(guest.must_read(fd, 4) == "012a");
  const u32 list = guest.put_buffers({room});
  CHECK(number_of(fd_pread(guest.call, fd, list, 1, ~u64{0}, out)) == Errno::inval);
  CHECK(number_of(fd_pwrite(guest.call, fd, list, 1, u64{1} << 63, out)) == Errno::inval);
}

TEST_CASE("several buffers are read and written in order") {
  TemporaryDirectory directory;
  Guest guest = Guest::with_directory(directory, true);
  const u32 fd = guest.must_open("file", oflag::creat);
  const u32 out = guest.reserve(4);
  const u32 list = guest.put_buffers({guest.put("one"), guest.put(""), guest.put("two"), guest.put("three")});
  CHECK(number_of(fd_write(guest.call, fd, list, 4, out)) == Errno::success);
  CHECK(guest.get<u32>(out) == 11);
  CHECK(directory.read("file") == "onetwothree");
  const Text a{guest.reserve(4), 4}, b{guest.reserve(100), 100};
  CHECK(number_of(fd_pread(guest.call, fd, guest.put_buffers({a, b}), 2, 0, out)) == Errno::success);
  CHECK(guest.get<u32>(out) == 11);
  CHECK(guest.text(a.at, 4) == "onet");
  CHECK(guest.text(b.at, 7) == "wothree");
}

TEST_CASE("hostile buffer lists are refused before anything is moved") {
  TemporaryDirectory directory;
  Guest guest = Guest::with_directory(directory, true);
  const u32 fd = guest.must_open("file", oflag::creat);
  const u32 end = static_cast<u32>(guest.call.memory.size());
  const Text good = guest.put("good");
  const u32 out = guest.reserve(4);
  CHECK(number_of(fd_write(guest.call, fd, guest.put_buffers({good, {end - 2, 3}}), 2, out)) == Errno::fault);
  CHECK(number_of(fd_write(guest.call, fd, guest.put_buffers({good, {0xffffffff, 0xffffffff}}), 2, out)) ==
        Errno::fault);
  CHECK(number_of(fd_write(guest.call, fd, end - 8, 2, out)) == Errno::fault);
  CHECK(number_of(fd_write(guest.call, fd, 0xfffffff8, 1, out)) == Errno::fault);
  CHECK(number_of(fd_write(guest.call, fd, 0, kMaxBuffers + 1, out)) == Errno::inval);
  CHECK(number_of(fd_write(guest.call, fd, 0, 0xffffffff, out)) == Errno::inval);
  CHECK(number_of(fd_write(guest.call, fd, guest.put_buffers({good}), 1, end - 3)) == Errno::fault);
  CHECK(number_of(fd_read(guest.call, fd, guest.put_buffers({good}), 1, 0xffffffff)) == Errno::fault);
  CHECK(directory.read("file") == "");
}

TEST_CASE("descriptors only do what they were opened for") {
  TemporaryDirectory directory;
  directory.write("file", "text");
  Guest guest = Guest::with_directory(directory, true);
  std::string what;
  const u32 reading = guest.must_open("file", 0, kAllRights & ~right::fd_write);
  CHECK(guest.write(reading, "x") == Errno::badf);
  CHECK(number_of(fd_filestat_set_size(guest.call, reading, 0)) == Errno::badf);
  CHECK(number_of(fd_allocate(guest.call, reading, 0, 1)) == Errno::badf);
  const u32 writing = guest.must_open("file", 0, kAllRights & ~right::fd_read & ~right::fd_readdir);
  CHECK(guest.read(writing, 1, what) == Errno::badf);
  CHECK(guest.read(kRoot, 1, what) == Errno::isdir);
  CHECK(guest.write(kRoot, "x") == Errno::isdir);
  CHECK(guest.write(0, "x") == Errno::badf);
  CHECK(guest.read(1, 1, what) == Errno::badf);
  CHECK(guest.read(0xffffffff, 1, what) == Errno::badf);
  const u32 out = guest.reserve(8);
  CHECK(number_of(fd_seek(guest.call, kRoot, 0, kSet, out)) == Errno::badf);
  CHECK(number_of(fd_seek(guest.call, 0, 0, kSet, out)) == Errno::spipe);
}

TEST_CASE("rights that were given up do not come back") {
  TemporaryDirectory directory;
  directory.write("file", "text");
  Guest guest = Guest::with_directory(directory, true);
  const u32 fd = guest.must_open("file");
  const u64 kept = right::fd_read | right::fd_filestat_get;
  CHECK(number_of(fd_fdstat_set_rights(guest.call, fd, kept, 0)) == Errno::success);
  CHECK(guest.must_read(fd, 2) == "te");
  CHECK(guest.write(fd, "x") == Errno::notcapable);
  const u32 out = guest.reserve(8);
  CHECK(number_of(fd_seek(guest.call, fd, 0, kSet, out)) == Errno::notcapable);
  CHECK(number_of(fd_tell(guest.call, fd, out)) == Errno::notcapable);
  CHECK(number_of(fd_sync(guest.call, fd)) == Errno::notcapable);
  CHECK(number_of(fd_advise(guest.call, fd, 0, 0, 0)) == Errno::notcapable);
  CHECK(number_of(fd_fdstat_set_rights(guest.call, fd, kept | right::fd_write, 0)) == Errno::notcapable);
  const u32 stat = guest.reserve(kFdstatSize);
  CHECK(number_of(fd_fdstat_get(guest.call, fd, stat)) == Errno::success);
  CHECK(guest.get<u64>(stat + 8) == kept);
}

TEST_CASE("appending writes at the end until the flag is taken away") {
  TemporaryDirectory directory;
  directory.write("file", "12");
  Guest guest = Guest::with_directory(directory, true);
  const u32 fd = guest.must_open("file", 0, kAllRights, fdflag::append);
  CHECK(guest.write(fd, "34") == Errno::success);
  CHECK(directory.read("file") == "1234");
  CHECK(number_of(fd_fdstat_set_flags(guest.call, fd, 0)) == Errno::success);
  seek_to(guest, fd, 0, kSet);
  CHECK(guest.write(fd, "x") == Errno::success);
  CHECK(directory.read("file") == "x234");
  CHECK(number_of(fd_fdstat_set_flags(guest.call, fd, fdflag::append)) == Errno::success);
  CHECK(guest.write(fd, "5") == Errno::success);
  CHECK(directory.read("file") == "x2345");
  CHECK(number_of(fd_fdstat_set_flags(guest.call, fd, fdflag::sync)) == Errno::notsup);
  CHECK(number_of(fd_fdstat_set_flags(guest.call, fd, 32)) == Errno::inval);
}

TEST_CASE("sizes, allocation, advice and flushing work on files") {
  TemporaryDirectory directory;
  directory.write("file", "0123456789");
  Guest guest = Guest::with_directory(directory, true);
  const u32 fd = guest.must_open("file");
  CHECK(number_of(fd_filestat_set_size(guest.call, fd, 4)) == Errno::success);
  CHECK(directory.read("file") == "0123");
  CHECK(number_of(fd_filestat_set_size(guest.call, fd, ~u64{0})) == Errno::fbig);
  CHECK(number_of(fd_sync(guest.call, fd)) == Errno::success);
  CHECK(number_of(fd_datasync(guest.call, fd)) == Errno::success);
  CHECK(number_of(fd_advise(guest.call, fd, 0, 100, 3)) == Errno::success);
  CHECK(number_of(fd_advise(guest.call, fd, 0, 100, 6)) == Errno::inval);
  CHECK(number_of(fd_advise(guest.call, fd, ~u64{0}, 1, 0)) == Errno::inval);
  CHECK(number_of(fd_allocate(guest.call, fd, 0, 0)) == Errno::inval);
  CHECK(number_of(fd_allocate(guest.call, fd, ~u64{0}, 1)) == Errno::inval);
  CHECK(number_of(fd_allocate(guest.call, fd, (u64{1} << 63) - 1, 1)) == Errno::fbig);
  const Errno allocated = number_of(fd_allocate(guest.call, fd, 0, 100));
  CHECK((allocated == Errno::success || allocated == Errno::notsup));
  if (allocated == Errno::success) CHECK(directory.read("file").size() == 100);
}

TEST_CASE("a cursor hands out pieces of a list of buffers") {
  std::vector<uint8_t> memory(100);
  const std::span<uint8_t> bytes(memory);
  const GuestMemory::Buffers buffers{bytes.subspan(0, 10), bytes.subspan(20, 5), bytes.subspan(50, 50)};
  BufferCursor cursor(buffers);
  std::vector<iovec> vectors;
  CHECK(cursor.next(12, vectors) == 12);
  REQUIRE(vectors.size() == 2);
  CHECK(vectors[1].iov_len == 2);
  cursor.advance(12);
  CHECK(cursor.current().data() == memory.data() + 22);
  CHECK(cursor.next(1000, vectors) == 53);
  REQUIRE(vectors.size() == 2);
  CHECK(vectors[0].iov_base == memory.data() + 22);
  CHECK(vectors[0].iov_len == 3);
  cursor.advance(3);
  CHECK(cursor.current().data() == memory.data() + 50);
  cursor.advance(50);
  CHECK(cursor.done());
}

TEST_CASE("a cursor ends after the most that one call may move") {
  // Overlapping buffers add up to more than there is memory.
  std::vector<uint8_t> memory(size_t{64} << 20);
  const GuestMemory::Buffers buffers(64, std::span<uint8_t>(memory));
  BufferCursor cursor(buffers);
  std::vector<iovec> vectors;
  size_t total = 0;
  while (!cursor.done()) {
    const size_t piece = cursor.next(size_t{100} << 20, vectors);
    REQUIRE(piece > 0);
    total += piece;
    cursor.advance(piece);
  }
  CHECK(total == kMaxTransfer);
}

}  // namespace wplug::wasi
