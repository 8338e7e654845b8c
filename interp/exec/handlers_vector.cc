// Operations on vectors but for loads and stores (handlers_memory.cc) and those on one vector
// (handlers_vector_unary.cc).
#include "interp/exec/handlers.h"
#include "interp/wasm/simd.h"

namespace wplug {
namespace {

constexpr int kF = kFloatRegisters + 1;
constexpr int kFB = kFloatRegisters + 2;  // places of operand b, which may be a constant
constexpr int kB = kIntRegisters + 2;
constexpr int kVectorImmediatePlace = kFloatRegisters + 1;

// A vector in the code.
WPLUG_INLINE V128 constant_at(const Cell* cell) { return numeric::v128_of(cell[0].word, cell[1].word); }

// ---- what has a handler for each combination of places

template <V128 (*F)(V128, V128), int D, int A, int B>
WPLUG_HANDLER(vector_binary) {
  WPLUG_ENTER;
  V128 a = read_float<V128, A>(regs, pc[1].slots.a);
  if constexpr (B == kVectorImmediatePlace) {
    write_float<V128, D>(regs, pc[1].slots.d, F(a, constant_at(pc + 2)));
    WPLUG_NEXT(4);
  } else {
    V128 b = read_float<V128, B>(regs, pc[1].slots.b);
    write_float<V128, D>(regs, pc[1].slots.d, F(a, b));
    WPLUG_NEXT(2);
  }
}

template <V128 (*F)(V128, uint32_t), int D, int A, int B>
WPLUG_HANDLER(vector_shift) {
  WPLUG_ENTER;
  V128 a = read_float<V128, A>(regs, pc[1].slots.a);
  uint32_t b;
  if constexpr (B == kImmediatePlace) {
    b = pc[1].imm.imm;
  } else {
    b = read_int<uint32_t, B>(regs, pc[1].slots.b);
  }
  write_float<V128, D>(regs, pc[1].slots.d, F(a, b));
  WPLUG_NEXT(2);
}

template <int D, int A>
WPLUG_HANDLER(move_vector) {
  WPLUG_ENTER;
  write_float<V128, D>(regs, pc[1].slots.d, read_float<V128, A>(regs, pc[1].slots.a));
  WPLUG_NEXT(2);
}

template <int D>
WPLUG_HANDLER(const_vector) {
  WPLUG_ENTER;
  write_float<V128, D>(regs, pc[1].slots.d, constant_at(pc + 2));
  WPLUG_NEXT(4);
}

template <int D>
WPLUG_HANDLER(global_get_vector) {
  WPLUG_ENTER;
  V128 value;
  std::memcpy(&value, regs.ctx->globals[pc[1].imm.imm], sizeof value);
  write_float<V128, D>(regs, pc[1].imm.d, value);
  WPLUG_NEXT(2);
}

template <int A>
WPLUG_HANDLER(global_set_vector) {
  WPLUG_ENTER;
  V128 value = read_float<V128, A>(regs, pc[1].imm.d);
  std::memcpy(regs.ctx->globals[pc[1].imm.imm], &value, sizeof value);
  WPLUG_NEXT(2);
}

// ---- what has one handler

template <V128 (*F)(V128, V128)>
WPLUG_HANDLER(vector_of_2) {
  WPLUG_ENTER;
  V128 a = read_at<V128>(regs, pc[1].slots.a);
  V128 b = read_at<V128>(regs, pc[1].slots.b);
  write_at<V128>(regs, pc[1].slots.d, F(a, b));
  WPLUG_NEXT(2);
}

template <V128 (*F)(V128, V128, V128)>
WPLUG_HANDLER(vector_of_3) {
  WPLUG_ENTER;
  V128 a = read_at<V128>(regs, pc[1].slots.a);
  V128 b = read_at<V128>(regs, pc[1].slots.b);
  V128 c = read_at<V128>(regs, pc[1].slots.c);
  write_at<V128>(regs, pc[1].slots.d, F(a, b, c));
  WPLUG_NEXT(2);
}

template <class E, class R>
WPLUG_HANDLER(extract_lane) {
  WPLUG_ENTER;
  V128 a = read_at<V128>(regs, pc[1].slots.a);
  E lane = static_cast<E>(numeric::bits_from(a, pc[1].slots.c * 8 * static_cast<uint32_t>(sizeof(E))));
  if constexpr (std::is_floating_point_v<R>) {
    write_at<R>(regs, pc[1].slots.d, std::bit_cast<R>(lane));
  } else if constexpr (std::is_signed_v<E>) {
    write_at<R>(regs, pc[1].slots.d, static_cast<R>(static_cast<std::make_signed_t<R>>(lane)));
  } else {
    write_at<R>(regs, pc[1].slots.d, lane);
  }
  WPLUG_NEXT(2);
}

template <class L, class E, class T>
WPLUG_HANDLER(replace_lane) {
  WPLUG_ENTER;
  V128 a = read_at<V128>(regs, pc[1].slots.a);
  T b = read_at<T>(regs, pc[1].slots.b);
  E lane;
  if constexpr (std::is_floating_point_v<T>) {
    lane = std::bit_cast<E>(b);
  } else {
    lane = static_cast<E>(b);
  }
  write_at<V128>(regs, pc[1].slots.d, numeric::replace_lane<L, E>(a, pc[1].slots.c, lane));
  WPLUG_NEXT(2);
}

WPLUG_HANDLER(shuffle) {
  WPLUG_ENTER;
  V128 a = read_at<V128>(regs, pc[1].slots.a);
  V128 b = read_at<V128>(regs, pc[1].slots.b);
  write_at<V128>(regs, pc[1].slots.d, numeric::shuffle(a, b, constant_at(pc + 2), constant_at(pc + 4)));
  WPLUG_NEXT(6);
}

WPLUG_HANDLER(select_vector) {
  WPLUG_ENTER;
  V128 a = read_at<V128>(regs, pc[1].slots.a);
  V128 b = read_at<V128>(regs, pc[1].slots.b);
  uint32_t c = read_at<uint32_t>(regs, pc[1].slots.c);
  write_at<V128>(regs, pc[1].slots.d, c != 0 ? a : b);
  WPLUG_NEXT(2);
}

// ---- tables

constexpr bool is_rare_place(int place) { return is_late_register(place, kFloatRegisters); }

template <V128 (*F)(V128, V128)>
struct VectorBinary {
  static constexpr bool is_coded(int i) {
    return kManyPlaces && (is_rare_place(i / (kF * kFB)) || is_rare_place(i / kFB % kF) || is_rare_place(i % kFB));
  }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) {
      return &vector_binary<F, kAnyPlace, kAnyPlace, I % kFB == kVectorImmediatePlace ? kVectorImmediatePlace : kAnyPlace>;
    }
    return &vector_binary<F, I / (kF * kFB), I / kFB % kF, I % kFB>;
  }
};
template <V128 (*F)(V128, uint32_t)>
struct VectorShift {
  static constexpr bool is_coded(int i) { return kManyPlaces && i % kB != kImmediatePlace; }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &vector_shift<F, kAnyPlace, kAnyPlace, kAnyPlace>;
    return &vector_shift<F, I / (kF * kB), I / kB % kF, I % kB>;
  }
};
struct MoveVector {
  template <int I>
  static constexpr Handler* at() {
    return &move_vector<I / kF, I % kF>;
  }
};
struct ConstVector {
  template <int I>
  static constexpr Handler* at() {
    return &const_vector<I>;
  }
};
struct GlobalGetVector {
  template <int I>
  static constexpr Handler* at() {
    return &global_get_vector<I>;
  }
};
struct GlobalSetVector {
  template <int I>
  static constexpr Handler* at() {
    return &global_set_vector<I>;
  }
};
// A table of one handler.
template <Handler* H>
struct One {
  template <int I>
  static constexpr Handler* at() {
    return H;
  }
};
template <V128 (*F)(V128, V128)>
HandlerTable any_table() {
  return make_table<One<&vector_of_2<F>>, 1>();
}
template <V128 (*F)(V128, V128, V128)>
HandlerTable any_table() {
  return make_table<One<&vector_of_3<F>>, 1>();
}

}  // namespace

