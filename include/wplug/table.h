// Table: a handle to a table.
#pragma once

#include <cstdint>

#include "wplug/error.h"
#include "wplug/store.h"
#include "wplug/types.h"
#include "wplug/value.h"

namespace wplug {

struct TableInstance;

// Small, copyable; valid as long as its store.
class Table {
 public:
  static Result<Table> create(Store& store, const TableType& type, Value init);

  TableType type() const;
  uint64_t size() const;
  // Errors: misuse (index beyond the size, wrong type).
  Result<Value> get(uint64_t index) const;
  Result<void> set(uint64_t index, const Value& value);
  // Adds elements; the old size. Error `limit`.
  Result<uint64_t> grow(uint64_t elements, const Value& init);

  explicit Table(StoreImpl* store, TableInstance* table) : store_(store), table_(table) {}
  TableInstance* impl() const { return table_; }
  StoreImpl* store_impl() const { return store_; }

 private:
  StoreImpl* store_;
  TableInstance* table_;
};

}  // namespace wplug
