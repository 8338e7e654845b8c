// Instructions on ranges of memories and tables.
#include "fuzz/body.h"

namespace wplug::fuzz {

void BodyGenerator::bulk(int depth) {
  if (!has(Feature::bulk_memory)) return;
  switch (random_.below(8)) {
    case 0: return memory_fill(depth);
    case 1: return memory_copy(depth);
    case 2: return memory_init(depth);
    case 3: return table_set(depth);
    case 4: return table_fill(depth);
    case 5: return table_copy(depth);
    case 6: return table_init(depth);
    default: return drop_segment();
  }
}

void BodyGenerator::memory_fill(int depth) {
  if (!has_memory()) return;
  const uint32_t memory = some_memory();
  const bool is_64 = plan_.memories[memory].is_64;
  bounded(is_64, memory_bytes(memory), depth);
  expression(ValType::i32(), depth - 1);
  bounded(is_64, 512, depth);
  op(Op::memory_fill, memory);
}

void BodyGenerator::memory_copy(int depth) {
  if (!has_memory()) return;
  const uint32_t to = some_memory(), from = some_memory();
  bounded(plan_.memories[to].is_64, memory_bytes(to), depth);
  bounded(plan_.memories[from].is_64, memory_bytes(from), depth);
  bounded(plan_.memories[to].is_64 && plan_.memories[from].is_64, 512, depth);
  op(Op::memory_copy, to);
  out_.u(from);
}

void BodyGenerator::memory_init(int depth) {
  if (!has_memory() || plan_.passive_data == 0) return;
  const uint32_t memory = some_memory();
  bounded(plan_.memories[memory].is_64, memory_bytes(memory), depth);
  bounded(false, 8, depth);
  bounded(false, 8, depth);
  op(Op::memory_init, random_.below(plan_.passive_data));
  out_.u(memory);
}

void BodyGenerator::table_set(int depth) {
  if (plan_.tables.empty() || !has(Feature::reference_types)) return;
  const uint32_t table = below(plan_.tables.size());
  bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
  expression(plan_.tables[table].element, depth - 1);
  op(Op::table_set, table);
}

void BodyGenerator::table_fill(int depth) {
  if (plan_.tables.empty() || !has(Feature::reference_types)) return;
  const uint32_t table = below(plan_.tables.size());
  bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
  expression(plan_.tables[table].element, depth - 1);
  bounded(plan_.tables[table].is_64, 4, depth);
  op(Op::table_fill, table);
}

void BodyGenerator::table_copy(int depth) {
  if (plan_.tables.empty()) return;
  const uint32_t to = below(plan_.tables.size()), from = table_of(plan_.tables[to].element);
  const bool to_64 = plan_.tables[to].is_64, from_64 = plan_.tables[from].is_64;
  bounded(to_64, plan_.tables[to].min, depth);
  bounded(from_64, plan_.tables[from].min, depth);
  bounded(to_64 && from_64, 4, depth);
  op(Op::table_copy, to);
  out_.u(from);
}

void BodyGenerator::table_init(int depth) {
  if (plan_.passive_elements.empty()) return;
  const uint32_t segment = below(plan_.passive_elements.size());
  for (uint32_t table = 0; table < plan_.tables.size(); ++table) {
    if (!plan_.matches(plan_.passive_elements[segment].type, plan_.tables[table].element) || random_.one_in(4)) continue;
    bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
    bounded(false, 4, depth);
    bounded(false, 4, depth);
    op(Op::table_init, segment);
    return out_.u(table);
  }
}

void BodyGenerator::drop_segment() {
  if (plan_.passive_data > 0 && random_.one_in(4)) {
    op(Op::data_drop, random_.below(plan_.passive_data));
  } else if (!plan_.passive_elements.empty() && random_.one_in(4)) {
    op(Op::elem_drop, below(plan_.passive_elements.size()));
  }
}

}  // namespace wplug::fuzz
