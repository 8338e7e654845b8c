#include <cstdio>

#include "interp/lower/code.h"
#include "interp/lower/handlers.h"
#include "interp/lower/unwind_table.h"

namespace wplug {
namespace {

// Cells of an instruction, its handler included.
size_t cells_of(const HandlerName& name, const Cell* cell) {
  switch (info(name.op).shape) {
    case IrShape::int_ternary:
      return name.index % (kIntRegisters + 2) == kIntRegisters + 1 ? 3 : 2;
    case IrShape::float_binary:
      return name.index % (kFloatRegisters + 2) == kFloatRegisters + 1 ? 3 : 2;
    case IrShape::int_binary: case IrShape::int_shifted: case IrShape::float_ternary: case IrShape::load_wrapped: case IrShape::float_compare: case IrShape::unary: case IrShape::load:
    case IrShape::struct_get: case IrShape::struct_set: case IrShape::array_get: case IrShape::array_set:
      return 2;
    case IrShape::int_masked: case IrShape::load_indexed: case IrShape::store_indexed: case IrShape::branch_int: case IrShape::branch_float:
      return 3;
    case IrShape::load_far: case IrShape::store_far:
      return 3;
    case IrShape::branch_add:
    case IrShape::atomic:
      return 4;
    case IrShape::store:
      return info(name.op).d == RegClass::integer && name.index / 2 % (kIntRegisters + 2) == kIntRegisters + 1 ? 3 : 2;
    case IrShape::store_wrapped:
      return info(name.op).d == RegClass::integer && name.index % (kIntRegisters + 2) == kIntRegisters + 1 ? 3 : 2;
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
size_t cell_count(const HandlerName& name, const Cell* cell) { return cells_of(name, cell); }

uint32_t index_at(const HandlerName& name, const Cell* cell) {
  if (!name.is_coded) return name.index;
  const IrOpInfo& op = info(name.op);
  const auto& w = cell[1].slots;
  const auto place = [](RegClass c, uint32_t code) {
    if (c != RegClass::integer) return code >= kFloatLocation ? code - kFloatLocation : static_cast<uint32_t>(kFloatRegisters);
    return code >= kIntLocation ? code - kIntLocation : static_cast<uint32_t>(kIntRegisters);
  };
  const auto count = [](RegClass c) { return static_cast<uint32_t>(c == RegClass::integer ? kIntRegisters : kFloatRegisters) + 1; };
  const uint32_t k = count(RegClass::integer), d = place(op.d, w.d), a = place(op.a, w.a);
  // The last operand may also be an immediate, which the handler's number tells.
  const auto last = [&](uint32_t places, RegClass c, uint32_t code) {
    return name.index % (places + 1) == places ? places : place(c, code);
  };
  switch (op.shape) {
    case IrShape::int_binary: return (d * k + a) * (k + 1) + last(k, RegClass::integer, w.b);
    case IrShape::int_ternary:
      return ((d * k + a) * k + place(RegClass::integer, w.b)) * (k + 1) + last(k, RegClass::integer, w.c);
    case IrShape::int_shifted: return (d * k + a) * k + place(RegClass::integer, w.b);
    case IrShape::float_binary: return (d * count(op.a) + a) * (count(op.a) + 1) + last(count(op.a), op.a, w.b);
    case IrShape::float_compare: return (d * count(op.a) + a) * count(op.a) + place(op.a, w.b);
    case IrShape::unary: return d * count(op.a) + a;
    case IrShape::load: return (d * k + a) * 2 + name.index % 2;
    case IrShape::load_far: return (d * k + a) * kFarKinds + name.index % kFarKinds;
    case IrShape::store_far:
      return (place(RegClass::integer, w.d) * count(op.d) + place(op.d, w.a)) * kFarKinds + name.index % kFarKinds;
    case IrShape::vector_binary: return (d * count(op.a) + a) * (count(op.a) + 1) + last(count(op.a), op.a, w.b);
    case IrShape::vector_shift: return (d * count(op.a) + a) * (k + 1) + last(k, RegClass::integer, w.b);
    case IrShape::array_get: return (d * k + a) * k + place(RegClass::integer, w.b);
    case IrShape::array_set:
      return (place(RegClass::integer, w.d) * k + place(RegClass::integer, w.a)) * count(op.d) + place(op.d, w.b);
    default: return name.index;
  }
}

namespace {

// An operand by its place: a machine register, a slot, or a constant.
std::string operand(uint32_t place, RegClass reg_class, uint32_t slot, int64_t imm = 0) {
  const bool integer = reg_class == RegClass::integer;
  const uint32_t registers = static_cast<uint32_t>(integer ? kIntRegisters : kFloatRegisters);
  if (place < registers) return (integer ? "r" : "m") + std::to_string(place);
  return place == registers ? "s" + std::to_string(slot) : "#" + std::to_string(imm);
}

uint32_t places(RegClass reg_class) {
  return static_cast<uint32_t>(reg_class == RegClass::integer ? kIntRegisters : kFloatRegisters) + 1;
}

std::string arrow(const Cell& target) { return " -> " + std::to_string(target.branch.target); }

}  // namespace

std::string print_operation(const HandlerName& name, const Cell* cell) {
  const IrOpInfo& op = info(name.op);
  constexpr RegClass kInt = RegClass::integer;
  uint32_t i = index_at(name, cell);
  const uint32_t k = places(kInt), pa = places(op.a), pd = places(op.d);
  const Cell &w = cell[1], &x = cell[2];
  std::string text = std::string(op.name) + " ";
  switch (op.shape) {
    case IrShape::int_binary: {
      const bool constant = i % (k + 1) == k;
      return text + operand(i / (k * (k + 1)), kInt, w.slots.d) + ", " + operand(i / (k + 1) % k, kInt, w.slots.a) + ", " +
             operand(i % (k + 1), kInt, w.slots.b, constant ? static_cast<int32_t>(w.imm.imm) : 0);
    }
    case IrShape::int_shifted:
      return text + operand(i / (k * k), kInt, w.slots.d) + ", " + operand(i / k % k, kInt, w.slots.a) + ", " +
             operand(i % k, kInt, w.slots.b) + ", #" + std::to_string(w.slots.c);
    case IrShape::int_masked:
      return text + operand(i / k, kInt, w.imm.d) + ", " + operand(i % k, kInt, w.imm.a) + ", #" +
             std::to_string(x.word) + ", #" + std::to_string(w.imm.imm);
    case IrShape::int_ternary: {
      const bool constant = i % (k + 1) == k;
      return text + operand(i / (k * k * (k + 1)), kInt, w.slots.d) + ", " + operand(i / (k * (k + 1)) % k, kInt, w.slots.a) +
             ", " + operand(i / (k + 1) % k, kInt, w.slots.b) + ", " +
             operand(i % (k + 1), kInt, w.slots.c, constant ? static_cast<int64_t>(x.word) : 0);
    }
    case IrShape::float_ternary:
      return text + operand(i / (pa * pa * pa), op.d, w.slots.d) + ", " + operand(i / (pa * pa) % pa, op.a, w.slots.a) + ", " +
             operand(i / pa % pa, op.a, w.slots.b) + ", " + operand(i % pa, op.a, w.slots.c);
    case IrShape::float_binary:
      return text + operand(i / (pa * (pa + 1)), op.d, w.slots.d) + ", " + operand(i / (pa + 1) % pa, op.a, w.slots.a) + ", " +
             (i % (pa + 1) == pa ? "#constant" : operand(i % (pa + 1), op.a, w.slots.b));
    case IrShape::float_compare:
      return text + operand(i / (pa * pa), op.d, w.slots.d) + ", " + operand(i / pa % pa, op.a, w.slots.a) + ", " +
             operand(i % pa, op.a, w.slots.b);
    case IrShape::unary:
      return text + operand(i / pa, op.d, w.slots.d) + ", " + operand(i % pa, op.a, w.slots.a);
    case IrShape::load:
    case IrShape::load_wrapped:
      if (op.shape == IrShape::load) i /= 2;
      return text + operand(i / k, op.d, w.imm.d) + ", " + operand(i % k, kInt, w.imm.a) + "+" + std::to_string(w.imm.imm);
    case IrShape::load_indexed:
      return text + operand(i / (k * k), op.d, w.slots.d) + ", " + operand(i / k % k, kInt, w.slots.a) + "+" +
             operand(i % k, kInt, w.slots.b) + "<<" + std::to_string(w.slots.c) + "+" + std::to_string(x.half.low);
    case IrShape::store:
    case IrShape::store_wrapped: {
      const uint32_t b = op.d == kInt ? k + 1 : pd;
      if (op.shape == IrShape::store) i /= 2;
      return text + operand(i / b, kInt, w.imm.d) + "+" + std::to_string(w.imm.imm) + ", " +
             operand(i % b, op.d, w.imm.a, static_cast<int64_t>(op.d == kInt && i % b == k ? x.word : 0));
    }
    case IrShape::store_indexed:
      return text + operand(i / (k * pd), kInt, w.slots.d) + "+" + operand(i / pd % k, kInt, w.slots.a) + "<<" +
             std::to_string(w.slots.c) + "+" + std::to_string(x.half.low) + ", " + operand(i % pd, op.d, w.slots.b);
    case IrShape::branch_int: {
      const bool constant = i / 2 % (k + 1) == k;
      return text + operand(i / (2 * (k + 1)), kInt, w.slots.d) + ", " +
             operand(i / 2 % (k + 1), kInt, w.slots.a, constant ? static_cast<int32_t>(w.imm.imm) : 0) + arrow(x);
    }
    case IrShape::branch_add:
      return text + operand(i / (k + 1), kInt, w.imm.d) + " += " + std::to_string(static_cast<int32_t>(w.imm.imm)) + ", " +
             operand(i % (k + 1), kInt, w.imm.a, static_cast<int64_t>(x.word)) + arrow(cell[3]);
    default:
      break;
  }
  if (name.op == IrOp::move) {
    return text + operand(i / (k + 1), kInt, w.imm.d) + ", " +
           operand(i % (k + 1), kInt, w.imm.a, static_cast<int32_t>(w.imm.imm));
  }
  if (name.op == IrOp::move_pair) {
    return text + operand(i / (k * k * k), kInt, w.slots.d) + ", " + operand(i / (k * k) % k, kInt, w.slots.a) + "; " +
           operand(i / k % k, kInt, w.slots.b) + ", " + operand(i % k, kInt, w.slots.c);
  }
  text += "#" + std::to_string(i);
  for (size_t at = 1; at < cells_of(name, cell) && at < 6; ++at) {
    char word[64];
    std::snprintf(word, sizeof word, " [%u %u %u %u]", cell[at].slots.d, cell[at].slots.a, cell[at].slots.b, cell[at].slots.c);
    text += word;
  }
  return text;
}

std::string print_code(ModuleCode& module, uint32_t index) {
  std::string text;
  const LoweredBody* body = module.function(index).body;
  if (body == nullptr) return text;
  text = "function " + std::to_string(index) + " " + module.function_name(index) + ": " +
         std::to_string(module.function(index).frame_slots.load()) + " slots, " + std::to_string(body->cells.size()) +
         " cells\n";
  for (size_t at = 0; at < body->cells.size();) {
    const Cell* cell = &body->cells[at];
    const std::optional<HandlerName> name = name_of_handler(handler_at(*body, at));
    char number[24];
    std::snprintf(number, sizeof number, "%6zu  ", at);
    text += number + (name ? print_operation(*name, cell) : std::string("?")) + "\n";
    at += name ? cells_of(*name, cell) : 1;
  }
  return body->unwind == nullptr ? text : text + body->unwind->to_string();
}

}  // namespace wplug
