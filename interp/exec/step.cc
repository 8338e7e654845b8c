#include "interp/exec/step.h"

#include "interp/exec/handlers.h"

namespace wplug {
namespace {

const Stepper* find_stepper(const Context& context, const Cell* pc) {
  for (const auto& stepper : context.steppers) {
    if (stepper->contains(pc)) return stepper.get();
  }
  return nullptr;
}

// The original handler of the copy's cell at `pc`, or null when the operation does not fit into the fuel any more.
const void* next_handler(Context& context, const Cell* pc, int64_t fuel) {
  const Stepper& stepper = *find_stepper(context, pc);
  size_t index = static_cast<size_t>(pc - stepper.cells.data());
  uint64_t executed = context.slice_end - static_cast<uint64_t>(fuel) + stepper.counts[index];
  return executed > context.fuel_stop ? nullptr : stepper.body->cells[index].handler;
}

WPLUG_COLD_HANDLER(step) {
  WPLUG_ENTER;
  const void* handler = next_handler(*regs.ctx, pc, regs.fuel);
  if (handler == nullptr) WPLUG_TRAP_NOW(out_of_fuel);
  auto* original = reinterpret_cast<Handler*>(reinterpret_cast<uintptr_t>(handler));
  WPLUG_TAIL(original);
}

std::shared_ptr<Stepper> make_stepper(const LoweredBody& body) {
  auto stepper = std::make_shared<Stepper>();
  stepper->body = &body;
  stepper->cells.assign(body.cells.begin(), body.cells.end());
  stepper->counts.assign(body.cells.size(), 0);
  CodeMap map = map_code(*body.function->module, body.function->index);
  for (const CodeMap::Entry& entry : map.entries) {
    if (entry.cell >= stepper->cells.size()) continue;
    stepper->counts[entry.cell] = entry.location.count;
    stepper->cells[entry.cell].handler = address_of(&step);
  }
  return stepper;
}

}  // namespace

const Cell* stepping_cell(Context& context, const Cell* pc) {
  if (find_stepper(context, pc) != nullptr) return pc;
  const LoweredBody* body = find_body(*context.instance->code, pc);
  if (body == nullptr) return nullptr;
  size_t index = static_cast<size_t>(pc - body->cells.data());
  for (const auto& stepper : context.steppers) {
    if (stepper->body == body) return &stepper->cells[index];
  }
  context.steppers.push_back(make_stepper(*body));
  return &context.steppers.back()->cells[index];
}

const Cell* original_cell(const Context& context, const Cell* pc) {
  const Stepper* stepper = find_stepper(context, pc);
  return stepper == nullptr ? pc : &stepper->body->cells[static_cast<size_t>(pc - stepper->cells.data())];
}

}  // namespace wplug
