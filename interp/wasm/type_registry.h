// Canonical types: equal function types of all modules of an engine have one address.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "wplug/types.h"

namespace wplug {

// Lives as long as its registry. Compared by address.
struct CanonicalType {
  FuncType func;
  uint32_t id = 0;            // dense, in order of interning
  uint32_t param_slots = 0;   // 8-byte slots of all parameters
  uint32_t result_slots = 0;
};

// Any thread may intern at any time.
class TypeRegistry {
 public:
  const CanonicalType* intern(const FuncType& type);

 private:
  std::mutex mutex_;
  std::deque<CanonicalType> types_;
  std::unordered_multimap<size_t, const CanonicalType*> by_hash_;
};

}  // namespace wplug
