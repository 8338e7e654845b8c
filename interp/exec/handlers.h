// Building handler tables: one array of addresses per operation, in the order lower/handlers.h gives.
#pragma once

#include <array>
#include <span>
#include <utility>

#include "interp/exec/dispatch.h"

namespace wplug {

using HandlerTable = std::span<const void* const>;

WPLUG_INLINE const void* address_of(Handler* handler) { return reinterpret_cast<const void*>(handler); }

// Each file of handlers answers for its operations and gives an empty span for others.
HandlerTable int_handlers(IrOp op);
HandlerTable int_branch_handlers(IrOp op);
HandlerTable float_handlers(IrOp op);
HandlerTable unary_handlers(IrOp op);
HandlerTable load_handlers(IrOp op);
HandlerTable store_handlers(IrOp op);
HandlerTable far_load_handlers(IrOp op);
HandlerTable far_store_handlers(IrOp op);
HandlerTable atomic_handlers(IrOp op);
HandlerTable value_handlers(IrOp op);
HandlerTable control_handlers(IrOp op);
HandlerTable call_handlers(IrOp op);
HandlerTable bulk_handlers(IrOp op);
HandlerTable vector_handlers(IrOp op);
HandlerTable vector_unary_handlers(IrOp op);
HandlerTable reference_handlers(IrOp op);
HandlerTable object_handlers(IrOp op);
HandlerTable exception_handlers(IrOp op);

// A table of Maker::at<I>() for I in 0..N-1.
template <class Maker, int N>
HandlerTable make_table() {
  static const std::array<const void*, N> table = []<size_t... I>(std::index_sequence<I...>) {
    return std::array<const void*, N>{address_of(Maker::template at<static_cast<int>(I)>())...};
  }(std::make_index_sequence<N>{});
  return table;
}

}  // namespace wplug
