// Global: a handle to a global variable.
#pragma once

#include "wplug/error.h"
#include "wplug/store.h"
#include "wplug/types.h"
#include "wplug/value.h"

namespace wplug {

struct GlobalInstance;

// Small, copyable; valid as long as its store.
class Global {
 public:
  static Result<Global> create(Store& store, const GlobalType& type, const Value& value);

  GlobalType type() const;
  Value get() const;
  // Errors: misuse (immutable, wrong type).
  Result<void> set(const Value& value);

  explicit Global(StoreImpl* store, GlobalInstance* global) : store_(store), global_(global) {}
  GlobalInstance* impl() const { return global_; }
  StoreImpl* store_impl() const { return store_; }

 private:
  StoreImpl* store_;
  GlobalInstance* global_;
};

}  // namespace wplug
