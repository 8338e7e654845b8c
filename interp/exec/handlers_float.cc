// Floating-point arithmetic and comparison, and all unary operations.
#include "interp/exec/handlers.h"
#include "interp/wasm/numeric.h"

namespace wplug {
namespace {

constexpr int kF = kFloatRegisters + 1;
constexpr int kFB = kFloatRegisters + 2;  // places of b, which may be an immediate in pc[2]
constexpr int kFloatImmediatePlace = kFloatRegisters + 1;

template <class T, T (*F)(T, T), int D, int A, int B>
WPLUG_HANDLER(float_binary) {
  WPLUG_ENTER;
  T a = read_float<T, A>(regs, pc[1].slots.a);
  if constexpr (B == kFloatImmediatePlace) {
    T b;
    std::memcpy(&b, &pc[2], sizeof(T));
    write_float<T, D>(regs, pc[1].slots.d, F(a, b));
    WPLUG_NEXT(3);
  } else {
    T b = read_float<T, B>(regs, pc[1].slots.b);
    write_float<T, D>(regs, pc[1].slots.d, F(a, b));
    WPLUG_NEXT(2);
  }
}

template <class T, T (*Outer)(T, T), T (*Inner)(T, T), bool Reversed, int D, int A, int B, int C>
WPLUG_HANDLER(float_ternary) {
  WPLUG_ENTER;
  T inner = Inner(read_float<T, A>(regs, pc[1].slots.a), read_float<T, B>(regs, pc[1].slots.b));
  T c = read_float<T, C>(regs, pc[1].slots.c);
  write_float<T, D>(regs, pc[1].slots.d, Reversed ? Outer(c, inner) : Outer(inner, c));
  WPLUG_NEXT(2);
}

template <class T, uint32_t (*F)(T, T), int D, int A, int B>
WPLUG_HANDLER(float_compare) {
  WPLUG_ENTER;
  T a = read_float<T, A>(regs, pc[1].slots.a);
  T b = read_float<T, B>(regs, pc[1].slots.b);
  write_int<D>(regs, pc[1].slots.d, F(a, b));
  WPLUG_NEXT(2);
}

template <class T, T (*F)(T, T), bool IsRare = false>
struct FloatBinary {
  static constexpr bool is_coded(int i) { return kManyPlaces && IsRare && i % kFB != kFloatImmediatePlace; }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &float_binary<T, F, kAnyPlace, kAnyPlace, kAnyPlace>;
    return &float_binary<T, F, I / (kF * kFB), I / kFB % kF, I % kFB>;
  }
};
template <class T, T (*Outer)(T, T), T (*Inner)(T, T), bool Reversed>
struct FloatTernary {
  template <int I>
  static constexpr Handler* at() {
    return &float_ternary<T, Outer, Inner, Reversed, I / (kF * kF * kF), I / (kF * kF) % kF, I / kF % kF, I % kF>;
  }
};
template <class T, uint32_t (*F)(T, T)>
struct FloatCompare {
  static constexpr bool is_coded(int) { return kManyPlaces; }  // most comparisons are part of a branch
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &float_compare<T, F, kAnyPlace, kAnyPlace, kAnyPlace>;
    return &float_compare<T, F, I / (kF * kF), I / kF % kF, I % kF>;
  }
};

}  // namespace

HandlerTable float_handlers(IrOp op) {
  switch (op) {
#define WPLUG_IR_FLOAT(name, T) \
  case IrOp::name:              \
    return make_table<FloatBinary<T, &numeric::name>, kF * kF * kFB>();
#define WPLUG_IR_FLOAT_RARE(name, T) \
  case IrOp::name:                   \
    return make_table<FloatBinary<T, &numeric::name, true>, kF * kF * kFB>();
#define WPLUG_IR_FLOAT_TERNARY(name, T, outer, inner, reversed) \
  case IrOp::name:                                              \
    return make_table<FloatTernary<T, &numeric::outer, &numeric::inner, reversed>, kF * kF * kF * kF>();
#define WPLUG_IR_FLOAT_COMPARE(name, T) \
  case IrOp::name:                      \
    return make_table<FloatCompare<T, &numeric::name>, (kIntRegisters + 1) * kF * kF>();
#include "interp/lower/ir_ops.def"
    default:
      return {};
  }
}

}  // namespace wplug
