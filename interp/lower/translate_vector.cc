// Vectors and wide arithmetic. Accesses to a lane are a scalar access and an operation on the lane; additions of 128
// bits are what a compiler would make of them. So both go through the same code as their parts.
#include <algorithm>
#include <utility>

#include "interp/lower/translator.h"

namespace wplug {
namespace {

// The operation with its operands exchanged; IrOp::count_ when there is none.
IrOp exchanged(IrOp op) {
  switch (op) {
    case IrOp::v128_and: case IrOp::v128_or: case IrOp::v128_xor:
    case IrOp::i8x16_eq: case IrOp::i8x16_ne: case IrOp::i8x16_add: case IrOp::i8x16_add_sat_u: case IrOp::i8x16_min_u:
    case IrOp::i8x16_max_u: case IrOp::i16x8_eq: case IrOp::i16x8_add: case IrOp::i16x8_mul: case IrOp::i32x4_eq:
    case IrOp::i32x4_ne: case IrOp::i32x4_add: case IrOp::i32x4_mul: case IrOp::i32x4_dot_i16x8_s: case IrOp::i64x2_add:
    case IrOp::i64x2_mul:
      return op;
    case IrOp::i8x16_swizzle: return IrOp::i8x16_lookup;
    case IrOp::i8x16_lt_s: return IrOp::i8x16_gt_s;
    case IrOp::i8x16_gt_s: return IrOp::i8x16_lt_s;
    case IrOp::i8x16_lt_u: return IrOp::i8x16_gt_u;
    case IrOp::i8x16_gt_u: return IrOp::i8x16_lt_u;
    case IrOp::i32x4_lt_s: return IrOp::i32x4_gt_s;
    case IrOp::i32x4_gt_s: return IrOp::i32x4_lt_s;
    case IrOp::f32x4_lt: return IrOp::f32x4_gt;
    case IrOp::f32x4_gt: return IrOp::f32x4_lt;
    case IrOp::f32x4_le: return IrOp::f32x4_ge;
    case IrOp::f32x4_ge: return IrOp::f32x4_le;
    case IrOp::f64x2_lt: return IrOp::f64x2_gt;
    case IrOp::f64x2_gt: return IrOp::f64x2_lt;
    case IrOp::f64x2_le: return IrOp::f64x2_ge;
    case IrOp::f64x2_ge: return IrOp::f64x2_le;
    default: return IrOp::count_;
  }
}

}  // namespace

uint32_t Translator::vector_constant(uint64_t low, uint64_t high) {
  ir_.vectors.push_back({low, high});
  return static_cast<uint32_t>(ir_.vectors.size() - 1);
}

bool Translator::vector(const Instruction& in) {
  const ValType v128 = ValType::v128();
  switch (in.op) {
#define WPLUG_IR_VECTOR_INTERNAL(name)
#define WPLUG_IR_VECTOR(name)  \
  case Op::name:               \
    vector_binary(IrOp::name); \
    return true;
#define WPLUG_IR_VECTOR_SHIFT(name) \
  case Op::name:                    \
    vector_shift(IrOp::name);       \
    return true;
#define WPLUG_IR_VECTOR_ANY(name, n) \
  case Op::name:                     \
    vector_any(IrOp::name, n, v128); \
    return true;
#include "interp/lower/ir_ops.def"
    case Op::v128_const:
      push({Entry::Kind::constant, v128, kNoReg, in.value, in.value2});
      return true;
    case Op::i8x16_shuffle:
      shuffle(in);
      return true;
    // Relaxed operations that are plain ones in the deterministic profile.
    case Op::i8x16_relaxed_swizzle:
      vector_binary(IrOp::i8x16_swizzle);
      return true;
    case Op::i32x4_relaxed_trunc_f32x4_s:
      unary(IrOp::i32x4_trunc_sat_f32x4_s, v128);
      return true;
    case Op::i32x4_relaxed_trunc_f32x4_u:
      unary(IrOp::i32x4_trunc_sat_f32x4_u, v128);
      return true;
    case Op::i32x4_relaxed_trunc_f64x2_s_zero:
      unary(IrOp::i32x4_trunc_sat_f64x2_s_zero, v128);
      return true;
    case Op::i32x4_relaxed_trunc_f64x2_u_zero:
      unary(IrOp::i32x4_trunc_sat_f64x2_u_zero, v128);
      return true;
    case Op::i8x16_relaxed_laneselect:
    case Op::i16x8_relaxed_laneselect:
    case Op::i32x4_relaxed_laneselect:
    case Op::i64x2_relaxed_laneselect:
      vector_any(IrOp::v128_bitselect, 3, v128);
      return true;
    case Op::f32x4_relaxed_min:
      vector_binary(IrOp::f32x4_min);
      return true;
    case Op::f32x4_relaxed_max:
      vector_binary(IrOp::f32x4_max);
      return true;
    case Op::f64x2_relaxed_min:
      vector_any(IrOp::f64x2_min, 2, v128);
      return true;
    case Op::f64x2_relaxed_max:
      vector_any(IrOp::f64x2_max, 2, v128);
      return true;
    case Op::i16x8_relaxed_q15mulr_s:
      vector_any(IrOp::i16x8_q15mulr_sat_s, 2, v128);
      return true;
    default:
      return lane(in) || wide(in);
  }
}

bool Translator::lane(const Instruction& in) {
  const ValType v128 = ValType::v128(), i32 = ValType::i32(), i64 = ValType::i64();
  switch (in.op) {
    case Op::i8x16_extract_lane_s:
      extract_lane(IrOp::i8x16_extract_lane_s, in.index, i32);
      return true;
    case Op::i8x16_extract_lane_u:
      extract_lane(IrOp::i8x16_extract_lane_u, in.index, i32);
      return true;
    case Op::i16x8_extract_lane_s:
      extract_lane(IrOp::i16x8_extract_lane_s, in.index, i32);
      return true;
    case Op::i16x8_extract_lane_u:
      extract_lane(IrOp::i16x8_extract_lane_u, in.index, i32);
      return true;
    case Op::i32x4_extract_lane:
      extract_lane(IrOp::i32x4_extract_lane, in.index, i32);
      return true;
    case Op::i64x2_extract_lane:
      extract_lane(IrOp::i64x2_extract_lane, in.index, i64);
      return true;
    case Op::f32x4_extract_lane:
      extract_lane(IrOp::f32x4_extract_lane, in.index, ValType::f32());
      return true;
    case Op::f64x2_extract_lane:
      extract_lane(IrOp::f64x2_extract_lane, in.index, ValType::f64());
      return true;
#define WPLUG_IR_VECTOR_REPLACE(name, L, E, T)              \
  case Op::name:                                            \
    vector_any(IrOp::name, 2, v128);                        \
    ir_.code.back().shift = static_cast<uint8_t>(in.index); \
    return true;
#include "interp/lower/ir_ops.def"
    case Op::v128_load8_lane:
      load_lane(IrOp::i32_load8_u, IrOp::i8x16_replace_lane, i32, in);
      return true;
    case Op::v128_load16_lane:
      load_lane(IrOp::i32_load16_u, IrOp::i16x8_replace_lane, i32, in);
      return true;
    case Op::v128_load32_lane:
      load_lane(IrOp::i32_load, IrOp::i32x4_replace_lane, i32, in);
      return true;
    case Op::v128_load64_lane:
      load_lane(IrOp::i64_load, IrOp::i64x2_replace_lane, i64, in);
      return true;
    case Op::v128_store8_lane:
      store_lane(IrOp::i8x16_extract_lane_u, IrOp::i32_store8, i32, in);
      return true;
    case Op::v128_store16_lane:
      store_lane(IrOp::i16x8_extract_lane_u, IrOp::i32_store16, i32, in);
      return true;
    case Op::v128_store32_lane:
      store_lane(IrOp::i32x4_extract_lane, IrOp::i32_store, i32, in);
      return true;
    case Op::v128_store64_lane:
      store_lane(IrOp::i64x2_extract_lane, IrOp::i64_store, i64, in);
      return true;
    default:
      return false;
  }
}

bool Translator::wide(const Instruction& in) {
  switch (in.op) {
    case Op::i64_add128:
      add_wide(false);
      return true;
    case Op::i64_sub128:
      add_wide(true);
      return true;
    case Op::i64_mul_wide_s:
      multiply_wide(IrOp::i64_mul_high_s);
      return true;
    case Op::i64_mul_wide_u:
      multiply_wide(IrOp::i64_mul_high_u);
      return true;
    default:
      return false;
  }
}

// A constant on the right becomes part of the operation.
void Translator::vector_binary(IrOp op) {
  Entry b = pop(), a = pop();
  size_t a_height = stack_.size(), b_height = a_height + 1;
  if (a.kind == Entry::Kind::constant && b.kind != Entry::Kind::constant && exchanged(op) != IrOp::count_) {
    std::swap(a, b);
    std::swap(a_height, b_height);
    op = exchanged(op);
  }
  bool immediate = b.kind == Entry::Kind::constant;
  uint32_t ra = use(a, a_height);
  uint32_t rb = immediate ? kImmediate : use(b, b_height);
  uint32_t constant = immediate ? vector_constant(b.bits, b.high_bits) : 0;
  Ir& ir = emit(op);
  ir.a = ra;
  ir.b = rb;
  ir.imm = constant;
  touch(ra);
  if (!immediate) touch(rb);
  push_temporary(ValType::v128());
}

void Translator::vector_shift(IrOp op) {
  Entry b = pop(), a = pop();
  Ir draft{};
  bool immediate = use_immediate(b, false, draft);
  uint32_t ra = use(a, stack_.size());
  uint32_t rb = immediate ? kImmediate : use(b, stack_.size() + 1);
  Ir& ir = emit(op);
  ir.a = ra;
  ir.b = rb;
  ir.imm = draft.imm;
  touch(ra);
  if (!immediate) touch(rb);
  push_temporary(ValType::v128());
}

// Operands wherever they are, one handler.
void Translator::vector_any(IrOp op, size_t operands, ValType result) {
  Entry entries[3];
  uint32_t regs[3] = {kNoReg, kNoReg, kNoReg};
  for (size_t i = operands; i-- > 0;) entries[i] = pop();
  for (size_t i = 0; i < operands; ++i) regs[i] = use(entries[i], stack_.size() + i);
  Ir& ir = emit(op);
  ir.a = regs[0];
  ir.b = regs[1];
  ir.c = regs[2];
  for (size_t i = 0; i < operands; ++i) touch(regs[i]);
  push_temporary(result);
}

// As two masks, one for each operand.
void Translator::shuffle(const Instruction& in) {
  uint64_t masks[4] = {};
  for (uint32_t i = 0; i < 16; ++i) {
    uint64_t lane = (i < 8 ? in.value >> (8 * i) : in.value2 >> (8 * (i - 8))) & 0xff;
    masks[i / 8] |= (lane < 16 ? lane : 0x80) << (i % 8 * 8);
    masks[2 + i / 8] |= (lane < 16 ? 0x80 : lane - 16) << (i % 8 * 8);
  }
  uint32_t first = vector_constant(masks[0], masks[1]);
  vector_constant(masks[2], masks[3]);
  vector_any(IrOp::i8x16_shuffle, 2, ValType::v128());
  ir_.code.back().imm = first;
}

void Translator::extract_lane(IrOp op, uint32_t lane, ValType result) {
  vector_any(op, 1, result);
  ir_.code.back().shift = static_cast<uint8_t>(lane);
}

// The vector is on top of the address; its home is not touched by the load, whose result goes to the address's.
void Translator::load_lane(IrOp load_op, IrOp replace_op, ValType lane_type, const Instruction& in) {
  Entry vector = pop();
  load(load_op, lane_type, in);
  Entry lane = pop();
  uint32_t ra = use(vector, stack_.size() + 1);
  Ir& ir = emit(replace_op);
  ir.a = ra;
  ir.b = lane.vreg;
  ir.shift = static_cast<uint8_t>(in.index2);
  touch(ra);
  push_temporary(ValType::v128());
}

void Translator::store_lane(IrOp extract_op, IrOp store_op, ValType lane_type, const Instruction& in) {
  extract_lane(extract_op, in.index2, lane_type);
  store(store_op, in);
}

uint32_t Translator::binary_to(uint32_t d, IrOp op, uint32_t a, uint32_t b) {
  Ir& ir = emit(op);
  ir.a = a;
  ir.b = b;
  ir.d = d;
  touch(a);
  touch(b);
  return d;
}

// [a_low a_high b_low b_high] -> [low high]. The carry of low = a_low + b_low is low < b_low, the borrow of a_low -
// b_low is a_low < b_low. Each step's result goes to a home whose value is not needed any more.
void Translator::add_wide(bool subtract) {
  const ValType i64 = ValType::i64();
  Entry entries[4];
  uint32_t r[4];
  for (size_t i = 4; i-- > 0;) entries[i] = pop();
  size_t base = stack_.size();
  for (size_t i = 0; i < 4; ++i) r[i] = use(entries[i], base + i);
  uint32_t low, high, carry;
  if (subtract) {
    high = binary_to(new_vreg(i64, home_slot(base + 1)), IrOp::i64_sub, r[1], r[3]);
    carry = binary_to(new_vreg(i64, home_slot(base + 3)), IrOp::i64_lt_u, r[0], r[2]);
    low = binary_to(new_vreg(i64, home_slot(base)), IrOp::i64_sub, r[0], r[2]);
  } else {
    high = binary_to(new_vreg(i64, home_slot(base + 1)), IrOp::i64_add, r[1], r[3]);
    low = binary_to(new_vreg(i64, home_slot(base)), IrOp::i64_add, r[0], r[2]);
    carry = binary_to(new_vreg(i64, home_slot(base + 2)), IrOp::i64_lt_u, low, r[2]);
  }
  // `low` may have two uses, so it keeps its definition: definition_ stays unset.
  push({Entry::Kind::temporary, i64, low});
  binary_to(kNoReg, subtract ? IrOp::i64_sub : IrOp::i64_add, high, carry);
  push_temporary(i64);
}

// [a b] -> [low high]. Neither result may go to the home of an operand that the other multiplication still needs: so
// the low half comes first when a is not at home, else the high half, and b is moved out of the way when both are.
void Translator::multiply_wide(IrOp high_op) {
  const ValType i64 = ValType::i64();
  Entry b = pop(), a = pop();
  size_t base = stack_.size();
  uint32_t ra = use(a, base), rb = use(b, base + 1);
  bool a_home = ir_.vregs[ra].slot == home_slot(base), b_home = ir_.vregs[rb].slot == home_slot(base + 1);
  if (a_home && b_home) {
    uint32_t copy = new_vreg(i64, home_slot(base + 1) + 1);
    frame_end_ = std::max(frame_end_, home_slot(base + 1) + 2);
    Ir& move = emit(IrOp::move);
    move.a = rb;
    move.d = copy;
    rb = copy;
    b_home = false;
  }
  uint32_t low = new_vreg(i64, home_slot(base)), high = new_vreg(i64, home_slot(base + 1));
  if (b_home) {
    binary_to(low, IrOp::i64_mul, ra, rb);
    binary_to(high, high_op, ra, rb);
  } else {
    binary_to(high, high_op, ra, rb);
    binary_to(low, IrOp::i64_mul, ra, rb);
  }
  push({Entry::Kind::temporary, i64, low});
  push({Entry::Kind::temporary, i64, high});
}

}  // namespace wplug
