// The memory that Extism plugins and their host exchange blocks through: outside the plugin's own memory, addressed by
// 64-bit offsets.
//
// Its bytes are a memory of the plugin's store that no instance sees, so that they count towards limits.memory like the
// plugin's own. What is known of the blocks is kept on the host's side, where a plugin that writes past a block's end
// cannot reach it. Plugins move data through six functions a byte or a word at a time; those are a comparison and a load
// (abi/extism/kernel_functions.cc), so base and top are kept here and looked at directly.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "abi/guest_memory.h"
#include "wplug/memory.h"
#include "wplug/store.h"

namespace wplug {

// Belongs to one store and stays where it is while the store lives.
class ExtismKernel {
 public:
  // Errors: limit.
  Result<void> create(Store& store);

  // Frees everything and zeroes what was in use.
  void reset();

  // A block of `length` bytes; 0 when the length is 0 or the memory is spent.
  uint64_t allocate(uint64_t length);
  // What is no block, or was freed before, is left alone.
  void free(uint64_t offset);
  // Of a block in use; 0 for anything else.
  uint64_t length(uint64_t offset) const;

  // All of [offset, offset + length), when it lies in what was ever allocated since the last reset.
  std::optional<std::string_view> text(uint64_t offset, uint64_t length) const;
  // A whole block; empty for offset 0, nullopt for what is no block.
  std::optional<std::string_view> block(uint64_t offset) const;
  // A new block with a copy of `text`; 0 when it is empty or the memory is spent.
  uint64_t store_text(std::string_view text);

  // Numbers, little endian. False, or nothing: outside.
  bool load_u8(uint64_t at, uint64_t& value) const {
    if (at >= top_) return false;
    value = base_[at];
    return true;
  }
  bool load_u64(uint64_t at, uint64_t& value) const {
    if (at >= top_ || top_ - at < 8) return false;
    std::memcpy(&value, base_ + at, 8);
    value = detail::little_endian(value);
    return true;
  }
  bool store_u8(uint64_t at, uint8_t value) {
    if (at >= top_) return false;
    base_[at] = value;
    return true;
  }
  bool store_u64(uint64_t at, uint64_t value) {
    if (at >= top_ || top_ - at < 8) return false;
    const uint64_t wire = detail::little_endian(value);
    std::memcpy(base_ + at, &wire, 8);
    return true;
  }

  // The input, output and error of the call; offsets are checked where they are used.
  struct Range {
    uint64_t offset = 0, length = 0;
  };
  Range input, output;
  uint64_t error = 0;

  // Where what was allocated ends; below it every offset can be read and written.
  uint64_t top() const { return top_; }
  // Bytes of the memory.
  uint64_t bytes() const { return memory_ ? memory_->size() : 0; }

 private:
  struct Block {
    uint64_t offset, length;
    uint32_t size_class;
    bool used;
  };
  const Block* find(uint64_t offset) const;
  bool reserve(uint64_t end);
  static uint32_t class_of(uint64_t length);
  static uint64_t class_size(uint32_t size_class);

  static constexpr uint64_t kFirst = 64;  // offset 0 means no block
  static constexpr uint32_t kClasses = 112;
  std::optional<Memory> memory_;
  uint8_t* base_ = nullptr;  // moves with reserve() only
  uint64_t top_ = kFirst;
  std::vector<Block> blocks_;  // by offset
  std::array<std::vector<uint32_t>, kClasses> free_;  // indices of blocks, by class
};

}  // namespace wplug
