#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "abi/wasi/guest_fixture.h"

namespace wplug::wasi {
namespace {

constexpr u64 kMillisecond = 1'000'000;

struct Subscriptions {
  explicit Subscriptions(Guest& owner) : guest(owner) {}

  void clock(u64 userdata, u32 id, u64 timeout, uint16_t flags = 0) {
    GuestRecord<kSubscriptionSize> record;
    record.put<u64>(0, userdata);
    record.put<uint8_t>(8, eventtype::clock);
    record.put<u32>(16, id);
    record.put<u64>(24, timeout);
    record.put<uint16_t>(40, flags);
    records.push_back(record);
  }
  void file(u64 userdata, uint8_t type, u32 fd) {
    GuestRecord<kSubscriptionSize> record;
    record.put<u64>(0, userdata);
    record.put<uint8_t>(8, type);
    record.put<u32>(16, fd);
    records.push_back(record);
  }
  Status poll() {
    const u32 count = static_cast<u32>(records.size());
    const u32 list = guest.reserve(count * kSubscriptionSize);
    for (u32 i = 0; i < count; ++i) REQUIRE(guest.call.memory.write_record(list + i * kSubscriptionSize, records[i]));
    events = guest.reserve(count * kEventSize);
    count_out = guest.reserve(4);
    return poll_oneoff(guest.call, list, events, count, count_out);
  }
  u32 count() { return guest.get<u32>(count_out); }
  u64 userdata(u32 i) { return guest.get<u64>(events + i * kEventSize); }
  Errno error(u32 i) { return static_cast<Errno>(guest.get<uint16_t>(events + i * kEventSize + 8)); }
  uint8_t type(u32 i) { return guest.get<uint8_t>(events + i * kEventSize + 10); }
  u64 bytes(u32 i) { return guest.get<u64>(events + i * kEventSize + 16); }
  uint16_t flags(u32 i) { return guest.get<uint16_t>(events + i * kEventSize + 24); }

  Guest& guest;
  std::vector<GuestRecord<kSubscriptionSize>> records;
  u32 events = 0, count_out = 0;
};

struct PipeGuest {
  PipeGuest() {
    REQUIRE(::pipe(ends) == 0);
    WasiConfig config;
    config.stdin_source = WasiFd{ends[0]};
    config.stdout_sink = WasiFd{ends[1]};
    guest.emplace(std::move(config));
  }
  ~PipeGuest() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  int ends[2];
  std::optional<Guest> guest;
};

WasiConfig with_fixed_clock(u64 start, u64 step) {
  WasiConfig config;
  config.fixed_clock = WasiFixedClock{start, step};
  return config;
}

}  // namespace

TEST_CASE("sleeping lasts at least as long as asked") {
  Guest guest;
  Subscriptions s(guest);
  s.clock(7, clock_id::monotonic, 3 * kMillisecond);
  s.clock(8, clock_id::monotonic, 3'600'000 * kMillisecond);
  const auto before = std::chrono::steady_clock::now();
  REQUIRE(number_of(s.poll()) == Errno::success);
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(3));
  REQUIRE(s.count() == 1);
  CHECK(s.userdata(0) == 7);
  CHECK(s.error(0) == Errno::success);
  CHECK(s.type(0) == eventtype::clock);
}

TEST_CASE("an absolute time that has passed is due at once") {
  Guest guest;
  Subscriptions s(guest);
  s.clock(1, clock_id::realtime, 5, kClockAbsolute);
  s.clock(2, clock_id::monotonic, 0, kClockAbsolute);
  s.clock(3, clock_id::monotonic, ~u64{0}, kClockAbsolute);
  REQUIRE(number_of(s.poll()) == Errno::success);
  REQUIRE(s.count() == 2);
  CHECK(s.userdata(0) == 1);
  CHECK(s.userdata(1) == 2);
}

TEST_CASE("an absolute time in the future is waited for") {
  Guest guest;
  const u32 out = guest.reserve(8);
  REQUIRE(number_of(clock_time_get(guest.call, clock_id::monotonic, 0, out)) == Errno::success);
  const u64 until = guest.get<u64>(out) + 2 * kMillisecond;
  Subscriptions s(guest);
  s.clock(1, clock_id::monotonic, until, kClockAbsolute);
  REQUIRE(number_of(s.poll()) == Errno::success);
  CHECK(s.count() == 1);
  REQUIRE(number_of(clock_time_get(guest.call, clock_id::monotonic, 0, out)) == Errno::success);
  CHECK(guest.get<u64>(out) >= until);
}

TEST_CASE("a pipe is ready for reading when something is in it") {
  PipeGuest p;
  Subscriptions empty(*p.guest);
  empty.file(1, eventtype::fd_read, 0);
  empty.clock(2, clock_id::monotonic, kMillisecond);
  REQUIRE(number_of(empty.poll()) == Errno::success);
  REQUIRE(empty.count() == 1);
  CHECK(empty.userdata(0) == 2);

  REQUIRE(p.guest->write(1, "12345") == Errno::success);
  Subscriptions full(*p.guest);
  full.file(1, eventtype::fd_read, 0);
  full.clock(2, clock_id::monotonic, 3'600'000 * kMillisecond);
  REQUIRE(number_of(full.poll()) == Errno::success);
  REQUIRE(full.count() == 1);
  CHECK(full.userdata(0) == 1);
  CHECK(full.type(0) == eventtype::fd_read);
  CHECK(full.bytes(0) == 5);
}

