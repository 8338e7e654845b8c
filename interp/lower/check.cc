// State: for each location (slot or machine register) the virtual register whose current value it holds, if any. An instruction may read a
// virtual register only from a location that holds it. A definition puts the register into its location and makes every other copy stale.
// A call makes machine registers and the slots from its arguments on unknown, and defines its results. Where ways meet, what they
// agree on remains. Blocks are followed to a fixed point, then every use is checked once. A vector at home is in two slots, the second of which
// holds the register's number with kUpperHalf. From an instruction that may throw a way leads to its try block, on which nothing is left in
// machine registers, and from there to the handlers, which find their values in slots.
#include "interp/lower/check.h"

#include <algorithm>
#include <optional>

#include "interp/lower/handlers.h"
#include "interp/lower/liveness.h"

namespace wplug {
namespace {

constexpr uint32_t kNothing = 0xffffffff;
constexpr uint32_t kUpperHalf = 0x80000000;
constexpr uint64_t kLargestState = 64'000'000;  // locations times blocks; larger functions are not checked

// What an instruction's cells say: locations of its operands.
struct Decoded {
  IrOp op = IrOp::count_;
  uint32_t d = kNothing, a = kNothing, b = kNothing, c = kNothing;
  bool immediate = false;
  uint32_t cells = 1;
};

class Checker {
 public:
  Checker(ModuleCode& module, const IrFunction& function, const Allocation& allocation, const std::vector<Cell>& cells,
          const std::vector<uint32_t>& starts)
      : module_(module), function_(function), allocation_(allocation), cells_(cells), starts_(starts) {
    slots_ = function.frame_slots + 64;
    locations_ = slots_ + static_cast<uint32_t>(kIntRegisters + kFloatRegisters);
  }

  Result<void> run();

 private:
  using State = std::vector<uint32_t>;

  uint32_t int_location(uint32_t place, uint32_t slot) const {
    return place < static_cast<uint32_t>(kIntRegisters) ? slots_ + place : slot;
  }
  uint32_t float_location(uint32_t place, uint32_t slot) const {
    return place < static_cast<uint32_t>(kFloatRegisters) ? slots_ + static_cast<uint32_t>(kIntRegisters) + place : slot;
  }
  // Of an operand of a vector_any operation, by its code.
  uint32_t coded_location(uint32_t code) const {
    if (code >= kFloatLocation) return float_location(code - kFloatLocation, 0);
    return code >= kIntLocation ? int_location(code - kIntLocation, 0) : code;
  }
  bool is_vector(uint32_t vreg) const { return function_.vregs[vreg].reg_class == RegClass::vector; }
  uint32_t location(RegClass c, uint32_t place, uint32_t slot) const {
    return c == RegClass::integer ? int_location(place, slot) : float_location(place, slot);
  }

  Decoded decode(uint32_t at) const;
  void decode_special(Decoded& out, uint32_t index, const Cell* cell) const;
  State entry_state();
  void run_ir(uint32_t index, State& state, bool check);
  void copy_vector(const Decoded& decoded, State& state);
  void copy_cell(const Decoded& decoded, State& state, uint32_t index);
  void use(const State& state, uint32_t location, uint32_t vreg, uint32_t index);
  void define(State& state, uint32_t location, uint32_t vreg, uint32_t index);
  void slot_operands(const State& state, uint32_t index);
  void call(const Ir& ir, State& state, uint32_t index);
  bool copy_in_place(uint32_t index, State& state);
  bool pair_move(uint32_t index, State& state);
  bool add_branch(uint32_t index, State& state);
  State thrown(const Ir& ir, State state) const;
  State caught(const CatchTarget& handler, State state) const;
  void fail(uint32_t index, const std::string& what);

