#include "fuzz/module_generator.h"

#include <string>

#include "fuzz/body_generator.h"
#include "fuzz/byte_writer.h"
#include "fuzz/plan.h"
#include "fuzz/random.h"

namespace wplug::fuzz {

namespace {

std::vector<ValType> value_types(Features features) {
  std::vector<ValType> types = {ValType::i32(), ValType::i32(), ValType::i64(), ValType::i64(), ValType::f32(), ValType::f64()};
  if (features.has(Feature::simd)) types.insert(types.end(), {ValType::v128(), ValType::v128()});
  if (features.has(Feature::reference_types)) types.insert(types.end(), {ValType::funcref(), ValType::externref()});
  return types;
}

std::vector<ValType> some_types(Random& random, const std::vector<ValType>& from, uint32_t most) {
  std::vector<ValType> types(random.below(most + 1));
  for (ValType& type : types) type = random.pick(from);
  return types;
}

Plan make_plan(Random& random, Features features) {
  Plan plan;
  plan.features = features;
  plan.value_types = value_types(features);
  const std::vector<ValType> numbers = {ValType::i32(), ValType::i64(), ValType::f32(), ValType::f64()};

  // The imports' types first.
  plan.types.push_back({{ValType::i64()}, {ValType::i64()}});
  plan.types.push_back({{ValType::i32()}, {}});
  for (uint32_t n = random.between(3, 9); n-- > 0;) {
    const std::vector<ValType>& from = random.one_in(3) ? plan.value_types : numbers;
    plan.types.push_back({some_types(random, from, 4), some_types(random, from, random.one_in(4) ? 3 : 1)});
  }
  plan.functions = {0, 1};
  const auto types = static_cast<uint32_t>(plan.types.size());
  for (uint32_t n = random.between(2, 9); n-- > 0;) plan.functions.push_back(random.below(types));
  // What tables hold comes first, so that calls through them never recurse.
  plan.table_functions = kImports + (static_cast<uint32_t>(plan.functions.size()) - kImports) / 2;

  const uint32_t memories = features.has(Feature::multi_memory) ? random.between(0, 3) : random.one_in(8) ? 0 : 1;
  for (uint32_t i = 0; i < memories; ++i) {
    MemoryPlan memory;
    memory.is_64 = features.has(Feature::memory64) && random.one_in(3);
    memory.shared = features.has(Feature::threads) && random.one_in(4);
    memory.min = random.below(3);
    memory.max = memory.min + random.below(3);
    plan.memories.push_back(memory);
  }
  const uint32_t tables = features.has(Feature::reference_types) ? random.below(3) : random.below(2);
  for (uint32_t i = 0; i < tables; ++i) {
    TablePlan table;
    table.element = i == 0 || random.one_in(2) ? ValType::funcref() : ValType::externref();
    table.is_64 = features.has(Feature::memory64) && random.one_in(4);
    table.min = random.below(12);
    table.max = table.min + random.below(8);
    plan.tables.push_back(table);
  }
  for (uint32_t n = random.below(6); n-- > 0;) plan.globals.push_back({random.pick(plan.value_types), !random.one_in(5)});
  if (features.has(Feature::bulk_memory)) plan.passive_data = random.below(3);
  for (uint32_t n = features.has(Feature::bulk_memory) ? random.below(3) : 0; n-- > 0;) {
    plan.passive_elements.push_back(random.below(6));
  }
  if (features.has(Feature::exceptions)) {
    for (uint32_t n = random.below(4); n-- > 0;) plan.tags.push_back(random.pick(plan.types).params);
    // Blocks that a handler's values leave.
    for (const std::vector<ValType>& params : plan.tags) plan.types.push_back({{}, params});
  }
  return plan;
}

class ModuleWriter {
 public:
  ModuleWriter(Random& random, const Plan& plan) : random_(random), plan_(plan) {}

