// Exceptions in the translation. A try_table is a block whose clauses are handlers at labels around it; a legacy `try` has handlers of its
// own, in the text after what they guard. Nothing is emitted where a try block begins or ends.
//
// What a handler finds: the values of the exception in the slots of its label's merges, which are therefore pinned; the stack below, which
// is pinned here too, when the try block begins; locals, which the allocation keeps in their slots where a handler reads them (liveness.h).
#include <algorithm>

#include "interp/lower/translator.h"

namespace wplug {

bool Translator::exceptions(const Instruction& in) {
  switch (in.op) {
    case Op::throw_: throw_tag(in.index); return true;
    case Op::throw_ref: throw_ref(); return true;
    case Op::try_: begin_try(in); return true;
    case Op::catch_: case Op::catch_all: begin_catch(in); return true;
    case Op::delegate: end_delegate(in.index); return true;
    case Op::rethrow: rethrow(in.index); return true;
    default: return false;
  }
}

void Translator::set_try(uint32_t block) {
  if (block == current_try_) return;
  current_try_ = block;
  uint32_t here = static_cast<uint32_t>(ir_.code.size());
  if (!ir_.try_regions.empty() && ir_.try_regions.back().begin == here) {
    ir_.try_regions.back().block = block;
  } else {
    ir_.try_regions.push_back({here, block});
  }
}

// Pins the entries below `height`, none of which is a lazy local.
void Translator::keep_at_home(size_t height) {
  for (; home_floor_ < height; ++home_floor_) {
    const Entry& entry = stack_[home_floor_];
    if (entry.kind == Entry::Kind::temporary) ir_.vregs[entry.vreg].pinned = true;
  }
}

// A block that has just begun becomes a try block, without handlers yet.
void Translator::enter_try(Control& control) {
  control.try_block = static_cast<uint32_t>(ir_.try_blocks.size());
  ir_.try_blocks.emplace_back().parent = current_try_;
  set_try(control.try_block);
  block_start_ = static_cast<uint32_t>(ir_.code.size());
}

void Translator::begin_try_table(const Instruction& in, std::span<const CatchClause> clauses) {
  begin_block(in, Control::Kind::block);
  enter_try(controls_.back());
  std::vector<CatchTarget>& handlers = ir_.try_blocks.back().handlers;
  for (const CatchClause& clause : clauses) {
    using Form = CatchClause::Kind;
    bool has_tag = clause.kind == Form::catch_ || clause.kind == Form::catch_ref;
    bool has_ref = clause.kind == Form::catch_ref || clause.kind == Form::catch_all_ref;
    Control& target = controls_[controls_.size() - 2 - clause.label];  // counted from outside
    CatchTarget handler;
    handler.label = target.label;
    handler.first = target.merges;
    if (has_tag) {
      handler.tag = clause.tag;
      handler.count = static_cast<uint32_t>(def_.tag_type(clause.tag).params.size());
    }
    if (has_ref) handler.ref = target.merges + handler.count;
    for (uint32_t i = 0; i < target.arity && !target.merges_pinned; ++i) ir_.vregs[target.merges + i].pinned = true;
    target.merges_pinned = true;
    ir_.labels[target.label].used = true;
    keep_at_home(target.height);
    handlers.push_back(handler);
  }
}

// ---- before 3.0

void Translator::begin_try(const Instruction& in) {
  begin_block(in, Control::Kind::try_);
  enter_try(controls_.back());
  keep_at_home(controls_.back().height);
}

// The handler's stack: the exception, in a place that only `rethrow` knows, then the values.
void Translator::begin_catch(const Instruction& in) {
  Control& control = controls_.back();
  if (!unreachable_) {
    move_to_label(control, true);
    emit(IrOp::br).label = control.label;
    ir_.labels[control.label].used = true;
  }
  unreachable_ = false;
  set_try(control.outer_try);
  set_stack(control.height);
  CatchTarget handler;
  handler.label = new_label();
  ir_.labels[handler.label].used = true;
  place_label(handler.label);
  std::span<const ValType> values;
  if (in.op == Op::catch_) {
    handler.tag = in.index;
    values = def_.tag_type(in.index).params;
  }
  handler.count = static_cast<uint32_t>(values.size());
  const ValType exnref = ValType::exnref();
  control.exception = new_merges({&exnref, 1}, stack_.size());
  push_merges(control.exception, {&exnref, 1});
  handler.first = new_merges(values, stack_.size());
  push_merges(handler.first, values);
  keep_at_home(stack_.size());
  lazy_floor_ = stack_.size();
  control.kind = Control::Kind::catch_;
  std::vector<CatchTarget>& handlers = ir_.try_blocks[control.try_block].handlers;
  control.handler = static_cast<uint32_t>(handlers.size());
  handlers.push_back(handler);
}

// Ends a try block whose exceptions go on as if thrown in the body of the block at `depth`, counted from outside.
void Translator::end_delegate(uint32_t depth) {
  const Control& target = controls_[controls_.size() - 2 - depth];
  ir_.try_blocks[controls_.back().try_block].parent = try_inside(target);
  end_block();
}

void Translator::rethrow(uint32_t depth) {
  const Control& target = controls_[controls_.size() - 1 - depth];
  ir_.try_blocks[target.try_block].handlers[target.handler].ref = target.exception;
  emit(IrOp::throw_ref).a = target.exception;
  become_unreachable();
}

// ---- throws

void Translator::throw_tag(uint32_t tag) {
  size_t base = stack_.size() - def_.tag_type(tag).params.size();
  std::vector<uint32_t> operands;
  for (size_t i = base; i < stack_.size(); ++i) operands.push_back(pin(stack_[i], i));
  Ir& ir = emit(IrOp::throw_);
  for (uint32_t vreg : operands) ir_.slot_operands.push_back({static_cast<uint32_t>(ir_.code.size() - 1), vreg});
  ir.label = home_slot(base);
  ir.imm = tag;
  become_unreachable();
}

void Translator::throw_ref() {
  Entry exception = pop();
  uint32_t vreg = pin(exception, stack_.size());
  emit(IrOp::throw_ref).a = vreg;
  become_unreachable();
}

}  // namespace wplug
