#include "abi/extism/kernel.h"

#include <algorithm>

namespace wplug {
namespace {

constexpr uint64_t kPage = 65536;
// The least that a block takes, so that the host's notes of blocks stay smaller than the blocks.
constexpr uint64_t kLeastBlock = 64;
constexpr uint64_t kMostBlock = uint64_t{1} << 32;

}  // namespace

Result<void> ExtismKernel::create(Store& store) {
  MemoryType type;
  type.limits.min = 1;
  WPLUG_TRY_ASSIGN(memory_, Memory::create(store, type));
  base_ = memory_->data().data();
  return {};
}

void ExtismKernel::reset() {
  if (memory_) std::memset(base_, 0, static_cast<size_t>(top_));
  top_ = kFirst;
  blocks_.clear();
  for (auto& list : free_) list.clear();
  input = output = {};
  error = 0;
}

// Four classes to a power of two: 64, 80, 96, 112, 128, 160, …
uint32_t ExtismKernel::class_of(uint64_t length) {
  if (length <= kLeastBlock) return 0;
  const int power = std::bit_width(length - 1) - 1;  // 2^power < length <= 2^(power + 1)
  const uint64_t step = (uint64_t{1} << power) / 4;
  const uint64_t quarter = (length - (uint64_t{1} << power) + step - 1) / step;  // 1 to 4
  return static_cast<uint32_t>((power - 6) * 4 + static_cast<int>(quarter));
}

uint64_t ExtismKernel::class_size(uint32_t size_class) {
  const uint64_t power = uint64_t{1} << (6 + size_class / 4);
  return power + power / 4 * (size_class % 4);
}

// Makes the memory reach `end`; false when it may not.
bool ExtismKernel::reserve(uint64_t end) {
  const uint64_t size = memory_->size();
  if (end <= size) return true;
  if (!memory_->grow((end - size + kPage - 1) / kPage).ok()) return false;
  base_ = memory_->data().data();
  return true;
}

uint64_t ExtismKernel::allocate(uint64_t length) {
  if (length == 0 || length > kMostBlock || !memory_) return 0;
  const uint32_t size_class = class_of(length);
  if (auto& list = free_[size_class]; !list.empty()) {
    Block& block = blocks_[list.back()];
    list.pop_back();
    block.used = true;
    block.length = length;
    return block.offset;
  }
  const uint64_t end = top_ + class_size(size_class);
  if (!reserve(end)) return 0;
  blocks_.push_back({top_, length, size_class, true});
  top_ = end;
  return blocks_.back().offset;
}

const ExtismKernel::Block* ExtismKernel::find(uint64_t offset) const {
  const auto at = std::lower_bound(blocks_.begin(), blocks_.end(), offset,
                                   [](const Block& block, uint64_t wanted) { return block.offset < wanted; });
  return at == blocks_.end() || at->offset != offset ? nullptr : &*at;
}

void ExtismKernel::free(uint64_t offset) {
  const Block* block = find(offset);
  if (block == nullptr || !block->used) return;
  const size_t index = static_cast<size_t>(block - blocks_.data());
  blocks_[index].used = false;
  free_[block->size_class].push_back(static_cast<uint32_t>(index));
  // Its bytes may be another block's soon.
  if (offset == input.offset) input.length = 0;
}

uint64_t ExtismKernel::length(uint64_t offset) const {
  const Block* block = find(offset);
  return block == nullptr || !block->used ? 0 : block->length;
}

std::optional<std::string_view> ExtismKernel::text(uint64_t offset, uint64_t length) const {
  if (length > top_ || offset > top_ - length) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(base_) + offset, static_cast<size_t>(length));
}

std::optional<std::string_view> ExtismKernel::block(uint64_t offset) const {
  if (offset == 0) return std::string_view();
  const Block* block = find(offset);
  if (block == nullptr || !block->used) return std::nullopt;
  return text(offset, block->length);
}

uint64_t ExtismKernel::store_text(std::string_view text) {
  const uint64_t at = allocate(text.size());
  if (at != 0) std::memcpy(base_ + at, text.data(), text.size());
  return at;
}

}  // namespace wplug
