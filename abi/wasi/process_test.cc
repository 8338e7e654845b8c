#include <doctest/doctest.h>

#include <string>

#include "abi/wasi/guest_fixture.h"

namespace wplug::wasi {
namespace {

WasiConfig with_texts() {
  WasiConfig config;
  config.args = {"program", "", "last argument"};
  config.env = {{"HOME", "/"}, {"EMPTY", ""}};
  return config;
}

std::string random_of(Guest& guest, u32 size) {
  const u32 out = guest.reserve(size);
  REQUIRE(number_of(random_get(guest.call, out, size)) == Errno::success);
  return guest.text(out, size);
}

ErrorKind creation_error(WasiConfig config) {
  auto made = WasiContext::create(std::move(config));
  REQUIRE_FALSE(made.ok());
  return made.error().kind();
}

}  // namespace

TEST_CASE("arguments and environment arrive with their NULs") {
  Guest guest(with_texts());
  const u32 count = guest.reserve(4), size = guest.reserve(4);
  REQUIRE(number_of(args_sizes_get(guest.call, count, size)) == Errno::success);
  CHECK(guest.get<u32>(count) == 3);
  CHECK(guest.get<u32>(size) == 8 + 1 + 14);
  const u32 pointers = guest.reserve(12), text = guest.reserve(23);
  REQUIRE(number_of(args_get(guest.call, pointers, text)) == Errno::success);
  CHECK(guest.text(text, 23) == std::string("program\0\0last argument\0", 23));
  CHECK(guest.get<u32>(pointers) == text);
  CHECK(guest.get<u32>(pointers + 4) == text + 8);
  CHECK(guest.get<u32>(pointers + 8) == text + 9);
  REQUIRE(number_of(environ_sizes_get(guest.call, count, size)) == Errno::success);
  CHECK(guest.get<u32>(count) == 2);
  REQUIRE(number_of(environ_get(guest.call, pointers, text)) == Errno::success);
  CHECK(guest.text(text, 14) == std::string("HOME=/\0EMPTY=\0", 14));
}

TEST_CASE("arguments that do not fit are refused whole") {
  Guest guest(with_texts());
  const u32 end = static_cast<u32>(guest.call.memory.size());
  CHECK(number_of(args_get(guest.call, 0, end - 22)) == Errno::fault);
  CHECK(number_of(args_get(guest.call, end - 11, 0)) == Errno::fault);
  CHECK(number_of(args_get(guest.call, 0xfffffffc, 0)) == Errno::fault);
  CHECK(number_of(args_sizes_get(guest.call, end, 0)) == Errno::fault);
  CHECK(number_of(args_get(guest.call, 0, end - 23)) == Errno::success);
}

TEST_CASE("clocks are known by their numbers") {
  Guest guest;
  const u32 out = guest.reserve(8);
  for (u32 id = 0; id < 4; ++id) {
    CHECK(number_of(clock_res_get(guest.call, id, out)) == Errno::success);
    CHECK(guest.get<u64>(out) > 0);
    CHECK(number_of(clock_time_get(guest.call, id, 0, out)) == Errno::success);
    CHECK(guest.get<u64>(out) > 0);
  }
  CHECK(number_of(clock_time_get(guest.call, 4, 0, out)) == Errno::inval);
  CHECK(number_of(clock_res_get(guest.call, 0xffffffff, out)) == Errno::inval);
  CHECK(number_of(clock_time_get(guest.call, 0, 0, 0xfffffffc)) == Errno::fault);
}

TEST_CASE("random bytes differ, unless a seed is given") {
  Guest one, two;
  CHECK(random_of(one, 32) != random_of(two, 32));
  CHECK(random_of(one, 0) == "");
  CHECK(number_of(random_get(one.call, 0xffffff00, 0x200)) == Errno::fault);
  WasiConfig config;
  config.random_seed = 42;
  Guest a(config), b(config);
  const std::string first = random_of(a, 100);
  CHECK(first == random_of(b, 100));
  CHECK(first != random_of(a, 100));
  config.random_seed = 43;
  Guest c(config);
  CHECK(first != random_of(c, 100));
}

TEST_CASE("a long run of random bytes ends with the deadline") {
  auto engine = Engine::create();
  REQUIRE(engine.ok());
  auto store = Store::create(*engine);
  REQUIRE(store.ok());
  Guest guest({}, &*store);
  store->set_deadline(std::chrono::steady_clock::now() - std::chrono::seconds(1));
  const Status status = random_get(guest.call, 0, 1 << 19);
  REQUIRE_FALSE(status.ok());
  CHECK(trap_of(status.error()) == TrapKind::deadline_exceeded);
}

TEST_CASE("the end of a program is an exit with its code") {
  Guest guest;
  const Result<void> end = proc_exit(guest.call, 7);
  REQUIRE_FALSE(end.ok());
  CHECK(end.error().kind() == ErrorKind::exit);
  CHECK(end.error().exit_code() == 7);
  CHECK(proc_exit(guest.call, 0xffffffff).error().exit_code() == -1);
}

TEST_CASE("a deadly signal ends the guest, a harmless one does not") {
  Guest guest;
  CHECK(number_of(proc_raise(guest.call, 0)) == Errno::success);
  CHECK(number_of(proc_raise(guest.call, 16)) == Errno::success);
  CHECK(number_of(proc_raise(guest.call, 31)) == Errno::inval);
  const Status aborted = proc_raise(guest.call, 6);
  REQUIRE_FALSE(aborted.ok());
  CHECK(aborted.error().kind() == ErrorKind::host);
  CHECK(number_of(sched_yield(guest.call)) == Errno::success);
}

TEST_CASE("impossible configurations are refused with what is wrong") {
  WasiConfig config;
  config.args = {std::string("a\0b", 3)};
  CHECK(creation_error(config) == ErrorKind::misuse);
  config.args = {};
  config.env = {{"A=B", "x"}};
  CHECK(creation_error(config) == ErrorKind::misuse);
  config.env = {{"", "x"}};
  CHECK(creation_error(config) == ErrorKind::misuse);
  config.env = {{"A", std::string(1, '\0')}};
  CHECK(creation_error(config) == ErrorKind::misuse);
  config.env = {};
  config.directories = {{"/does/not/exist", "/", false}};
  CHECK(creation_error(config) == ErrorKind::host);
  TemporaryDirectory directory;
  config.directories = {{directory.path(), "", false}};
  CHECK(creation_error(config) == ErrorKind::misuse);
  config.directories = {{directory.path(), "/", false}, {directory.path(), "/", true}};
  CHECK(creation_error(config) == ErrorKind::misuse);
  directory.write("file", "");
  config.directories = {{directory.path("file"), "/", false}};
  CHECK(creation_error(config) == ErrorKind::host);
  config.directories = {};
  config.max_open_files = 2;
  CHECK(creation_error(config) == ErrorKind::misuse);
}

}  // namespace wplug::wasi
