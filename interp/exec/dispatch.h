// How a handler reaches the next one. The only file that knows.
//
// Tail dispatch (clang 19, x86-64 and aarch64): a handler is a function whose parameters are the machine's state, passed in registers by the
// preserve_none convention, and it ends by tail-calling the next handler with the same parameters. On x86-64:
//     pc r12   fp r13   ctx r14   mem r15   fuel rdi   r0 rsi   r1 rdx   r2 rcx   r3 r8   r4 r9   m0.. xmm0..
// Loop dispatch (any compiler): a handler returns the next pc, and run() calls on. The state is a struct.
//
// A handler's body is the same for both:
//     template <...> WPLUG_HANDLER(name) {
//       WPLUG_ENTER;
//       ... reads and writes `regs` and cells at `pc` ...
//       WPLUG_NEXT(2);            // go on two cells further
//     }
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#include "interp/lower/cell.h"
#include "interp/lower/ir.h"
#include "interp/store/runtime.h"
#include "interp/wasm/simd.h"
#include "wplug/trap.h"

namespace wplug {

// One floating register. A scalar is inserted into lane 0 of the old vector, so that no lane is ever undefined (undefined lanes make clang
// widen scalar arithmetic to vectors).
using FloatReg = float __attribute__((vector_size(16)));

// The state of the machine while code runs.
struct Regs {
  Slot* fp;        // the frame's slot 0
  Context* ctx;
  uint8_t* mem;    // base of memory 0
  int64_t fuel;    // instructions until the next poll(), minus what is settled
  uint64_t r[kIntRegisters == 0 ? 1 : kIntRegisters];
  FloatReg m[kFloatRegisters == 0 ? 1 : kFloatRegisters];
};

#if WPLUG_DISPATCH_TAIL

#if WPLUG_INT_REGISTERS == 0
#define WPLUG_R_PARAMS
#define WPLUG_R_ARGS
#define WPLUG_R_INIT 0
#elif WPLUG_INT_REGISTERS == 1
#define WPLUG_R_PARAMS , uint64_t r0
#define WPLUG_R_ARGS , regs.r[0]
#define WPLUG_R_INIT r0
#elif WPLUG_INT_REGISTERS == 2
#define WPLUG_R_PARAMS , uint64_t r0, uint64_t r1
#define WPLUG_R_ARGS , regs.r[0], regs.r[1]
#define WPLUG_R_INIT r0, r1
#elif WPLUG_INT_REGISTERS == 3
#define WPLUG_R_PARAMS , uint64_t r0, uint64_t r1, uint64_t r2
#define WPLUG_R_ARGS , regs.r[0], regs.r[1], regs.r[2]
#define WPLUG_R_INIT r0, r1, r2
#elif WPLUG_INT_REGISTERS == 4
#define WPLUG_R_PARAMS , uint64_t r0, uint64_t r1, uint64_t r2, uint64_t r3
#define WPLUG_R_ARGS , regs.r[0], regs.r[1], regs.r[2], regs.r[3]
#define WPLUG_R_INIT r0, r1, r2, r3
#else
#define WPLUG_R_PARAMS , uint64_t r0, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4
#define WPLUG_R_ARGS , regs.r[0], regs.r[1], regs.r[2], regs.r[3], regs.r[4]
#define WPLUG_R_INIT r0, r1, r2, r3, r4
#endif

#if WPLUG_FLOAT_REGISTERS == 0
#define WPLUG_M_PARAMS
#define WPLUG_M_ARGS
#define WPLUG_M_INIT FloatReg{}
#elif WPLUG_FLOAT_REGISTERS == 1
#define WPLUG_M_PARAMS , FloatReg m0
#define WPLUG_M_ARGS , regs.m[0]
#define WPLUG_M_INIT m0
#elif WPLUG_FLOAT_REGISTERS == 2
#define WPLUG_M_PARAMS , FloatReg m0, FloatReg m1
#define WPLUG_M_ARGS , regs.m[0], regs.m[1]
#define WPLUG_M_INIT m0, m1
#elif WPLUG_FLOAT_REGISTERS == 3
#define WPLUG_M_PARAMS , FloatReg m0, FloatReg m1, FloatReg m2
#define WPLUG_M_ARGS , regs.m[0], regs.m[1], regs.m[2]
#define WPLUG_M_INIT m0, m1, m2
#else
#define WPLUG_M_PARAMS , FloatReg m0, FloatReg m1, FloatReg m2, FloatReg m3
#define WPLUG_M_ARGS , regs.m[0], regs.m[1], regs.m[2], regs.m[3]
#define WPLUG_M_INIT m0, m1, m2, m3
#endif

#define WPLUG_CC __attribute__((preserve_none))
#define WPLUG_PARAMS [[maybe_unused]] const Cell *pc, Slot *fp, Context *ctx, uint8_t *mem, int64_t fuel WPLUG_R_PARAMS WPLUG_M_PARAMS
#define WPLUG_ARGS regs.fp, regs.ctx, regs.mem, regs.fuel WPLUG_R_ARGS WPLUG_M_ARGS

typedef void Handler(WPLUG_PARAMS) WPLUG_CC;

// A handler begins a cache line: the processor fetches, caches and predicts by lines, and of its own line a handler of usual size needs no
// second one. Against the compiler's 16 bytes that is worth 10-20 % (docs/rationale.md).
#define WPLUG_HANDLER(name) WPLUG_CC __attribute__((aligned(64))) void name(WPLUG_PARAMS)
#define WPLUG_COLD_HANDLER(name) WPLUG_CC __attribute__((noinline, cold)) void name(WPLUG_PARAMS)
#define WPLUG_ENTER Regs regs{fp, ctx, mem, fuel, {WPLUG_R_INIT}, {WPLUG_M_INIT}}
#define WPLUG_JUMP(target)                                                                           \
  do {                                                                                               \
    const Cell* wplug_next = (target);                                                               \
    [[clang::musttail]] return reinterpret_cast<Handler*>(                                           \
        reinterpret_cast<uintptr_t>(wplug_next->handler))(wplug_next, WPLUG_ARGS);                   \
  } while (0)
// Goes on in another handler with the same pc.
#define WPLUG_TAIL(handler)                                  \
  do {                                                       \
    [[clang::musttail]] return handler(pc, WPLUG_ARGS);      \
  } while (0)
// Goes on in another handler with another pc.
#define WPLUG_TAIL_AT(handler, at)                           \
  do {                                                       \
    [[clang::musttail]] return handler(at, WPLUG_ARGS);      \
  } while (0)
#define WPLUG_LEAVE return

#else  // loop dispatch

#define WPLUG_CC
#define WPLUG_PARAMS const Cell *pc, Regs &regs
typedef const Cell* Handler(WPLUG_PARAMS);

#define WPLUG_HANDLER(name) const Cell* name([[maybe_unused]] const Cell* pc, [[maybe_unused]] Regs& regs)
#define WPLUG_COLD_HANDLER(name) \
  __attribute__((noinline, cold)) const Cell* name([[maybe_unused]] const Cell* pc, [[maybe_unused]] Regs& regs)
#define WPLUG_ENTER static_cast<void>(0)
#define WPLUG_JUMP(target) return (target)
#define WPLUG_TAIL(handler) return handler(pc, regs)
#define WPLUG_TAIL_AT(handler, at) return handler(at, regs)
#define WPLUG_LEAVE return nullptr

#endif

#define WPLUG_NEXT(cells) WPLUG_JUMP(pc + (cells))

// Why run() came back, in Context::exit_reason.
// `thrown` is an exception that no frame of the run
// has caught, in ctx->host_error.
enum class ExitReason : uint8_t { finished, trapped, failed, thrown };

// Ends the run with the trap in ctx->trap_kind at `pc`.
WPLUG_COLD_HANDLER(trap_exit);
// Ends the run with ctx->host_error at `pc`.
WPLUG_COLD_HANDLER(error_exit);
// Ends the run, or throws the exception that ctx->host_error is, at `pc`, where a host function was called; host_failed_tail: in place of the
// frame.
WPLUG_COLD_HANDLER(host_failed);
WPLUG_COLD_HANDLER(host_failed_tail);
// The traps that handlers raise, one entry each so that the hot handler holds no more than a jump.
template <TrapKind kind>
WPLUG_COLD_HANDLER(trap_with) {
  WPLUG_ENTER;
  regs.ctx->trap_kind = static_cast<uint8_t>(kind);
  WPLUG_TAIL(trap_exit);
}
// Fuel has run out or the slice has ended: decides, and goes on at `pc` (the target of the branch or call) or traps.
WPLUG_COLD_HANDLER(poll);

#define WPLUG_TRAP_NOW(kind) WPLUG_TAIL(trap_with<TrapKind::kind>)

#if defined(__clang__) || defined(__GNUC__)
#define WPLUG_INLINE inline __attribute__((always_inline))
#define WPLUG_LIKELY(x) __builtin_expect(!!(x), 1)
#define WPLUG_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define WPLUG_INLINE inline
#define WPLUG_LIKELY(x) (x)
#define WPLUG_UNLIKELY(x) (x)
#endif

// ---- operands by place: a register's number; K (or M) is the frame slot; one more the immediate

inline constexpr int kSlotPlace = kIntRegisters;
inline constexpr int kImmediatePlace = kIntRegisters + 1;
inline constexpr int kFloatSlotPlace = kFloatRegisters;

// The operand is wherever the cell says: a location code (lower/ir.h). For what is too rare to have a handler for each combination of places.
inline constexpr int kAnyPlace = -1;
// Few registers make few combinations: then every operation has all.
inline constexpr bool kManyPlaces = kIntRegisters > 2;

template <class T>
WPLUG_INLINE T read_at(const Regs& regs, uint32_t location);
template <class T>
WPLUG_INLINE void write_at(Regs& regs, uint32_t location, T value);

template <class T, int P>
WPLUG_INLINE T read_int(const Regs& regs, uint32_t slot) {
  if constexpr (P == kAnyPlace) {
    return read_at<T>(regs, slot);
  } else if constexpr (P < kIntRegisters) {
    return static_cast<T>(regs.r[P]);
  } else {
    return static_cast<T>(regs.fp[slot]);
  }
}

template <int P>
WPLUG_INLINE void write_int(Regs& regs, uint32_t slot, uint64_t value) {
  if constexpr (P == kAnyPlace) {
    write_at<uint64_t>(regs, slot, value);
  } else if constexpr (P < kIntRegisters) {
    regs.r[P] = value;
  } else {
    regs.fp[slot] = value;
  }
}

template <class T, int P>
WPLUG_INLINE T read_float(const Regs& regs, uint32_t slot) {
  T value;
  if constexpr (P == kAnyPlace) {
    value = read_at<T>(regs, slot);
  } else if constexpr (P < kFloatRegisters) {
    std::memcpy(&value, &regs.m[P], sizeof(T));
  } else {
    std::memcpy(&value, &regs.fp[slot], sizeof(T));
  }
  return value;
}

template <class T, int P>
WPLUG_INLINE void write_float(Regs& regs, uint32_t slot, T value) {
  if constexpr (P == kAnyPlace) {
    write_at<T>(regs, slot, value);
  } else if constexpr (P < kFloatRegisters) {
    std::memcpy(&regs.m[P], &value, sizeof(T));
  } else if constexpr (sizeof(T) >= 8) {
    std::memcpy(&regs.fp[slot], &value, sizeof(T));
  } else {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    regs.fp[slot] = bits;
  }
}

// Floating values and vectors share a file of registers.
template <class T>
inline constexpr bool kInFloatFile = std::is_floating_point_v<T> || std::is_same_v<T, V128>;

template <class T, int P>
WPLUG_INLINE T read_value(const Regs& regs, uint32_t slot) {
  if constexpr (kInFloatFile<T>) {
    return read_float<T, P>(regs, slot);
  } else {
    return read_int<T, P>(regs, slot);
  }
}

template <class T, int P>
WPLUG_INLINE void write_value(Regs& regs, uint32_t slot, T value) {
  if constexpr (kInFloatFile<T>) {
    write_float<T, P>(regs, slot, value);
  } else {
    write_int<P>(regs, slot, value);
  }
}

// Number of places for a value of type T: registers and the slot.
template <class T>
inline constexpr int kPlaces = kInFloatFile<T> ? kFloatRegisters + 1 : kIntRegisters + 1;

// ---- operands by location code (lower/ir.h), for operations with one handler

template <class T>
WPLUG_INLINE T read_at(const Regs& regs, uint32_t location) {
  constexpr int n = kInFloatFile<T> ? kFloatRegisters : kIntRegisters;
  constexpr uint32_t first = kInFloatFile<T> ? kFloatLocation : kIntLocation;
  T value{};
  bool found = [&]<int... P>(std::integer_sequence<int, P...>) {
    return ((location == first + P && (value = read_value<T, P>(regs, 0), true)) || ...);
  }(std::make_integer_sequence<int, n>{});
  if (!found) value = read_value<T, n>(regs, location);
  return value;
}

template <class T>
WPLUG_INLINE void write_at(Regs& regs, uint32_t location, T value) {
  constexpr int n = kInFloatFile<T> ? kFloatRegisters : kIntRegisters;
  constexpr uint32_t first = kInFloatFile<T> ? kFloatLocation : kIntLocation;
  bool found = [&]<int... P>(std::integer_sequence<int, P...>) {
    return ((location == first + P && (write_value<T, P>(regs, 0, value), true)) || ...);
  }(std::make_integer_sequence<int, n>{});
  if (!found) write_value<T, n>(regs, location, value);
}

}  // namespace wplug
