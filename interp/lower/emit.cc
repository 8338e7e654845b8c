// Metering. `Ir::count` is the number of the module's instructions since the last settling point (the function's start or a call), counted
// along the text. With `settled` what the machine has accounted for, executed = settled + count(pc) holds at every pc when
//   a taken branch settles count(branch) - count(target), which may be negative, and
//   calls and returns settle count(call), after which counting starts from 0.
// The fuel register holds what is left minus what is settled; branches, calls and returns that find it negative go to poll().
// Without metering only what is needed to poll is charged: backward branches and calls.
#include "interp/lower/emit.h"

#include <algorithm>

#include "interp/lower/handlers.h"
#include "interp/wasm/memory_access.h"

namespace wplug {
namespace {

class Emitter {
 public:
  Emitter(ModuleCode& module, const IrFunction& function, const Allocation& allocation, CodeMap* map)
      : module_(module), function_(function), allocation_(allocation), map_(map) {
    const std::vector<MemoryType>& memories = module.def.memories;
    guard_ = !memories.empty() && has_guard_pages(module.config, memories[0]) ? 1 : 0;
  }

  std::vector<Cell> run();
  const std::vector<uint32_t>& starts() const { return starts_; }

 private:
  // The place of an operand as a handler index counts it.
  uint32_t place(uint32_t vreg) const {
    if (vreg == kImmediate) return kIntRegisters + 1;
    int8_t reg = allocation_.place[vreg];
    if (reg != Allocation::kSlot) return static_cast<uint32_t>(reg);
    return static_cast<uint32_t>(function_.vregs[vreg].reg_class == RegClass::integer ? kIntRegisters : kFloatRegisters);
  }
  // As the cell has it.
  uint16_t slot(uint32_t vreg) const {
    if (vreg >= kImmediate) return 0;
    return is_coded_ ? location(vreg) : static_cast<uint16_t>(function_.vregs[vreg].slot);
  }
  uint32_t far_kind(uint32_t memory) const {
    const Limits& limits = module_.def.memories[memory].limits;
    FarKind kind = limits.is_64 ? FarKind::other_64 : FarKind::other;
    if (memory == 0 && !limits.shared) kind = FarKind::wide;
    if (memory == 0 && !limits.is_64) kind = FarKind::shared;
    return static_cast<uint32_t>(kind);
  }
  static uint32_t places(RegClass c) {
    return static_cast<uint32_t>(c == RegClass::integer ? kIntRegisters : kFloatRegisters) + 1;
  }

  void handler(IrOp op, uint32_t index) {
    instruction_ = static_cast<uint32_t>(cells_.size());
    const HandlerRef ref = handler_of(op, index);
    is_coded_ = ref.is_coded;
    Cell cell;
    cell.handler = ref.address;
    cells_.push_back(cell);
  }
  void slots(uint32_t d, uint32_t a = kNoReg, uint32_t b = kNoReg, uint16_t c = 0) {
    Cell cell;
    cell.slots = {slot(d), slot(a), slot(b), c};
    cells_.push_back(cell);
  }
  void with_imm(uint32_t d, uint32_t a, uint32_t imm) {
    Cell cell;
    cell.imm = {slot(d), slot(a), imm};
    cells_.push_back(cell);
  }
  void word(uint64_t value) {
    Cell cell;
    cell.word = value;
    cells_.push_back(cell);
  }
  void vector_word(uint64_t index) {
    for (uint64_t half : function_.vectors[index]) word(half);
  }
  // The location code of an operand; `other` where there is none.
  uint16_t location(uint32_t vreg, uint16_t other = 0) const {
    if (vreg == kNoReg) return other;
    if (!allocation_.in_register(vreg)) return static_cast<uint16_t>(function_.vregs[vreg].slot);
    bool integer = function_.vregs[vreg].reg_class == RegClass::integer;
    return static_cast<uint16_t>((integer ? kIntLocation : kFloatLocation) + allocation_.place[vreg]);
  }
  void halves(uint64_t low, uint64_t high) { word((low & 0xffffffff) | high << 32); }
  void pointer(const void* value) {
    Cell cell;
    cell.pointer = value;
    cells_.push_back(cell);
  }
  void call_word(uint32_t base, uint32_t params, int32_t charge) {
    Cell cell;
    cell.call = {static_cast<uint16_t>(base), static_cast<uint16_t>(params), charge};
    cells_.push_back(cell);
  }

