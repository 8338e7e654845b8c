#include "interp/lower/ir.h"

#include <algorithm>
#include <type_traits>

#include "interp/wasm/simd.h"

namespace wplug {
namespace {

template <class T>
constexpr RegClass class_of = std::is_floating_point_v<T>  ? RegClass::floating
                              : std::is_same_v<T, V128> ? RegClass::vector
                                                        : RegClass::integer;

constexpr IrOpInfo kInfo[] = {
#define WPLUG_IR_INT(name, T, R) {#name, IrShape::int_binary, RegClass::integer, RegClass::integer},
#define WPLUG_IR_INT_TRAP(name, T) {#name, IrShape::int_binary, RegClass::integer, RegClass::integer},
#define WPLUG_IR_SHIFTED(name, T, outer, inner) {#name, IrShape::int_shifted, RegClass::integer, RegClass::integer},
#define WPLUG_IR_MASKED(name, T, inner) {#name, IrShape::int_masked, RegClass::integer, RegClass::integer},
#define WPLUG_IR_TERNARY(name, T, outer, inner) {#name, IrShape::int_ternary, RegClass::integer, RegClass::integer},
#define WPLUG_IR_FLOAT_TERNARY(name, T, outer, inner, reversed) {#name, IrShape::float_ternary, RegClass::floating, RegClass::floating},
#define WPLUG_IR_FLOAT(name, T) {#name, IrShape::float_binary, RegClass::floating, RegClass::floating},
#define WPLUG_IR_FLOAT_COMPARE(name, T) {#name, IrShape::float_compare, RegClass::floating, RegClass::integer},
#define WPLUG_IR_UNARY(name, T, R) {#name, IrShape::unary, class_of<T>, class_of<R>},
#define WPLUG_IR_UNARY_TRAP(name, T, R) {#name, IrShape::unary, class_of<T>, class_of<R>},
#define WPLUG_IR_LOAD(name, M, R) {#name, IrShape::load, RegClass::integer, class_of<R>},
#define WPLUG_IR_STORE(name, M, T) {#name, IrShape::store, RegClass::integer, class_of<T>},
#define WPLUG_IR_ATOMIC(name, M, T, action) {#name, IrShape::atomic, RegClass::integer, RegClass::integer},
#define WPLUG_IR_STRUCT_GET(name, M, R) {#name, IrShape::struct_get, RegClass::integer, class_of<R>},
#define WPLUG_IR_STRUCT_SET(name, M, T) {#name, IrShape::struct_set, RegClass::integer, class_of<T>},
#define WPLUG_IR_ARRAY_GET(name, M, R) {#name, IrShape::array_get, RegClass::integer, class_of<R>},
#define WPLUG_IR_ARRAY_SET(name, M, T) {#name, IrShape::array_set, RegClass::integer, class_of<T>},
#define WPLUG_IR_SPECIAL(name) {#name, IrShape::special, RegClass::integer, RegClass::integer},
#define WPLUG_IR_VECTOR(name) {#name, IrShape::vector_binary, RegClass::vector, RegClass::vector},
#define WPLUG_IR_VECTOR_SHIFT(name) {#name, IrShape::vector_shift, RegClass::vector, RegClass::vector},
#define WPLUG_IR_VECTOR_SPECIAL(name) {#name, IrShape::vector_any, RegClass::vector, RegClass::vector},
#include "interp/lower/ir_ops.def"
#define WPLUG_IR_INT_COMPARE(name, T) {"br_if_" #name, IrShape::branch_int, RegClass::integer, RegClass::integer},
#define WPLUG_IR_INT_TEST(name, T) {"br_if_" #name, IrShape::branch_int, RegClass::integer, RegClass::integer},
#define WPLUG_IR_ADD_BRANCH(compare, T, add) {"add_br_if_" #compare, IrShape::branch_add, RegClass::integer, RegClass::integer},
#define WPLUG_IR_FLOAT_COMPARE(name, T) {"br_if_" #name, IrShape::branch_float, RegClass::floating, RegClass::integer},
#include "interp/lower/ir_ops.def"
#define WPLUG_IR_LOAD_PLAIN(name, M, R)
#define WPLUG_IR_STORE_PLAIN(name, M, T)
#define WPLUG_IR_LOAD(name, M, R) {#name "_indexed", IrShape::load_indexed, RegClass::integer, class_of<R>},
#define WPLUG_IR_STORE(name, M, T) {#name "_indexed", IrShape::store_indexed, RegClass::integer, class_of<T>},
#include "interp/lower/ir_ops.def"
#define WPLUG_IR_LOAD_PLAIN(name, M, R)
#define WPLUG_IR_STORE_PLAIN(name, M, T)
#define WPLUG_IR_LOAD(name, M, R) {#name "_wrapped", IrShape::load_wrapped, RegClass::integer, class_of<R>},
#define WPLUG_IR_STORE(name, M, T) {#name "_wrapped", IrShape::store_wrapped, RegClass::integer, class_of<T>},
#include "interp/lower/ir_ops.def"
#define WPLUG_IR_LOAD(name, M, R) {#name "_far", IrShape::load_far, RegClass::integer, class_of<R>},
#define WPLUG_IR_STORE(name, M, T) {#name "_far", IrShape::store_far, RegClass::integer, class_of<T>},
#include "interp/lower/ir_ops.def"
};
static_assert(sizeof(kInfo) / sizeof(kInfo[0]) == kIrOpCount);

}  // namespace

const IrOpInfo& info(IrOp op) { return kInfo[static_cast<size_t>(op)]; }

bool is_branch(IrOp op) {
  IrShape shape = info(op).shape;
  return op == IrOp::br || shape == IrShape::branch_int || shape == IrShape::branch_float;
}

bool is_terminator(IrOp op) {
  switch (op) {
    case IrOp::br:
    case IrOp::br_table:
    case IrOp::trap:
    case IrOp::return_void:
    case IrOp::return_value:
    case IrOp::return_float:
    case IrOp::return_vector:
    case IrOp::return_slots:
    case IrOp::return_call:
    case IrOp::return_call_import:
    case IrOp::return_call_indirect:
    case IrOp::return_call_ref:
    case IrOp::throw_:
    case IrOp::throw_ref:
      return true;
    default:
      return false;
  }
}

bool is_indirect_call(IrOp op) { return op == IrOp::call_indirect || op == IrOp::return_call_indirect; }

bool is_call(IrOp op) {
  return op == IrOp::call || op == IrOp::call_import || op == IrOp::call_indirect || op == IrOp::call_ref;
}

bool is_object_operation(IrOp op) { return op >= IrOp::struct_new && op <= IrOp::array_set_v128; }

bool is_copy(const Ir& ir) {
  return (ir.op == IrOp::move || ir.op == IrOp::move_float || ir.op == IrOp::move_vector) && ir.b != kImmediate;
}

bool may_throw(IrOp op) { return is_call(op) || op == IrOp::throw_ || op == IrOp::throw_ref; }

uint32_t try_block_at(const IrFunction& function, uint32_t index) {
  const std::vector<TryRegion>& regions = function.try_regions;
  auto after = std::upper_bound(regions.begin(), regions.end(), index,
                                [](uint32_t i, const TryRegion& region) { return i < region.begin; });
  return after == regions.begin() ? kNoTry : std::prev(after)->block;
}

IrOp move_of(RegClass reg_class) {
  return reg_class == RegClass::integer ? IrOp::move : reg_class == RegClass::floating ? IrOp::move_float : IrOp::move_vector;
}

// The comparison with its operands exchanged; the same operation when it is not an integer comparison.
IrOp swapped(IrOp op) {
  switch (op) {
#define WPLUG_SWAP(p)                             \
  case IrOp::p##_eq: return IrOp::p##_eq;         \
  case IrOp::p##_ne: return IrOp::p##_ne;         \
  case IrOp::p##_lt_s: return IrOp::p##_gt_s;     \
  case IrOp::p##_lt_u: return IrOp::p##_gt_u;     \
  case IrOp::p##_gt_s: return IrOp::p##_lt_s;     \
  case IrOp::p##_gt_u: return IrOp::p##_lt_u;     \
  case IrOp::p##_le_s: return IrOp::p##_ge_s;     \
  case IrOp::p##_le_u: return IrOp::p##_ge_u;     \
  case IrOp::p##_ge_s: return IrOp::p##_le_s;     \
  case IrOp::p##_ge_u: return IrOp::p##_le_u;
    WPLUG_SWAP(i32)
    WPLUG_SWAP(i64)
#undef WPLUG_SWAP
    default:
      return op;
  }
}

bool is_int_compare(IrOp op) {
  return (op >= IrOp::i32_eq && op <= IrOp::i64_ge_u);
}

bool is_float_compare(IrOp op) { return info(op).shape == IrShape::float_compare; }

// The integer comparison that is true when this one is false.
IrOp inverted(IrOp op) {
  switch (op) {
#define WPLUG_INVERT(p)                           \
  case IrOp::p##_eq: return IrOp::p##_ne;         \
  case IrOp::p##_ne: return IrOp::p##_eq;         \
  case IrOp::p##_lt_s: return IrOp::p##_ge_s;     \
  case IrOp::p##_lt_u: return IrOp::p##_ge_u;     \
  case IrOp::p##_gt_s: return IrOp::p##_le_s;     \
  case IrOp::p##_gt_u: return IrOp::p##_le_u;     \
  case IrOp::p##_le_s: return IrOp::p##_gt_s;     \
  case IrOp::p##_le_u: return IrOp::p##_gt_u;     \
  case IrOp::p##_ge_s: return IrOp::p##_lt_s;     \
  case IrOp::p##_ge_u: return IrOp::p##_lt_u;
    WPLUG_INVERT(i32)
    WPLUG_INVERT(i64)
#undef WPLUG_INVERT
    case IrOp::br_if_i32_test: return IrOp::br_if_i32_test_not;
    case IrOp::br_if_i32_test_not: return IrOp::br_if_i32_test;
    case IrOp::br_if_i64_test: return IrOp::br_if_i64_test_not;
    case IrOp::br_if_i64_test_not: return IrOp::br_if_i64_test;
    default:
      return op;
  }
}

IrOp test_of(IrOp compare, IrOp operation) {
  if (operation == IrOp::i32_and && compare == IrOp::i32_ne) return IrOp::br_if_i32_test;
  if (operation == IrOp::i32_and && compare == IrOp::i32_eq) return IrOp::br_if_i32_test_not;
  if (operation == IrOp::i64_and && compare == IrOp::i64_ne) return IrOp::br_if_i64_test;
  if (operation == IrOp::i64_and && compare == IrOp::i64_eq) return IrOp::br_if_i64_test_not;
  return IrOp::count_;
}

IrOp add_branch_of(IrOp add, IrOp branch) {
#define WPLUG_IR_ADD_BRANCH(compare, T, op) \
  if (branch == IrOp::br_if_##compare && add == IrOp::op) return IrOp::add_br_if_##compare;
#include "interp/lower/ir_ops.def"
  return IrOp::count_;
}

IrOp shifted_of(IrOp outer, IrOp inner) {
#define WPLUG_IR_SHIFTED(name, T, out, in) \
  if (outer == IrOp::out && inner == IrOp::in) return IrOp::name;
#include "interp/lower/ir_ops.def"
  return IrOp::count_;
}

IrOp masked_of(IrOp inner) {
#define WPLUG_IR_MASKED(name, T, in) \
  if (inner == IrOp::in) return IrOp::name;
#include "interp/lower/ir_ops.def"
  return IrOp::count_;
}

IrOp indexed_of(IrOp access) {
  switch (access) {
#define WPLUG_IR_LOAD_PLAIN(name, M, R)
#define WPLUG_IR_STORE_PLAIN(name, M, T)
#define WPLUG_IR_LOAD(name, M, R) \
  case IrOp::name:                \
    return IrOp::name##_indexed;
#define WPLUG_IR_STORE(name, M, T) \
  case IrOp::name:                 \
    return IrOp::name##_indexed;
#include "interp/lower/ir_ops.def"
    default:
      return IrOp::count_;
  }
}

IrOp wrapped_of(IrOp access) {
  switch (access) {
#define WPLUG_IR_LOAD_PLAIN(name, M, R)
#define WPLUG_IR_STORE_PLAIN(name, M, T)
#define WPLUG_IR_LOAD(name, M, R) \
  case IrOp::name:                \
    return IrOp::name##_wrapped;
#define WPLUG_IR_STORE(name, M, T) \
  case IrOp::name:                 \
    return IrOp::name##_wrapped;
#include "interp/lower/ir_ops.def"
    default:
      return IrOp::count_;
  }
}

IrOp ternary_of(IrOp outer, IrOp inner, bool reversed) {
#define WPLUG_IR_TERNARY(name, T, out, in) \
  if (outer == IrOp::out && inner == IrOp::in) return IrOp::name;
  // Adding does not mind the order.
#define WPLUG_IR_FLOAT_TERNARY(name, T, out, in, backward)                                        \
  if (outer == IrOp::out && inner == IrOp::in &&                                                  \
      (reversed == backward || outer == IrOp::f32_add || outer == IrOp::f64_add)) {               \
    return IrOp::name;                                                                            \
  }
#include "interp/lower/ir_ops.def"
  return IrOp::count_;
}

IrOp inverted_branch(IrOp branch) {
  switch (branch) {
#define WPLUG_IR_INT_COMPARE(name, T) \
  case IrOp::br_if_##name:            \
    return branch_of(inverted(IrOp::name));
#include "interp/lower/ir_ops.def"
    default:
      return inverted(branch);
  }
}

IrOp far_of(IrOp access) {
  switch (access) {
#define WPLUG_IR_LOAD(name, M, R) \
  case IrOp::name:                \
    return IrOp::name##_far;
#define WPLUG_IR_STORE(name, M, T) \
  case IrOp::name:                 \
    return IrOp::name##_far;
#include "interp/lower/ir_ops.def"
    default:
      return access;
  }
}

// The compare-and-branch of a comparison.
IrOp branch_of(IrOp compare) {
  switch (compare) {
#define WPLUG_IR_INT_COMPARE(name, T) \
  case IrOp::name:                    \
    return IrOp::br_if_##name;
#define WPLUG_IR_FLOAT_COMPARE(name, T) \
  case IrOp::name:                      \
    return IrOp::br_if_##name;
#include "interp/lower/ir_ops.def"
    default:
      return compare;
  }
}

}  // namespace wplug
