// References: tests and casts, fields of structures, elements of arrays.
#include "interp/exec/handlers.h"
#include "interp/store/references.h"

namespace wplug {
namespace {

constexpr int kA = kIntRegisters + 1;

template <class M, class R>
WPLUG_INLINE R widen(M value) {
  if constexpr (std::is_floating_point_v<M>) {
    return value;
  } else if constexpr (std::is_signed_v<M>) {
    return static_cast<R>(static_cast<std::make_signed_t<R>>(value));
  } else {
    return value;
  }
}

template <class M>
WPLUG_INLINE M load(const uint8_t* at) {
  M value;
  std::memcpy(&value, at, sizeof(M));
  return value;
}

template <class M, class T>
WPLUG_INLINE void store(uint8_t* at, T value) {
  M narrow = static_cast<M>(value);
  std::memcpy(at, &narrow, sizeof(M));
}

template <int D, int A>
WPLUG_HANDLER(ref_test) {
  WPLUG_ENTER;
  uint64_t ref = read_int<uint64_t, A>(regs, pc[1].slots.a);
  bool is = ref == 0 ? pc[1].slots.c != 0
                     : ref_is(ref, static_cast<HeapKind>(pc[1].slots.b), static_cast<const CanonicalType*>(pc[2].pointer));
  write_int<D>(regs, pc[1].slots.d, is);
  WPLUG_NEXT(3);
}

template <int D, int A>
WPLUG_HANDLER(ref_cast) {
  WPLUG_ENTER;
  uint64_t ref = read_int<uint64_t, A>(regs, pc[1].slots.a);
  bool is = ref == 0 ? pc[1].slots.c != 0
                     : ref_is(ref, static_cast<HeapKind>(pc[1].slots.b), static_cast<const CanonicalType*>(pc[2].pointer));
  if (WPLUG_UNLIKELY(!is)) WPLUG_TRAP_NOW(cast_failure);
  write_int<D>(regs, pc[1].slots.d, ref);
  WPLUG_NEXT(3);
}

WPLUG_COLD_HANDLER(trap_of_check) {
  WPLUG_ENTER;
  regs.ctx->trap_kind = static_cast<uint8_t>(pc[1].imm.imm);
  WPLUG_TAIL(trap_exit);
}

template <int D, int A>
WPLUG_HANDLER(ref_check) {
  WPLUG_ENTER;
  uint64_t ref = read_int<uint64_t, A>(regs, pc[1].imm.a);
  if (WPLUG_UNLIKELY(ref == 0)) WPLUG_TAIL(trap_of_check);
  write_int<D>(regs, pc[1].imm.d, ref);
  WPLUG_NEXT(2);
}

template <int D, int A>
WPLUG_HANDLER(array_len) {
  WPLUG_ENTER;
  uint64_t ref = read_int<uint64_t, A>(regs, pc[1].slots.a);
  if (WPLUG_UNLIKELY(ref == 0)) WPLUG_TRAP_NOW(null_array_reference);
  write_int<D>(regs, pc[1].slots.d, object_of(ref)->length);
  WPLUG_NEXT(2);
}

template <class M, class R, int D, int A>
WPLUG_HANDLER(struct_get) {
  WPLUG_ENTER;
  uint64_t ref = read_int<uint64_t, A>(regs, pc[1].imm.a);
  if (WPLUG_UNLIKELY(ref == 0)) WPLUG_TRAP_NOW(null_structure_reference);
  write_value<R, D>(regs, pc[1].imm.d, widen<M, R>(load<M>(object_of(ref)->bytes() + pc[1].imm.imm)));
  WPLUG_NEXT(2);
}

template <class M, class T, int A, int B>
WPLUG_HANDLER(struct_set) {
  WPLUG_ENTER;
  uint64_t ref = read_int<uint64_t, A>(regs, pc[1].imm.d);
  if (WPLUG_UNLIKELY(ref == 0)) WPLUG_TRAP_NOW(null_structure_reference);
  store<M>(object_of(ref)->bytes() + pc[1].imm.imm, read_value<T, B>(regs, pc[1].imm.a));
  WPLUG_NEXT(2);
}

template <class M, class R, int D, int A, int B>
WPLUG_HANDLER(array_get) {
  WPLUG_ENTER;
  uint64_t ref = read_int<uint64_t, A>(regs, pc[1].slots.a);
  uint32_t index = read_int<uint32_t, B>(regs, pc[1].slots.b);
  if (WPLUG_UNLIKELY(ref == 0)) WPLUG_TRAP_NOW(null_array_reference);
  if (WPLUG_UNLIKELY(index >= object_of(ref)->length)) WPLUG_TRAP_NOW(out_of_bounds_array_access);
  write_value<R, D>(regs, pc[1].slots.d, widen<M, R>(load<M>(object_of(ref)->bytes() + uint64_t{index} * sizeof(M))));
  WPLUG_NEXT(2);
}

template <class M, class T, int A, int B, int C>
WPLUG_HANDLER(array_set) {
  WPLUG_ENTER;
  uint64_t ref = read_int<uint64_t, A>(regs, pc[1].slots.d);
  uint32_t index = read_int<uint32_t, B>(regs, pc[1].slots.a);
  if (WPLUG_UNLIKELY(ref == 0)) WPLUG_TRAP_NOW(null_array_reference);
  if (WPLUG_UNLIKELY(index >= object_of(ref)->length)) WPLUG_TRAP_NOW(out_of_bounds_array_access);
  store<M>(object_of(ref)->bytes() + uint64_t{index} * sizeof(M), read_value<T, C>(regs, pc[1].slots.b));
  WPLUG_NEXT(2);
}

struct RefTest {
  template <int I>
  static constexpr Handler* at() {
    return &ref_test<I / kA, I % kA>;
  }
};
struct RefCast {
  template <int I>
  static constexpr Handler* at() {
    return &ref_cast<I / kA, I % kA>;
  }
};
struct RefCheck {
  template <int I>
  static constexpr Handler* at() {
    return &ref_check<I / kA, I % kA>;
  }
};
struct ArrayLen {
  template <int I>
  static constexpr Handler* at() {
    return &array_len<I / kA, I % kA>;
  }
};
template <class M, class R>
struct StructGet {
  template <int I>
  static constexpr Handler* at() {
    return &struct_get<M, R, I / kA, I % kA>;
  }
};
template <class M, class T>
struct StructSet {
  template <int I>
  static constexpr Handler* at() {
    return &struct_set<M, T, I / kPlaces<T>, I % kPlaces<T>>;
  }
};
// Elements that few arrays have.
template <class M>
constexpr bool is_rare_element() {
  return std::is_same_v<M, int8_t> || std::is_same_v<M, int16_t> || std::is_same_v<M, uint16_t> || std::is_same_v<M, float>;
}
template <class M, class R>
struct ArrayGet {
  static constexpr bool is_coded(int) { return kManyPlaces && is_rare_element<M>(); }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &array_get<M, R, kAnyPlace, kAnyPlace, kAnyPlace>;
    return &array_get<M, R, I / (kA * kA), I / kA % kA, I % kA>;
  }
};
template <class M, class T>
struct ArraySet {
  static constexpr bool is_coded(int) { return kManyPlaces && is_rare_element<M>(); }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &array_set<M, T, kAnyPlace, kAnyPlace, kAnyPlace>;
    return &array_set<M, T, I / (kA * kPlaces<T>), I / kPlaces<T> % kA, I % kPlaces<T>>;
  }
};

}  // namespace

HandlerTable reference_handlers(IrOp op) {
  switch (op) {
    case IrOp::ref_test: return make_table<RefTest, kA * kA>();
    case IrOp::ref_cast: return make_table<RefCast, kA * kA>();
    case IrOp::ref_check: return make_table<RefCheck, kA * kA>();
    case IrOp::array_len: return make_table<ArrayLen, kA * kA>();
#define WPLUG_IR_STRUCT_GET(name, M, R) \
  case IrOp::name:                      \
    return make_table<StructGet<M, R>, kPlaces<R> * kA>();
#define WPLUG_IR_STRUCT_SET(name, M, T) \
  case IrOp::name:                      \
    return make_table<StructSet<M, T>, kA * kPlaces<T>>();
#define WPLUG_IR_ARRAY_GET(name, M, R) \
  case IrOp::name:                     \
    return make_table<ArrayGet<M, R>, kPlaces<R> * kA * kA>();
#define WPLUG_IR_ARRAY_SET(name, M, T) \
  case IrOp::name:                     \
    return make_table<ArraySet<M, T>, kA * kA * kPlaces<T>>();
#include "interp/lower/ir_ops.def"
    default: return {};
  }
}

}  // namespace wplug