  void mark_labels();
  bool is_copy_in_place(const Ir& ir) const { return is_copy(ir) && location(ir.d) == location(ir.a); }
  bool is_move_pair() const;
  bool is_plain_move(const Ir& ir) const;
  void move_pair();
  IrOp add_branch_op() const;
  void add_branch(IrOp op);
  void entry();
  void one(const Ir& ir);
  void special(const Ir& ir);
  void target(uint32_t label, const Ir& ir);
  bool is_charged(uint32_t label, uint32_t from) const;
  int32_t call_charge(const Ir& ir) const { return module_.config.metering ? static_cast<int32_t>(ir.count) : 1; }
  void store_home(uint32_t vreg);
  void load_home(uint32_t vreg);
  void returns(IrOp op, const Ir& ir, uint32_t index);
  void calls(const Ir& ir);
  void object_operation(const Ir& ir);
  void patch();

  struct Fixup {
    uint32_t cell;         // the target word
    uint32_t instruction;  // what the target is relative to
    uint32_t label;
    uint32_t ir;
  };

  ModuleCode& module_;
  const IrFunction& function_;
  const Allocation& allocation_;
  CodeMap* map_;
  std::vector<Cell> cells_;
  std::vector<uint32_t> starts_;  // by Ir index: its first cell
  std::vector<bool> is_label_;    // by Ir index
  std::vector<Fixup> fixups_;
  uint32_t instruction_ = 0;
  uint32_t current_ = 0;
  bool is_coded_ = false;  // the instruction being made has location codes
  uint32_t guard_ = 0;  // near accesses rely on guard pages
  size_t next_across_ = 0;
};

std::vector<Cell> Emitter::run() {
  cells_.reserve(function_.code.size() * 2 + 8);
  starts_.reserve(function_.code.size() + 1);
  entry();
  mark_labels();
  for (current_ = 0; current_ < function_.code.size(); ++current_) {
    const Ir& ir = function_.code[current_];
    starts_.push_back(static_cast<uint32_t>(cells_.size()));
    if (is_move_pair()) {
      move_pair();
      continue;
    }
    if (const IrOp op = add_branch_op(); op != IrOp::count_) {
      add_branch(op);
      continue;
    }
    if (map_ != nullptr) map_->entries.push_back({starts_.back(), {ir.offset, ir.count}});
    if (!is_copy_in_place(ir)) one(ir);
    if (ir.d < kImmediate && allocation_.in_register(ir.d) && !allocation_.write_through.empty() &&
        allocation_.write_through[ir.d]) {
      store_home(ir.d);
    }
  }
  starts_.push_back(static_cast<uint32_t>(cells_.size()));
  patch();
  return std::move(cells_);
}

void Emitter::mark_labels() {
  is_label_.assign(function_.code.size() + 1, false);
  for (const Label& label : function_.labels) is_label_[label.position] = is_label_[label.position] || label.used;
}

// Whether two moves follow one another with nothing that jumps between them and nothing to be saved after the first.
bool Emitter::is_move_pair() const {
  if (current_ + 1 >= function_.code.size() || is_label_[current_ + 1]) return false;
  return is_plain_move(function_.code[current_]) && is_plain_move(function_.code[current_ + 1]);
}

bool Emitter::is_plain_move(const Ir& ir) const {
  if (ir.op != IrOp::move || ir.b == kImmediate || is_copy_in_place(ir)) return false;
  return allocation_.write_through.empty() || !allocation_.in_register(ir.d) || !allocation_.write_through[ir.d];
}

// One dispatch for both. The second has no cells of its own.
void Emitter::move_pair() {
  const Ir& first = function_.code[current_];
  const Ir& second = function_.code[++current_];
  const uint32_t a_places = kIntRegisters + 1;
  if (map_ != nullptr) map_->entries.push_back({starts_.back(), {second.offset, second.count}});
  handler(IrOp::move_pair, ((place(first.d) * a_places + place(first.a)) * a_places + place(second.d)) * a_places + place(second.a));
  slots(first.d, first.a, second.d, slot(second.a));
  starts_.push_back(static_cast<uint32_t>(cells_.size()));
}

// What makes one of an addition of a constant to a register and the branch after it that compares the sum; IrOp::count_ when nothing does.
IrOp Emitter::add_branch_op() const {
  if (current_ + 1 >= function_.code.size() || is_label_[current_ + 1]) return IrOp::count_;
  const Ir &add = function_.code[current_], &branch = function_.code[current_ + 1];
  if ((add.op != IrOp::i32_add && add.op != IrOp::i64_add) || add.b != kImmediate || branch.a != add.d) return IrOp::count_;
  if (!allocation_.in_register(add.d) || allocation_.place[add.d] != allocation_.place[add.a]) return IrOp::count_;
  if (!allocation_.write_through.empty() && allocation_.write_through[add.d]) return IrOp::count_;
  return info(branch.op).shape == IrShape::branch_int && is_charged(branch.label, current_ + 1) ? add_branch_of(add.op, branch.op)
                                                                                             : IrOp::count_;
}

// The branch has no cells of its own.
void Emitter::add_branch(IrOp op) {
  const Ir& add = function_.code[current_];
  const Ir& branch = function_.code[++current_];
  if (map_ != nullptr) map_->entries.push_back({starts_.back(), {branch.offset, branch.count}});
  handler(op, place(add.d) * (kIntRegisters + 2) + place(branch.b));
  with_imm(add.d, branch.b, static_cast<uint32_t>(add.imm));
  word(branch.b == kImmediate ? static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(branch.imm))) : 0);
  target(branch.label, branch);
  starts_.push_back(static_cast<uint32_t>(cells_.size()));
}

