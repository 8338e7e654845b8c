// Blocks, branches and calls of the translation. A block's label has merges: virtual registers that every branch to it (and
// falling through, when the label is used) fills, and that are on the stack afterwards.
#include <algorithm>
#include <map>

#include "interp/lower/translator.h"
#include "wplug/trap.h"

namespace wplug {

bool Translator::control(const Instruction& in) {
  switch (in.op) {
    case Op::unreachable:
      emit(IrOp::trap).imm = static_cast<uint64_t>(TrapKind::unreachable);
      become_unreachable();
      return true;
    case Op::block: begin_block(in, Control::Kind::block); return true;
    case Op::loop: begin_block(in, Control::Kind::loop); return true;
    case Op::if_: begin_block(in, Control::Kind::if_); return true;
    case Op::else_: begin_else(); return true;
    case Op::end: end_block(); return true;
    case Op::br: branch(in.index); return true;
    case Op::br_if: branch_if(in.index); return true;
    case Op::return_:
      emit_return();
      become_unreachable();
      return true;
    case Op::call: case Op::call_indirect: case Op::return_call: case Op::return_call_indirect:
    case Op::call_ref: case Op::return_call_ref:
      call(in);
      return true;
    default: return false;
  }
}

void Translator::become_unreachable() {
  unreachable_ = true;
  skipped_ = 0;
}

// ---- labels

uint32_t Translator::new_label() {
  ir_.labels.emplace_back();
  return static_cast<uint32_t>(ir_.labels.size() - 1);
}

void Translator::place_label(uint32_t label) {
  ir_.labels[label].position = block_start_ = static_cast<uint32_t>(ir_.code.size());
  ir_.labels[label].count = count_;
}

uint32_t Translator::new_merges(std::span<const ValType> types, size_t height) {
  uint32_t first = static_cast<uint32_t>(ir_.vregs.size());
  uint32_t slot = home_slot(height);
  for (ValType type : types) {
    new_vreg(type, slot);
    slot += type.slots();
  }
  frame_end_ = std::max(frame_end_, slot);
  return first;
}

void Translator::push_merges(uint32_t merges, std::span<const ValType> types) {
  for (size_t i = 0; i < types.size(); ++i) {
    push({Entry::Kind::temporary, types[i], merges + static_cast<uint32_t>(i)});
  }
}

void Translator::set_stack(size_t height) {
  while (stack_.size() > height) pop();
}

std::span<const ValType> Translator::param_types(const BlockType& block) const {
  if (block.kind != BlockType::Kind::type_index) return {};
  return def_.types[block.type_index].func.params;
}

std::span<const ValType> Translator::result_types(const BlockType& block) {
  if (block.kind == BlockType::Kind::type_index) return def_.types[block.type_index].func.results;
  if (block.kind == BlockType::Kind::empty) return {};
  static constexpr ValType kValues[] = {ValType::i32(), ValType::i64(), ValType::f32(), ValType::f64(), ValType::v128(),
                                        ValType::funcref(), ValType::externref()};
  for (const ValType& value : kValues) {
    if (value == block.value) return {&value, 1};
  }
  return {&other_types_.emplace_back(block.value), 1};
}

// Fills a label's merges from the values on top. With `rename`, and when each value already has its merge's home (or is the only one), a
// value computed in this basic block is computed straight into the merge; the stack entries then are the merges.
void Translator::move_to_label(const Control& target, bool rename) {
  size_t first = stack_.size() - target.arity;
  bool same_height = first == target.height;
  if (rename) home_floor_ = std::min(home_floor_, first);
  for (uint32_t i = 0; i < target.arity; ++i) {
    Entry& entry = stack_[first + i];
    uint32_t merge = target.merges + i;
    if (entry.kind == Entry::Kind::temporary && entry.vreg == merge) continue;
    bool may_rename = rename && (same_height || target.arity == 1) && can_redefine(entry) &&
                      ir_.code[definition_[entry.vreg]].d == entry.vreg;
    if (may_rename) {
      ir_.code[definition_[entry.vreg]].d = merge;
    } else {
      move_to(merge, entry);
    }
    if (rename) {
      if (entry.kind == Entry::Kind::local) --pending_[entry.vreg];
      entry = {Entry::Kind::temporary, entry.type, merge};
    }
  }
}

// ---- blocks

void Translator::begin_block(const Instruction& in, Control::Kind kind) {
  Condition condition;
  if (kind == Control::Kind::if_) condition = pop_condition();
  materialize_all();
  Control control;
  control.kind = kind;
  control.outer_try = current_try_;
  control.params = param_types(in.block);
  control.results = result_types(in.block);
  control.height = static_cast<uint32_t>(stack_.size() - control.params.size());
  control.label = new_label();
  control.label_types = kind == Control::Kind::loop ? control.params : control.results;
  control.arity = static_cast<uint32_t>(control.label_types.size());
  control.merges = new_merges(control.label_types, control.height);
  if (kind == Control::Kind::loop) {
    move_to_label(control, true);
    place_label(control.label);
    ++loop_depth_;
  } else if (kind == Control::Kind::if_) {
    control.else_label = new_label();
    control.else_entries.assign(stack_.begin() + control.height, stack_.end());
    emit_branch(condition, false, control.else_label);
  }
  controls_.push_back(std::move(control));
}

void Translator::begin_else() {
  Control& control = controls_.back();
  if (!unreachable_) {
    move_to_label(control, true);
    emit(IrOp::br).label = control.label;
    ir_.labels[control.label].used = true;
  }
  unreachable_ = false;
  control.kind = Control::Kind::else_;
  set_stack(control.height);
  place_label(control.else_label);
  for (const Entry& entry : control.else_entries) push(entry);
  lazy_floor_ = stack_.size();
}

void Translator::end_block() {
  Control control = std::move(controls_.back());
  controls_.pop_back();
  if (control.try_block != kNoTry) set_try(control.outer_try);
  switch (control.kind) {
    case Control::Kind::function:
      end_function(control);
      return;
    case Control::Kind::loop:
      --loop_depth_;
      if (unreachable_) set_stack(control.height);
      return;
    case Control::Kind::if_:
      end_if(control);
      return;
    case Control::Kind::catch_:  // leaves what is below its values behind
      if (!unreachable_) ir_.labels[control.label].used = true;
      break;
    default:
      break;
  }
  if (!ir_.labels[control.label].used) {
    if (unreachable_) set_stack(control.height);
    return;
  }
  if (!unreachable_) move_to_label(control, true);
  unreachable_ = false;
  set_stack(control.height);
  place_label(control.label);
  push_merges(control.merges, control.results);
  lazy_floor_ = stack_.size();
}

// An `if` without `else`: when the condition is false its parameters are its results.
void Translator::end_if(Control& control) {
  if (!unreachable_ && control.arity != 0) {
    move_to_label(control, true);
    emit(IrOp::br).label = control.label;
    ir_.labels[control.label].used = true;
  }
  unreachable_ = false;
  set_stack(control.height);
  place_label(control.else_label);
  for (const Entry& entry : control.else_entries) push(entry);
  move_to_label(control, false);
  set_stack(control.height);
  place_label(control.label);
  push_merges(control.merges, control.results);
  lazy_floor_ = stack_.size();
}

void Translator::end_function(Control& control) {
  bool used = ir_.labels[control.label].used;
  if (!unreachable_ && !used) emit_return();
  if (used) {
    if (!unreachable_) move_to_label(control, true);
    set_stack(0);
    place_label(control.label);
    push_merges(control.merges, control.results);
    emit_return();
  }
  unreachable_ = true;
}

// ---- branches

// The condition on top of the stack; a comparison just computed is taken back and becomes part of the branch.
Translator::Condition Translator::pop_condition() {
  Condition condition;
  Entry entry = stack_.back();
  const bool last = is_last(entry);
  pop();
  if (last && (is_int_compare(ir_.code.back().op) || is_float_compare(ir_.code.back().op))) {
    const Ir& compare = ir_.code.back();
    condition = {compare.op, compare.a, compare.b, compare.imm};
    ir_.code.pop_back();
    if (condition.b == kImmediate && condition.imm == 0) fuse_test(condition);
    return condition;
  }
  if (last && ir_.code.back().op == IrOp::i32_and) {
    condition.a = entry.vreg;
    fuse_test(condition);
    return condition;
  }
  condition.a = use(entry, stack_.size());
  return condition;
}

// A comparison with zero of what `and` has just computed for it.
void Translator::fuse_test(Condition& condition) {
  if (ir_.code.size() <= block_start_) return;
  const Ir& last = ir_.code.back();
  const IrOp test = test_of(condition.compare, last.op);
  const bool is_own = last.d == condition.a && last.d >= ir_.locals && definition_[last.d] + 1 == ir_.code.size();
  if (test == IrOp::count_ || !is_own || ir_.vregs[last.d].pinned) return;
  condition = {test, last.a, last.b, last.imm};
  ir_.code.pop_back();
}

void Translator::emit_branch(Condition condition, bool when, uint32_t label) {
  bool is_float = is_float_compare(condition.compare);
  if (!when && !is_float) condition.compare = inverted(condition.compare);
  Ir& ir = emit(branch_of(condition.compare));
  ir.negate = is_float && !when;
  ir.a = condition.a;
  ir.b = condition.b;
  ir.imm = condition.imm;
  ir.label = label;
  touch(ir.a);
  if (ir.b != kImmediate) touch(ir.b);
  ir_.labels[label].used = true;
  block_start_ = static_cast<uint32_t>(ir_.code.size());
}

void Translator::branch(uint32_t depth) {
  Control& target = controls_[controls_.size() - 1 - depth];
  if (target.kind == Control::Kind::function) {
    emit_return();
  } else {
    move_to_label(target, true);
    emit(IrOp::br).label = target.label;
    ir_.labels[target.label].used = true;
  }
  become_unreachable();
}

void Translator::branch_if(uint32_t depth) { branch_when(pop_condition(), depth); }

// With `of_top` the condition is about what is on top of the stack, which the label takes.
void Translator::branch_when(Condition condition, uint32_t depth, bool of_top) {
  Control& target = controls_[controls_.size() - 1 - depth];
  if (target.arity == 0 || stack_.size() - target.arity == target.height) {
    move_to_label(target, true);
    if (of_top) condition.a = stack_.back().vreg;
    emit_branch(condition, true, target.label);
    return;
  }
  uint32_t skip = new_label();
  emit_branch(condition, false, skip);
  move_to_label(target, false);
  emit(IrOp::br).label = target.label;
  ir_.labels[target.label].used = true;
  place_label(skip);
}

// With values to carry, each distinct target gets a stub that moves them.
void Translator::branch_table(std::span<const uint32_t> labels, uint32_t default_label) {
  Entry index = pop();
  uint32_t index_reg = use(index, stack_.size());
  Ir& ir = emit(IrOp::br_table);
  ir.a = index_reg;
  ir.label = static_cast<uint32_t>(ir_.tables.size());
  ir.imm = labels.size();
  touch(index_reg);
  bool stubs = controls_[controls_.size() - 1 - default_label].arity != 0;
  std::map<uint32_t, uint32_t> stub_labels;  // by depth
  auto add = [&](uint32_t depth) {
    uint32_t label = controls_[controls_.size() - 1 - depth].label;
    if (stubs) {
      auto [at, is_new] = stub_labels.try_emplace(depth, 0);
      if (is_new) at->second = new_label();
      label = at->second;
    }
    ir_.labels[label].used = true;
    ir_.tables.push_back(label);
  };
  for (uint32_t depth : labels) add(depth);
  add(default_label);
  for (auto [depth, stub] : stub_labels) {
    place_label(stub);
    const Control& target = controls_[controls_.size() - 1 - depth];
    move_to_label(target, false);
    emit(IrOp::br).label = target.label;
    ir_.labels[target.label].used = true;
  }
  become_unreachable();
}

void Translator::emit_return() {
  size_t results = type_.results.size();
  size_t first = stack_.size() - results;
  if (results == 0) {
    emit(IrOp::return_void);
  } else if (results == 1) {
    uint32_t a = use(stack_.back(), first);
    const ValType type = type_.results[0];
    emit(type.is_vec() ? IrOp::return_vector : type.is_float() ? IrOp::return_float : IrOp::return_value).a = a;
    touch(a);
  } else {
    std::vector<uint32_t> operands;
    for (size_t i = first; i < stack_.size(); ++i) operands.push_back(pin(stack_[i], i));
    Ir& ir = emit(IrOp::return_slots);
    for (uint32_t vreg : operands) ir_.slot_operands.push_back({static_cast<uint32_t>(ir_.code.size() - 1), vreg});
    ir.label = home_slot(first);
    ir.imm = ir_.result_slots;
  }
}

// ---- calls

// Arguments are pinned to the slots of their heights, where the callee's frame begins; results come back there.
void Translator::call(const Instruction& in) {
  bool indirect = in.op == Op::call_indirect || in.op == Op::return_call_indirect;
  bool by_ref = in.op == Op::call_ref || in.op == Op::return_call_ref;
  bool tail = in.op == Op::return_call || in.op == Op::return_call_indirect || in.op == Op::return_call_ref;
  const FuncType& type = indirect || by_ref ? def_.types[in.index].func : def_.function_type(in.index);
  uint32_t index_reg = kNoReg;
  if (indirect || by_ref) {
    Entry index = pop();
    index_reg = use(index, stack_.size());
    if (indirect && def_.tables[in.index2].type.limits.is_64) index_reg = index_64(index_reg);
  }
  size_t base = stack_.size() - type.params.size();
  for (size_t i = base; i < stack_.size(); ++i) {
    uint32_t vreg = pin(stack_[i], i);
    if (stack_[i].kind == Entry::Kind::local) --pending_[stack_[i].vreg];
    stack_[i] = {Entry::Kind::temporary, stack_[i].type, vreg};
  }
  bool import = !indirect && !by_ref && in.index < def_.imported_functions;
  IrOp op = by_ref     ? (tail ? IrOp::return_call_ref : IrOp::call_ref)
            : indirect ? (tail ? IrOp::return_call_indirect : IrOp::call_indirect)
            : import ? (tail ? IrOp::return_call_import : IrOp::call_import)
                     : (tail ? IrOp::return_call : IrOp::call);
  Ir& ir = emit(op);
  ir.a = index_reg;
  ir.imm = in.index;
  if (indirect) ir.c = in.index2;
  ir.label = home_slot(base);
  if (index_reg != kNoReg) touch(index_reg);
  for (size_t i = base; i < stack_.size(); ++i) {
    ir_.slot_operands.push_back({static_cast<uint32_t>(ir_.code.size() - 1), stack_[i].vreg});
  }
  set_stack(base);
  if (tail) {
    become_unreachable();
    return;
  }
  settle();
  block_start_ = static_cast<uint32_t>(ir_.code.size());
  if (!type.results.empty()) {
    ir_.call_results.push_back({block_start_ - 1, static_cast<uint32_t>(ir_.vregs.size()), static_cast<uint32_t>(type.results.size())});
  }
  for (ValType result : type.results) {
    uint32_t vreg = new_vreg(result, home_slot(stack_.size()));
    ir_.vregs[vreg].pinned = true;
    push({Entry::Kind::temporary, result, vreg});
  }
}

}  // namespace wplug
