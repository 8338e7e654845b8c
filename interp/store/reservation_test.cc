#include "interp/store/reservation.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <utility>
#include <vector>

namespace wplug {
namespace {

using Kind = Reservation::Kind;

constexpr uint64_t kKiB = 1024, kMiB = kKiB * kKiB, kGiB = kKiB * kMiB;

bool all_zero(const uint8_t* from, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    if (from[i] != 0) return false;
  }
  return true;
}

TEST_CASE("a movable reservation keeps its bytes when it grows, and the new ones are zero") {
  Reservation reservation;
  REQUIRE(reservation.allocate(Kind::movable, 64 * kKiB, kGiB));
  CHECK(all_zero(reservation.base(), 64 * kKiB));
  for (uint64_t i = 0; i < 64 * kKiB; ++i) reservation.base()[i] = static_cast<uint8_t>(i * 7 + 1);
  REQUIRE(reservation.grow(3 * kMiB));
  bool kept = true;
  for (uint64_t i = 0; i < 64 * kKiB; ++i) kept = kept && reservation.base()[i] == static_cast<uint8_t>(i * 7 + 1);
  CHECK(kept);
  CHECK(all_zero(reservation.base() + 64 * kKiB, 3 * kMiB - 64 * kKiB));
}

TEST_CASE("a reservation without bytes has a base and can grow") {
  for (Kind kind : {Kind::movable, Kind::reserved, Kind::guarded}) {
    Reservation reservation;
    if (!reservation.allocate(kind, 0, 2 * kMiB)) {
      CHECK(kind != Kind::movable);  // the others are the system's to refuse
      continue;
    }
    CHECK(reservation.base() != nullptr);
    REQUIRE(reservation.grow(64 * kKiB));
    CHECK(all_zero(reservation.base(), 64 * kKiB));
    reservation.base()[64 * kKiB - 1] = 1;
  }
}

TEST_CASE("a reserved one never moves and never grows beyond its room") {
  Reservation reservation;
  if (!reservation.allocate(Kind::reserved, 64 * kKiB, 64 * kMiB)) return;
  uint8_t* const base = reservation.base();
  base[100] = 42;
  for (uint64_t size = 128 * kKiB; size <= 64 * kMiB; size *= 2) {
    REQUIRE(reservation.grow(size));
    CHECK(reservation.base() == base);
    base[size - 1] = 1;
  }
  CHECK(base[100] == 42);
  CHECK_FALSE(reservation.grow(64 * kMiB + 64 * kKiB));
  CHECK(base[64 * kMiB - 1] == 1);
}

TEST_CASE("a guarded one has room for every 32-bit address and offset") {
  Reservation reservation;
  CHECK_FALSE(reservation.allocate(Kind::guarded, 0, 4 * kGiB + 1));
  if (!reservation.allocate(Kind::guarded, 64 * kKiB, kMiB)) return;
  CHECK(reservation.reserved_size() >= 8 * kGiB + 64 * kKiB);
  CHECK(reservation.kind() == Kind::guarded);
}

TEST_CASE("impossible sizes are refused and change nothing") {
  Reservation reservation;
  CHECK_FALSE(reservation.allocate(Kind::movable, 2, 1));
  CHECK_FALSE(reservation.allocate(Kind::movable, UINT64_MAX, UINT64_MAX));
  CHECK(reservation.base() == nullptr);
  CHECK_FALSE(reservation.grow(1));
  REQUIRE(reservation.allocate(Kind::movable, 128 * kKiB, kGiB));
  reservation.base()[5] = 5;
  CHECK_FALSE(reservation.grow(64 * kKiB));  // never shrinks
  CHECK_FALSE(reservation.grow(UINT64_MAX));
  CHECK(reservation.base()[5] == 5);
}

TEST_CASE("moving a reservation moves its pages and leaves nothing behind") {
  Reservation first;
  REQUIRE(first.allocate(Kind::movable, 64 * kKiB, kMiB));
  uint8_t* const base = first.base();
  base[1] = 9;
  Reservation second = std::move(first);
  CHECK(second.base() == base);
  CHECK(first.base() == nullptr);
  Reservation third;
  REQUIRE(third.allocate(Kind::movable, kMiB, kMiB));
  third = std::move(second);
  CHECK(third.base()[1] == 9);
  CHECK_FALSE(second.grow(128 * kKiB));
}

#if defined(__linux__)
// Resident bytes of this process.
uint64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  REQUIRE(file != nullptr);
  unsigned long long total = 0, resident = 0;
  const int fields = std::fscanf(file, "%llu %llu", &total, &resident);
  std::fclose(file);
  REQUIRE(fields == 2);
  return resident * 4096;
}

TEST_CASE("bytes that nobody touches take no memory") {
  const uint64_t before = resident_bytes();
  std::vector<Reservation> reservations(64);
  for (size_t i = 0; i < reservations.size(); ++i) {
    REQUIRE(reservations[i].allocate(i % 2 == 0 ? Kind::movable : Kind::reserved, 64 * kMiB, 64 * kMiB));
    reservations[i].base()[32 * kMiB] = 1;
  }
  CHECK(resident_bytes() - before < 64 * kMiB);
}
#endif

}  // namespace
}  // namespace wplug