// Zeroes locals and loads those that live in machine registers.
void Emitter::entry() {
  if (map_ != nullptr) map_->entries.push_back({0, {function_.code.empty() ? 0 : function_.code[0].offset, 0}});
  uint32_t begin = function_.local_slots_end, end = function_.local_slots_begin;
  if (allocation_.zero_all) std::swap(begin, end);
  for (uint32_t vreg : allocation_.live_in) {
    if (vreg < function_.params || allocation_.in_register(vreg)) continue;
    begin = std::min(begin, function_.vregs[vreg].slot);
    end = std::max(end, function_.vregs[vreg].slot + (function_.vregs[vreg].reg_class == RegClass::vector ? 2 : 1));
  }
  if (begin < end) {
    handler(IrOp::zero_slots, 0);
    Cell cell;
    cell.slots = {static_cast<uint16_t>(begin), static_cast<uint16_t>(end - begin), 0, 0};
    cells_.push_back(cell);
  }
  for (uint32_t vreg : allocation_.live_in) {
    if (!allocation_.in_register(vreg)) continue;
    if (vreg < function_.params) {
      load_home(vreg);
      continue;
    }
    if (function_.vregs[vreg].reg_class == RegClass::integer) {
      handler(IrOp::move, place(vreg) * (kIntRegisters + 2) + kIntRegisters + 1);
      with_imm(kNoReg, kNoReg, 0);
    } else {
      bool vector = function_.vregs[vreg].reg_class == RegClass::vector;
      handler(vector ? IrOp::const_vector : IrOp::const_float, place(vreg));
      for (int i = 0; i < (vector ? 3 : 2); ++i) word(0);
    }
    if (allocation_.write_through[vreg]) store_home(vreg);
  }
}

void Emitter::store_home(uint32_t vreg) {
  bool integer = function_.vregs[vreg].reg_class == RegClass::integer;
  handler(move_of(function_.vregs[vreg].reg_class),
          integer ? kIntRegisters * (kIntRegisters + 2) + place(vreg) : kFloatRegisters * (kFloatRegisters + 1) + place(vreg));
  slots(vreg, kNoReg);
}

void Emitter::load_home(uint32_t vreg) {
  bool integer = function_.vregs[vreg].reg_class == RegClass::integer;
  handler(move_of(function_.vregs[vreg].reg_class),
          integer ? place(vreg) * (kIntRegisters + 2) + kIntRegisters : place(vreg) * (kFloatRegisters + 1) + kFloatRegisters);
  slots(kNoReg, vreg);
}

// Whether a branch at `from` settles instructions and may go to poll().
bool Emitter::is_charged(uint32_t label, uint32_t from) const {
  return module_.config.metering || function_.labels[label].position <= from;
}