TEST_CASE("the end of a pipe is told as hang-up") {
  PipeGuest p;
  ::close(p.ends[1]);
  p.ends[1] = -1;
  Subscriptions s(*p.guest);
  s.file(1, eventtype::fd_read, 0);
  REQUIRE(number_of(s.poll()) == Errno::success);
  REQUIRE(s.count() == 1);
  CHECK(s.flags(0) == kReadWriteHangup);
}

TEST_CASE("streams and plain files are always ready") {
  TemporaryDirectory directory;
  directory.write("file", "0123456789");
  WasiConfig config;
  config.stdin_source = std::string("abc");
  config.directories.push_back({directory.path(), "/", false});
  Guest guest(std::move(config));
  const u32 fd = guest.must_open("file", 0, right::fd_read | right::poll_fd_readwrite);
  REQUIRE(guest.must_read(fd, 4) == "0123");
  Subscriptions s(guest);
  s.file(1, eventtype::fd_read, 0);
  s.file(2, eventtype::fd_write, 1);
  s.file(3, eventtype::fd_read, fd);
  s.clock(4, clock_id::monotonic, 3'600'000 * kMillisecond);
  REQUIRE(number_of(s.poll()) == Errno::success);
  REQUIRE(s.count() == 3);
  CHECK(s.bytes(0) == 3);
  CHECK(s.type(1) == eventtype::fd_write);
  CHECK(s.bytes(2) == 6);
}

TEST_CASE("a bad subscription is an event with its error") {
  Guest guest;
  Subscriptions s(guest);
  s.file(1, eventtype::fd_read, 99);
  s.file(2, eventtype::fd_write, 0);
  s.clock(3, 17, 0);
  s.clock(4, clock_id::process_cputime, 0);
  s.clock(5, clock_id::monotonic, 0, 2);
  s.file(6, 9, 0);
  REQUIRE(number_of(s.poll()) == Errno::success);
  REQUIRE(s.count() == 6);
  CHECK(s.error(0) == Errno::badf);
  CHECK((s.error(1) == Errno::badf));
  CHECK(s.error(2) == Errno::inval);
  CHECK(s.error(3) == Errno::notsup);
  CHECK(s.error(4) == Errno::inval);
  CHECK(s.error(5) == Errno::inval);
}

TEST_CASE("hostile counts and places are refused") {
  Guest guest;
  CHECK(number_of(poll_oneoff(guest.call, 0, 0, 0, 64)) == Errno::inval);
  CHECK(number_of(poll_oneoff(guest.call, 0, 0, 0xffffffff, 64)) == Errno::inval);
  CHECK(number_of(poll_oneoff(guest.call, 0xfffffff0, 0, 1, 64)) == Errno::fault);
  CHECK(number_of(poll_oneoff(guest.call, 0, 0xfffffff0, 1, 64)) == Errno::fault);
  CHECK(number_of(poll_oneoff(guest.call, 0, 0, 1, 0xfffffffe)) == Errno::fault);
}

TEST_CASE("sleeping ends with the deadline or an interrupt") {
  auto engine = Engine::create();
  REQUIRE(engine.ok());
  auto store = Store::create(*engine);
  REQUIRE(store.ok());
  Guest guest({}, &*store);
  store->set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(4));
  Subscriptions s(guest);
  s.clock(1, clock_id::monotonic, 3'600'000 * kMillisecond);
  const Status late = s.poll();
  REQUIRE_FALSE(late.ok());
  CHECK(trap_of(late.error()) == TrapKind::deadline_exceeded);
  store->set_deadline(std::nullopt);
  store->interrupt_handle().interrupt();
  const Status stopped = s.poll();
  REQUIRE_FALSE(stopped.ok());
  CHECK(trap_of(stopped.error()) == TrapKind::interrupted);
}

TEST_CASE("fixed clocks move by looking and by sleeping, without waiting") {
  Guest guest(with_fixed_clock(1000, 10));
  const u32 out = guest.reserve(8);
  CHECK(number_of(clock_time_get(guest.call, clock_id::realtime, 0, out)) == Errno::success);
  CHECK(guest.get<u64>(out) == 1010);
  CHECK(number_of(clock_time_get(guest.call, clock_id::monotonic, 0, out)) == Errno::success);
  CHECK(guest.get<u64>(out) == 20);
  Subscriptions s(guest);
  s.clock(1, clock_id::monotonic, 3'600'000 * kMillisecond);
  REQUIRE(number_of(s.poll()) == Errno::success);
  CHECK(s.count() == 1);
  CHECK(number_of(clock_time_get(guest.call, clock_id::monotonic, 0, out)) == Errno::success);
  CHECK(guest.get<u64>(out) == 3'600'000 * kMillisecond + 30);
}

TEST_CASE("the unstable version's clock subscriptions have an identifier") {
  Guest guest(with_fixed_clock(0, 1));
  GuestRecord<kUnstableSubscriptionSize> record;
  record.put<u64>(0, 42);
  record.put<uint8_t>(8, eventtype::clock);
  record.put<u64>(16, 0xdead);
  record.put<u32>(24, clock_id::monotonic);
  record.put<u64>(32, 5000);
  const u32 list = guest.reserve(kUnstableSubscriptionSize), events = guest.reserve(kEventSize),
            count = guest.reserve(4);
  REQUIRE(guest.call.memory.write_record(list, record));
  REQUIRE(number_of(unstable_poll_oneoff(guest.call, list, events, 1, count)) == Errno::success);
  CHECK(guest.get<u32>(count) == 1);
  CHECK(guest.get<u64>(events) == 42);
  CHECK(number_of(clock_time_get(guest.call, clock_id::monotonic, 0, list)) == Errno::success);
  CHECK(guest.get<u64>(list) == 5001);
}

}  // namespace wplug::wasi
