// Throws, by guest code and by host functions.
#include <utility>
#include <vector>

#include "interp/exec/handlers.h"
#include "interp/exec/run.h"
#include "interp/exec/unwind.h"
#include "wplug/exception.h"
#include "wplug/trap.h"

namespace wplug {
namespace {

// Its references are kept as those are that a call gives back.
Exception make_exception(Context& context, const Thrown& thrown) {
  std::vector<Value> values;
  const Slot* slots = thrown.values;
  for (ValType type : thrown.tag->type->func.params) {
    values.push_back(Value::from_slots(type, slots));
    if (type.is_ref()) context.store->heap.keep(*slots);
    slots += type.slots();
  }
  return Exception(Tag(context.store, const_cast<TagInstance*>(thrown.tag)), std::move(values));
}

// Throws; when no guest code of this run catches it, it becomes the error that the run ends with.
Raise raise_or_fail(Regs& regs, const Cell* pc, const Thrown& thrown, int32_t charge) {
  Raise result = raise(regs, pc, thrown, charge, false);
  if (result.what == Raised::uncaught) {
    regs.ctx->host_error = std::make_unique<Error>(Trap(make_exception(*regs.ctx, thrown)));
  }
  return result;
}

Raise throw_tag_at(Regs& regs, const Cell* pc) {
  TagInstance* tag = regs.ctx->instance->tags[pc[1].word];
  return raise_or_fail(regs, pc, {tag, regs.fp + pc[2].call.base, nullptr}, pc[2].call.charge);
}

Raise throw_ref_at(Regs& regs, const Cell* pc) {
  const Slot ref = regs.fp[pc[1].call.base];
  if (ref == 0) {
    regs.ctx->trap_kind = static_cast<uint8_t>(TrapKind::null_exception_reference);
    return {Raised::trapped};
  }
  HeapObject* exception = object_of(ref);
  return raise_or_fail(regs, pc, {exception->tag, exception->slots(), exception}, pc[1].call.charge);
}

// What a host function's error throws in this store, or null.
const Exception* exception_of(const Context& context) {
  const Trap* trap = context.host_error->trap();
  const Exception* exception = trap == nullptr ? nullptr : trap->exception();
  return exception != nullptr && exception->tag().store_impl() == context.store ? exception : nullptr;
}

// The host call has settled everything. When the guest must stop meanwhile, that is the error.
Raise raise_host_error(Regs& regs, const Cell* pc, bool replaced) {
  Context& context = *regs.ctx;
  const Exception* exception = exception_of(context);
  if (exception == nullptr) return {Raised::uncaught};
  std::vector<Slot> slots(exception->tag().impl()->type->param_slots);
  Slot* next = slots.data();
  for (const Value& value : exception->values()) {
    value.to_slots(next);
    next += value.type().slots();
  }
  Heap::Pause pause(context.store->heap);  // of the values only this vector knows
  Raise result = raise(regs, pc, {exception->tag().impl(), slots.data(), nullptr}, 0, replaced);
  if (result.what == Raised::trapped) {
    context.host_error = std::make_unique<Error>(Trap(static_cast<TrapKind>(context.trap_kind)));
  } else if (result.what != Raised::uncaught) {
    context.host_error.reset();
  }
  return result;
}

WPLUG_COLD_HANDLER(throw_exit) {
  WPLUG_ENTER;
  Context& context = *regs.ctx;
  context.trap_pc = pc;
  context.trap_fp = regs.fp;
  context.consumed = context.slice_end - static_cast<uint64_t>(regs.fuel);
  context.exit_reason = static_cast<uint8_t>(ExitReason::thrown);
  WPLUG_LEAVE;
}

template <Raise (*F)(Regs&, const Cell*)>
WPLUG_HANDLER(throw_by) {
  WPLUG_ENTER;
  Raise result = F(regs, pc);
  if (result.what == Raised::caught) WPLUG_JUMP(result.pc);
  if (result.what == Raised::poll) WPLUG_TAIL_AT(poll, result.pc);
  if (result.what == Raised::trapped) WPLUG_TAIL(trap_exit);
  WPLUG_TAIL(throw_exit);
}

template <Raise (*F)(Regs&, const Cell*)>
struct ThrowBy {
  template <int I>
  static constexpr Handler* at() {
    return &throw_by<F>;
  }
};

}  // namespace

WPLUG_COLD_HANDLER(host_failed) {
  WPLUG_ENTER;
  Raise result = raise_host_error(regs, pc, false);
  if (result.what == Raised::caught) WPLUG_JUMP(result.pc);
  if (result.what == Raised::poll) WPLUG_TAIL_AT(poll, result.pc);
  WPLUG_TAIL(error_exit);
}

WPLUG_COLD_HANDLER(host_failed_tail) {
  WPLUG_ENTER;
  Raise result = raise_host_error(regs, pc, true);
  if (result.what == Raised::caught) WPLUG_JUMP(result.pc);
  if (result.what == Raised::poll) WPLUG_TAIL_AT(poll, result.pc);
  WPLUG_TAIL(error_exit);
}

HandlerTable exception_handlers(IrOp op) {
  switch (op) {
    case IrOp::throw_: return make_table<ThrowBy<throw_tag_at>, 1>();
    case IrOp::throw_ref: return make_table<ThrowBy<throw_ref_at>, 1>();
    default: return {};
  }
}

}  // namespace wplug
