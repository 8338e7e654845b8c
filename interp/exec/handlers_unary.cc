// Unary operations: counting, extension, conversion, rounding.
#include "interp/exec/handlers.h"
#include "interp/wasm/numeric.h"

namespace wplug {
namespace {

template <class T, class R, R (*F)(T), int D, int A>
WPLUG_HANDLER(unary) {
  WPLUG_ENTER;
  write_value<R, D>(regs, pc[1].slots.d, F(read_value<T, A>(regs, pc[1].slots.a)));
  WPLUG_NEXT(2);
}

template <class T, class R, numeric::MaybeTrap (*F)(T, R&), int D, int A>
WPLUG_HANDLER(unary_trapping) {
  WPLUG_ENTER;
  R result{};
  numeric::MaybeTrap trap = F(read_value<T, A>(regs, pc[1].slots.a), result);
  if (WPLUG_UNLIKELY(trap != numeric::kNoTrap)) {
    regs.ctx->trap_kind = static_cast<uint8_t>(trap);
    WPLUG_TAIL(trap_exit);
  }
  write_value<R, D>(regs, pc[1].slots.d, result);
  WPLUG_NEXT(2);
}

template <class T, class R, R (*F)(T), bool IsRare = false>
struct Unary {
  static constexpr bool is_coded(int) { return kManyPlaces && IsRare; }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &unary<T, R, F, kAnyPlace, kAnyPlace>;
    return &unary<T, R, F, I / kPlaces<T>, I % kPlaces<T>>;
  }
};
template <class T, class R, numeric::MaybeTrap (*F)(T, R&)>
struct UnaryTrapping {
  static constexpr bool is_coded(int) { return kManyPlaces; }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &unary_trapping<T, R, F, kAnyPlace, kAnyPlace>;
    return &unary_trapping<T, R, F, I / kPlaces<T>, I % kPlaces<T>>;
  }
};

}  // namespace

HandlerTable unary_handlers(IrOp op) {
  switch (op) {
#define WPLUG_IR_UNARY(name, T, R) \
  case IrOp::name:                 \
    return make_table<Unary<T, R, &numeric::name>, kPlaces<R> * kPlaces<T>>();
#define WPLUG_IR_UNARY_RARE(name, T, R) \
  case IrOp::name:                      \
    return make_table<Unary<T, R, &numeric::name, true>, kPlaces<R> * kPlaces<T>>();
#define WPLUG_IR_VECTOR_UNARY(name, T, R)  // handlers_vector_unary.cc
#define WPLUG_IR_UNARY_TRAP(name, T, R) \
  case IrOp::name:                      \
    return make_table<UnaryTrapping<T, R, &numeric::name>, kPlaces<R> * kPlaces<T>>();
#include "interp/lower/ir_ops.def"
    default:
      return {};
  }
}

}  // namespace wplug
