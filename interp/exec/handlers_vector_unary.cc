// Operations on one vector: R[d] := f(R[a]), where one of them may be a number.
#include "interp/exec/handlers.h"
#include "interp/wasm/simd.h"

namespace wplug {
namespace {

template <class T, class R, R (*F)(T), int D, int A>
WPLUG_HANDLER(vector_unary) {
  WPLUG_ENTER;
  write_value<R, D>(regs, pc[1].slots.d, F(read_value<T, A>(regs, pc[1].slots.a)));
  WPLUG_NEXT(2);
}

template <class T, class R, R (*F)(T)>
struct VectorUnary {
  static constexpr bool is_coded(int i) {
    return kManyPlaces && (is_late_register(i / kPlaces<T>, kPlaces<R> - 1) || is_late_register(i % kPlaces<T>, kPlaces<T> - 1));
  }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &vector_unary<T, R, F, kAnyPlace, kAnyPlace>;
    return &vector_unary<T, R, F, I / kPlaces<T>, I % kPlaces<T>>;
  }
};

}  // namespace

HandlerTable vector_unary_handlers(IrOp op) {
  switch (op) {
#define WPLUG_IR_VECTOR_UNARY(name, T, R) \
  case IrOp::name:                        \
    return make_table<VectorUnary<T, R, &numeric::name>, kPlaces<R> * kPlaces<T>>();
#include "interp/lower/ir_ops.def"
    default:
      return {};
  }
}

}  // namespace wplug
