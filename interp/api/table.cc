#include "wplug/table.h"

#include <string>

#include "interp/api/impl.h"

namespace wplug {

namespace {

Result<void> check_element(const StoreImpl& store, const TableInstance& table, const Value& value) {
  if (value_fits(store, value, table.type.element)) return {};
  return Error(ErrorKind::misuse,
               "value of type " + value.type().to_string() + " for a table of " + table.type.element.to_string());
}

Result<void> check_index(const TableInstance& table, uint64_t index) {
  if (index < table.elements.size()) return {};
  return Error(ErrorKind::misuse,
               "table index " + std::to_string(index) + " >= size " + std::to_string(table.elements.size()));
}

}  // namespace

Result<Table> Table::create(Store& store, const TableType& type, Value init) {
  WPLUG_TRY(check_type(type));
  if (!value_fits(*store.impl(), init, type.element)) {
    return Error(ErrorKind::misuse,
                 "value of type " + init.type().to_string() + " for a table of " + type.element.to_string());
  }
  WPLUG_TRY_ASSIGN(TableInstance * table, new_table(*store.impl(), type, init.bits()));
  return Table(store.impl(), table);
}

TableType Table::type() const {
  TableType type = table_->type;
  type.limits.min = size();
  return type;
}

uint64_t Table::size() const { return table_->elements.size(); }

Result<Value> Table::get(uint64_t index) const {
  WPLUG_TRY(check_index(*table_, index));
  const uint64_t bits = table_->elements[static_cast<size_t>(index)];
  if (may_refer_to_object(table_->type.element)) store_->heap.keep_candidate(bits);
  return Value::ref(table_->type.element, Ref::from_bits(bits));
}

Result<void> Table::set(uint64_t index, const Value& value) {
  WPLUG_TRY(check_index(*table_, index));
  WPLUG_TRY(check_element(*store_, *table_, value));
  table_->elements[static_cast<size_t>(index)] = value.bits();
  return {};
}

Result<uint64_t> Table::grow(uint64_t elements, const Value& init) {
  WPLUG_TRY(check_element(*store_, *table_, init));
  const uint64_t old_size = grow_table(*table_, elements);
  if (old_size == UINT64_MAX) {
    return Error(ErrorKind::limit, "table of " + std::to_string(size()) + " elements cannot grow by " +
                                       std::to_string(elements) + ": its maximum is " +
                                       std::to_string(table_->max_size));
  }
  table_fill(*table_, old_size, init.bits(), elements);
  return old_size;
}

}  // namespace wplug
