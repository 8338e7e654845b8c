// Floating-point arithmetic and comparison, and all unary operations.
#include "interp/exec/handlers.h"
#include "interp/wasm/numeric.h"

namespace wplug {
namespace {

constexpr int kF = kFloatRegisters + 1;

template <class T, T (*F)(T, T), int D, int A, int B>
WPLUG_HANDLER(float_binary) {
  WPLUG_ENTER;
  T a = read_float<T, A>(regs, pc[1].slots.a);
  T b = read_float<T, B>(regs, pc[1].slots.b);
  write_float<T, D>(regs, pc[1].slots.d, F(a, b));
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

template <class T, T (*F)(T, T)>
struct FloatBinary {
  template <int I>
  static constexpr Handler* at() {
    return &float_binary<T, F, I / (kF * kF), I / kF % kF, I % kF>;
  }
};
template <class T, uint32_t (*F)(T, T)>
struct FloatCompare {
  template <int I>
  static constexpr Handler* at() {
    return &float_compare<T, F, I / (kF * kF), I / kF % kF, I % kF>;
  }
};

}  // namespace

HandlerTable float_handlers(IrOp op) {
  switch (op) {
#define WPLUG_IR_FLOAT(name, T) \
  case IrOp::name:              \
    return make_table<FloatBinary<T, &numeric::name>, kF * kF * kF>();
#define WPLUG_IR_FLOAT_COMPARE(name, T) \
  case IrOp::name:                      \
    return make_table<FloatCompare<T, &numeric::name>, (kIntRegisters + 1) * kF * kF>();
#include "interp/lower/ir_ops.def"
    default:
      return {};
  }
}

}  // namespace wplug
