#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <thread>

#include "abi/wasi/guest_fixture.h"

namespace wplug::wasi {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    out = HostFile::owning(ends[0]);
    in = HostFile::owning(ends[1]);
  }
  HostFile out, in;
};

Store make_store() {
  auto engine = Engine::create();
  REQUIRE(engine.ok());
  auto store = Store::create(*engine);
  REQUIRE(store.ok());
  return std::move(store).value();
}

auto soon() { return std::chrono::steady_clock::now() + std::chrono::milliseconds(5); }

WasiConfig with_stdin(WasiInput source) {
  WasiConfig config;
  config.stdin_source = std::move(source);
  return config;
}

WasiConfig with_stdout(WasiOutput sink) {
  WasiConfig config;
  config.stdout_sink = std::move(sink);
  return config;
}

}  // namespace

TEST_CASE("a guest that is given nothing reads an empty stdin and writes to nowhere") {
  Guest guest;
  CHECK(guest.must_read(0, 10) == "");
  u32 count = 0;
  CHECK(guest.write(1, "gone", &count) == Errno::success);
  CHECK(count == 4);
  CHECK(guest.write(2, "gone too") == Errno::success);
  u32 fd = 0;
  CHECK(guest.open("file", 0, right::fd_read, fd) == Errno::badf);
}

TEST_CASE("stdin can be a text, read in pieces") {
  Guest guest(with_stdin(std::string("one two")));
  CHECK(guest.must_read(0, 4) == "one ");
  CHECK(guest.must_read(0, 100) == "two");
  CHECK(guest.must_read(0, 100) == "");
}

TEST_CASE("stdin can be a function, which cannot claim more than it was asked for") {
  int calls = 0;
  Guest guest(with_stdin(WasiReader([&](std::span<uint8_t> room) -> size_t {
    if (++calls > 1) return 0;
    room[0] = 'x';
    return room.size() + 1000;
  })));
  CHECK(guest.must_read(0, 3).size() == 3);
  CHECK(guest.must_read(0, 3) == "");
}

TEST_CASE("stdout can be collected up to a limit") {
  std::string collected = "before ";
  Guest guest(with_stdout(WasiBuffer{&collected, 12}));
  u32 count = 0;
  CHECK(guest.write(1, "abc", &count) == Errno::success);
  CHECK(guest.write(1, "defgh", &count) == Errno::success);
  CHECK(count == 2);
  CHECK(guest.write(1, "x") == Errno::nospc);
  CHECK(collected == "before abcde");
}

TEST_CASE("stdout can be a function, whose refusal is an error") {
  std::string seen;
  Guest guest(with_stdout(WasiWriter([&](std::span<const uint8_t> bytes) {
    seen.append(bytes.begin(), bytes.end());
    return seen.size() < 5;
  })));
  CHECK(guest.write(1, "abc") == Errno::success);
  CHECK(guest.write(1, "def") == Errno::io);
  CHECK(seen == "abcdef");
}

TEST_CASE("stdin can be a pipe of the host, which gives what it has") {
  Pipe pipe;
  Guest guest(with_stdin(WasiFd{pipe.out.get()}));
  REQUIRE(::write(pipe.in.get(), "some", 4) == 4);
  CHECK(guest.must_read(0, 100) == "some");
  pipe.in = HostFile();
  CHECK(guest.must_read(0, 100) == "");
}

TEST_CASE("closing stdin leaves the descriptor that was lent open") {
  Pipe pipe;
  Guest guest(with_stdin(WasiFd{pipe.out.get()}));
  CHECK(number_of(fd_close(guest.call, 0)) == Errno::success);
  CHECK(::fcntl(pipe.out.get(), F_GETFD) >= 0);
}

TEST_CASE("a read that would wait for ever ends with the deadline") {
  Pipe pipe;
  Store store = make_store();
  Guest guest(with_stdin(WasiFd{pipe.out.get()}), &store);
  store.set_deadline(soon());
  const u32 list = guest.put_buffers({{guest.reserve(8), 8}});
  const Status status = fd_read(guest.call, 0, list, 1, guest.reserve(4));
  REQUIRE_FALSE(status.ok());
  CHECK(trap_of(status.error()) == TrapKind::deadline_exceeded);
}

TEST_CASE("a write that would wait for ever ends with the deadline") {
  Pipe pipe;
  Store store = make_store();
  Guest guest(with_stdout(WasiFd{pipe.in.get()}), &store);
  store.set_deadline(soon());
  const Text much{guest.reserve(1 << 19), 1 << 19};
  const Status status = fd_write(guest.call, 1, guest.put_buffers({much}), 1, guest.reserve(4));
  REQUIRE_FALSE(status.ok());
  CHECK(trap_of(status.error()) == TrapKind::deadline_exceeded);
}

