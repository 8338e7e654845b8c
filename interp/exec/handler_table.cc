#include <algorithm>
#include <vector>

#include "interp/exec/handlers.h"
#include "interp/lower/handlers.h"

namespace wplug {
namespace {

std::array<HandlerTable, kIrOpCount> make_tables() {
  std::array<HandlerTable, kIrOpCount> tables;
  for (size_t i = 0; i < kIrOpCount; ++i) {
    for (auto* part : {int_handlers, int_branch_handlers, float_handlers, unary_handlers, load_handlers, store_handlers,
                       far_load_handlers, far_store_handlers, atomic_handlers, value_handlers, control_handlers, call_handlers,
                       bulk_handlers, vector_handlers, vector_unary_handlers, reference_handlers, object_handlers,
                       exception_handlers}) {
      tables[i] = part(static_cast<IrOp>(i));
      if (!tables[i].empty()) break;
    }
  }
  return tables;
}

const std::array<HandlerTable, kIrOpCount>& tables() {
  static const std::array<HandlerTable, kIrOpCount> all = make_tables();
  return all;
}

struct ByAddress {
  const void* handler;
  HandlerName name;
};

std::vector<ByAddress> sorted_by_address() {
  std::vector<ByAddress> all;
  for (size_t i = 0; i < kIrOpCount; ++i) {
    const size_t count = tables()[i].handlers.size();
    for (uint32_t k = 0; k < count; ++k) {
      const HandlerRef ref = handler_of(static_cast<IrOp>(i), k);
      all.push_back({ref.address, {static_cast<IrOp>(i), k, ref.is_coded}});
    }
  }
  std::sort(all.begin(), all.end(), [](const ByAddress& a, const ByAddress& b) {
    return std::pair(a.handler, std::pair(a.name.op, a.name.index)) < std::pair(b.handler, std::pair(b.name.op, b.name.index));
  });
  return all;
}

}  // namespace

HandlerRef handler_of(IrOp op, uint32_t index) {
  const HandlerTable& table = tables()[static_cast<size_t>(op)];
  return {address_of(table.handlers[index]), (table.coded[index / 64] >> index % 64 & 1) != 0};
}

std::optional<HandlerName> name_of_handler(const void* handler) {
  static const std::vector<ByAddress> all = sorted_by_address();
  auto at = std::lower_bound(all.begin(), all.end(), handler, [](const ByAddress& a, const void* h) { return a.handler < h; });
  if (at == all.end() || at->handler != handler) return std::nullopt;
  return at->name;
}

}  // namespace wplug