void Emitter::target(uint32_t label, const Ir&) {
  fixups_.push_back({static_cast<uint32_t>(cells_.size()), instruction_, label, current_});
  word(0);
}

void Emitter::one(const Ir& ir) {
  const IrOpInfo& op = info(ir.op);
  const uint32_t a_places = kIntRegisters + 1, b_places = kIntRegisters + 2, f_places = kFloatRegisters + 1;
  const uint32_t guard = guard_;
  switch (op.shape) {
    case IrShape::int_binary:
      handler(ir.op, (place(ir.d) * a_places + place(ir.a)) * b_places + place(ir.b));
      if (ir.b == kImmediate) {
        with_imm(ir.d, ir.a, static_cast<uint32_t>(ir.imm));
      } else {
        slots(ir.d, ir.a, ir.b);
      }
      return;
    case IrShape::int_shifted:
      handler(ir.op, (place(ir.d) * a_places + place(ir.a)) * a_places + place(ir.b));
      slots(ir.d, ir.a, ir.b, ir.shift);
      return;
    case IrShape::int_masked:
      handler(ir.op, place(ir.d) * a_places + place(ir.a));
      with_imm(ir.d, ir.a, static_cast<uint32_t>(ir.imm));
      word(ir.shift);
      return;
    case IrShape::int_ternary:
      handler(ir.op, ((place(ir.d) * a_places + place(ir.a)) * a_places + place(ir.b)) * b_places +
                         (ir.c == kImmediate ? a_places : place(ir.c)));
      slots(ir.d, ir.a, ir.b, slot(ir.c));
      if (ir.c == kImmediate) word(static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(ir.imm))));
      return;
    case IrShape::float_ternary:
      handler(ir.op, ((place(ir.d) * f_places + place(ir.a)) * f_places + place(ir.b)) * f_places + place(ir.c));
      slots(ir.d, ir.a, ir.b, slot(ir.c));
      return;
    case IrShape::float_binary:
      handler(ir.op, (place(ir.d) * f_places + place(ir.a)) * (f_places + 1) + (ir.b == kImmediate ? f_places : place(ir.b)));
      slots(ir.d, ir.a, ir.b);
      if (ir.b == kImmediate) word(ir.imm);
      return;
    case IrShape::float_compare:
      handler(ir.op, (place(ir.d) * f_places + place(ir.a)) * f_places + place(ir.b));
      slots(ir.d, ir.a, ir.b);
      return;
    case IrShape::unary:
      handler(ir.op, place(ir.d) * places(op.a) + place(ir.a));
      slots(ir.d, ir.a);
      return;
    case IrShape::load:
    case IrShape::load_wrapped: {
      const uint32_t index = place(ir.d) * a_places + place(ir.a);
      handler(ir.op, op.shape == IrShape::load ? index * 2 + guard : index);
      with_imm(ir.d, ir.a, static_cast<uint32_t>(ir.imm));
      return;
    }
    case IrShape::load_indexed:
      handler(ir.op, (place(ir.d) * a_places + place(ir.a)) * a_places + place(ir.b));
      slots(ir.d, ir.a, ir.b, ir.shift);
      word(static_cast<uint32_t>(ir.imm));
      return;
    case IrShape::store:
    case IrShape::store_wrapped: {
      uint32_t value_places = op.d == RegClass::integer ? b_places : f_places;
      const uint32_t index = place(ir.a) * value_places + place(ir.b);
      handler(ir.op, op.shape == IrShape::store ? index * 2 + guard : index);
      with_imm(ir.a, ir.b, static_cast<uint32_t>(ir.imm));
      if (ir.b == kImmediate) word(static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(ir.imm >> 32))));
      return;
    }
    case IrShape::store_indexed:
      handler(ir.op, (place(ir.a) * a_places + place(ir.b)) * places(op.d) + place(ir.c));
      slots(ir.a, ir.b, ir.c, ir.shift);
      word(static_cast<uint32_t>(ir.imm));
      return;
    case IrShape::load_far:
      handler(ir.op, (place(ir.d) * a_places + place(ir.a)) * kFarKinds + far_kind(ir.label));
      with_imm(ir.d, ir.a, ir.label);
      word(ir.imm);
      return;
    case IrShape::store_far:
      handler(ir.op, (place(ir.a) * places(op.d) + place(ir.b)) * kFarKinds + far_kind(ir.label));
      with_imm(ir.a, ir.b, ir.label);
      word(ir.imm);
      return;
    case IrShape::atomic:
      handler(ir.op, 0);
      slots(ir.d, ir.a, ir.b, slot(ir.c));
      word(ir.imm);
      word(ir.label);
      return;
    case IrShape::branch_int:
      handler(ir.op, (place(ir.a) * b_places + place(ir.b)) * 2 + is_charged(ir.label, current_));
      if (ir.b == kImmediate) {
        with_imm(ir.a, kNoReg, static_cast<uint32_t>(ir.imm));
      } else {
        slots(ir.a, ir.b);
      }
      target(ir.label, ir);
      return;
    case IrShape::branch_add:  // made of two
      return;
    case IrShape::branch_float:
      handler(ir.op, ((place(ir.a) * f_places + place(ir.b)) * 2 + ir.negate) * 2 + is_charged(ir.label, current_));
      slots(ir.a, ir.b);
      target(ir.label, ir);
      return;
    case IrShape::vector_binary: {
      uint32_t b = ir.b == kImmediate ? f_places : place(ir.b);
      handler(ir.op, (place(ir.d) * f_places + place(ir.a)) * (f_places + 1) + b);
      slots(ir.d, ir.a, ir.b);
      if (ir.b == kImmediate) vector_word(ir.imm);
      return;
    }
    case IrShape::vector_shift:
      handler(ir.op, (place(ir.d) * f_places + place(ir.a)) * b_places + place(ir.b));
      if (ir.b == kImmediate) {
        with_imm(ir.d, ir.a, static_cast<uint32_t>(ir.imm));
      } else {
        slots(ir.d, ir.a, ir.b);
      }
      return;
    case IrShape::vector_any: {
      handler(ir.op, 0);
      Cell cell;
      cell.slots = {location(ir.d), location(ir.a), location(ir.b), location(ir.c, ir.shift)};
      cells_.push_back(cell);
      if (ir.op != IrOp::i8x16_shuffle) return;
      vector_word(ir.imm);
      vector_word(ir.imm + 1);
      return;
    }
    case IrShape::struct_get:
      handler(ir.op, place(ir.d) * a_places + place(ir.a));
      with_imm(ir.d, ir.a, static_cast<uint32_t>(ir.imm));
      return;
    case IrShape::struct_set:
      handler(ir.op, place(ir.a) * places(op.d) + place(ir.b));
      with_imm(ir.a, ir.b, static_cast<uint32_t>(ir.imm));
      return;
    case IrShape::array_get:
      handler(ir.op, (place(ir.d) * a_places + place(ir.a)) * a_places + place(ir.b));
      slots(ir.d, ir.a, ir.b);
      return;
    case IrShape::array_set:
      handler(ir.op, (place(ir.a) * a_places + place(ir.b)) * places(op.d) + place(ir.c));
      slots(ir.a, ir.b, ir.c);
      return;
    case IrShape::special:
      special(ir);
      return;
  }
}

