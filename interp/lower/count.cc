#include "interp/lower/code.h"
#include "interp/lower/handlers.h"

namespace wplug {

namespace {

// Puts `handler` in front of every operation's own, which `counted` keeps.
void stand_before_all(LoweredBody& body, const void* handler) {
  body.counted.resize(body.cells.size());
  for (size_t at = 0; at < body.cells.size();) {
    const size_t cells = cell_count(&body.cells[at]);
    body.counted[at].handler = body.cells[at].handler;
    body.cells[at].handler = handler;
    at += cells;
  }
}

FrameEffect effect_of(IrOp op) {
  switch (op) {
    case IrOp::return_void:
    case IrOp::return_value:
    case IrOp::return_float:
    case IrOp::return_slots:
      return FrameEffect::returns;
    case IrOp::return_call:
    case IrOp::return_call_import:
    case IrOp::return_call_indirect:
    case IrOp::return_call_ref:
      return FrameEffect::tail_calls;
    default:
      return FrameEffect::stays;
  }
}

}  // namespace

void count_dispatches(LoweredBody& body) { stand_before_all(body, counting_handler()); }

void trace_calls(LoweredBody& body, const CodeMap& map) {
  stand_before_all(body, profiling_handler());
  body.traced.resize(body.cells.size());
  for (const CodeMap::Entry& entry : map.entries) {
    if (entry.cell >= body.traced.size()) continue;
    body.traced[entry.cell].executed = entry.location.count;
    if (const std::optional<HandlerName> name = name_of_handler(body.counted[entry.cell].handler)) {
      body.traced[entry.cell].effect = effect_of(name->op);
    }
  }
}

const void* handler_at(const LoweredBody& body, size_t cell) {
  return body.counted.empty() ? body.cells[cell].handler : body.counted[cell].handler;
}

std::vector<DispatchCount> dispatch_counts(ModuleCode& module) {
  std::vector<DispatchCount> result;
  for (uint32_t index = module.def.imported_functions; index < module.def.functions.size(); ++index) {
    const LoweredBody* body = module.function(index).body;
    if (body == nullptr || body->counted.empty()) continue;
    for (size_t at = 0; at < body->cells.size();) {
      const std::optional<HandlerName> name = name_of_handler(handler_at(*body, at));
      const size_t cells = name ? cell_count(*name, &body->cells[at]) : 1;
      DispatchCount& entry = result.emplace_back();
      entry.function = index;
      entry.cell = static_cast<uint32_t>(at);
      entry.cells = static_cast<uint32_t>(cells);
      entry.operation = name ? info(name->op).name : "?";
      entry.text = name ? print_operation(*name, &body->cells[at]) : "?";
      entry.count = body->counted[at].count;
      at += cells;
    }
  }
  return result;
}

}  // namespace wplug
