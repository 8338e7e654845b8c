// Loads and stores of memory 0.
//
// With explicit checks the effective address (33 bits) is compared with the limit for the access size in the context. With guard pages
// the access is made: what is outside faults, and the signal handler (guard.cc) takes pc, fp, ctx and fuel from the machine registers they are
// parameters in, so the barrier below keeps pc from being advanced before the access. That is for plain accesses: the indexed and wrapped
// forms are checked either way, as guard pages gain too little to have each handler twice.
#include <bit>

#include "interp/exec/handlers.h"
#include "interp/exec/widen.h"

namespace wplug {
namespace {

constexpr int kA = kIntRegisters + 1;

#if defined(__ELF__)
#define WPLUG_MEMORY_SECTION __attribute__((section("wplug_memory_handlers")))
#else
#define WPLUG_MEMORY_SECTION
#endif

#if WPLUG_DISPATCH_TAIL
#define WPLUG_KEEP_PC(value) asm volatile("" : "+r"(pc), "+r"(regs.fuel) : : "memory")
#else
#define WPLUG_KEEP_PC(value) static_cast<void>(0)
#endif

// Where there are no guard pages, their handlers are never asked for.
#if WPLUG_PROFILE_SMALL
constexpr bool is_guarded(int) { return false; }
#else
constexpr bool is_guarded(int index) { return index % 2 != 0; }
#endif

template <class M>
inline constexpr int kSizeLog2 = std::countr_zero(sizeof(M));

#define WPLUG_CHECK_BOUNDS(M, guard, address)                                              \
  if constexpr (!(guard)) {                                                                \
    if (WPLUG_UNLIKELY((address) >= regs.ctx->memory_limit[kSizeLog2<M>])) {               \
      WPLUG_TRAP_NOW(out_of_bounds_memory_access);                                         \
    }                                                                                      \
  }

// Memory is little-endian (spec 4.3.1); so are the supported hosts.
static_assert(std::endian::native == std::endian::little);

// Wrap: the constant is part of the address, which has 32 bits, and not an offset.
template <bool Wrap>
WPLUG_INLINE uint64_t effective_address(uint32_t base, uint32_t constant) {
  return Wrap ? uint64_t{base + constant} : uint64_t{base} + constant;
}

template <class M, class R, int D, int A, bool Guard, bool Wrap>
WPLUG_MEMORY_SECTION WPLUG_HANDLER(load) {
  WPLUG_ENTER;
  uint64_t address = effective_address<Wrap>(read_int<uint32_t, A>(regs, pc[1].imm.a), pc[1].imm.imm);
  WPLUG_CHECK_BOUNDS(M, Guard, address);
  M value;
  std::memcpy(&value, regs.mem + address, sizeof(M));
  if constexpr (Guard) WPLUG_KEEP_PC(value);
  write_value<R, D>(regs, pc[1].imm.d, widen<M, R>(value));
  WPLUG_NEXT(2);
}

template <class M, class R, int D, int A, int B>
WPLUG_HANDLER(load_indexed) {
  WPLUG_ENTER;
  uint32_t base = read_int<uint32_t, A>(regs, pc[1].slots.a);
  uint32_t index = read_int<uint32_t, B>(regs, pc[1].slots.b);
  uint64_t address = uint64_t{base + (index << pc[1].slots.c)} + pc[2].half.low;
  WPLUG_CHECK_BOUNDS(M, false, address);
  M value;
  std::memcpy(&value, regs.mem + address, sizeof(M));
  write_value<R, D>(regs, pc[1].slots.d, widen<M, R>(value));
  WPLUG_NEXT(3);
}

// The value's place for integers may also be the immediate in pc[2].
template <class M, class T, int A, int B, bool Guard, bool Wrap>
WPLUG_MEMORY_SECTION WPLUG_HANDLER(store) {
  WPLUG_ENTER;
  uint64_t address = effective_address<Wrap>(read_int<uint32_t, A>(regs, pc[1].imm.d), pc[1].imm.imm);
  T value;
  constexpr bool is_immediate = !kInFloatFile<T> && B == kImmediatePlace;
  if constexpr (is_immediate) {
    value = static_cast<T>(pc[2].word);
  } else {
    value = read_value<T, B>(regs, pc[1].imm.a);
  }
  WPLUG_CHECK_BOUNDS(M, Guard, address);
  M narrow = static_cast<M>(value);
  std::memcpy(regs.mem + address, &narrow, sizeof(M));
  if constexpr (Guard) WPLUG_KEEP_PC(value);
  WPLUG_NEXT(is_immediate ? 3 : 2);
}

template <class M, class T, int A, int B, int C>
WPLUG_HANDLER(store_indexed) {
  WPLUG_ENTER;
  uint32_t base = read_int<uint32_t, A>(regs, pc[1].slots.d);
  uint32_t index = read_int<uint32_t, B>(regs, pc[1].slots.a);
  T value = read_value<T, C>(regs, pc[1].slots.b);
  uint64_t address = uint64_t{base + (index << pc[1].slots.c)} + pc[2].half.low;
  WPLUG_CHECK_BOUNDS(M, false, address);
  M narrow = static_cast<M>(value);
  std::memcpy(regs.mem + address, &narrow, sizeof(M));
  WPLUG_NEXT(3);
}

template <class T>
inline constexpr int kStorePlaces = kInFloatFile<T> ? kFloatRegisters + 1 : kIntRegisters + 2;

// Loads that fill a vector from less than 16 bytes.
template <class M, class R>
inline constexpr bool kIsRareLoad = std::is_same_v<R, V128> && !std::is_same_v<M, V128>;

template <class M, class R>
struct LoadMaker {
  static constexpr bool is_coded(int) { return kManyPlaces && kIsRareLoad<M, R>; }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &load<M, R, kAnyPlace, kAnyPlace, is_guarded(I), false>;
    return &load<M, R, I / (2 * kA), I / 2 % kA, is_guarded(I), false>;
  }
};
template <class M, class R>
struct LoadWrappedMaker {
  template <int I>
  static constexpr Handler* at() {
    return &load<M, R, I / kA, I % kA, false, true>;
  }
};
template <class M, class R>
struct LoadIndexedMaker {
  template <int I>
  static constexpr Handler* at() {
    return &load_indexed<M, R, I / (kA * kA), I / kA % kA, I % kA>;
  }
};
template <class M, class T>
struct StoreMaker {
  template <int I>
  static constexpr Handler* at() {
    return &store<M, T, I / (2 * kStorePlaces<T>), I / 2 % kStorePlaces<T>, is_guarded(I), false>;
  }
};
template <class M, class T>
struct StoreWrappedMaker {
  template <int I>
  static constexpr Handler* at() {
    return &store<M, T, I / kStorePlaces<T>, I % kStorePlaces<T>, false, true>;
  }
};
template <class M, class T>
struct StoreIndexedMaker {
  template <int I>
  static constexpr Handler* at() {
    constexpr int c = kPlaces<T>;
    return &store_indexed<M, T, I / (kA * c), I / c % kA, I % c>;
  }
};

}  // namespace