void Emitter::returns(IrOp op, const Ir& ir, uint32_t index) {
  handler(op, index * 2 + (module_.config.metering ? 1 : 0));
  uint32_t value = op == IrOp::return_slots ? ir.label : slot(ir.a);
  call_word(function_.param_slots, value, static_cast<int32_t>(ir.count));
  if (op == IrOp::return_slots) word(ir.imm);
}

void Emitter::calls(const Ir& ir) {
  size_t first = next_across_;
  while (next_across_ < allocation_.live_across.size() && allocation_.live_across[next_across_].first == current_) {
    uint32_t vreg = allocation_.live_across[next_across_++].second;
    if (!allocation_.write_through[vreg]) store_home(vreg);
  }
  const uint32_t index = static_cast<uint32_t>(ir.imm);
  bool indirect = ir.op == IrOp::call_indirect || ir.op == IrOp::return_call_indirect;
  const bool by_ref = ir.op == IrOp::call_ref || ir.op == IrOp::return_call_ref;
  const CanonicalType* type = module_.types[indirect || by_ref ? index : module_.def.functions[index].type];
  handler(ir.op, indirect || by_ref ? place(ir.a) : 0);
  if (indirect) {
    slots(ir.a, kNoReg, kNoReg);
    cells_.back().imm.imm = ir.c;
    pointer(type);
  } else if (by_ref) {
    slots(ir.a);
  } else if (ir.op == IrOp::call || ir.op == IrOp::return_call) {
    pointer(&module_.function(index));
  } else {
    word(index);
  }
  call_word(ir.label, type->param_slots, call_charge(ir));
  if (is_terminator(ir.op)) halves(function_.param_slots, type->result_slots);
  for (size_t i = first; i < next_across_; ++i) load_home(allocation_.live_across[i].second);
}

