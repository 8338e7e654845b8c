// Counting dispatches, for those who tune the engine: every operation's handler is count_dispatch, which remembers the real one.
#include "interp/exec/handlers.h"
#include "interp/exec/step.h"

namespace wplug {
namespace {

const void* count_and_find(Context& context, const Cell* pc) {
  pc = original_cell(context, pc);
  if (context.counted == nullptr || !context.counted->contains(pc)) {
    context.counted = find_body(*context.instance->code, pc);
  }
  LoweredBody::Counted& counted = context.counted->counted[static_cast<size_t>(pc - context.counted->cells.data())];
  ++counted.count;
  return counted.handler;
}

WPLUG_COLD_HANDLER(count_dispatch) {
  WPLUG_ENTER;
  const void* handler = count_and_find(*regs.ctx, pc);
  auto* original = reinterpret_cast<Handler*>(reinterpret_cast<uintptr_t>(handler));
  WPLUG_TAIL(original);
}

}  // namespace

const void* counting_handler() { return address_of(&count_dispatch); }

}  // namespace wplug
