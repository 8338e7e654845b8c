// The only door from a host function to guest memory.
//
// Everything a guest passes is hostile: an offset may lie anywhere, a length may reach past the end, a count times a
// size may overflow. So no host function computes addresses; it asks here for a number, a run of bytes, a text or a
// list of buffers, and gets nothing (false, nullopt) when any byte of it is outside. Numbers are little endian and need
// no alignment.
//
// A GuestMemory is a view taken at one moment: take a new one after anything that may run guest code or grow the
// memory.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "wplug/func.h"
#include "wplug/memory.h"

namespace wplug {

namespace detail {

// A number as its little-endian bytes read on this machine, and back.
template <class T>
T little_endian(T value) {
  static_assert(std::is_integral_v<T>, "numbers cross the boundary as integers");
  if constexpr (std::endian::native == std::endian::little) {
    return value;
  } else {
    auto bytes = std::bit_cast<std::array<uint8_t, sizeof(T)>>(value);
    for (size_t i = 0; i < sizeof(T) / 2; ++i) std::swap(bytes[i], bytes[sizeof(T) - 1 - i]);
    return std::bit_cast<T>(bytes);
  }
}

}  // namespace detail

// A record of N bytes with the guest's layout, put together on the host and copied in or out in one piece. Bytes that
// nobody puts are zero.
template <size_t N>
class GuestRecord {
 public:
  template <class T>
  void put(size_t offset, T value) {
    const T wire = detail::little_endian(value);
    std::memcpy(bytes_.data() + offset, &wire, sizeof(T));
  }
  template <class T>
  T get(size_t offset) const {
    T wire;
    std::memcpy(&wire, bytes_.data() + offset, sizeof(T));
    return detail::little_endian(wire);
  }
  std::span<uint8_t> bytes() { return bytes_; }
  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  std::array<uint8_t, N> bytes_{};
};

// A view of one linear memory, with every access checked. Offsets and lengths in bytes.
class GuestMemory {
 public:
  using Buffers = std::vector<std::span<uint8_t>>;

  // The memory that a host function's caller lends it; empty when the caller has none.
  explicit GuestMemory(const Caller& caller) : bytes_(caller.memory()) {}
  explicit GuestMemory(const Memory& memory) : bytes_(memory.data()) {}
  explicit GuestMemory(std::span<uint8_t> bytes) : bytes_(bytes) {}

  uint64_t size() const { return bytes_.size(); }
  bool contains(uint64_t at, uint64_t length) const { return length <= bytes_.size() && at <= bytes_.size() - length; }

  std::optional<std::span<uint8_t>> bytes(uint64_t at, uint64_t length) const {
    if (!contains(at, length)) return std::nullopt;
    return bytes_.subspan(static_cast<size_t>(at), static_cast<size_t>(length));
  }

  // A view into guest memory; not checked to be UTF-8.
  std::optional<std::string_view> text(uint64_t at, uint64_t length) const {
    const auto found = bytes(at, length);
    if (!found) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(found->data()), found->size());
  }

  template <class T>
  std::optional<T> read(uint64_t at) const {
    const auto found = bytes(at, sizeof(T));
    if (!found) return std::nullopt;
    T wire;
    std::memcpy(&wire, found->data(), sizeof(T));
    return detail::little_endian(wire);
  }

  template <class T>
  [[nodiscard]] bool write(uint64_t at, std::type_identity_t<T> value) const {
    const auto found = bytes(at, sizeof(T));
    if (!found) return false;
    const T wire = detail::little_endian(value);
    std::memcpy(found->data(), &wire, sizeof(T));
    return true;
  }

  template <size_t N>
  std::optional<GuestRecord<N>> read_record(uint64_t at) const {
    const auto found = bytes(at, N);
    if (!found) return std::nullopt;
    GuestRecord<N> record;
    std::memcpy(record.bytes().data(), found->data(), N);
    return record;
  }
  template <size_t N>
  [[nodiscard]] bool write_record(uint64_t at, const GuestRecord<N>& record) const {
    return write_bytes(at, record.bytes());
  }

  // All of it or nothing.
  [[nodiscard]] bool write_bytes(uint64_t at, std::span<const uint8_t> source) const;
  [[nodiscard]] bool write_text(uint64_t at, std::string_view source) const;
  // As much of `source` as fits in `capacity` bytes; the number of bytes written. nullopt when the capacity is outside.
  std::optional<uint64_t> write_prefix(uint64_t at, uint64_t capacity, std::string_view source) const;

  // A copy of a text that lives longer than the view, when it is at most `most` bytes long and inside.
  std::optional<std::string> copy_text(uint64_t at, uint64_t length, uint64_t most) const;

  // `count` pairs (offset, length) of u32 at `at`: the buffers they name, empty ones left out. nullopt when the list or
  // a buffer is outside. The caller bounds `count`; what is allocated is in proportion to it.
  std::optional<Buffers> buffers(uint64_t at, uint32_t count) const;

 private:
  std::span<uint8_t> bytes_;
};

}  // namespace wplug
