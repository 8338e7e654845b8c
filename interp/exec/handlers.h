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

// A table of Maker::at<I>() for I in 0..N-1. The compilers make it a constant: no code runs for it, which would be larger than the tables.
template <class Maker, class Sequence>
struct ConstantTable;
template <class Maker, int... I>
struct ConstantTable<Maker, std::integer_sequence<int, I...>> {
  static inline const void* const entries[] = {reinterpret_cast<const void*>(Maker::template at<I>())...};
};
template <class Maker, int N>
HandlerTable make_table() {
  return ConstantTable<Maker, std::make_integer_sequence<int, N>>::entries;
}

}  // namespace wplug
