// Integer arithmetic and comparison: R[d] := f(R[a], R[b]), operands in registers, slots, b also immediate.
#include "interp/exec/handlers.h"
#include "interp/wasm/numeric.h"

namespace wplug {
namespace {

constexpr int kA = kIntRegisters + 1;  // places of d and a
constexpr int kB = kIntRegisters + 2;  // places of b

// Operand b of the cell: immediate 32 bits, sign-extended, or a place.
template <class T, int B>
WPLUG_INLINE T operand_b(const Regs& regs, const Cell* pc) {
  if constexpr (B == kImmediatePlace) {
    return static_cast<T>(static_cast<int64_t>(static_cast<int32_t>(pc[1].imm.imm)));
  } else {
    return read_int<T, B>(regs, pc[1].slots.b);
  }
}

template <class T, class R, R (*F)(T, T), int D, int A, int B>
WPLUG_HANDLER(int_binary) {
  WPLUG_ENTER;
  T a = read_int<T, A>(regs, pc[1].slots.a);
  T b = operand_b<T, B>(regs, pc);
  write_int<D>(regs, pc[1].slots.d, F(a, b));
  WPLUG_NEXT(2);
}

template <class T, numeric::MaybeTrap (*F)(T, T, T&), int D, int A, int B>
WPLUG_HANDLER(int_trapping) {
  WPLUG_ENTER;
  T a = read_int<T, A>(regs, pc[1].slots.a);
  T b = operand_b<T, B>(regs, pc);
  T result{};
  numeric::MaybeTrap trap = F(a, b, result);
  if (WPLUG_UNLIKELY(trap != numeric::kNoTrap)) {
    regs.ctx->trap_kind = static_cast<uint8_t>(trap);
    WPLUG_TAIL(trap_exit);
  }
  write_int<D>(regs, pc[1].slots.d, result);
  WPLUG_NEXT(2);
}

template <class T, T (*Outer)(T, T), T (*Inner)(T, T), int D, int A, int B>
WPLUG_HANDLER(int_shifted) {
  WPLUG_ENTER;
  T a = read_int<T, A>(regs, pc[1].slots.a);
  T b = Inner(read_int<T, B>(regs, pc[1].slots.b), pc[1].slots.c);
  write_int<D>(regs, pc[1].slots.d, Outer(a, b));
  WPLUG_NEXT(2);
}

// c may also be the immediate in pc[2].
template <class T, T (*Outer)(T, T), T (*Inner)(T, T), int D, int A, int B, int C>
WPLUG_HANDLER(int_ternary) {
  WPLUG_ENTER;
  T a = read_int<T, A>(regs, pc[1].slots.a);
  T b = read_int<T, B>(regs, pc[1].slots.b);
  T c;
  if constexpr (C == kImmediatePlace) {
    c = static_cast<T>(pc[2].word);
  } else {
    c = read_int<T, C>(regs, pc[1].slots.c);
  }
  write_int<D>(regs, pc[1].slots.d, Outer(Inner(a, b), c));
  WPLUG_NEXT(C == kImmediatePlace ? 3 : 2);
}

template <class T, T (*Inner)(T, T), int D, int A>
WPLUG_HANDLER(int_masked) {
  WPLUG_ENTER;
  T value = Inner(read_int<T, A>(regs, pc[1].imm.a), static_cast<T>(pc[2].word));
  T mask = static_cast<T>(static_cast<int64_t>(static_cast<int32_t>(pc[1].imm.imm)));
  write_int<D>(regs, pc[1].imm.d, value & mask);
  WPLUG_NEXT(3);
}

template <class T, T (*Outer)(T, T), T (*Inner)(T, T)>
struct Shifted {
  template <int I>
  static constexpr Handler* at() {
    return &int_shifted<T, Outer, Inner, I / (kA * kA), I / kA % kA, I % kA>;
  }
};

template <class T, T (*Outer)(T, T), T (*Inner)(T, T)>
struct Ternary {
  static constexpr bool is_coded(int i) {
    return kManyPlaces && sizeof(T) == 8 && i % kB != kImmediatePlace;
  }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &int_ternary<T, Outer, Inner, kAnyPlace, kAnyPlace, kAnyPlace, kAnyPlace>;
    return &int_ternary<T, Outer, Inner, I / (kA * kA * kB), I / (kA * kB) % kA, I / kB % kA, I % kB>;
  }
};

template <class T, T (*Inner)(T, T)>
struct Masked {
  template <int I>
  static constexpr Handler* at() {
    return &int_masked<T, Inner, I / kA, I % kA>;
  }
};

template <class T, class R, R (*F)(T, T), bool IsRare = false>
struct Binary {
  static constexpr bool is_coded(int i) { return kManyPlaces && IsRare && i % kB != kImmediatePlace; }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &int_binary<T, R, F, kAnyPlace, kAnyPlace, kAnyPlace>;
    return &int_binary<T, R, F, I / (kA * kB), I / kB % kA, I % kB>;
  }
};

template <class T, numeric::MaybeTrap (*F)(T, T, T&)>
struct Trapping {
  // A division takes longer than finding its operands.
  static constexpr bool is_coded(int i) { return kManyPlaces && i % kB != kImmediatePlace; }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &int_trapping<T, F, kAnyPlace, kAnyPlace, kAnyPlace>;
    return &int_trapping<T, F, I / (kA * kB), I / kB % kA, I % kB>;
  }
};

// Comparisons whose result is a value: those of orderings make most, as in three-way comparisons.
template <class T, uint32_t (*F)(T, T)>
constexpr bool is_rare_compare() {
  if constexpr (std::is_same_v<T, uint32_t>) {
    return F != &numeric::i32_lt_s && F != &numeric::i32_lt_u && F != &numeric::i32_gt_s && F != &numeric::i32_gt_u;
  }
  return true;
}

}  // namespace

HandlerTable int_handlers(IrOp op) {
  switch (op) {
#define WPLUG_IR_INT(name, T, R) \
  case IrOp::name:               \
    return make_table<Binary<T, R, &numeric::name>, kA * kA * kB>();
#define WPLUG_IR_INT_RARE(name, T, R) \
  case IrOp::name:                    \
    return make_table<Binary<T, R, &numeric::name, true>, kA * kA * kB>();
#define WPLUG_IR_INT_INTERNAL(name, T, R) WPLUG_IR_INT_RARE(name, T, R)
#define WPLUG_IR_INT_COMPARE(name, T) \
  case IrOp::name:                    \
    return make_table<Binary<T, uint32_t, &numeric::name, is_rare_compare<T, &numeric::name>()>, kA * kA * kB>();
#define WPLUG_IR_INT_TRAP(name, T) \
  case IrOp::name:                 \
    return make_table<Trapping<T, &numeric::name>, kA * kA * kB>();
#define WPLUG_IR_SHIFTED(name, T, outer, inner) \
  case IrOp::name:                              \
    return make_table<Shifted<T, &numeric::outer, &numeric::inner>, kA * kA * kA>();
#define WPLUG_IR_TERNARY(name, T, outer, inner) \
  case IrOp::name:                              \
    return make_table<Ternary<T, &numeric::outer, &numeric::inner>, kA * kA * kA * kB>();
#define WPLUG_IR_MASKED(name, T, inner) \
  case IrOp::name:                      \
    return make_table<Masked<T, &numeric::inner>, kA * kA>();
#include "interp/lower/ir_ops.def"
    default:
      return {};
  }
}

}  // namespace wplug
