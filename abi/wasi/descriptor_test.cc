#include "abi/wasi/descriptor.h"

#include <doctest/doctest.h>

#include "abi/wasi/guest_fixture.h"

namespace wplug::wasi {
namespace {

std::unique_ptr<Descriptor> stream() { return make_stream_descriptor({}, true, true); }

}  // namespace

TEST_CASE("descriptors take the lowest free number") {
  FdTable table(8);
  CHECK(table.insert(stream()) == 0u);
  CHECK(table.insert(stream()) == 1u);
  CHECK(table.insert(stream()) == 2u);
  CHECK(table.close(1) == Errno::success);
  CHECK(table.find(1) == nullptr);
  CHECK(table.insert(stream()) == 1u);
  CHECK(table.insert(stream()) == 3u);
}

TEST_CASE("a table does not grow past its limit") {
  FdTable table(2);
  CHECK(table.insert(stream()).has_value());
  CHECK(table.insert(stream()).has_value());
  CHECK_FALSE(table.insert(stream()).has_value());
  CHECK(table.close(0) == Errno::success);
  CHECK(table.has_room());
  CHECK(table.insert(stream()) == 0u);
}

TEST_CASE("numbers that are not open are refused") {
  FdTable table(8);
  REQUIRE(table.insert(stream()).has_value());
  for (const uint32_t fd : {1u, 7u, 8u, 0x7fffffffu, 0xffffffffu}) {
    CHECK(table.find(fd) == nullptr);
    CHECK(table.close(fd) == Errno::badf);
    CHECK(table.renumber(fd, 0) == Errno::badf);
    CHECK(table.renumber(0, fd) == Errno::badf);
  }
  CHECK(table.close(0) == Errno::success);
  CHECK(table.close(0) == Errno::badf);
}

TEST_CASE("renumbering replaces the target") {
  FdTable table(8);
  for (int i = 0; i < 3; ++i) REQUIRE(table.insert(stream()).has_value());
  Descriptor* first = table.find(0);
  CHECK(table.renumber(0, 2) == Errno::success);
  CHECK(table.find(2) == first);
  CHECK(table.find(0) == nullptr);
  CHECK(table.renumber(2, 2) == Errno::success);
  CHECK(table.find(2) == first);
  // Two are open now.
  for (int i = 0; i < 6; ++i) CHECK(table.insert(stream()).has_value());
  CHECK_FALSE(table.insert(stream()).has_value());
}

TEST_CASE("a missing right is told from a missing descriptor") {
  FdTable table(8);
  REQUIRE(table.insert(make_stream_descriptor({}, true, false)).has_value());
  CHECK(std::holds_alternative<Descriptor*>(table.find(0, right::fd_read)));
  CHECK(std::get<Errno>(table.find(0, right::fd_write)) == Errno::notcapable);
  CHECK(std::get<Errno>(table.find(0, right::fd_read | right::fd_seek)) == Errno::notcapable);
  CHECK(std::get<Errno>(table.find(1, right::fd_read)) == Errno::badf);
}

TEST_CASE("a descriptor has the rights of its type and of how it was opened") {
  TemporaryDirectory directory;
  directory.write("file", "x");
  const auto open = [&](const char* name, int flags) {
    return HostFile::owning(::open(directory.path(name).c_str(), flags));
  };
  const auto reading = make_host_descriptor(open("file", O_RDONLY), true, false);
  CHECK(reading->type == Filetype::regular_file);
  CHECK(reading->base == (kFileRights & ~kWriteRights));
  CHECK_FALSE(reading->may_wait);
  const auto preopen = make_preopen(open("", O_RDONLY | O_DIRECTORY), "/", false);
  CHECK(preopen->type == Filetype::directory);
  CHECK((preopen->base & kDirectoryChanges) == 0);
  CHECK((preopen->base & right::path_open) != 0);
  CHECK_FALSE(preopen->changeable);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto pipe = make_host_descriptor(HostFile::owning(ends[0]), true, false);
  const HostFile other = HostFile::owning(ends[1]);
  CHECK(pipe->may_wait);
  CHECK((pipe->base & (right::fd_seek | right::fd_tell)) == 0);
}

TEST_CASE("the numbers of errors are WASI's") {
  CHECK(static_cast<int>(Errno::badf) == 8);
  CHECK(static_cast<int>(Errno::noent) == 44);
  CHECK(static_cast<int>(Errno::notcapable) == 76);
  CHECK(from_host(ENOENT) == Errno::noent);
  CHECK(from_host(EWOULDBLOCK) == Errno::again);
  CHECK(from_host(0) == Errno::success);
  CHECK(from_host(123456) == Errno::io);
}

}  // namespace wplug::wasi