HandlerTable vector_handlers(IrOp op) {
  using namespace numeric;  // lanes
  switch (op) {
#define WPLUG_IR_VECTOR(name) \
  case IrOp::name:            \
    return make_table<VectorBinary<&numeric::name>, kF * kF * kFB>();
#define WPLUG_IR_VECTOR_SHIFT(name) \
  case IrOp::name:                  \
    return make_table<VectorShift<&numeric::name>, kF * kF * kB>();
#define WPLUG_IR_VECTOR_ANY(name, n) \
  case IrOp::name:                   \
    return any_table<&numeric::name>();
#define WPLUG_IR_VECTOR_EXTRACT(name, E, R) \
  case IrOp::name:                          \
    return make_table<One<&extract_lane<E, R>>, 1>();
#define WPLUG_IR_VECTOR_REPLACE(name, L, E, T) \
  case IrOp::name:                             \
    return make_table<One<&wplug::replace_lane<L, E, T>>, 1>();
#include "interp/lower/ir_ops.def"
    case IrOp::i8x16_shuffle:
      return make_table<One<&wplug::shuffle>, 1>();
    case IrOp::select_vector:
      return make_table<One<&select_vector>, 1>();
    case IrOp::move_vector:
      return make_table<MoveVector, kF * kF>();
    case IrOp::const_vector:
      return make_table<ConstVector, kF>();
    case IrOp::global_get_vector:
      return make_table<GlobalGetVector, kF>();
    case IrOp::global_set_vector:
      return make_table<GlobalSetVector, kF>();
    default:
      return {};
  }
}

}  // namespace wplug
