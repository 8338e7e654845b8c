// Tag: a handle to a tag, which says what kind of exception is thrown and which values it carries.
#pragma once

#include <span>

#include "wplug/error.h"
#include "wplug/store.h"
#include "wplug/types.h"
#include "wplug/value.h"

namespace wplug {

struct TagInstance;

// Small, copyable; valid as long as its store. Tags are the same when their instances are: two tags of equal type catch different exceptions.
class Tag {
 public:
  // A new tag of the store, whose exceptions carry the parameters of `type`. Errors: misuse (`type` has results).
  static Result<Tag> create(Store& store, const FuncType& type);

  const FuncType& type() const;

  // The error that a host function returns to throw an exception of this tag: kind trap, TrapKind::uncaught_exception, with the exception
  // in it. Misuse instead when the values do not fit the tag's type.
  Error exception(std::span<const Value> values) const;

  bool operator==(const Tag&) const = default;

  explicit Tag(StoreImpl* store, TagInstance* tag) : store_(store), tag_(tag) {}
  TagInstance* impl() const { return tag_; }
  StoreImpl* store_impl() const { return store_; }

 private:
  StoreImpl* store_;
  TagInstance* tag_;
};

}  // namespace wplug