  ModuleCode& module_;
  const IrFunction& function_;
  const Allocation& allocation_;
  const std::vector<Cell>& cells_;
  const std::vector<uint32_t>& starts_;
  uint32_t slots_ = 0, locations_ = 0;
  std::optional<std::string> failure_;
  bool checking_ = false;
};

Decoded Checker::decode(uint32_t at) const {
  Decoded out;
  const Cell* cell = &cells_[at];
  std::optional<HandlerName> name = name_of_handler(cell->handler);
  if (!name) return out;
  out.op = name->op;
  out.cells = static_cast<uint32_t>(cell_count(cell));
  const IrOpInfo& op = info(name->op);
  uint32_t i = index_at(*name, cell);
  const uint32_t a_places = kIntRegisters + 1, b_places = kIntRegisters + 2, f_places = kFloatRegisters + 1;
  auto places = [&](RegClass c) { return c == RegClass::integer ? a_places : f_places; };
  const auto& s = cell[1].slots;
  switch (op.shape) {
    case IrShape::int_binary:
      out.d = int_location(i / (a_places * b_places), s.d);
      out.a = int_location(i / b_places % a_places, s.a);
      out.immediate = i % b_places == a_places;
      if (!out.immediate) out.b = int_location(i % b_places, s.b);
      return out;
    case IrShape::int_shifted:
      out.d = int_location(i / (a_places * a_places), s.d);
      out.a = int_location(i / a_places % a_places, s.a);
      out.b = int_location(i % a_places, s.b);
      return out;
    case IrShape::int_masked:
      out.d = int_location(i / a_places, s.d);
      out.a = int_location(i % a_places, s.a);
      return out;
    case IrShape::int_ternary:
      out.d = int_location(i / (a_places * a_places * b_places), s.d);
      out.a = int_location(i / (a_places * b_places) % a_places, s.a);
      out.b = int_location(i / b_places % a_places, s.b);
      out.immediate = i % b_places == a_places;
      if (!out.immediate) out.c = int_location(i % b_places, s.c);
      return out;
    case IrShape::float_ternary:
      out.d = float_location(i / (f_places * f_places * f_places), s.d);
      out.a = float_location(i / (f_places * f_places) % f_places, s.a);
      out.b = float_location(i / f_places % f_places, s.b);
      out.c = float_location(i % f_places, s.c);
      return out;
    case IrShape::float_binary:
      out.d = float_location(i / (f_places * (f_places + 1)), s.d);
      out.a = float_location(i / (f_places + 1) % f_places, s.a);
      out.immediate = i % (f_places + 1) == f_places;
      if (!out.immediate) out.b = float_location(i % (f_places + 1), s.b);
      return out;
    case IrShape::float_compare:
      out.d = location(op.d, i / (f_places * f_places), s.d);
      out.a = float_location(i / f_places % f_places, s.a);
      out.b = float_location(i % f_places, s.b);
      return out;
    case IrShape::unary:
      out.d = location(op.d, i / places(op.a), s.d);
      out.a = location(op.a, i % places(op.a), s.a);
      return out;
    case IrShape::load:
    case IrShape::load_wrapped:
      if (op.shape == IrShape::load) i /= 2;
      out.d = location(op.d, i / a_places, s.d);
      out.a = int_location(i % a_places, s.a);
      return out;
    case IrShape::load_indexed:
      out.d = location(op.d, i / (a_places * a_places), s.d);
      out.a = int_location(i / a_places % a_places, s.a);
      out.b = int_location(i % a_places, s.b);
      return out;
    case IrShape::store:
    case IrShape::store_wrapped: {
      uint32_t value_places = op.d == RegClass::integer ? b_places : f_places;
      if (op.shape == IrShape::store) i /= 2;
      out.a = int_location(i / value_places, s.d);
      uint32_t place = i % value_places;
      out.immediate = op.d == RegClass::integer && place == a_places;
      if (!out.immediate) out.b = location(op.d, place, s.a);
      return out;
    }
    case IrShape::store_indexed:
      out.a = int_location(i / (a_places * places(op.d)), s.d);
      out.b = int_location(i / places(op.d) % a_places, s.a);
      out.c = location(op.d, i % places(op.d), s.b);
      return out;
    case IrShape::load_far:
      out.d = location(op.d, i / (kFarKinds * a_places), s.d);
      out.a = int_location(i / kFarKinds % a_places, s.a);
      return out;
    case IrShape::store_far:
      out.a = int_location(i / (kFarKinds * places(op.d)), s.d);
      out.b = location(op.d, i / kFarKinds % places(op.d), s.a);
      return out;
    case IrShape::atomic:
      out.d = s.d;
      out.a = s.a;
      out.b = s.b;
      out.c = s.c;
      return out;
    case IrShape::branch_int:
      out.a = int_location(i / (2 * b_places), s.d);
      out.immediate = i / 2 % b_places == a_places;
      if (!out.immediate) out.b = int_location(i / 2 % b_places, s.a);
      return out;
    case IrShape::branch_add:
      out.d = out.a = int_location(i / b_places, s.d);
      out.immediate = i % b_places == a_places;
      if (!out.immediate) out.b = int_location(i % b_places, s.a);
      return out;
    case IrShape::branch_float:
      out.a = float_location(i / (4 * f_places), s.d);
      out.b = float_location(i / 4 % f_places, s.a);
      return out;
    case IrShape::vector_binary:
      out.d = float_location(i / (f_places * (f_places + 1)), s.d);
      out.a = float_location(i / (f_places + 1) % f_places, s.a);
      out.immediate = i % (f_places + 1) == f_places;
      if (!out.immediate) out.b = float_location(i % (f_places + 1), s.b);
      return out;
    case IrShape::vector_shift:
      out.d = float_location(i / (f_places * b_places), s.d);
      out.a = float_location(i / b_places % f_places, s.a);
      out.immediate = i % b_places == a_places;
      if (!out.immediate) out.b = int_location(i % b_places, s.b);
      return out;
    case IrShape::vector_any:
      out.d = coded_location(s.d);
      out.a = coded_location(s.a);
      out.b = coded_location(s.b);
      out.c = coded_location(s.c);
      return out;
    case IrShape::struct_get:
      out.d = location(op.d, i / a_places, s.d);
      out.a = int_location(i % a_places, s.a);
      return out;
    case IrShape::struct_set:
      out.a = int_location(i / places(op.d), s.d);
      out.b = location(op.d, i % places(op.d), s.a);
      return out;
    case IrShape::array_get:
      out.d = location(op.d, i / (a_places * a_places), s.d);
      out.a = int_location(i / a_places % a_places, s.a);
      out.b = int_location(i % a_places, s.b);
      return out;
    case IrShape::array_set:
      out.a = int_location(i / (a_places * places(op.d)), s.d);
      out.b = int_location(i / places(op.d) % a_places, s.a);
      out.c = location(op.d, i % places(op.d), s.b);
      return out;
    case IrShape::special:
      decode_special(out, i, cell);
      return out;
  }
  return out;
}

void Checker::decode_special(Decoded& out, uint32_t i, const Cell* cell) const {
  const uint32_t a_places = kIntRegisters + 1, b_places = kIntRegisters + 2, f_places = kFloatRegisters + 1;
  const auto& s = cell[1].slots;
  switch (out.op) {
    case IrOp::move:
      out.d = int_location(i / b_places, s.d);
      out.immediate = i % b_places == a_places;
      if (!out.immediate) out.a = int_location(i % b_places, s.a);
      return;
    case IrOp::move_pair:  // b is the second's destination, c its source
      out.d = int_location(i / (a_places * a_places * a_places), s.d);
      out.a = int_location(i / (a_places * a_places) % a_places, s.a);
      out.b = int_location(i / a_places % a_places, s.b);
      out.c = int_location(i % a_places, s.c);
      return;
    case IrOp::index_64:
      out.d = int_location(i / a_places, s.d);
      out.a = int_location(i % a_places, s.a);
      return;
    case IrOp::move_float:
    case IrOp::move_vector:
      out.d = float_location(i / f_places, s.d);
      out.a = float_location(i % f_places, s.a);
      return;
    case IrOp::const_64:
    case IrOp::global_get:
      out.d = int_location(i, s.d);
      return;
    case IrOp::const_float:
    case IrOp::global_get_float:
    case IrOp::const_vector:
    case IrOp::global_get_vector:
      out.d = float_location(i, s.d);
      return;
    case IrOp::global_set:
      out.a = int_location(i, s.d);
      return;
    case IrOp::global_set_float:
    case IrOp::global_set_vector:
      out.a = float_location(i, s.d);
      return;
    case IrOp::select:
      out.d = int_location(i / (a_places * a_places * a_places), s.d);
      out.a = int_location(i / (a_places * a_places) % a_places, s.a);
      out.b = int_location(i / a_places % a_places, s.b);
      out.c = int_location(i % a_places, s.c);
      return;
    case IrOp::select_float:
      out.d = float_location(i / (f_places * f_places * a_places), s.d);
      out.a = float_location(i / (f_places * a_places) % f_places, s.a);
      out.b = float_location(i / a_places % f_places, s.b);
      out.c = int_location(i % a_places, s.c);
      return;
    case IrOp::br_table:
      out.a = int_location(i / 2, s.d);
      return;
    case IrOp::return_value:
      out.a = int_location(i / 2, s.a);
      return;
    case IrOp::return_float:
    case IrOp::return_vector:
      out.a = float_location(i / 2, s.a);
      return;
    case IrOp::call_indirect:
    case IrOp::return_call_indirect:
    case IrOp::call_ref:
    case IrOp::return_call_ref:
      out.a = int_location(i, s.d);
      return;
    case IrOp::ref_test: case IrOp::ref_cast: case IrOp::ref_check: case IrOp::array_len:
      out.d = int_location(i / a_places, s.d);
      out.a = int_location(i % a_places, s.a);
      return;
    case IrOp::throw_ref:
      out.a = cell[1].call.base;
      return;
    case IrOp::ref_func: case IrOp::table_size: case IrOp::memory_size:
      out.d = s.d;
      return;
    case IrOp::table_get: case IrOp::memory_grow:
      out.d = s.d;
      out.a = s.a;
      return;
    case IrOp::table_set:
      out.a = s.d;
      out.b = s.a;
      return;
    case IrOp::table_grow:
      out.d = s.d;
      out.a = s.a;
      out.b = s.b;
      return;
    case IrOp::table_fill: case IrOp::table_copy: case IrOp::table_init:
    case IrOp::memory_fill: case IrOp::memory_copy: case IrOp::memory_init:
      out.a = s.d;
      out.b = s.a;
      out.c = s.b;
      return;
    default:
      if (is_object_operation(out.op)) out.d = s.d;
      return;
  }
}

void Checker::fail(uint32_t index, const std::string& what) {
  if (failure_ || !checking_) return;
  failure_ = "instruction " + std::to_string(index) + " (" + info(function_.code[index].op).name + "): " + what;
}

void Checker::use(const State& state, uint32_t at, uint32_t vreg, uint32_t index) {
  if (at == kNothing || at >= locations_) return fail(index, "no location for v" + std::to_string(vreg));
  if (state[at] != vreg) {
    fail(index, "reads v" + std::to_string(vreg) + " from location " + std::to_string(at) + ", which holds " +
                    (state[at] == kNothing ? "nothing known" : "v" + std::to_string(state[at])));
  } else if (is_vector(vreg) && at < slots_ && state[at + 1] != (vreg | kUpperHalf)) {
    fail(index, "reads v" + std::to_string(vreg) + " from slot " + std::to_string(at) + ", whose upper half is lost");
  }
}

void Checker::define(State& state, uint32_t at, uint32_t vreg, uint32_t index) {
  if (at == kNothing || at >= locations_) return fail(index, "no location for the result");
  for (uint32_t& held : state) {
    if (held == vreg || held == (vreg | kUpperHalf)) held = kNothing;
  }
  state[at] = vreg;
  if (is_vector(vreg) && at < slots_) state[at + 1] = vreg | kUpperHalf;
}

// A save or a load around a call, or a write-through: a plain copy.
void Checker::copy_cell(const Decoded& decoded, State& state, uint32_t index) {
  bool is_copy = (decoded.op == IrOp::move || decoded.op == IrOp::move_float) && !decoded.immediate;
  if (decoded.op == IrOp::move_vector) return copy_vector(decoded, state);
  if (!is_copy) return fail(index, "has an unexpected cell beside its own");
  state[decoded.d] = state[decoded.a];
}

// Arguments and results in consecutive slots must be there after what was saved around them.
void Checker::slot_operands(const State& state, uint32_t index) {
  const std::vector<SlotOperands>& all = function_.slot_operands;
  auto at = std::lower_bound(all.begin(), all.end(), index, [](const SlotOperands& o, uint32_t i) { return o.index < i; });
  for (; at != all.end() && at->index == index; ++at) use(state, function_.vregs[at->vreg].slot, at->vreg, index);
}

void Checker::copy_vector(const Decoded& decoded, State& state) {
  uint32_t vreg = state[decoded.a];
  bool whole = vreg != kNothing && (decoded.a >= slots_ || state[decoded.a + 1] == (vreg | kUpperHalf));
  state[decoded.d] = whole ? vreg : kNothing;
  if (decoded.d < slots_) state[decoded.d + 1] = whole ? vreg | kUpperHalf : kNothing;
}

void Checker::call(const Ir& ir, State& state, uint32_t index) {
  for (uint32_t at = ir.label; at < locations_; ++at) state[at] = kNothing;
  for (const CallResults& results : function_.call_results) {
    if (results.call != index) continue;
    for (uint32_t i = 0; i < results.count; ++i) define(state, function_.vregs[results.first + i].slot, results.first + i, index);
  }
}

// What is left of the state before an instruction when it throws.
Checker::State Checker::thrown(const Ir& ir, State state) const {
  for (uint32_t at = is_call(ir.op) ? ir.label : slots_; at < locations_; ++at) state[at] = kNothing;
  return state;
}

Checker::State Checker::caught(const CatchTarget& handler, State state) const {
  auto define_at_home = [&](uint32_t vreg) {
    const uint32_t home = function_.vregs[vreg].slot;
    std::replace(state.begin(), state.end(), vreg, kNothing);
    std::replace(state.begin(), state.end(), vreg | kUpperHalf, kNothing);
    state[home] = vreg;
    if (is_vector(vreg)) state[home + 1] = vreg | kUpperHalf;
  };
  for (uint32_t i = 0; i < handler.count; ++i) define_at_home(handler.first + i);
  if (handler.ref != kNoReg) define_at_home(handler.ref);
  return state;
}

// A copy from a place to the same place has no cells.
bool Checker::copy_in_place(uint32_t index, State& state) {
  const Ir& ir = function_.code[index];
  if (!is_copy(ir) || starts_[index] != starts_[index + 1]) return false;
  const auto where = [&](uint32_t vreg) {
    const VReg& reg = function_.vregs[vreg];
    const int8_t place = allocation_.place[vreg];
    const int slot_place = reg.reg_class == RegClass::integer ? kIntRegisters : kFloatRegisters;
    return location(reg.reg_class, static_cast<uint32_t>(place == Allocation::kSlot ? slot_place : place), reg.slot);
  };
  if (where(ir.d) != where(ir.a)) return false;
  use(state, where(ir.a), ir.a, index);
  define(state, where(ir.d), ir.d, index);
  return true;
}

// A move that is one half of a pair: true when it is, and has been followed.
bool Checker::pair_move(uint32_t index, State& state) {
  const Ir& ir = function_.code[index];
  const bool is_second = starts_[index] == starts_[index + 1];
  if (is_second && index == 0) return false;
  const Decoded pair = decode(starts_[is_second ? index - 1 : index]);
  if (pair.op != IrOp::move_pair) return false;
  use(state, is_second ? pair.c : pair.a, ir.a, index);
  define(state, is_second ? pair.b : pair.d, ir.d, index);
  return true;
}

// An addition and a branch that are one: true when it is one of the two, and has been followed.
bool Checker::add_branch(uint32_t index, State& state) {
  const Ir& ir = function_.code[index];
  const bool is_branch = info(ir.op).shape == IrShape::branch_int;
  if (is_branch ? index == 0 || starts_[index] != starts_[index + 1] : ir.op != IrOp::i32_add && ir.op != IrOp::i64_add) return false;
  const Decoded both = decode(starts_[is_branch ? index - 1 : index]);
  if (both.op == IrOp::count_ || info(both.op).shape != IrShape::branch_add) return false;
  use(state, both.a, ir.a, index);
  if (is_branch) {
    if (ir.b < kImmediate) use(state, both.b, ir.b, index);
    if ((ir.b == kImmediate) != both.immediate) fail(index, "an immediate is missing");
  } else {
    define(state, both.d, ir.d, index);
  }
  return true;
}

void Checker::run_ir(uint32_t index, State& state, bool check) {
  checking_ = check;
  const Ir& ir = function_.code[index];
  bool done = false;
  if (ir.op == IrOp::nop && starts_[index] == starts_[index + 1]) return;
  if (copy_in_place(index, state)) return;
  if (ir.op == IrOp::move && pair_move(index, state)) return;
  if (add_branch(index, state)) return;
  for (uint32_t at = starts_[index]; at < starts_[index + 1];) {
    Decoded decoded = decode(at);
    at += decoded.cells;
    if (decoded.op == IrOp::count_) return fail(index, "a cell that is no handler");
    // The instruction's own cell is the first that is not a save.
    bool is_own = !done && decoded.op == ir.op;
    if (!is_own) {
      copy_cell(decoded, state, index);
      continue;
    }
    done = true;
    if (ir.a < kImmediate) use(state, decoded.a, ir.a, index);
    if (ir.b < kImmediate) use(state, decoded.b, ir.b, index);
    if ((ir.b == kImmediate || ir.c == kImmediate) != decoded.immediate) fail(index, "an immediate is missing");
    if (ir.c < kImmediate && !is_indirect_call(ir.op)) use(state, decoded.c, ir.c, index);
    slot_operands(state, index);
    if (is_call(ir.op)) call(ir, state, index);
    if (ir.d < kImmediate) define(state, decoded.d, ir.d, index);
  }
  if (!done) fail(index, "was not emitted");
}

Checker::State Checker::entry_state() {
  State state(locations_, kNothing);
  for (uint32_t v = 0; v < function_.params; ++v) define(state, function_.vregs[v].slot, v, 0);
  std::vector<bool> zero(locations_, false);
  for (uint32_t at = 0; at < starts_[0];) {
    Decoded decoded = decode(at);
    if (decoded.op == IrOp::zero_slots) {
      for (uint32_t s = cells_[at + 1].slots.d, n = 0; n < cells_[at + 1].slots.a; ++n) zero[s + n] = true;
    } else if ((decoded.op == IrOp::move && decoded.immediate) || decoded.op == IrOp::const_float || decoded.op == IrOp::const_vector) {
      zero[decoded.d] = true;
    } else if (decoded.op == IrOp::move_vector) {
      copy_vector(decoded, state);
      zero[decoded.d] = zero[decoded.a] && (decoded.a >= slots_ || zero[decoded.a + 1]);
      if (decoded.d < slots_) zero[decoded.d + 1] = zero[decoded.d];
    } else if (decoded.op == IrOp::move || decoded.op == IrOp::move_float) {
      state[decoded.d] = state[decoded.a];
      zero[decoded.d] = zero[decoded.a];
    }
    at += decoded.cells;
  }
  for (uint32_t v = function_.params; v < function_.locals; ++v) {
    uint32_t home = function_.vregs[v].slot;
    if (zero[home] && !is_vector(v)) state[home] = v;
    if (is_vector(v) && zero[home] && zero[home + 1]) define(state, home, v, 0);
  }
  // Others may have the register too, later.
  for (uint32_t v : allocation_.live_in) {
    if (v < function_.params || !allocation_.in_register(v)) continue;
    uint32_t at = location(function_.vregs[v].reg_class, static_cast<uint32_t>(allocation_.place[v]), function_.vregs[v].slot);
    if (zero[at]) state[at] = v;
  }
  return state;
}

Result<void> Checker::run() {
  uint32_t n = static_cast<uint32_t>(function_.code.size());
  if (uint64_t{n} * locations_ > kLargestState * 16) return {};
  // State where a block begins, and after them where try blocks are thrown to; empty: not reached yet.
  std::vector<State> at_label(n + 1 + function_.try_blocks.size());
  std::vector<uint32_t> worklist;
  auto flow = [&](uint32_t target, const State& state) {
    if (target == n) return;
    State& old = at_label[target];
    bool changed = old.empty();
    if (changed) {
      old = state;
    } else {
      for (uint32_t i = 0; i < locations_; ++i) {
        if (old[i] != state[i] && old[i] != kNothing) {
          old[i] = kNothing;
          changed = true;
        }
      }
    }
    if (changed) worklist.push_back(target);
  };
  std::vector<bool> is_label(n + 1, false);
  for (const Label& label : function_.labels) {
    if (label.used) is_label[label.position] = true;
  }
  auto follow = [&](uint32_t start, bool check) {
    State state = at_label[start];
    for (uint32_t i = start; i < n; ++i) {
      if (i != start && is_label[i]) {
        if (!check) flow(i, state);
        return;
      }
      const Ir& ir = function_.code[i];
      uint32_t block = may_throw(ir.op) && !check ? try_block_at(function_, i) : kNoTry;
      if (block != kNoTry) flow(n + 1 + block, thrown(ir, state));
      run_ir(i, state, check);
      if (!check && is_branch(ir.op)) flow(function_.labels[ir.label].position, state);
      if (!check && ir.op == IrOp::br_table) {
        for (uint64_t k = 0; k <= ir.imm; ++k) flow(function_.labels[function_.tables[ir.label + k]].position, state);
      }
      if (is_terminator(ir.op)) return;
    }
  };
  if (n == 0) return {};
  is_label[0] = true;
  flow(0, entry_state());
  while (!worklist.empty()) {
    uint32_t start = worklist.back();
    worklist.pop_back();
    if (start <= n) {
      follow(start, false);
      continue;
    }
    const TryBlock& block = function_.try_blocks[start - n - 1];
    const State state = at_label[start];
    for (const CatchTarget& handler : block.handlers) flow(function_.labels[handler.label].position, caught(handler, state));
    if (block.parent != kNoTry) flow(n + 1 + block.parent, state);
  }
  for (uint32_t start = 0; start < n; ++start) {
    if (!at_label[start].empty()) follow(start, true);
  }
  if (!failure_) return {};
  return Error(ErrorKind::misuse, "allocation of a function of " + module_.module_name() + " is wrong: " + *failure_);
}

}  // namespace

Result<void> check_allocation(ModuleCode& module, const IrFunction& function, const Allocation& allocation,
                              const std::vector<Cell>& cells, const std::vector<uint32_t>& starts) {
  return Checker(module, function, allocation, cells, starts).run();
}

}  // namespace wplug
