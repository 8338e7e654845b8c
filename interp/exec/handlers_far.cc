// Loads and stores of memories that are not near (wasm/memory_access.h), by kind (FarKind in lower/handlers.h):
//   wide      memory 0 with 64-bit addresses: base and limits in the context, as for near accesses
//   shared    memory 0, shared, with 32-bit addresses: the same, and relaxed
//   other     any other memory with 32-bit addresses: base and size in its MemoryInstance
//   other_64  the same with 64-bit addresses
// All but the first may be of a memory that other threads use: their accesses are relaxed (base/atomic_bytes.h), which
// costs nothing more. What a store has seen of such a memory's size may be too little, so an access beyond it
// looks again before it traps. Bounds are always checked; with guard pages too.
#include <array>
#include <bit>

#include "interp/base/atomic_bytes.h"
#include "interp/exec/handlers.h"
#include "interp/exec/widen.h"
#include "interp/lower/handlers.h"

namespace wplug {
namespace {

constexpr int kA = kIntRegisters + 1;
constexpr int kKinds = static_cast<int>(kFarKinds);

WPLUG_COLD_HANDLER(out_of_bounds) {
  WPLUG_ENTER;
  MemoryInstance& memory = *regs.ctx->instance->memories[pc[1].imm.imm];
  if (refresh_shared(*regs.ctx, memory)) WPLUG_JUMP(pc);
  WPLUG_TRAP_NOW(out_of_bounds_memory_access);
}

// What an access of M consists of: one integer, or of more than 8 bytes several.
template <class M>
using Part = std::conditional_t<
    sizeof(M) == 1, uint8_t,
    std::conditional_t<sizeof(M) == 2, uint16_t, std::conditional_t<sizeof(M) == 4, uint32_t, uint64_t>>>;

constexpr bool is_64(FarKind kind) { return kind == FarKind::wide || kind == FarKind::other_64; }

// Where an access of M to R[a] + offset begins, in `at`; false when it is out of bounds.
template <class M, FarKind kind, int A>
WPLUG_INLINE bool find(const Regs& regs, const Cell* pc, uint32_t slot, uint8_t*& at) {
  using Address = std::conditional_t<is_64(kind), uint64_t, uint32_t>;
  uint64_t address = 0;
  if (__builtin_add_overflow(uint64_t{read_int<Address, A>(regs, slot)}, pc[2].word, &address)) return false;
  if constexpr (kind == FarKind::wide || kind == FarKind::shared) {
    if (address >= regs.ctx->memory_limit[std::countr_zero(sizeof(M))]) return false;
    at = regs.mem + address;
  } else {
    const MemoryInstance& memory = *regs.ctx->instance->memories[pc[1].imm.imm];
    if (address >= memory.size || memory.size - address < sizeof(M)) return false;
    at = memory.base + address;
  }
  return true;
}

template <class M, FarKind kind>
WPLUG_INLINE M read_memory(const uint8_t* at) {
  if constexpr (kind == FarKind::wide) {
    M value;
    std::memcpy(&value, at, sizeof(M));
    return value;
  } else {
    std::array<Part<M>, sizeof(M) / sizeof(Part<M>)> parts;
    for (Part<M>& part : parts) {
      part = atomic_bytes::load_relaxed<Part<M>>(at);
      at += sizeof part;
    }
    return std::bit_cast<M>(parts);
  }
}

template <FarKind kind, class M>
WPLUG_INLINE void write_memory(uint8_t* at, M value) {
  if constexpr (kind == FarKind::wide) {
    std::memcpy(at, &value, sizeof(M));
  } else {
    for (Part<M> part : std::bit_cast<std::array<Part<M>, sizeof(M) / sizeof(Part<M>)>>(value)) {
      atomic_bytes::store_relaxed(at, part);
      at += sizeof part;
    }
  }
}

template <class M, class R, int D, int A, FarKind kind>
WPLUG_HANDLER(load_far) {
  WPLUG_ENTER;
  uint8_t* at;
  if (WPLUG_UNLIKELY(!(find<M, kind, A>(regs, pc, pc[1].imm.a, at)))) WPLUG_TAIL(out_of_bounds);
  write_value<R, D>(regs, pc[1].imm.d, widen<M, R>(read_memory<M, kind>(at)));
  WPLUG_NEXT(3);
}

template <class M, class T, int A, int B, FarKind kind>
WPLUG_HANDLER(store_far) {
  WPLUG_ENTER;
  uint8_t* at;
  if (WPLUG_UNLIKELY(!(find<M, kind, A>(regs, pc, pc[1].imm.d, at)))) WPLUG_TAIL(out_of_bounds);
  write_memory<kind>(at, static_cast<M>(read_value<T, B>(regs, pc[1].imm.a)));
  WPLUG_NEXT(3);
}

// What programs with 64-bit addresses do most has a handler for each combination of places.
template <class M>
constexpr bool is_coded_far(int kind) {
  return kManyPlaces && (static_cast<FarKind>(kind) != FarKind::wide || !(std::is_same_v<M, uint32_t> || std::is_same_v<M, uint64_t> ||
                                                                         std::is_same_v<M, uint8_t> || std::is_same_v<M, double>));
}

template <class M, class R>
struct LoadFar {
  static constexpr bool is_coded(int i) { return is_coded_far<M>(i % kKinds); }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &load_far<M, R, kAnyPlace, kAnyPlace, static_cast<FarKind>(I % kKinds)>;
    return &load_far<M, R, I / (kKinds * kA), I / kKinds % kA, static_cast<FarKind>(I % kKinds)>;
  }
};
template <class M, class T>
struct StoreFar {
  static constexpr bool is_coded(int i) { return is_coded_far<M>(i % kKinds); }
  template <int I>
  static constexpr Handler* at() {
    if constexpr (is_coded(I)) return &store_far<M, T, kAnyPlace, kAnyPlace, static_cast<FarKind>(I % kKinds)>;
    return &store_far<M, T, I / (kKinds * kPlaces<T>), I / kKinds % kPlaces<T>, static_cast<FarKind>(I % kKinds)>;
  }
};

template <int D, int A>
WPLUG_HANDLER(index_64) {
  WPLUG_ENTER;
  const uint64_t index = read_int<uint64_t, A>(regs, pc[1].slots.a);
  write_int<D>(regs, pc[1].slots.d, index < UINT32_MAX ? index : UINT32_MAX);
  WPLUG_NEXT(2);
}

struct Index64 {
  template <int I>
  static constexpr Handler* at() {
    return &index_64<I / kA, I % kA>;
  }
};

}  // namespace

HandlerTable far_load_handlers(IrOp op) {
  using namespace numeric;
  switch (op) {
#define WPLUG_IR_LOAD(name, M, R) \
  case IrOp::name##_far:          \
    return make_table<LoadFar<M, R>, kPlaces<R> * kA * kKinds>();
#include "interp/lower/ir_ops.def"
    case IrOp::index_64: return make_table<Index64, kA * kA>();
    default: return {};
  }
}

HandlerTable far_store_handlers(IrOp op) {
  using namespace numeric;
  switch (op) {
#define WPLUG_IR_STORE(name, M, T) \
  case IrOp::name##_far:           \
    return make_table<StoreFar<M, T>, kA * kPlaces<T> * kKinds>();
#include "interp/lower/ir_ops.def"
    default: return {};
  }
}

}  // namespace wplug