TEST_CASE("an interrupt ends a read that waits") {
  Pipe pipe;
  Store store = make_store();
  Guest guest(with_stdin(WasiFd{pipe.out.get()}), &store);
  store.interrupt_handle().interrupt();
  const u32 list = guest.put_buffers({{guest.reserve(8), 8}});
  const Status status = fd_read(guest.call, 0, list, 1, guest.reserve(4));
  REQUIRE_FALSE(status.ok());
  CHECK(trap_of(status.error()) == TrapKind::interrupted);
}

TEST_CASE("a pipe that does not want to block says again") {
  Pipe pipe;
  Guest guest(with_stdin(WasiFd{pipe.out.get()}));
  std::string what;
  REQUIRE(number_of(fd_fdstat_set_flags(guest.call, 0, fdflag::nonblock)) == Errno::success);
  CHECK(guest.read(0, 10, what) == Errno::again);
  REQUIRE(::write(pipe.in.get(), "now", 3) == 3);
  CHECK(guest.must_read(0, 10) == "now");
  // The host's own file is as it was.
  CHECK((::fcntl(pipe.out.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("writing to a pipe that nobody reads is an error of the guest, not the end of the host") {
  Pipe pipe;
  Guest guest(with_stdout(WasiFd{pipe.in.get()}));
  pipe.out = HostFile();
  CHECK(guest.write(1, "x") == Errno::pipe);
  sigset_t pending;
  ::sigpending(&pending);
  CHECK(::sigismember(&pending, SIGPIPE) == 0);
}

TEST_CASE("a long write to a pipe with a reader arrives whole") {
  Pipe pipe;
  Guest guest(with_stdout(WasiFd{pipe.in.get()}));
  std::string text;
  for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i) + ",";
  std::string arrived;
  std::thread reader([&] {
    char piece[5000];
    ssize_t size;
    while (arrived.size() < text.size() && (size = ::read(pipe.out.get(), piece, sizeof(piece))) > 0) {
      arrived.append(piece, static_cast<size_t>(size));
    }
  });
  u32 count = 0;
  const Errno error = guest.write(1, text, &count);
  if (error != Errno::success) pipe.in = HostFile();
  reader.join();
  CHECK(error == Errno::success);
  CHECK(count == text.size());
  CHECK(arrived == text);
}

TEST_CASE("stdio has types and rights that programs tell terminals and files by") {
  TemporaryDirectory directory;
  directory.write("in", "text");
  const HostFile file = HostFile::owning(::open(directory.path("in").c_str(), O_RDONLY));
  Guest guest(with_stdin(WasiFd{file.get()}));
  const u32 out = guest.reserve(kFdstatSize);
  CHECK(number_of(fd_fdstat_get(guest.call, 0, out)) == Errno::success);
  CHECK(guest.get<uint8_t>(out) == static_cast<uint8_t>(Filetype::regular_file));
  CHECK((guest.get<u64>(out + 8) & right::fd_seek) != 0);
  CHECK((guest.get<u64>(out + 8) & right::fd_write) == 0);
  CHECK(number_of(fd_fdstat_get(guest.call, 1, out)) == Errno::success);
  CHECK(guest.get<uint8_t>(out) == static_cast<uint8_t>(Filetype::unknown));
  CHECK(number_of(fd_fdstat_get(guest.call, 9, out)) == Errno::badf);
  CHECK(number_of(fd_fdstat_get(guest.call, 0, 0xfffffff0)) == Errno::fault);
  // Its times are not the guest's to change.
  CHECK(number_of(fd_filestat_set_times(guest.call, 0, 0, 0, fstflag::mtim)) == Errno::rofs);
}

TEST_CASE("sockets are refused by what a descriptor is") {
  Guest guest;
  CHECK(number_of(sock_recv(guest.call, 0, 0, 0, 0, 0, 0)) == Errno::notsock);
  CHECK(number_of(sock_send(guest.call, 1, 0, 0, 0, 0)) == Errno::notsock);
  CHECK(number_of(sock_shutdown(guest.call, 77, 0)) == Errno::badf);
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const HostFile one = HostFile::owning(ends[0]), two = HostFile::owning(ends[1]);
  Guest with_socket(with_stdin(WasiFd{one.get()}));
  CHECK(number_of(sock_accept(with_socket.call, 0, 0, 0)) == Errno::notsup);
  REQUIRE(::write(two.get(), "hi", 2) == 2);
  CHECK(with_socket.must_read(0, 10) == "hi");
}

}  // namespace wplug::wasi