  std::vector<uint8_t> run() {
    module_.append({0, 'a', 's', 'm', 1, 0, 0, 0});
    types();
    imports();
    functions();
    if (!plan_.tables.empty()) tables();
    if (!plan_.memories.empty()) memories();
    if (!plan_.tags.empty()) tags();
    if (!plan_.globals.empty()) globals();
    exports();
    elements();
    // The count of data segments stands before the code that names them.
    const uint32_t active = plan_.memories.empty() ? 0 : random_.below(3);
    ByteWriter data = data_segments(active);
    if (plan_.features.has(Feature::bulk_memory)) {
      ByteWriter count;
      count.u(active + plan_.passive_data);
      section(12, count);
    }
    code(active);
    section(11, data);
    return module_.take();
  }

 private:
  void section(uint8_t id, const ByteWriter& payload) {
    module_.u8(id);
    module_.u(payload.size());
    module_.append(payload.bytes());
  }
  static void value_type(ByteWriter& out, ValType type) { write_type(out, type); }
  static void limits(ByteWriter& out, uint64_t min, uint64_t max, bool is_64, bool shared) {
    out.u8(1 | (shared ? 2u : 0u) | (is_64 ? 4u : 0u));
    out.u(min);
    out.u(max);
  }
  void constant(ByteWriter& out, ValType type) {
    write_constant(out, random_, type);
    out.op(Op::end);
  }

  void types() {
    ByteWriter out;
    out.u(plan_.types.size() + plan_.tags.size());
    auto list = [&out](const std::vector<ValType>& types) {
      out.u(types.size());
      for (ValType type : types) value_type(out, type);
    };
    for (const FuncType& type : plan_.types) {
      out.u8(0x60);
      list(type.params);
      list(type.results);
    }
    for (const std::vector<ValType>& params : plan_.tags) {
      out.u8(0x60);
      list(params);
      list({});
    }
    section(1, out);
  }
  void imports() {
    ByteWriter out;
    out.u(kImports);
    for (uint32_t i = 0; i < kImports; ++i) {
      out.name("host");
      out.name(i == 0 ? "mix" : "note");
      out.u8(0);
      out.u(plan_.functions[i]);
    }
    section(2, out);
  }
  void functions() {
    ByteWriter out;
    out.u(plan_.functions.size() - kImports);
    for (size_t i = kImports; i < plan_.functions.size(); ++i) out.u(plan_.functions[i]);
    section(3, out);
  }
  void tables() {
    ByteWriter out;
    out.u(plan_.tables.size());
    for (const TablePlan& table : plan_.tables) {
      value_type(out, table.element);
      limits(out, table.min, table.max, table.is_64, false);
    }
    section(4, out);
  }
  void memories() {
    ByteWriter out;
    out.u(plan_.memories.size());
    for (const MemoryPlan& memory : plan_.memories) limits(out, memory.min, memory.max, memory.is_64, memory.shared);
    section(5, out);
  }
  void tags() {
    ByteWriter out;
    out.u(plan_.tags.size());
    for (size_t i = 0; i < plan_.tags.size(); ++i) {
      out.u8(0);
      out.u(plan_.types.size() + i);
    }
    section(13, out);
  }
  void globals() {
    ByteWriter out;
    out.u(plan_.globals.size());
    for (const GlobalPlan& global : plan_.globals) {
      value_type(out, global.type);
      out.u8(global.is_mutable ? 1 : 0);
      constant(out, global.type);
    }
    section(6, out);
  }
  void exports() {
    ByteWriter out;
    uint32_t count = 0;
    auto add = [&](char letter, uint32_t index, uint8_t kind) {
      ++count;
      out.name(letter + std::to_string(index));
      out.u8(kind);
      out.u(index);
    };
    for (uint32_t i = kImports; i < plan_.functions.size(); ++i) {
      const FuncType& type = plan_.types[plan_.functions[i]];
      if (all_numbers(type.params) && all_numbers(type.results)) add('f', i, 0);
    }
    for (uint32_t i = 0; i < plan_.memories.size(); ++i) add('m', i, 2);
    for (uint32_t i = 0; i < plan_.globals.size(); ++i) {
      if (plan_.globals[i].type.is_num() && plan_.globals[i].is_mutable) add('g', i, 3);
    }
    ByteWriter all;
    all.u(count);
    all.append(out.bytes());
    section(7, all);
  }
  static bool all_numbers(const std::vector<ValType>& types) {
    for (ValType type : types) {
      if (!type.is_num()) return false;
    }
    return true;
  }

