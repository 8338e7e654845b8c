#include <cstdio>

#include "interp/lower/code.h"
#include "interp/lower/handlers.h"
#include "interp/lower/unwind_table.h"

namespace wplug {
namespace {

// Cells of an instruction, its handler included.
size_t cells_of(const HandlerName& name, const Cell* cell) {
  switch (info(name.op).shape) {
    case IrShape::int_binary: case IrShape::int_shifted: case IrShape::float_binary: case IrShape::float_compare: case IrShape::unary: case IrShape::load:
    case IrShape::struct_get: case IrShape::struct_set: case IrShape::array_get: case IrShape::array_set:
      return 2;
    case IrShape::int_masked: case IrShape::load_indexed: case IrShape::store_indexed: case IrShape::branch_int: case IrShape::branch_float:
      return 3;
    case IrShape::load_far: case IrShape::store_far:
      return 3;
    case IrShape::atomic:
      return 4;
    case IrShape::store:
      return info(name.op).d == RegClass::integer && name.index / 2 % (kIntRegisters + 2) == kIntRegisters + 1 ? 3 : 2;
    case IrShape::vector_binary:
      return name.index % (kFloatRegisters + 2) == kFloatRegisters + 1 ? 4 : 2;
    case IrShape::vector_shift:
      return 2;
    case IrShape::vector_any:
      return name.op == IrOp::i8x16_shuffle ? 6 : 2;
    case IrShape::special:
      break;
  }
  switch (name.op) {
    case IrOp::ref_test: case IrOp::ref_cast: case IrOp::call_ref:
    case IrOp::const_64: case IrOp::const_float: case IrOp::return_slots: case IrOp::call: case IrOp::call_import:
    case IrOp::throw_:
      return 3;
    case IrOp::const_vector:
    case IrOp::table_copy: case IrOp::table_init: case IrOp::table_fill: case IrOp::table_grow: case IrOp::memory_copy: case IrOp::memory_init:
    case IrOp::memory_fill:
    case IrOp::return_call_ref:
    case IrOp::call_indirect: case IrOp::return_call: case IrOp::return_call_import:
      return 4;
    case IrOp::return_call_indirect:
      return 5;
    case IrOp::br_table:
      return 3 + cell[1].imm.imm;
    default:
      return is_object_operation(name.op) ? 4 : 2;
  }
}

}  // namespace

size_t cell_count(const Cell* cell) {
  std::optional<HandlerName> name = name_of_handler(cell->handler);
  return name ? cells_of(*name, cell) : 1;
}

std::string print_code(ModuleCode& module, uint32_t index) {
  std::string text;
  const LoweredBody* body = module.function(index).body;
  if (body == nullptr) return text;
  char line[160];
  std::snprintf(line, sizeof line, "function %u %s: %u slots, %zu cells\n", index, module.function_name(index).c_str(),
                module.function(index).frame_slots.load(), body->cells.size());
  text += line;
  for (size_t at = 0; at < body->cells.size();) {
    const Cell* cell = &body->cells[at];
    std::optional<HandlerName> name = name_of_handler(cell->handler);
    size_t count = cell_count(cell);
    std::snprintf(line, sizeof line, "%6zu  %s#%u", at, name ? info(name->op).name : "?", name ? name->index : 0);
    text += line;
    for (size_t i = 1; i < count && at + i < body->cells.size(); ++i) {
      const Cell& word = cell[i];
      std::snprintf(line, sizeof line, "  [%u %u %u %u]", word.slots.d, word.slots.a, word.slots.b, word.slots.c);
      text += line;
    }
    text += '\n';
    at += count;
  }
  return body->unwind == nullptr ? text : text + body->unwind->to_string();
}

}  // namespace wplug
