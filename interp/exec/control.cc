// Returns, traps, polling, and the run itself.
#include "interp/exec/handlers.h"
#include "interp/exec/poll.h"
#include "interp/exec/run.h"
#include "interp/exec/step.h"
#include "interp/lower/handlers.h"
#include "interp/wasm/numeric.h"

namespace wplug {

WPLUG_COLD_HANDLER(trap_exit) {
  WPLUG_ENTER;
  Context& context = *regs.ctx;
  context.trap_pc = pc;
  context.trap_fp = regs.fp;
  context.consumed = context.slice_end - static_cast<uint64_t>(regs.fuel);
  context.exit_reason = static_cast<uint8_t>(ExitReason::trapped);
  WPLUG_LEAVE;
}

WPLUG_COLD_HANDLER(error_exit) {
  WPLUG_ENTER;
  Context& context = *regs.ctx;
  context.trap_pc = pc;
  context.trap_fp = regs.fp;
  context.consumed = context.slice_end - static_cast<uint64_t>(regs.fuel);
  context.exit_reason = static_cast<uint8_t>(ExitReason::failed);
  WPLUG_LEAVE;
}

namespace {

// Starts the next slice, or says why the run must stop.
numeric::MaybeTrap next_slice(Context& context, int64_t& fuel) {
  context.consumed = context.slice_end - static_cast<uint64_t>(fuel);
  context.stopped_at_target = true;
  numeric::MaybeTrap stop = check_stop(context);
  if (stop != numeric::kNoTrap) return stop;
  if (context.consumed > context.fuel_stop) return numeric::trap(TrapKind::out_of_fuel);
  context.stopped_at_target = false;
  fuel = start_slice(context);
  return numeric::kNoTrap;
}

// Where to go on step by step: the target's copy, after what stands between (the way back to another instance, lowering).
const Cell* step_into(Context& context, const Cell* target, const Slot* fp) {
  while (target == cross_return_cell()) {
    Context::Transition back = context.transitions.back();
    context.transitions.pop_back();
    load_instance(context, back.instance);
    target = back.return_pc;
  }
  if (target->handler == lazy_handler()) {
    auto* code = static_cast<FunctionCode*>(const_cast<void*>(target[1].pointer));
    const Cell* entry = lower_and_enter(context, *code, fp);
    if (entry == nullptr) return target;  // the stub's handler meets the same error and reports it
    target = entry;
  }
  const Cell* copy = stepping_cell(context, target);
  return copy == nullptr ? target : copy;
}

}  // namespace

__attribute__((noinline, cold)) const Cell* poll_within(Regs& regs, const Cell* next, numeric::MaybeTrap& trap) {
  Context& context = *regs.ctx;
  trap = next_slice(context, regs.fuel);
  if (trap != numeric::kNoTrap) {
    context.stopped_at_target = false;  // the instruction that asks has been executed
    regs.fuel = static_cast<int64_t>(context.slice_end - context.consumed);
    return nullptr;
  }
  if (regs.fuel >= 0) return original_cell(context, next);
  const Cell* cell = stepping_cell(context, next);
  return cell == nullptr ? next : cell;
}

WPLUG_COLD_HANDLER(poll) {
  WPLUG_ENTER;
  numeric::MaybeTrap trap = next_slice(*regs.ctx, regs.fuel);
  if (trap != numeric::kNoTrap) {
    regs.ctx->trap_kind = static_cast<uint8_t>(trap);
    regs.fuel = static_cast<int64_t>(regs.ctx->slice_end - regs.ctx->consumed);
    WPLUG_TAIL(trap_exit);
  }
  if (regs.fuel >= 0) WPLUG_JUMP(original_cell(*regs.ctx, pc));
  const Cell* cell = step_into(*regs.ctx, pc, regs.fp);
  regs.mem = regs.ctx->memory_base;
  WPLUG_JUMP(cell);
}

namespace {

// The frame's header tells where to go on; results are in place at the callee's slot 0.
#define WPLUG_RETURN(charged, header, target)                          \
  do {                                                                 \
    if constexpr (charged) {                                           \
      regs.fuel -= (header).charge;                                    \
      if (WPLUG_UNLIKELY(regs.fuel < 0)) WPLUG_TAIL_AT(poll, target);  \
    }                                                                  \
    WPLUG_JUMP(target);                                                \
  } while (0)

template <bool Charged>
WPLUG_HANDLER(return_void) {
  WPLUG_ENTER;
  const auto& word = pc[1].call;
  const Slot* header = regs.fp + word.base;
  const Cell* target = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
  regs.fp = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
  WPLUG_RETURN(Charged, word, target);
}

template <int A, bool Charged>
WPLUG_HANDLER(return_value) {
  WPLUG_ENTER;
  const auto& word = pc[1].call;
  const Slot* header = regs.fp + word.base;
  uint64_t value = read_int<uint64_t, A>(regs, word.params);
  const Cell* target = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
  Slot* caller = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
  regs.fp[0] = value;
  regs.fp = caller;
  WPLUG_RETURN(Charged, word, target);
}

template <int A, bool Charged>
WPLUG_HANDLER(return_float) {
  WPLUG_ENTER;
  const auto& word = pc[1].call;
  const Slot* header = regs.fp + word.base;
  double value = read_float<double, A>(regs, word.params);
  const Cell* target = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
  Slot* caller = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
  std::memcpy(&regs.fp[0], &value, sizeof value);
  regs.fp = caller;
  WPLUG_RETURN(Charged, word, target);
}

template <int A, bool Charged>
WPLUG_HANDLER(return_vector) {
  WPLUG_ENTER;
  const auto& word = pc[1].call;
  const Slot* header = regs.fp + word.base;
  V128 value = read_float<V128, A>(regs, word.params);
  const Cell* target = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
  Slot* caller = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
  std::memcpy(&regs.fp[0], &value, sizeof value);
  regs.fp = caller;
  WPLUG_RETURN(Charged, word, target);
}

template <bool Charged>
WPLUG_HANDLER(return_slots) {
  WPLUG_ENTER;
  const auto& word = pc[1].call;
  const Slot* header = regs.fp + word.base;
  const Cell* target = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
  Slot* caller = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
  std::memmove(regs.fp, regs.fp + word.params, pc[2].word * sizeof(Slot));
  regs.fp = caller;
  WPLUG_RETURN(Charged, word, target);
}

WPLUG_HANDLER(trap_now) {
  WPLUG_ENTER;
  regs.ctx->trap_kind = static_cast<uint8_t>(pc[1].word);
  WPLUG_TAIL(trap_exit);
}

WPLUG_HANDLER(finish) {
  WPLUG_ENTER;
  Context& context = *regs.ctx;
  context.consumed = context.slice_end - static_cast<uint64_t>(regs.fuel);
  context.exit_reason = static_cast<uint8_t>(ExitReason::finished);
  WPLUG_LEAVE;
}

WPLUG_HANDLER(cross_return) {
  WPLUG_ENTER;
  Context& context = *regs.ctx;
  Context::Transition back = context.transitions.back();
  context.transitions.pop_back();
  load_instance(context, back.instance);
  regs.mem = context.memory_base;
  WPLUG_JUMP(back.return_pc);
}

struct ReturnVoid {
  template <int I>
  static constexpr Handler* at() {
    return &return_void<I != 0>;
  }
};
struct ReturnValue {
  template <int I>
  static constexpr Handler* at() {
    return &return_value<I / 2, I % 2 != 0>;
  }
};
struct ReturnFloat {
  template <int I>
  static constexpr Handler* at() {
    return &return_float<I / 2, I % 2 != 0>;
  }
};
struct ReturnVector {
  template <int I>
  static constexpr Handler* at() {
    return &return_vector<I / 2, I % 2 != 0>;
  }
};
struct ReturnSlots {
  template <int I>
  static constexpr Handler* at() {
    return &return_slots<I != 0>;
  }
};
struct TrapNow {
  template <int I>
  static constexpr Handler* at() {
    return &trap_now;
  }
};

}  // namespace

const Cell* exit_cell() {
  static const Cell cell = {.handler = address_of(&finish)};
  return &cell;
}

const Cell* cross_return_cell() {
  static const Cell cell = {.handler = address_of(&cross_return)};
  return &cell;
}

HandlerTable control_handlers(IrOp op) {
  switch (op) {
    case IrOp::return_void: return make_table<ReturnVoid, 2>();
    case IrOp::return_value: return make_table<ReturnValue, (kIntRegisters + 1) * 2>();
    case IrOp::return_float: return make_table<ReturnFloat, (kFloatRegisters + 1) * 2>();
    case IrOp::return_vector: return make_table<ReturnVector, (kFloatRegisters + 1) * 2>();
    case IrOp::return_slots: return make_table<ReturnSlots, 2>();
    case IrOp::trap: return make_table<TrapNow, 1>();
    default: return {};
  }
}

// The only way into handlers. Not sanitized: clang 19 under ASan and UBSan together keeps a base pointer in a register that a
// preserve_none callee clobbers; a small function of its own has no use for one.
#if defined(__clang__)
#define WPLUG_NO_SANITIZE __attribute__((noinline, no_sanitize("address", "undefined", "thread")))
#else
#define WPLUG_NO_SANITIZE __attribute__((noinline))
#endif

WPLUG_NO_SANITIZE void run(const Cell* pc, Slot* fp, Context& context) {
  Regs regs{fp, &context, context.memory_base, start_slice(context), {}, {}};
  auto* first = regs.fuel < 0 ? &poll : reinterpret_cast<Handler*>(reinterpret_cast<uintptr_t>(pc->handler));
#if WPLUG_DISPATCH_TAIL
  first(pc, WPLUG_ARGS);
#else
  pc = first(pc, regs);
  while (pc != nullptr) pc = reinterpret_cast<Handler*>(reinterpret_cast<uintptr_t>(pc->handler))(pc, regs);
#endif
}

}  // namespace wplug
