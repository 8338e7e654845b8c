#include <algorithm>
#include <vector>

#include "interp/exec/handlers.h"
#include "interp/lower/handlers.h"

namespace wplug {
namespace {

HandlerTable find_table(IrOp op) {
  for (auto* part : {int_handlers, int_branch_handlers, float_handlers, unary_handlers, load_handlers, store_handlers,
                     far_load_handlers, far_store_handlers, atomic_handlers, value_handlers, control_handlers, call_handlers,
                     bulk_handlers, vector_handlers, vector_unary_handlers, reference_handlers, object_handlers,
                     exception_handlers}) {
    const HandlerTable table = part(op);
    if (!table.empty()) return table;
  }
  return {};
}

[[maybe_unused]] std::array<HandlerTable, kIrOpCount> make_tables() {
  std::array<HandlerTable, kIrOpCount> tables;
  for (size_t i = 0; i < kIrOpCount; ++i) tables[i] = find_table(static_cast<IrOp>(i));
  return tables;
}

struct ByAddress {
  const void* handler;
  HandlerName name;
};

std::vector<ByAddress> sorted_by_address() {
  std::vector<ByAddress> all;
  for (size_t i = 0; i < kIrOpCount; ++i) {
    HandlerTable table = handlers_of(static_cast<IrOp>(i));
    for (uint32_t k = 0; k < table.size(); ++k) all.push_back({table[k], {static_cast<IrOp>(i), k}});
  }
  std::sort(all.begin(), all.end(), [](const ByAddress& a, const ByAddress& b) {
    return std::pair(a.handler, std::pair(a.name.op, a.name.index)) < std::pair(b.handler, std::pair(b.name.op, b.name.index));
  });
  return all;
}

}  // namespace

std::span<const void* const> handlers_of(IrOp op) {
  if constexpr (kProfile == Profile::small) {
    return find_table(op);  // the tables of tables would take 8 KiB of memory
  } else {
    static const std::array<HandlerTable, kIrOpCount> tables = make_tables();
    return tables[static_cast<size_t>(op)];
  }
}

std::optional<HandlerName> name_of_handler(const void* handler) {
  static const std::vector<ByAddress> all = sorted_by_address();
  auto at = std::lower_bound(all.begin(), all.end(), handler, [](const ByAddress& a, const void* h) { return a.handler < h; });
  if (at == all.end() || at->handler != handler) return std::nullopt;
  return at->name;
}

}  // namespace wplug