  // Passive segments come first, so that bodies can name them without knowing of the others. All function indices are listed in
  // a declarative segment where there is one, so that ref.func may name what tables hold.
  void elements() {
    ByteWriter out;
    uint32_t count = 0;
    for (uint32_t size : plan_.passive_elements) {
      ++count;
      out.u(1);
      out.u8(0);
      function_indices(out, size);
    }
    for (uint32_t i = 0; i < plan_.tables.size(); ++i) {
      const TablePlan& table = plan_.tables[i];
      if (table.element != ValType::funcref() || table.min == 0 || random_.one_in(6)) continue;
      ++count;
      const uint32_t size = random_.between(1, static_cast<uint32_t>(table.min));
      const auto at = random_.below(static_cast<uint32_t>(table.min) - size + 1);
      out.u(i == 0 ? 0 : 2);
      if (i != 0) out.u(i);
      offset(out, at, table.is_64);
      if (i != 0) out.u8(0);
      function_indices(out, size);
    }
    if (plan_.features.has(Feature::reference_types)) {
      ++count;
      out.u(3);
      out.u8(0);
      out.u(plan_.table_functions);
      for (uint32_t i = 0; i < plan_.table_functions; ++i) out.u(i);
    }
    ByteWriter all;
    all.u(count);
    all.append(out.bytes());
    section(9, all);
  }
  void function_indices(ByteWriter& out, uint32_t size) {
    out.u(size);
    for (uint32_t i = 0; i < size; ++i) out.u(random_.below(plan_.table_functions));
  }
  static void offset(ByteWriter& out, uint64_t at, bool is_64) {
    out.op(is_64 ? Op::i64_const : Op::i32_const);
    out.s(static_cast<int64_t>(at));
    out.op(Op::end);
  }
  ByteWriter data_segments(uint32_t active) {
    ByteWriter out;
    out.u(active + plan_.passive_data);
    for (uint32_t i = 0; i < plan_.passive_data; ++i) {
      out.u(1);
      bytes(out);
    }
    for (uint32_t i = 0; i < active; ++i) {
      const uint32_t memory = random_.below(static_cast<uint32_t>(plan_.memories.size()));
      out.u(memory == 0 ? 0 : 2);
      if (memory != 0) out.u(memory);
      // Into a memory without a page this traps when the module is instantiated, now and then.
      const uint64_t size = plan_.memories[memory].min << 16;
      offset(out, size == 0 ? 0 : random_.below(static_cast<uint32_t>(size - 64)), plan_.memories[memory].is_64);
      bytes(out, size == 0 && !random_.one_in(8) ? 0 : 64);
    }
    return out;
  }
  void bytes(ByteWriter& out, uint32_t most = 64) {
    const uint32_t size = random_.below(most + 1);
    out.u(size);
    for (uint32_t i = 0; i < size; ++i) out.u8(random_.below(256));
  }
  void code(uint32_t) {
    ByteWriter out;
    out.u(plan_.functions.size() - kImports);
    for (uint32_t i = kImports; i < plan_.functions.size(); ++i) {
      const std::vector<uint8_t> body = generate_body(random_, plan_, i);
      out.u(body.size());
      out.append(body);
    }
    section(10, out);
  }

  Random& random_;
  const Plan& plan_;
  ByteWriter module_;
};

}  // namespace

std::vector<uint8_t> generate_module(uint64_t seed, const GeneratorOptions& options) {
  Random random(seed);
  const Plan plan = make_plan(random, options.features);
  return ModuleWriter(random, plan).run();
}

}  // namespace wplug::fuzz
