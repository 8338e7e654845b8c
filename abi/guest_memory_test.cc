#include "abi/guest_memory.h"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

namespace wplug {
namespace {

struct Fixture {
  std::vector<uint8_t> store = std::vector<uint8_t>(64);
  GuestMemory memory{std::span<uint8_t>(store)};
};

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();

}  // namespace

TEST_CASE("guest memory contains exactly its bytes") {
  Fixture f;
  CHECK(f.memory.contains(0, 64));
  CHECK(f.memory.contains(64, 0));
  CHECK(f.memory.contains(60, 4));
  CHECK_FALSE(f.memory.contains(61, 4));
  CHECK_FALSE(f.memory.contains(65, 0));
  CHECK_FALSE(f.memory.contains(0, 65));
  CHECK_FALSE(f.memory.contains(kHuge, 1));
  CHECK_FALSE(f.memory.contains(1, kHuge));
  CHECK_FALSE(f.memory.contains(kHuge, kHuge));
}

TEST_CASE("guest memory reads and writes little-endian numbers at any alignment") {
  Fixture f;
  REQUIRE(f.memory.write<uint32_t>(3, 0x11223344u));
  CHECK(f.store[3] == 0x44);
  CHECK(f.store[6] == 0x11);
  CHECK(f.memory.read<uint32_t>(3) == 0x11223344u);
  CHECK(f.memory.read<uint16_t>(5) == 0x1122);
  REQUIRE(f.memory.write<uint64_t>(56, 7));
  CHECK(f.memory.read<uint64_t>(56) == 7u);
  CHECK_FALSE(f.memory.write<uint64_t>(57, 8));
  CHECK_FALSE(f.memory.read<uint64_t>(57).has_value());
  CHECK(f.memory.read<uint64_t>(56) == 7u);
}

TEST_CASE("guest memory writes texts whole or not at all") {
  Fixture f;
  CHECK(f.memory.write_text(60, "abcd"));
  CHECK(f.memory.text(60, 4) == "abcd");
  CHECK_FALSE(f.memory.write_text(62, "xyz"));
  CHECK(f.memory.text(60, 4) == "abcd");
  CHECK(f.memory.write_text(64, ""));
  CHECK_FALSE(f.memory.write_text(65, ""));
}

TEST_CASE("guest memory writes the prefix of a text that fits the capacity") {
  Fixture f;
  CHECK(f.memory.write_prefix(10, 3, "abcdef") == 3u);
  CHECK(f.memory.text(10, 4) == std::string_view("abc\0", 4));
  CHECK(f.memory.write_prefix(20, 30, "ab") == 2u);
  CHECK_FALSE(f.memory.write_prefix(20, 45, "ab").has_value());
}

TEST_CASE("guest memory copies texts up to a length") {
  Fixture f;
  REQUIRE(f.memory.write_text(0, "hello"));
  CHECK(f.memory.copy_text(0, 5, 5) == "hello");
  CHECK_FALSE(f.memory.copy_text(0, 5, 4).has_value());
  CHECK_FALSE(f.memory.copy_text(62, 5, 5).has_value());
}

TEST_CASE("guest memory gives the buffers of a list and refuses lists that leave it") {
  Fixture f;
  REQUIRE(f.memory.write<uint32_t>(0, 32));
  REQUIRE(f.memory.write<uint32_t>(4, 8));
  REQUIRE(f.memory.write<uint32_t>(8, 1));
  REQUIRE(f.memory.write<uint32_t>(12, 0));
  REQUIRE(f.memory.write<uint32_t>(16, 60));
  REQUIRE(f.memory.write<uint32_t>(20, 4));
  const auto found = f.memory.buffers(0, 3);
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 2);
  CHECK((*found)[0].data() == f.store.data() + 32);
  CHECK((*found)[0].size() == 8);
  CHECK((*found)[1].data() == f.store.data() + 60);

  REQUIRE(f.memory.write<uint32_t>(20, 5));
  CHECK_FALSE(f.memory.buffers(0, 3).has_value());
  REQUIRE(f.memory.write<uint32_t>(16, 0xffffffffu));
  CHECK_FALSE(f.memory.buffers(0, 3).has_value());
  CHECK_FALSE(f.memory.buffers(48, 3).has_value());
  CHECK_FALSE(f.memory.buffers(0, 0xffffffffu).has_value());
  CHECK(f.memory.buffers(64, 0)->empty());
}

TEST_CASE("guest memory lets an empty buffer lie nowhere outside") {
  Fixture f;
  REQUIRE(f.memory.write<uint32_t>(0, 65));
  REQUIRE(f.memory.write<uint32_t>(4, 0));
  CHECK_FALSE(f.memory.buffers(0, 1).has_value());
}

TEST_CASE("a guest record keeps unset bytes zero and its numbers in place") {
  Fixture f;
  GuestRecord<16> record;
  record.put<uint16_t>(2, 0xabcd);
  record.put<uint64_t>(8, 5);
  REQUIRE(f.memory.write_record(48, record));
  CHECK(f.memory.read<uint32_t>(48) == 0xabcd0000u);
  CHECK(f.memory.read_record<16>(48)->get<uint64_t>(8) == 5);
  CHECK_FALSE(f.memory.write_record(49, record));
  CHECK_FALSE(f.memory.read_record<16>(49).has_value());
}

}  // namespace wplug
