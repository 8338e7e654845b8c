// Building handler tables: one array of addresses per operation, in the order lower/handlers.h gives.
#pragma once

#include <array>
#include <span>
#include <utility>

#include "interp/exec/dispatch.h"

namespace wplug {

WPLUG_INLINE const void* address_of(Handler* handler) { return reinterpret_cast<const void*>(handler); }

struct HandlerTable {
  std::span<Handler* const> handlers;
  const uint64_t* coded = nullptr;  // a bit for each: operands are location codes

  bool empty() const { return handlers.empty(); }
};

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

// Whether a place is a register from the third on: the allocation fills registers from the first on, so these are for loops with many values.
constexpr bool is_late_register(int place, int registers) { return place >= 2 && place < registers; }

// A table of Maker::at<I>() for I in 0..N-1. A maker may say with is_coded(I) that one handler stands for several combinations of places, and
// finds its operands by location codes.
template <class Maker, int N>
struct TableOf {
  static constexpr auto handlers = []<size_t... I>(std::index_sequence<I...>) {
    return std::array<Handler*, N>{Maker::template at<static_cast<int>(I)>()...};
  }(std::make_index_sequence<N>{});
  static constexpr auto coded = [] {
    std::array<uint64_t, (N + 63) / 64> bits{};
    if constexpr (requires { Maker::is_coded(0); }) {
      for (int i = 0; i < N; ++i) bits[static_cast<size_t>(i) / 64] |= uint64_t{Maker::is_coded(i)} << i % 64;
    }
    return bits;
  }();
};

template <class Maker, int N>
HandlerTable make_table() {
  return {TableOf<Maker, N>::handlers, TableOf<Maker, N>::coded.data()};
}

}  // namespace wplug
