#include "fuzz/module_generator.h"

#include <array>
#include <string>

#include "fuzz/body_generator.h"
#include "fuzz/byte_writer.h"
#include "fuzz/constants.h"
#include "fuzz/digest.h"
#include "fuzz/plan.h"
#include "fuzz/random.h"

namespace wplug::fuzz {

namespace {

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
  static void limits(ByteWriter& out, uint64_t min, uint64_t max, bool is_64, bool shared) {
    out.u8(1 | (shared ? 2u : 0u) | (is_64 ? 4u : 0u));
    out.u(min);
    out.u(max);
  }
  void constant(ByteWriter& out, ValType type, uint32_t globals = 0) {
    write_constant(out, random_, plan_, type, plan_.features.has(Feature::gc) ? globals : 0);
    out.op(Op::end);
  }

  void types() {
    ByteWriter out;
    out.u(plan_.groups.size());
    size_t at = 0;
    for (uint32_t size : plan_.groups) {
      // A group of one may be written as a group.
      if (size != 1 || (plan_.features.has(Feature::gc) && random_.one_in(8))) {
        out.u8(0x4e);
        out.u(size);
      }
      for (uint32_t i = 0; i < size; ++i) type(out, plan_.types[at++]);
    }
    section(1, out);
  }
  void type(ByteWriter& out, const SubType& type) {
    if (!type.is_final || type.supertype) {
      out.u8(type.is_final ? 0x4f : 0x50);
      out.u(type.supertype ? 1 : 0);
      if (type.supertype) out.u(*type.supertype);
    }
    switch (type.kind) {
      case CompositeKind::func:
        out.u8(0x60);
        list(out, type.func.params);
        list(out, type.func.results);
        break;
      case CompositeKind::struct_:
        out.u8(0x5f);
        out.u(type.fields.size());
        for (const FieldType& one : type.fields) field(out, one);
        break;
      case CompositeKind::array:
        out.u8(0x5e);
        field(out, type.fields[0]);
        break;
    }
  }
  static void list(ByteWriter& out, const std::vector<ValType>& types) {
    out.u(types.size());
    for (ValType type : types) write_type(out, type);
  }
  static void field(ByteWriter& out, const FieldType& field) {
    if (field.packed == Packed::none) {
      write_type(out, field.type);
    } else {
      out.u8(field.packed == Packed::i8 ? 0x78 : 0x77);
    }
    out.u8(field.is_mutable ? 1 : 0);
  }
  void imports() {
    ByteWriter out;
    static constexpr std::array<const char*, 3> kNames = {"mix", "note", "ref"};
    out.u(plan_.imports);
    for (uint32_t i = 0; i < plan_.imports; ++i) {
      out.name("host");
      out.name(kNames[i]);
      out.u8(0);
      out.u(plan_.functions[i]);
    }
    section(2, out);
  }
  void functions() {
    ByteWriter out;
    out.u(plan_.functions.size() - plan_.imports);
    for (size_t i = plan_.imports; i < plan_.functions.size(); ++i) out.u(plan_.functions[i]);
    section(3, out);
  }
  void tables() {
    ByteWriter out;
    out.u(plan_.tables.size());
    for (const TablePlan& table : plan_.tables) {
      const bool has_value = !table.element.is_nullable() || (plan_.has_objects() && random_.one_in(4));
      if (has_value) {
        out.u8(0x40);
        out.u8(0);
      }
      write_type(out, table.element);
      limits(out, table.min, table.max, table.is_64, false);
      if (has_value) constant(out, table.element);
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
      out.u(plan_.tags[i]);
    }
    section(13, out);
  }
  void globals() {
    ByteWriter out;
    out.u(plan_.globals.size());
    for (uint32_t i = 0; i < plan_.globals.size(); ++i) {
      write_type(out, plan_.globals[i].type);
      out.u8(plan_.globals[i].is_mutable ? 1 : 0);
      constant(out, plan_.globals[i].type, i);
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
    for (uint32_t i = plan_.imports; i < plan_.functions.size(); ++i) {
      const FuncType& type = plan_.type_of(i);
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
    for (const ElementPlan& segment : plan_.passive_elements) {
      ++count;
      if (segment.type == ValType::funcref()) {
        out.u(1);
        out.u8(0);
        function_indices(out, segment.size);
      } else {
        out.u(5);
        expressions(out, segment);
      }
    }
    for (uint32_t i = 0; i < plan_.tables.size(); ++i) {
      const TablePlan& table = plan_.tables[i];
      const bool of_functions = table.element == ValType::funcref();
      if (table.min == 0 || random_.one_in(6) || (!of_functions && !plan_.has_objects())) continue;
      ++count;
      const uint32_t size = random_.between(1, static_cast<uint32_t>(table.min));
      const auto at = random_.below(static_cast<uint32_t>(table.min) - size + 1);
      const bool is_short = i == 0 && of_functions;
      out.u(is_short ? 0 : of_functions ? 2 : 6);
      if (!is_short) out.u(i);
      offset(out, at, table.is_64);
      if (of_functions) {
        if (!is_short) out.u8(0);
        function_indices(out, size);
      } else {
        expressions(out, {table.element, size});
      }
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
  void expressions(ByteWriter& out, ElementPlan segment) {
    write_type(out, segment.type);
    out.u(segment.size);
    for (uint32_t i = 0; i < segment.size; ++i) constant(out, segment.type, static_cast<uint32_t>(plan_.globals.size()));
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
    out.u(plan_.functions.size() - plan_.imports);
    for (uint32_t i = plan_.imports; i < plan_.functions.size(); ++i) {
      const std::vector<uint8_t> body = i == plan_.digest  ? digest_body(plan_)
                                        : i == plan_.state ? state_body(plan_)
                                                           : generate_body(random_, plan_, i);
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
