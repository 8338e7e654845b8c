// The handlers as the lowering sees them: addresses by operation and places. Implemented by exec/, which owns the code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "interp/lower/cell.h"
#include "interp/lower/ir.h"

namespace wplug {

// Places of an instruction's operands: a machine register's number, or the slot (K or M), or the immediate (K + 1).
// The index of a handler in its operation's table counts through them, the last fastest, in the order of the shape:
//   binary           d a b          float compare    d a b          unary       d a
//   load             d a guard      load_wrapped     d a        load_indexed     d a b
//   store            a b guard      store_wrapped    a b        store_indexed    a b c
//   load_far         d a kind       store_far        a b kind          kind: FarKind
//   branch           a b charged    branch_float     a b negate charged
// Special operations: see handler_index in emit.cc.
// Rare combinations share a handler that is coded: its operands are location codes (lower/ir.h) in place of slots.
struct HandlerRef {
  const void* address;
  bool is_coded;
};
HandlerRef handler_of(IrOp op, uint32_t index);

// How a far access finds its memory; see exec/handlers_far.cc.
enum class FarKind : uint8_t { wide, shared, other, other_64, count_ };
inline constexpr uint32_t kFarKinds = static_cast<uint32_t>(FarKind::count_);

// The handler of FunctionCode::stub.
const void* lazy_handler();
// Counts the dispatch of the cell it stands in, and goes on in the cell's own handler.
const void* counting_handler();

struct HandlerName {
  IrOp op;
  uint32_t index;  // of a coded handler: of one of its combinations
  bool is_coded = false;
};
// What a handler's address is, for the printer and the checker.
std::optional<HandlerName> name_of_handler(const void* handler);
// The index of the combination of places that the instruction at `cell` has.
uint32_t index_at(const HandlerName& name, const Cell* cell);
// Cells of the instruction at `cell`, its handler included; 1 when the handler is none.
size_t cell_count(const Cell* cell);
size_t cell_count(const HandlerName& name, const Cell* cell);
// The operation at `cell` with its operands: "i32_add r0, s3, #5".
std::string print_operation(const HandlerName& name, const Cell* cell);

}  // namespace wplug
