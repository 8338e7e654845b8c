#include "abi/guest_memory.h"

#include <algorithm>

namespace wplug {

bool GuestMemory::write_bytes(uint64_t at, std::span<const uint8_t> source) const {
  const auto found = bytes(at, source.size());
  if (!found) return false;
  // memcpy from a null pointer is undefined even for no bytes.
  if (!source.empty()) std::memcpy(found->data(), source.data(), source.size());
  return true;
}

bool GuestMemory::write_text(uint64_t at, std::string_view source) const {
  return write_bytes(at, {reinterpret_cast<const uint8_t*>(source.data()), source.size()});
}

std::optional<uint64_t> GuestMemory::write_prefix(uint64_t at, uint64_t capacity, std::string_view source) const {
  if (!contains(at, capacity)) return std::nullopt;
  const uint64_t length = std::min<uint64_t>(capacity, source.size());
  if (!write_text(at, source.substr(0, static_cast<size_t>(length)))) return std::nullopt;
  return length;
}

std::optional<std::string> GuestMemory::copy_text(uint64_t at, uint64_t length, uint64_t most) const {
  if (length > most) return std::nullopt;
  const auto found = text(at, length);
  if (!found) return std::nullopt;
  return std::string(*found);
}

std::optional<GuestMemory::Buffers> GuestMemory::buffers(uint64_t at, uint32_t count) const {
  constexpr uint64_t kPairSize = 8;
  // A 32-bit count times 8 stays far below 2^64.
  if (!contains(at, count * kPairSize)) return std::nullopt;
  Buffers found;
  found.reserve(count);
  for (uint64_t pair = at; pair != at + count * kPairSize; pair += kPairSize) {
    const auto buffer = bytes(*read<uint32_t>(pair), *read<uint32_t>(pair + 4));
    if (!buffer) return std::nullopt;
    if (!buffer->empty()) found.push_back(*buffer);
  }
  return found;
}

}  // namespace wplug
