#include "interp/validate/local_types.h"

#include <algorithm>

#include "interp/base/concat.h"
#include "interp/decode/types_reader.h"

namespace wplug {

void LocalTypes::add(uint32_t count, ValType type) {
  if (count == 0) return;
  if (count_ < kNear) std::fill_n(near_.begin() + count_, std::min(count, kNear - count_), type);
  count_ += count;
  slots_ += uint64_t{count} * type.slots();
  if (!runs_.empty() && runs_.back().type == type) {
    runs_.back().end = count_;
  } else {
    runs_.push_back({count_, type});
  }
}

bool LocalTypes::read(ByteReader& reader, std::span<const ValType> params, uint32_t param_slots, uint32_t limit,
                      size_t types) {
  params_ = params;
  count_ = static_cast<uint32_t>(params.size());
  slots_ = param_slots;
  runs_.clear();
  lack_defaults_ = false;
  std::copy_n(params.begin(), std::min<size_t>(params.size(), kNear), near_.begin());
  const size_t offset = reader.offset();
  const uint32_t groups = reader.u32();
  uint64_t total = params.size();
  for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
    const uint32_t count = reader.u32();
    const size_t type_offset = reader.offset();
    const ValType type = read_val_type(reader);
    if (type.is_concrete() && type.type_index() >= types) {
      return reader.fail_at(type_offset, concat("unknown type ", type.type_index()), ErrorKind::invalid);
    }
    lack_defaults_ |= count != 0 && !type.is_defaultable();
    total += count;
    if (total <= limit) add(count, type);
  }
  // The sum decides between what no module may have and what this engine does not take, so it is taken to the end
  // first.
  if (total > UINT32_MAX) return reader.fail_at(offset, concat("too many locals: ", total));
  if (total > limit) {
    return reader.fail_at(offset, concat("too many locals: ", total, " exceed the limit of ", limit), ErrorKind::limit);
  }
  return reader.ok();
}

ValType LocalTypes::far_type(uint32_t index) const {
  if (index < params_.size()) return params_[index];
  return std::upper_bound(runs_.begin(), runs_.end(), index, [](uint32_t i, const Run& run) { return i < run.end; })
      ->type;
}

}  // namespace wplug