void Emitter::special(const Ir& ir) {
  const uint32_t a_places = kIntRegisters + 1, b_places = kIntRegisters + 2, f_places = kFloatRegisters + 1;
  switch (ir.op) {
    case IrOp::move: {
      uint32_t a = ir.b == kImmediate ? kImmediate : ir.a;
      handler(ir.op, place(ir.d) * b_places + place(a));
      if (a == kImmediate) {
        with_imm(ir.d, kNoReg, static_cast<uint32_t>(ir.imm));
      } else {
        slots(ir.d, a);
      }
      return;
    }
    case IrOp::nop:
      return;
    case IrOp::index_64:
      handler(ir.op, place(ir.d) * a_places + place(ir.a));
      slots(ir.d, ir.a);
      return;
    case IrOp::move_float:
    case IrOp::move_vector:
      handler(ir.op, place(ir.d) * f_places + place(ir.a));
      slots(ir.d, ir.a);
      return;
    case IrOp::const_64:
    case IrOp::const_float:
      handler(ir.op, place(ir.d));
      slots(ir.d);
      word(ir.imm);
      return;
    case IrOp::const_vector:
      handler(ir.op, place(ir.d));
      slots(ir.d);
      vector_word(ir.imm);
      return;
    case IrOp::select:
      handler(ir.op, ((place(ir.d) * a_places + place(ir.a)) * a_places + place(ir.b)) * a_places + place(ir.c));
      slots(ir.d, ir.a, ir.b, slot(ir.c));
      return;
    case IrOp::select_float:
      handler(ir.op, ((place(ir.d) * f_places + place(ir.a)) * f_places + place(ir.b)) * a_places + place(ir.c));
      slots(ir.d, ir.a, ir.b, slot(ir.c));
      return;
    case IrOp::global_get:
    case IrOp::global_get_float:
    case IrOp::global_get_vector:
      handler(ir.op, place(ir.d));
      with_imm(ir.d, kNoReg, static_cast<uint32_t>(ir.imm));
      return;
    case IrOp::global_set:
    case IrOp::global_set_float:
    case IrOp::global_set_vector:
      handler(ir.op, place(ir.a));
      with_imm(ir.a, kNoReg, static_cast<uint32_t>(ir.imm));
      return;
    case IrOp::br:
      handler(ir.op, is_charged(ir.label, current_));
      target(ir.label, ir);
      return;
    case IrOp::br_table:
      // All targets are charged: the handler does not know which of them go backward.
      handler(ir.op, place(ir.a) * 2 + 1);
      with_imm(ir.a, kNoReg, static_cast<uint32_t>(ir.imm));
      for (uint64_t i = 0; i <= ir.imm; ++i) target(function_.tables[ir.label + i], ir);
      return;
    case IrOp::trap:
      handler(ir.op, 0);
      word(ir.imm);
      return;
    case IrOp::return_void:
    case IrOp::return_slots:
      return returns(ir.op, ir, 0);
    case IrOp::return_value:
    case IrOp::return_float:
    case IrOp::return_vector:
      return returns(ir.op, ir, place(ir.a));
    case IrOp::call:
    case IrOp::call_import:
    case IrOp::call_indirect:
    case IrOp::return_call:
    case IrOp::return_call_import:
    case IrOp::return_call_indirect:
    case IrOp::call_ref:
    case IrOp::return_call_ref:
      return calls(ir);
    case IrOp::ref_test:
    case IrOp::ref_cast: {
      const ValType type = ValType::from_bits(static_cast<uint32_t>(ir.imm));
      handler(ir.op, place(ir.d) * a_places + place(ir.a));
      slots(ir.d, ir.a);
      cells_.back().slots.b = static_cast<uint16_t>(type.heap());
      cells_.back().slots.c = type.is_nullable() ? 1 : 0;
      pointer(type.is_concrete() ? module_.types[type.type_index()] : nullptr);
      return;
    }
    case IrOp::ref_check:
    case IrOp::array_len:
      handler(ir.op, place(ir.d) * a_places + place(ir.a));
      with_imm(ir.d, ir.a, static_cast<uint32_t>(ir.imm));
      return;
    case IrOp::throw_:
      handler(ir.op, 0);
      word(ir.imm);
      call_word(ir.label, module_.types[module_.def.tags[ir.imm].type]->param_slots, call_charge(ir));
      return;
    case IrOp::throw_ref:
      handler(ir.op, 0);
      call_word(slot(ir.a), 0, call_charge(ir));
      return;
    case IrOp::ref_func:
    case IrOp::table_size:
    case IrOp::memory_size:
      handler(ir.op, 0);
      with_imm(ir.d, kNoReg, static_cast<uint32_t>(ir.imm));
      return;
    case IrOp::table_get:
    case IrOp::memory_grow:
      handler(ir.op, 0);
      with_imm(ir.d, ir.a, static_cast<uint32_t>(ir.imm));
      return;
    case IrOp::table_set:
      handler(ir.op, 0);
      with_imm(ir.a, ir.b, static_cast<uint32_t>(ir.imm));
      return;
    case IrOp::table_grow:
      handler(ir.op, 0);
      slots(ir.d, ir.a, ir.b);
      word(ir.imm);
      word(module_.config.metering ? ir.count : 0);
      return;
    case IrOp::elem_drop:
    case IrOp::data_drop:
      handler(ir.op, 0);
      word(ir.imm);
      return;
    case IrOp::struct_new:
    case IrOp::struct_new_default:
    case IrOp::array_new:
    case IrOp::array_new_default:
    case IrOp::array_new_fixed:
    case IrOp::array_new_data:
    case IrOp::array_new_elem:
    case IrOp::array_fill:
    case IrOp::array_copy:
    case IrOp::array_init_data:
    case IrOp::array_init_elem:
    case IrOp::struct_get_v128:
    case IrOp::struct_set_v128:
    case IrOp::array_get_v128:
    case IrOp::array_set_v128:
      return object_operation(ir);
    default:  // bulk operations: three operands, two indices, the count for exact fuel
      handler(ir.op, 0);
      slots(ir.a, ir.b, ir.c);
      word(ir.imm);
      word(module_.config.metering ? ir.count : 0);
      return;
  }
}

