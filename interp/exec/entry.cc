// From the host into guest code and back.
#include "interp/exec/entry.h"

#include <algorithm>
#include <cstring>

#include "interp/exec/profile.h"
#include "interp/exec/run.h"
#include "interp/exec/step.h"
#include "interp/lower/handlers.h"
#include "wplug/trap.h"

namespace wplug {
namespace {

constexpr size_t kBacktraceHead = 32, kBacktraceTail = 16;

// Where a frame stands: its function and the cell in it.
struct Position {
  const FunctionCode* function = nullptr;
  uint32_t cell = 0;
};

Position locate(const Context& context, InstanceImpl* instance, const Cell* pc) {
  if (pc == nullptr || instance == nullptr) return {};
  pc = original_cell(context, pc);
  if (pc->handler == lazy_handler()) return {static_cast<const FunctionCode*>(pc[1].pointer), 0};
  const LoweredBody* body = find_body(*instance->code, pc);
  if (body == nullptr) return {};
  return {body->function, static_cast<uint32_t>(pc - body->cells.data())};
}

Frame make_frame(const Position& position) {
  ModuleCode& module = *position.function->module;
  Frame frame;
  frame.module = module.module_name();
  frame.function_index = position.function->index;
  frame.function = module.function_name(frame.function_index);
  frame.offset = map_code(module, frame.function_index).at(position.cell).offset;
  return frame;
}

// Walks the frames from where the run stopped to its entry. Return addresses stand after their call: the cell before is the call's.
std::vector<Position> walk(Context& context, size_t transitions_at_entry) {
  std::vector<Position> positions;
  InstanceImpl* instance = context.instance;
  size_t transition = context.transitions.size();
  const Cell* pc = context.trap_pc;
  Slot* fp = context.trap_fp;
  while (pc != exit_cell()) {
    bool is_return = !positions.empty();
    if (pc == cross_return_cell() && transition > transitions_at_entry) {
      const Context::Transition& back = context.transitions[--transition];
      instance = back.instance;
      pc = back.return_pc;
      if (pc == exit_cell()) break;
    }
    Position position = locate(context, instance, is_return ? pc - 1 : pc);
    if (position.function == nullptr) break;
    positions.push_back(position);
    const Slot* header = fp + position.function->param_slots;
    pc = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
    fp = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
  }
  return positions;
}

std::vector<Frame> backtrace(const std::vector<Position>& positions) {
  std::vector<Frame> frames;
  size_t n = positions.size();
  for (size_t i = 0; i < n; ++i) {
    if (n > kBacktraceHead + kBacktraceTail && i == kBacktraceHead) {
      Frame gap;
      gap.function = "… " + std::to_string(n - kBacktraceHead - kBacktraceTail) + " more frames …";
      frames.push_back(std::move(gap));
      i = n - kBacktraceTail;
    }
    frames.push_back(make_frame(positions[i]));
  }
  return frames;
}

// Instructions since the last settling point where the run stopped.
uint64_t unsettled(const Context& context, const std::vector<Position>& positions) {
  if (positions.empty() || !positions[0].function->module->config.metering) return 0;
  CodeMap map = map_code(*positions[0].function->module, positions[0].function->index);
  return context.stopped_at_target ? map.count_at_target(positions[0].cell) : map.at(positions[0].cell).count;
}

Error with_backtrace(Error error, std::vector<Frame> frames) {
  switch (error.kind()) {
    case ErrorKind::exit:
      return error;
    case ErrorKind::trap:
      if (!error.trap()->backtrace().empty()) return error;
      return Error(error.trap()->with_backtrace(std::move(frames)));
    case ErrorKind::limit:
      return Error(Trap(TrapKind::host_error, error.message(), std::move(frames)));
    default:
      return Error(Trap(TrapKind::host_error, error.message(), std::move(frames)));
  }
}

Error make_error(Context& context, size_t transitions_at_entry) {
  std::vector<Position> positions = walk(context, transitions_at_entry);
  auto kind = static_cast<TrapKind>(context.trap_kind);
  auto reason = static_cast<ExitReason>(context.exit_reason);
  bool failed = reason == ExitReason::failed;
  // A host call settles everything, and so does the call that a function's lowering failed in.
  if (!failed) context.consumed += unsettled(context, positions);
  if (reason == ExitReason::trapped && kind == TrapKind::out_of_fuel) context.consumed = context.fuel_stop;
  context.stopped_at_target = false;
  std::vector<Frame> frames = backtrace(positions);
  if (reason != ExitReason::trapped) return with_backtrace(std::move(*std::exchange(context.host_error, nullptr)), std::move(frames));
  return Error(Trap(kind, std::string(to_string(kind)), std::move(frames)));
}

Result<void> call_host_directly(StoreImpl& store, FuncInstance& function, Slot* slots) {
  Caller caller(store.owner, &store, nullptr);
  return function.host(function.env, caller, slots);
}

}  // namespace

bool invoke_host(Context& context, const FuncInstance& function, const Cell* pc, Slot* fp, Slot* slots) {
  Slot* saved_top = context.stack_top;
  uint64_t fuel_stop = context.fuel_stop;
  context.stack_top = slots + std::max(function.type->param_slots, function.type->result_slots);
  context.trap_pc = pc;
  context.trap_fp = fp;
  InstanceImpl* instance = context.instance;
  Caller caller(context.store->owner, context.store, instance);
  Heap& heap = context.store->heap;
  const size_t kept = heap.kept();
  Result<void> result = function.host(function.env, caller, slots);
  if (heap.kept() != kept) heap.release_to(kept);
  context.stack_top = saved_top;
  if (context.fuel_stop != fuel_stop) end_slice(context);
  refresh_memory(context);
  if (result.ok()) return true;
  context.host_error = std::make_unique<Error>(std::move(result).error());
  return false;
}

Result<void> call_function(StoreImpl& store, FuncInstance& function, Slot* slots) {
  if (function.code == nullptr) return call_host_directly(store, function, slots);
  Context& context = store.context;
  FunctionCode& code = *function.code;
  if (context.reentry >= store.limits.host_reentry) return Error(Trap(TrapKind::call_stack_exhausted));
  const Cell* entry = code.entry.load(std::memory_order_acquire);
  Slot* fp = context.stack_top;
  size_t room = static_cast<size_t>(context.stack_limit - fp);
  if (code.frame_slots.load(std::memory_order_relaxed) > room) return Error(Trap(TrapKind::call_stack_exhausted));

  std::memcpy(fp, slots, code.param_slots * sizeof(Slot));
  fp[code.param_slots + kHeaderReturnPc] = reinterpret_cast<uintptr_t>(exit_cell());
  fp[code.param_slots + kHeaderCallerFp] = 0;
  InstanceImpl* caller_instance = context.instance;
  size_t transitions = context.transitions.size();
  if (caller_instance != function.instance) load_instance(context, function.instance);
  ++context.reentry;
  run(entry, fp, context);
  --context.reentry;
  bool finished = static_cast<ExitReason>(context.exit_reason) == ExitReason::finished;
  Result<void> result;
  if (finished) {
    std::memcpy(slots, fp, code.result_slots * sizeof(Slot));
  } else {
    result = make_error(context, transitions);
    if (code.module->config.profile_calls) profile_stopped(context, code, fp);
    context.transitions.resize(transitions);
  }
  if (context.instance != caller_instance) load_instance(context, caller_instance);
  if (context.reentry == 0) context.steppers.clear();
  return result;
}

}  // namespace wplug
