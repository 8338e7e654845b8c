// Calls. The callee's frame begins at the caller's argument slots; after its parameters is the header: where to return to and the caller's
// fp. A call within an instance changes nothing else. A call into another instance returns through the cross-return cell, which finds
// the caller's pc and instance in Context::transitions.
#include "interp/exec/handlers.h"
#include "interp/exec/run.h"
#include "interp/lower/handlers.h"
#include "interp/wasm/numeric.h"

namespace wplug {
namespace {

constexpr int kA = kIntRegisters + 1;

// Enters guest code of the current instance: frame at `new_fp`, back to `return_pc`.
#define WPLUG_ENTER_CODE(code, new_fp, params, return_pc)                                        \
  do {                                                                                           \
    const Cell* wplug_entry = (code)->entry.load(std::memory_order_acquire);                     \
    uint32_t wplug_frame = (code)->frame_slots.load(std::memory_order_relaxed);                  \
    if (WPLUG_UNLIKELY(wplug_frame > static_cast<size_t>(regs.ctx->stack_limit - (new_fp)))) {   \
      WPLUG_TRAP_NOW(call_stack_exhausted);                                                      \
    }                                                                                            \
    Slot* wplug_header = (new_fp) + (params);                                                    \
    wplug_header[kHeaderReturnPc] = reinterpret_cast<uintptr_t>(return_pc);                      \
    wplug_header[kHeaderCallerFp] = reinterpret_cast<uintptr_t>(regs.fp);                        \
    regs.fp = (new_fp);                                                                          \
    if (WPLUG_UNLIKELY(regs.fuel < 0)) WPLUG_TAIL_AT(poll, wplug_entry);                         \
    WPLUG_JUMP(wplug_entry);                                                                     \
  } while (0)

WPLUG_HANDLER(call) {
  WPLUG_ENTER;
  const FunctionCode* code = static_cast<const FunctionCode*>(pc[1].pointer);
  Slot* fp_new = regs.fp + pc[2].call.base;
  regs.fuel -= pc[2].call.charge;
  WPLUG_ENTER_CODE(code, fp_new, pc[2].call.params, pc + 3);
}

// Makes `to` the current instance; the fuel register's new value. Code of a module with longer functions needs a larger reserve.
int64_t switch_instance(Context& context, InstanceImpl* to, int64_t fuel) {
  uint64_t reserve = context.reserve;
  load_instance(context, to);
  if (context.reserve == reserve || context.fuel_stop == UINT64_MAX) return fuel;
  context.consumed = context.slice_end - static_cast<uint64_t>(fuel);
  return end_slice(context);
}

// The same for a call, whose way back is saved.
int64_t leave_instance(Context& context, const Cell* return_pc, InstanceImpl* to, int64_t fuel) {
  context.transitions.push_back({return_pc, context.instance});
  return switch_instance(context, to, fuel);
}

// Calls through a function instance whose arguments are at `args`; goes on at `return_pc`. The cell with the call word is `word`.
#define WPLUG_CALL_FUNCTION(function, word, return_pc)                                             \
  do {                                                                                             \
    const FuncInstance* wplug_f = (function);                                                      \
    Slot* wplug_args = regs.fp + (word).call.base;                                                 \
    regs.fuel -= (word).call.charge;                                                               \
    if (wplug_f->code == nullptr) {                                                                \
      regs.ctx->consumed = regs.ctx->slice_end - static_cast<uint64_t>(regs.fuel);                 \
      bool wplug_ok = invoke_host(*regs.ctx, *wplug_f, pc, regs.fp, wplug_args);                   \
      regs.mem = regs.ctx->memory_base;                                                            \
      regs.fuel = static_cast<int64_t>(regs.ctx->slice_end - regs.ctx->consumed);                  \
      if (WPLUG_UNLIKELY(!wplug_ok)) WPLUG_TAIL(host_failed);                                      \
      if (WPLUG_UNLIKELY(regs.fuel < 0)) WPLUG_TAIL_AT(poll, return_pc);                           \
      WPLUG_JUMP(return_pc);                                                                       \
    }                                                                                              \
    const Cell* wplug_return = (return_pc);                                                        \
    if (wplug_f->instance != regs.ctx->instance) {                                                 \
      uint32_t wplug_need = wplug_f->code->frame_slots.load(std::memory_order_relaxed);            \
      if (WPLUG_UNLIKELY(wplug_need > static_cast<size_t>(regs.ctx->stack_limit - wplug_args))) {  \
        WPLUG_TRAP_NOW(call_stack_exhausted);                                                      \
      }                                                                                            \
      regs.fuel = leave_instance(*regs.ctx, wplug_return, wplug_f->instance, regs.fuel);           \
      regs.mem = regs.ctx->memory_base;                                                            \
      wplug_return = cross_return_cell();                                                          \
    }                                                                                              \
    WPLUG_ENTER_CODE(wplug_f->code, wplug_args, (word).call.params, wplug_return);                 \
  } while (0)

WPLUG_HANDLER(call_import) {
  WPLUG_ENTER;
  WPLUG_CALL_FUNCTION(regs.ctx->instance->functions[pc[1].word], pc[2], pc + 3);
}

// The function instance of a call_indirect, or the trap.
struct Indirect {
  FuncInstance* function;
  numeric::MaybeTrap trap;
};
WPLUG_INLINE Indirect resolve_indirect(const Regs& regs, const Cell* pc, uint32_t index) {
  const TableInstance& table = *regs.ctx->instance->tables[pc[1].imm.imm];
  if (WPLUG_UNLIKELY(index >= table.elements.size())) return {nullptr, numeric::trap(TrapKind::undefined_element)};
  auto* function = reinterpret_cast<FuncInstance*>(static_cast<uintptr_t>(table.elements[index]));
  if (WPLUG_UNLIKELY(function == nullptr)) return {nullptr, numeric::trap(TrapKind::uninitialized_element)};
  const auto* type = static_cast<const CanonicalType*>(pc[2].pointer);
  if (WPLUG_UNLIKELY(function->type != type && !function->type->is_subtype_of(type))) {
    return {nullptr, numeric::trap(TrapKind::indirect_call_type_mismatch)};
  }
  return {function, numeric::kNoTrap};
}

WPLUG_HANDLER(call_indirect_far) {
  WPLUG_ENTER;
  const FuncInstance* function = regs.ctx->call_target;
  WPLUG_CALL_FUNCTION(function, pc[3], pc + 4);
}

template <int A>
WPLUG_HANDLER(call_indirect) {
  WPLUG_ENTER;
  Indirect target = resolve_indirect(regs, pc, read_int<uint32_t, A>(regs, pc[1].imm.d));
  if (WPLUG_UNLIKELY(target.trap != numeric::kNoTrap)) {
    regs.ctx->trap_kind = static_cast<uint8_t>(target.trap);
    WPLUG_TAIL(trap_exit);
  }
  if (WPLUG_UNLIKELY(target.function->instance != regs.ctx->instance)) {  // host functions have none
    regs.ctx->call_target = target.function;
    WPLUG_TAIL(call_indirect_far);
  }
  Slot* fp_new = regs.fp + pc[3].call.base;
  regs.fuel -= pc[3].call.charge;
  WPLUG_ENTER_CODE(target.function->code, fp_new, pc[3].call.params, pc + 4);
}

WPLUG_HANDLER(call_ref_far) {
  WPLUG_ENTER;
  const FuncInstance* function = regs.ctx->call_target;
  WPLUG_CALL_FUNCTION(function, pc[2], pc + 3);
}

template <int A>
WPLUG_HANDLER(call_ref) {
  WPLUG_ENTER;
  auto* function = reinterpret_cast<FuncInstance*>(static_cast<uintptr_t>(read_int<uint64_t, A>(regs, pc[1].slots.d)));
  if (WPLUG_UNLIKELY(function == nullptr)) WPLUG_TRAP_NOW(null_function_reference);
  if (WPLUG_UNLIKELY(function->instance != regs.ctx->instance)) {
    regs.ctx->call_target = function;
    WPLUG_TAIL(call_ref_far);
  }
  Slot* fp_new = regs.fp + pc[2].call.base;
  regs.fuel -= pc[2].call.charge;
  WPLUG_ENTER_CODE(function->code, fp_new, pc[2].call.params, pc + 3);
}

// ---- tail calls: the frame is replaced. `own` has this function's parameters (low) and the callee's results (high).

WPLUG_HANDLER(tail_call_far) {
  WPLUG_ENTER;
  const FuncInstance* function = regs.ctx->call_target;
  const Cell* words = regs.ctx->call_words;
  const Slot* header = regs.fp + words[1].half.low;
  const Cell* target = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
  Slot* caller = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
  Slot* args = regs.fp + words[0].call.base;
  regs.fuel -= words[0].call.charge;
  if (function->code == nullptr) {
    regs.ctx->consumed = regs.ctx->slice_end - static_cast<uint64_t>(regs.fuel);
    bool ok = invoke_host(*regs.ctx, *function, pc, regs.fp, args);
    regs.mem = regs.ctx->memory_base;
    regs.fuel = static_cast<int64_t>(regs.ctx->slice_end - regs.ctx->consumed);
    if (!ok) WPLUG_TAIL(host_failed_tail);
    std::memmove(regs.fp, args, words[1].half.high * sizeof(Slot));
    regs.fp = caller;
    if (regs.fuel < 0) WPLUG_TAIL_AT(poll, target);
    WPLUG_JUMP(target);
  }
  const Cell* entry = function->code->entry.load(std::memory_order_acquire);
  uint32_t frame = function->code->frame_slots.load(std::memory_order_relaxed);
  if (frame > static_cast<size_t>(regs.ctx->stack_limit - regs.fp)) WPLUG_TRAP_NOW(call_stack_exhausted);
  if (function->instance != regs.ctx->instance) {
    // The way back is already saved when this frame was itself entered from another instance, or by the host.
    if (target == cross_return_cell() || target == exit_cell()) {
      regs.fuel = switch_instance(*regs.ctx, function->instance, regs.fuel);
    } else {
      regs.fuel = leave_instance(*regs.ctx, target, function->instance, regs.fuel);
      target = cross_return_cell();
    }
    regs.mem = regs.ctx->memory_base;
  }
  std::memmove(regs.fp, args, words[0].call.params * sizeof(Slot));
  Slot* new_header = regs.fp + words[0].call.params;
  new_header[kHeaderReturnPc] = reinterpret_cast<uintptr_t>(target);
  new_header[kHeaderCallerFp] = reinterpret_cast<uintptr_t>(caller);
  if (regs.fuel < 0) WPLUG_TAIL_AT(poll, entry);
  WPLUG_JUMP(entry);
}

WPLUG_HANDLER(return_call) {
  WPLUG_ENTER;
  const FunctionCode* code = static_cast<const FunctionCode*>(pc[1].pointer);
  const Slot* header = regs.fp + pc[3].half.low;
  Slot target = header[kHeaderReturnPc];
  Slot caller = header[kHeaderCallerFp];
  const Cell* entry = code->entry.load(std::memory_order_acquire);
  uint32_t frame = code->frame_slots.load(std::memory_order_relaxed);
  if (WPLUG_UNLIKELY(frame > static_cast<size_t>(regs.ctx->stack_limit - regs.fp))) WPLUG_TRAP_NOW(call_stack_exhausted);
  std::memmove(regs.fp, regs.fp + pc[2].call.base, pc[2].call.params * sizeof(Slot));
  Slot* new_header = regs.fp + pc[2].call.params;
  new_header[kHeaderReturnPc] = target;
  new_header[kHeaderCallerFp] = caller;
  regs.fuel -= pc[2].call.charge;
  if (WPLUG_UNLIKELY(regs.fuel < 0)) WPLUG_TAIL_AT(poll, entry);
  WPLUG_JUMP(entry);
}

WPLUG_HANDLER(return_call_import) {
  WPLUG_ENTER;
  regs.ctx->call_target = regs.ctx->instance->functions[pc[1].word];
  regs.ctx->call_words = pc + 2;
  WPLUG_TAIL(tail_call_far);
}

template <int A>
WPLUG_HANDLER(return_call_indirect) {
  WPLUG_ENTER;
  Indirect target = resolve_indirect(regs, pc, read_int<uint32_t, A>(regs, pc[1].imm.d));
  if (WPLUG_UNLIKELY(target.trap != numeric::kNoTrap)) {
    regs.ctx->trap_kind = static_cast<uint8_t>(target.trap);
    WPLUG_TAIL(trap_exit);
  }
  regs.ctx->call_target = target.function;
  regs.ctx->call_words = pc + 3;
  WPLUG_TAIL(tail_call_far);
}

template <int A>
WPLUG_HANDLER(return_call_ref) {
  WPLUG_ENTER;
  auto* function = reinterpret_cast<FuncInstance*>(static_cast<uintptr_t>(read_int<uint64_t, A>(regs, pc[1].slots.d)));
  if (WPLUG_UNLIKELY(function == nullptr)) WPLUG_TRAP_NOW(null_function_reference);
  regs.ctx->call_target = function;
  regs.ctx->call_words = pc + 2;
  WPLUG_TAIL(tail_call_far);
}

}  // namespace

const Cell* lower_and_enter(Context& context, FunctionCode& code, const Slot* fp) {
  Result<void> lowered = lower_function(*code.module, code.index);
  if (!lowered.ok()) {
    context.host_error = std::make_unique<Error>(std::move(lowered).error());
    return nullptr;
  }
  const Cell* entry = code.entry.load(std::memory_order_acquire);
  return code.frame_slots.load(std::memory_order_relaxed) > static_cast<size_t>(context.stack_limit - fp) ? nullptr : entry;
}

namespace {

// FunctionCode::stub: lowers the function, then enters it. A frame that turns out too large, or a function that cannot be lowered, is the fault of the
// call: the frame is left and the caller's call traps.
WPLUG_COLD_HANDLER(lazy) {
  WPLUG_ENTER;
  auto* code = static_cast<FunctionCode*>(const_cast<void*>(pc[1].pointer));
  const Cell* entry = lower_and_enter(*regs.ctx, *code, regs.fp);
  if (entry == nullptr) {
    const Slot* header = regs.fp + code->param_slots;
    const Cell* target = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
    if (regs.ctx->host_error != nullptr) WPLUG_TAIL(error_exit);
    regs.ctx->trap_kind = static_cast<uint8_t>(TrapKind::call_stack_exhausted);
    if (target == exit_cell() || target == cross_return_cell()) WPLUG_TAIL(trap_exit);
    regs.fp = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
    WPLUG_TAIL_AT(trap_exit, target - 1);
  }
  WPLUG_JUMP(entry);
}

struct Call {
  template <int I>
  static constexpr Handler* at() {
    return &call;
  }
};
struct CallImport {
  template <int I>
  static constexpr Handler* at() {
    return &call_import;
  }
};
struct CallIndirect {
  template <int I>
  static constexpr Handler* at() {
    return &call_indirect<I>;
  }
};
struct CallRef {
  template <int I>
  static constexpr Handler* at() {
    return &call_ref<I>;
  }
};
struct ReturnCallRef {
  template <int I>
  static constexpr Handler* at() {
    return &return_call_ref<I>;
  }
};
struct ReturnCall {
  template <int I>
  static constexpr Handler* at() {
    return &return_call;
  }
};
struct ReturnCallImport {
  template <int I>
  static constexpr Handler* at() {
    return &return_call_import;
  }
};
struct ReturnCallIndirect {
  template <int I>
  static constexpr Handler* at() {
    return &return_call_indirect<I>;
  }
};

}  // namespace

const void* lazy_handler() { return address_of(&lazy); }

HandlerTable call_handlers(IrOp op) {
  switch (op) {
    case IrOp::call: return make_table<Call, 1>();
    case IrOp::call_import: return make_table<CallImport, 1>();
    case IrOp::call_indirect: return make_table<CallIndirect, kA>();
    case IrOp::call_ref: return make_table<CallRef, kA>();
    case IrOp::return_call_ref: return make_table<ReturnCallRef, kA>();
    case IrOp::return_call: return make_table<ReturnCall, 1>();
    case IrOp::return_call_import: return make_table<ReturnCallImport, 1>();
    case IrOp::return_call_indirect: return make_table<ReturnCallIndirect, kA>();
    default: return {};
  }
}

}  // namespace wplug
