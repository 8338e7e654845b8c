// Tables, and the bulk instructions on them (spec 4.6.5 "Table Instructions").
#include <algorithm>
#include <string>

#include "interp/store/runtime.h"

namespace wplug {

namespace {

bool in_bounds(uint64_t at, uint64_t count, uint64_t size) { return count <= size && at <= size - count; }

// The most elements that the type itself allows.
uint64_t type_max(const TableType& type) {
  const uint64_t most = type.limits.is_64 ? UINT64_MAX : UINT32_MAX;
  return std::min(type.limits.max.value_or(most), most);
}

// What this engine allows: call_indirect takes a larger index for out of bounds whatever the table.
constexpr uint64_t kMostElements = UINT32_MAX;

}  // namespace

Result<TableInstance*> new_table(StoreImpl& store, const TableType& type, uint64_t init) {
  const uint64_t most = type_max(type);
  if (type.limits.min > most) {
    return Error(ErrorKind::misuse,
                 "table of " + std::to_string(type.limits.min) + " elements > maximum of " + std::to_string(most));
  }
  const uint64_t limit = std::min(store.limits.table_elements, kMostElements);
  if (type.limits.min > limit) {
    return Error(ErrorKind::limit, "table of " + std::to_string(type.limits.min) + " elements > limit of " +
                                       std::to_string(limit) + ": raise the limit or use a smaller module");
  }
  TableInstance& table = store.tables.emplace_back(store.engine.config().allocator);
  table.type = type;
  table.max_size = std::min(most, limit);
  const auto size = static_cast<size_t>(type.limits.min);
  if (!table.elements.grow(size)) {
    store.tables.pop_back();
    return Error(ErrorKind::limit, "no memory for a table of " + std::to_string(size) + " elements");
  }
  if (init != 0) std::fill_n(table.elements.data(), size, init);
  return &table;
}

uint64_t grow_table(TableInstance& table, uint64_t elements) {
  const uint64_t old_size = table.elements.size();
  if (table.max_size < old_size || elements > table.max_size - old_size) return UINT64_MAX;
  return table.elements.grow(static_cast<size_t>(old_size + elements)) ? old_size : UINT64_MAX;
}

bool table_init(InstanceImpl& instance, uint32_t table_index, uint32_t segment, uint64_t to, uint64_t from,
                uint64_t count) {
  TableInstance& table = *instance.tables[table_index];
  const ElementDef& element = instance.code->def.elements[segment];
  const uint64_t available = instance.dropped_elements[segment] ? 0 : element.size();
  if (!in_bounds(from, count, available) || !in_bounds(to, count, table.elements.size())) return false;
  uint64_t* target = table.elements.data() + to;
  for (uint64_t i = 0; i < count; ++i) target[i] = element_value(instance, segment, static_cast<uint32_t>(from + i));
  return true;
}

uint64_t element_value(InstanceImpl& instance, uint32_t segment, uint32_t item) {
  const ElementDef& element = instance.code->def.elements[segment];
  if (element.allocates) return instance.element_values[segment][item];
  if (!element.uses_expressions) {
    return reinterpret_cast<uintptr_t>(function_instance(instance, element.functions[item]));
  }
  uint64_t value = 0;
  (void)evaluate(instance, element.expressions[item], &value);
  return value;
}

void drop_element(InstanceImpl& instance, uint32_t segment) {
  instance.dropped_elements[segment] = true;
  if (!instance.element_values.empty()) instance.element_values[segment] = {};
}

bool table_copy(TableInstance& to_table, TableInstance& from_table, uint64_t to, uint64_t from, uint64_t count) {
  if (!in_bounds(from, count, from_table.elements.size()) || !in_bounds(to, count, to_table.elements.size())) {
    return false;
  }
  const uint64_t* source = from_table.elements.data() + from;
  uint64_t* target = to_table.elements.data() + to;
  // The two may be one table and overlap.
  if (from < to) {
    std::copy_backward(source, source + count, target + count);
  } else {
    std::copy(source, source + count, target);
  }
  return true;
}

bool table_fill(TableInstance& table, uint64_t at, uint64_t value, uint64_t count) {
  if (!in_bounds(at, count, table.elements.size())) return false;
  std::fill_n(table.elements.data() + at, count, value);
  return true;
}

}  // namespace wplug
