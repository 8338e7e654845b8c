// Compare and branch.
#include "interp/exec/handlers.h"
#include "interp/wasm/numeric.h"

namespace wplug {
namespace {

constexpr int kA = kIntRegisters + 1;
constexpr int kB = kIntRegisters + 2;
constexpr int kF = kFloatRegisters + 1;

// A taken branch: to the target; charged ones settle and ask whether to go on. See "Metering" in lower/emit.cc.
#define WPLUG_TAKE_BRANCH(charged, cell)                                   \
  do {                                                                     \
    const Cell* wplug_target = pc + (cell).branch.target;                  \
    if constexpr (charged) {                                               \
      regs.fuel -= (cell).branch.charge;                                   \
      if (WPLUG_UNLIKELY(regs.fuel < 0)) WPLUG_TAIL_AT(poll, wplug_target); \
    }                                                                      \
    WPLUG_JUMP(wplug_target);                                              \
  } while (0)

template <class T, uint32_t (*F)(T, T), int A, int B, bool Charged>
WPLUG_HANDLER(branch_int) {
  WPLUG_ENTER;
  T a = read_int<T, A>(regs, pc[1].slots.d);
  T b;
  if constexpr (B == kImmediatePlace) {
    b = static_cast<T>(static_cast<int64_t>(static_cast<int32_t>(pc[1].imm.imm)));
  } else {
    b = read_int<T, B>(regs, pc[1].slots.a);
  }
  if (F(a, b)) WPLUG_TAKE_BRANCH(Charged, pc[2]);
  WPLUG_NEXT(3);
}

// A loop's step and its end in one. Always charged, and the value is in a register.
template <class T, uint32_t (*F)(T, T), int D, int B>
WPLUG_HANDLER(branch_add) {
  WPLUG_ENTER;
  const T d = read_int<T, D>(regs, 0) + static_cast<T>(static_cast<int64_t>(static_cast<int32_t>(pc[1].imm.imm)));
  write_int<D>(regs, 0, d);
  T b;
  if constexpr (B == kImmediatePlace) {
    b = static_cast<T>(pc[2].word);
  } else {
    b = read_int<T, B>(regs, pc[1].imm.a);
  }
  if (F(d, b)) WPLUG_TAKE_BRANCH(true, pc[3]);
  WPLUG_NEXT(4);
}

template <class T, uint32_t (*F)(T, T), int A, int B, bool Negate, bool Charged>
WPLUG_HANDLER(branch_float) {
  WPLUG_ENTER;
  T a = read_float<T, A>(regs, pc[1].slots.d);
  T b = read_float<T, B>(regs, pc[1].slots.a);
  if ((F(a, b) != 0) != Negate) WPLUG_TAKE_BRANCH(Charged, pc[2]);
  WPLUG_NEXT(3);
}

template <bool Charged>
WPLUG_HANDLER(br) {
  WPLUG_ENTER;
  WPLUG_TAKE_BRANCH(Charged, pc[1]);
}

template <int A, bool Charged>
WPLUG_HANDLER(br_table) {
  WPLUG_ENTER;
  uint32_t index = read_int<uint32_t, A>(regs, pc[1].imm.d);
  uint32_t count = pc[1].imm.imm;
  if (index > count) index = count;
  const Cell* entry = pc + 2 + index;
  WPLUG_TAKE_BRANCH(Charged, *entry);
}

template <class T, uint32_t (*F)(T, T)>
struct BranchInt {
  template <int I>
  static constexpr Handler* at() {
    return &branch_int<T, F, I / (2 * kB), I / 2 % kB, I % 2 != 0>;
  }
};
template <class T, uint32_t (*F)(T, T)>
struct BranchAdd {
  template <int I>
  static constexpr Handler* at() {
    return &branch_add<T, F, I / kB, I % kB>;
  }
};
template <class T, uint32_t (*F)(T, T)>
struct BranchFloat {
  template <int I>
  static constexpr Handler* at() {
    return &branch_float<T, F, I / (4 * kF), I / 4 % kF, I / 2 % 2 != 0, I % 2 != 0>;
  }
};
struct Br {
  template <int I>
  static constexpr Handler* at() {
    return &br<I != 0>;
  }
};
struct BrTable {
  template <int I>
  static constexpr Handler* at() {
    return &br_table<I / 2, I % 2 != 0>;
  }
};

}  // namespace

HandlerTable int_branch_handlers(IrOp op) {
  switch (op) {
#define WPLUG_IR_INT_COMPARE(name, T) \
  case IrOp::br_if_##name:            \
    return make_table<BranchInt<T, &numeric::name>, kA * kB * 2>();
#define WPLUG_IR_INT_TEST(name, T) WPLUG_IR_INT_COMPARE(name, T)
#define WPLUG_IR_ADD_BRANCH(compare, T, add) \
  case IrOp::add_br_if_##compare:            \
    return make_table<BranchAdd<T, &numeric::compare>, kIntRegisters * kB>();
#define WPLUG_IR_FLOAT_COMPARE(name, T) \
  case IrOp::br_if_##name:              \
    return make_table<BranchFloat<T, &numeric::name>, kF * kF * 4>();
#include "interp/lower/ir_ops.def"
    case IrOp::br:
      return make_table<Br, 2>();
    case IrOp::br_table:
      return make_table<BrTable, kA * 2>();
    default:
      return {};
  }
}

}  // namespace wplug
