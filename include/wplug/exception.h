// Exception: what a guest or a host function has thrown, as the embedder sees it.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "wplug/tag.h"
#include "wplug/value.h"

namespace wplug {

// An exception that no guest code has caught is an error of kind trap with TrapKind::uncaught_exception; its trap has this. A host function that
// gets such an error from a call into the guest and returns it throws the exception on, to the guest code that called the host function.
// By value; tag and references among the values are valid as long as the store.
class Exception {
 public:
  Exception(Tag tag, std::vector<Value> values) : tag_(tag), values_(std::move(values)) {}

  const Tag& tag() const { return tag_; }
  std::span<const Value> values() const { return values_; }

 private:
  Tag tag_;
  std::vector<Value> values_;
};

}  // namespace wplug