void Emitter::object_operation(const Ir& ir) {
  handler(ir.op, 0);
  Cell cell;
  cell.imm = {static_cast<uint16_t>(ir.label), 0, function_.frame_slots};
  cells_.push_back(cell);
  pointer(module_.types[static_cast<uint32_t>(ir.imm)]);
  halves(module_.config.metering ? ir.count : 0, ir.imm >> 32);
}

void Emitter::patch() {
  for (const Fixup& fixup : fixups_) {
    const Label& label = function_.labels[fixup.label];
    int32_t target = static_cast<int32_t>(starts_[label.position]);
    int32_t charge = static_cast<int32_t>(function_.code[fixup.ir].count) - static_cast<int32_t>(label.count);
    if (!module_.config.metering) {
      bool backward = label.position <= fixup.ir;
      charge = backward ? static_cast<int32_t>(fixup.ir - label.position) + 1 : 0;
    }
    cells_[fixup.cell].branch = {target - static_cast<int32_t>(fixup.instruction), charge};
  }
  if (map_ == nullptr) return;
  for (const Label& label : function_.labels) {
    if (label.used || label.position != 0) map_->labels.emplace_back(starts_[label.position], label.count);
  }
  std::sort(map_->labels.begin(), map_->labels.end());
}

}  // namespace

std::vector<Cell> emit_cells(ModuleCode& module, const IrFunction& function, const Allocation& allocation, CodeMap* map,
                             std::vector<uint32_t>* starts) {
  Emitter emitter(module, function, allocation, map);
  std::vector<Cell> cells = emitter.run();
  if (starts != nullptr) *starts = emitter.starts();
  return cells;
}

}  // namespace wplug
