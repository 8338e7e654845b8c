// References that the host holds: how long the objects behind them live.
//
// Structures, arrays and exceptions are collected when nothing refers to them. What the host gets from a store outside
// of a host function (results of calls, values of globals and tables) stays alive as long as the store, or until the end
// of the innermost RefScope in which it was got first. Inside a host function it stays alive until that function returns,
// and so do the function's arguments. To keep one object longer, or until later, make it a Rooted.
#pragma once

#include <cstdint>
#include <utility>

#include "wplug/store.h"
#include "wplug/types.h"
#include "wplug/value.h"

namespace wplug {

// References that were got since it was made are let go when it ends. Scopes of a store end in the opposite order that
// they were made in, and before their store.
class RefScope {
 public:
  explicit RefScope(Store& store);
  ~RefScope();
  RefScope(const RefScope&) = delete;
  RefScope& operator=(const RefScope&) = delete;

 private:
  StoreImpl* store_;
  uint64_t kept_;
};

// Keeps one object alive, and everything that it refers to. Movable; ends before its store.
class Rooted {
 public:
  Rooted() = default;
  // `value` is a reference of the store that it has been given by now.
  Rooted(Store& store, const Value& value);
  Rooted(Rooted&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)), slot_(other.slot_), value_(other.value_) {}
  Rooted& operator=(Rooted&& other) noexcept;
  ~Rooted() { release(); }

  const Value& value() const { return value_; }

 private:
  void release();
  StoreImpl* store_ = nullptr;
  uint32_t slot_ = 0;
  Value value_;
};

// The least abstract heap type of a reference that a store gave: i31, struct_, array, func, exn, extern_ for a value of
// the host; the bottom type of its hierarchy for null.
HeapKind heap_kind(const Store& store, const Value& value);

// Collects the garbage of a store now. Errors: trap (interrupted, deadline exceeded), and nothing is lost then.
Result<void> collect_garbage(Store& store);
// Bytes that the objects of a store take, garbage and free cells included.
uint64_t heap_bytes(const Store& store);

}  // namespace wplug