HandlerTable load_handlers(IrOp op) {
  using namespace numeric;  // what vector loads have in memory
  switch (op) {
#define WPLUG_IR_LOAD_PLAIN(name, M, R) \
  case IrOp::name:                      \
    return make_table<LoadMaker<M, R>, kPlaces<R> * kA * 2>();
#define WPLUG_IR_LOAD(name, M, R)                                  \
  WPLUG_IR_LOAD_PLAIN(name, M, R)                                  \
  case IrOp::name##_wrapped:                                       \
    return make_table<LoadWrappedMaker<M, R>, kPlaces<R> * kA>();  \
  case IrOp::name##_indexed:                                       \
    return make_table<LoadIndexedMaker<M, R>, kPlaces<R> * kA * kA>();
#include "interp/lower/ir_ops.def"
    default:
      return {};
  }
}

HandlerTable store_handlers(IrOp op) {
  switch (op) {
#define WPLUG_IR_STORE_PLAIN(name, M, T) \
  case IrOp::name:                       \
    return make_table<StoreMaker<M, T>, kA * kStorePlaces<T> * 2>();
#define WPLUG_IR_STORE(name, M, T)                                     \
  WPLUG_IR_STORE_PLAIN(name, M, T)                                     \
  case IrOp::name##_wrapped:                                           \
    return make_table<StoreWrappedMaker<M, T>, kA * kStorePlaces<T>>(); \
  case IrOp::name##_indexed:                                           \
    return make_table<StoreIndexedMaker<M, T>, kA * kA * kPlaces<T>>();
#include "interp/lower/ir_ops.def"
    default:
      return {};
  }
}

}  // namespace wplug
