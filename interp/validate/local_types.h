// The types of a function's locals, kept as the runs that the binary has and the parameters where they are: declaring
// 50,000 locals takes six bytes, and having a thousand parameters takes none, so neither may cost a step for each.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "interp/base/byte_reader.h"
#include "wplug/types.h"

namespace wplug {

class LocalTypes {
 public:
  // Starts with the parameters and reads the declarations of a body (spec 5.5.13). False, with the error in `reader`,
  // when they are malformed or more than `limit`, or refer to a type that is none of the module's `types`.
  bool read(ByteReader& reader, std::span<const ValType> params, uint32_t param_slots, uint32_t limit,
            size_t types);

  uint32_t count() const { return count_; }
  // 8-byte slots of all of them.
  uint64_t slots() const { return slots_; }
  // One that is not a parameter has no default value.
  bool lack_defaults() const { return lack_defaults_; }
  // `index` below count().
  ValType operator[](uint32_t index) const { return index < kNear ? near_[index] : far_type(index); }

 private:
  static constexpr uint32_t kNear = 128;
  struct Run {
    uint32_t end;  // index of the first local after it
    ValType type;
  };
  void add(uint32_t count, ValType type);
  ValType far_type(uint32_t index) const;

  uint32_t count_ = 0;
  uint64_t slots_ = 0;
  bool lack_defaults_ = false;
  std::array<ValType, kNear> near_;  // the first ones, for which most accesses are
  std::span<const ValType> params_;
  std::vector<Run> runs_;  // of what comes after the parameters
};

}  // namespace wplug
