#include "fuzz/constants.h"

#include <array>
#include <bit>
#include <cmath>

namespace wplug::fuzz {

namespace {

class Constant {
 public:
  Constant(ByteWriter& out, Random& random, const Plan& plan, uint32_t globals)
      : out_(out), random_(random), plan_(plan), globals_(globals) {}

  // `depth`: how many objects may stand in one another where nothing forces them to.
  void value(ValType type, int depth) {
    if (!type.is_ref()) return number(type);
    if (globals_ > 0 && random_.one_in(4) && global(type)) return;
    if (type.is_nullable() && (depth <= 0 || random_.one_in(3))) return null(type);
    if (!reference(type, depth)) null(type);
  }

 private:
  bool global(ValType type) {
    const uint32_t at = random_.below(globals_);
    if (plan_.globals[at].is_mutable || !plan_.matches(plan_.globals[at].type, type)) return false;
    out_.op(Op::global_get);
    out_.u(at);
    return true;
  }
  void null(ValType type) {
    out_.op(Op::ref_null);
    write_heap_type(out_, type);
  }
  void number(ValType type) {
    static constexpr std::array<uint64_t, 12> kEdges = {0,          1,          UINT64_MAX,         0x7f,
                                                        0x80,       0x7fff,     0x8000,             0x7fffffff,
                                                        0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000};
    const uint64_t edge = random_.one_in(3) ? random_.bits() : random_.one_in(2) ? random_.below(100) : kEdges[random_.below(12)];
    if (type == ValType::i32()) {
      out_.op(Op::i32_const);
      out_.s(static_cast<int32_t>(edge));
    } else if (type == ValType::i64()) {
      out_.op(Op::i64_const);
      out_.s(static_cast<int64_t>(edge));
    } else if (type.is_float()) {
      floating(type);
    } else {
      out_.op(Op::v128_const);
      out_.little(edge, 8);
      out_.little(random_.one_in(2) ? edge : random_.bits(), 8);
    }
  }
  void floating(ValType type) {
    static constexpr std::array<double, 8> kNumbers = {0.0, -0.0, 1.0, -1.5, 1e10, -3e9, 1e-40, 0.1};
    const bool infinite = random_.one_in(16);
    const double value = infinite ? HUGE_VAL : kNumbers[random_.below(8)] * (random_.one_in(2) ? 1 : random_.below(1000));
    out_.op(type == ValType::f32() ? Op::f32_const : Op::f64_const);
    if (type == ValType::f32()) {
      out_.little(std::bit_cast<uint32_t>(static_cast<float>(value)), 4);
    } else {
      out_.little(std::bit_cast<uint64_t>(value), 8);
    }
  }
  void i31() {
    number(ValType::i32());
    out_.op(Op::ref_i31);
  }

  // False: there is nothing to make.
  bool reference(ValType type, int depth) {
    if (type.is_concrete() && plan_.kind_of(type) != CompositeKind::func) return object(some_below(type), depth), true;
    if (plan_.top(type) == HeapKind::func) return function(type);
    if (!plan_.has_objects_of(type)) return false;
    switch (type.heap()) {
      case HeapKind::i31: return i31(), true;
      case HeapKind::struct_: return object(random_.pick(plan_.structures), depth), true;
      case HeapKind::array: return object(random_.pick(plan_.arrays), depth), true;
      case HeapKind::extern_:
        value(ValType::ref(HeapKind::any, type.is_nullable()), depth - 1);
        out_.op(Op::extern_convert_any);
        return true;
      default: break;  // any, eq
    }
    if (plan_.structures.empty() || random_.one_in(3)) return i31(), true;
    return object(random_.pick(!plan_.arrays.empty() && random_.one_in(3) ? plan_.arrays : plan_.structures), depth), true;
  }
  bool function(ValType type) {
    const uint32_t function = plan_.function_for(random_, type);
    if (function == Plan::kNone) return false;
    out_.op(Op::ref_func);
    out_.u(function);
    return true;
  }
  // The type or one declared below it that is not dear.
  uint32_t some_below(ValType type) {
    const uint32_t other = random_.below(static_cast<uint32_t>(plan_.types.size()));
    return plan_.costs[other] < 8 && plan_.matches(ValType::ref_to(other, true), type.with_null(true)) ? other : type.type_index();
  }
  void object(uint32_t index, int depth) {
    const SubType& type = plan_.types[index];
    bool defaultable = true;
    for (const FieldType& field : type.fields) defaultable = defaultable && field.type.is_defaultable();
    if (type.kind == CompositeKind::struct_) {
      if (defaultable && (depth <= 0 || random_.one_in(4))) return made(Op::struct_new_default, index);
      for (const FieldType& field : type.fields) value(field.type, depth - 1);
      return made(Op::struct_new, index);
    }
    const ValType element = type.fields[0].type;
    if (defaultable && random_.one_in(4)) {
      length(random_.below(10));
      return made(Op::array_new_default, index);
    }
    if (random_.one_in(3)) {
      value(element, depth - 1);
      length(random_.below(10));
      return made(Op::array_new, index);
    }
    const uint32_t count = random_.below(depth > 0 ? 6 : 2);
    for (uint32_t i = 0; i < count; ++i) value(element, depth - 1);
    made(Op::array_new_fixed, index);
    out_.u(count);
  }
  void length(uint32_t value) {
    out_.op(Op::i32_const);
    out_.s(value);
  }
  void made(Op op, uint32_t type) {
    out_.op(op);
    out_.u(type);
  }

  ByteWriter& out_;
  Random& random_;
  const Plan& plan_;
  uint32_t globals_;
};

}  // namespace

void write_heap_type(ByteWriter& out, ValType type) {
  if (type.is_concrete()) return out.s(type.type_index());
  out.u8(static_cast<uint32_t>(type.heap()));
}

void write_type(ByteWriter& out, ValType type) {
  if (!type.is_ref()) return out.u8(type.bits());
  if (type.is_concrete() || !type.is_nullable()) out.u8(type.is_nullable() ? 0x63 : 0x64);
  write_heap_type(out, type);
}

void write_constant(ByteWriter& out, Random& random, const Plan& plan, ValType type, uint32_t globals) {
  Constant(out, random, plan, globals).value(type, 2);
}

}  // namespace wplug::fuzz
