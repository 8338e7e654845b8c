#include "fuzz/plan.h"

#include <algorithm>

#include "fuzz/type_planner.h"
#include "interp/wasm/subtyping.h"

namespace wplug::fuzz {

namespace {

constexpr uint32_t kRefTypes = 7;  // of one module, among the types to choose from

// The features that this module is made of: what a module does not have leaves more room for the rest.
Features some_features(Random& random, Features features) {
  if (!features.has(Feature::reference_types)) features.disable(Feature::function_references);
  if (!features.has(Feature::function_references) || random.one_in(3)) features.disable(Feature::gc);
  if (random.one_in(2)) features.disable(Feature::legacy_exceptions);
  return features;
}

std::vector<ValType> simple_types(Features features) {
  std::vector<ValType> types = {ValType::i32(), ValType::i32(), ValType::i64(), ValType::i64(), ValType::f32(), ValType::f64()};
  if (features.has(Feature::simd)) types.insert(types.end(), {ValType::v128(), ValType::v128()});
  if (features.has(Feature::reference_types)) types.insert(types.end(), {ValType::funcref(), ValType::externref()});
  return types;
}

ValType some_reference(Random& random, const Plan& plan) {
  static const std::vector<HeapKind> kHeaps = {HeapKind::any,    HeapKind::any,   HeapKind::eq,   HeapKind::eq,     HeapKind::i31,
                                               HeapKind::struct_, HeapKind::array, HeapKind::none, HeapKind::nofunc, HeapKind::noextern};
  if (plan.has_objects() && random.one_in(2)) {
    const uint32_t index = random.pick(plan.structures.empty() || (!plan.arrays.empty() && random.one_in(3)) ? plan.arrays : plan.structures);
    return ValType::ref_to(index, plan.costs[index] > 10 || !random.one_in(3));
  }
  if (random.one_in(5)) return ValType::ref_to(random.pick(plan.func_types), true);
  if (!plan.features.has(Feature::gc) || (plan.features.has(Feature::exceptions) && random.one_in(8))) {
    return plan.features.has(Feature::exceptions) ? ValType::exnref() : ValType::funcref();
  }
  const ValType type = ValType::ref(random.pick(kHeaps), true);
  return type.with_null(!plan.has_objects_of(type) || !random.one_in(6));
}

std::vector<ValType> some_types(Random& random, const std::vector<ValType>& from, uint32_t most) {
  std::vector<ValType> types(random.below(most + 1));
  for (ValType& type : types) type = random.pick(from);
  return types;
}

void plan_functions(Random& random, Plan& plan) {
  const std::vector<ValType> numbers = {ValType::i32(), ValType::i64(), ValType::f32(), ValType::f64()};
  for (uint32_t n = random.between(3, 9); n-- > 0;) {
    const std::vector<ValType>& from = random.one_in(3) ? plan.value_types : numbers;
    add_func_type(plan, {some_types(random, from, 4), some_types(random, from, random.one_in(4) ? 3 : 1)});
  }
  if (plan.has_objects()) {
    const uint32_t ref = add_func_type(plan, {{ValType::i32()}, {ValType::externref()}});
    plan.functions.push_back(ref);
    ++plan.imports;
    plan.digest = static_cast<uint32_t>(plan.functions.size());
    plan.functions.push_back(add_func_type(plan, {{ValType::ref(HeapKind::any, true), ValType::i32()}, {ValType::i64()}}));
  }
  for (uint32_t n = random.between(2, 9); n-- > 0;) plan.functions.push_back(random.pick(plan.func_types));
  // What tables hold comes first, so that calls through them never recurse.
  plan.table_functions = plan.imports + (static_cast<uint32_t>(plan.functions.size()) - plan.imports + 1) / 2;
  if (plan.has_objects()) {
    plan.state = static_cast<uint32_t>(plan.functions.size());
    plan.functions.push_back(add_func_type(plan, {{}, {ValType::i64()}}));
  }
}

void plan_memories(Random& random, Plan& plan) {
  const Features features = plan.features;
  const uint32_t memories = features.has(Feature::multi_memory) ? random.between(0, 3) : random.one_in(8) ? 0 : 1;
  for (uint32_t i = 0; i < memories; ++i) {
    MemoryPlan memory;
    memory.is_64 = features.has(Feature::memory64) && random.one_in(3);
    memory.shared = features.has(Feature::threads) && random.one_in(4);
    memory.min = random.one_in(8) ? 0 : random.between(1, 2);
    memory.max = memory.min + random.below(3);
    plan.memories.push_back(memory);
  }
}

void plan_tables(Random& random, Plan& plan) {
  const Features features = plan.features;
  std::vector<ValType> references;
  for (ValType type : plan.value_types) {
    if (type.is_ref()) references.push_back(type);
  }
  const uint32_t tables = features.has(Feature::reference_types) ? random.below(4) : random.below(2);
  for (uint32_t i = 0; i < tables; ++i) {
    TablePlan table;
    table.element = i == 0 || references.empty() ? ValType::funcref() : random.pick(references);
    table.is_64 = features.has(Feature::memory64) && random.one_in(4);
    table.min = random.one_in(8) ? random.below(3) : random.between(3, 12);
    table.max = table.min + random.below(8);
    plan.tables.push_back(table);
  }
  if (!features.has(Feature::bulk_memory)) return;
  plan.passive_data = random.below(3);
  for (uint32_t n = random.below(3); n-- > 0;) plan.passive_elements.push_back({ValType::funcref(), random.below(6)});
  for (uint32_t n = plan.has_objects() ? random.below(3) : 0; n-- > 0;) {
    plan.passive_elements.push_back({random.pick(references), random.below(6)});
  }
}

void plan_tags(Random& random, Plan& plan) {
  const bool standard = plan.features.has(Feature::exceptions);
  if (!standard && !plan.features.has(Feature::legacy_exceptions)) return;
  for (uint32_t n = random.below(4); n-- > 0;) {
    const std::vector<ValType> params = plan.types[random.pick(plan.func_types)].func.params;
    plan.tags.push_back(static_cast<uint32_t>(plan.types.size()));
    add_func_type(plan, {params, {}});
    // Blocks that a handler's values leave, with the exception or without.
    add_func_type(plan, {{}, params});
    if (!standard) continue;
    FuncType with_exception = {{}, params};
    with_exception.results.push_back(ValType::exnref());
    add_func_type(plan, std::move(with_exception));
  }
}

}  // namespace

HeapKind Plan::top(ValType type) const {
  return top_of(type.is_concrete() ? abstract_of(kind_of(type)) : type.heap());
}

bool Plan::matches(ValType actual, ValType wanted) const {
  if (actual == wanted) return true;
  if (!actual.is_ref() || !wanted.is_ref() || (actual.is_nullable() && !wanted.is_nullable())) return false;
  if (actual.with_null(true) == wanted.with_null(true)) return true;
  // Of a type that is still to be planned nothing is known.
  for (ValType type : {actual, wanted}) {
    if (type.is_concrete() && type.type_index() >= types.size()) return false;
  }
  if (!wanted.is_concrete()) return heap_matches(actual.is_concrete() ? abstract_of(kind_of(actual)) : actual.heap(), wanted.heap());
  if (!actual.is_concrete()) return actual.heap() == bottom_of(abstract_of(kind_of(wanted)));
  for (std::optional<uint32_t> at = types[actual.type_index()].supertype; at && *at < types.size(); at = types[*at].supertype) {
    if (*at == wanted.type_index()) return true;
  }
  return false;
}

bool Plan::has_objects_of(ValType type) const {
  if (type.is_concrete()) return kind_of(type) != CompositeKind::func;
  switch (type.heap()) {
    case HeapKind::struct_: return !structures.empty();
    case HeapKind::array: return !arrays.empty();
    case HeapKind::any:
    case HeapKind::eq:
    case HeapKind::i31:
    case HeapKind::extern_: return features.has(Feature::gc);
    case HeapKind::func: return true;
    default: return false;
  }
}

uint32_t Plan::function_for(Random& random, ValType type) const {
  const uint32_t start = random.below(table_functions);
  for (uint32_t i = 0; i < table_functions; ++i) {
    const uint32_t at = (start + i) % table_functions;
    if (matches(ValType::ref_to(functions[at], false), type)) return at;
  }
  return kNone;
}

Plan make_plan(Random& random, Features features) {
  Plan plan;
  plan.features = some_features(random, features);
  plan.value_types = simple_types(plan.features);
  // The imports' types first.
  plan.functions = {add_func_type(plan, {{ValType::i64()}, {ValType::i64()}}), add_func_type(plan, {{ValType::i32()}, {}})};
  plan.imports = 2;
  if (plan.features.has(Feature::gc)) add_object_types(random, plan);
  if (plan.features.has(Feature::function_references)) {
    for (uint32_t n = plan.has_objects() ? kRefTypes : random.below(3); n-- > 0;) {
      plan.value_types.push_back(some_reference(random, plan));
    }
  }
  plan_functions(random, plan);
  plan_memories(random, plan);
  plan_tables(random, plan);
  const uint32_t globals = random.below(plan.has_objects() ? 10 : 6);
  for (uint32_t n = globals; n-- > 0;) plan.globals.push_back({random.pick(plan.value_types), !random.one_in(5)});
  plan_tags(random, plan);
  return plan;
}

}  // namespace wplug::fuzz
