// The validator's rules for instructions whose type depends on where they stand (spec 3.4): "special" in opcodes.def.
// step() finds the rule of every instruction.
#include "interp/base/concat.h"
#include "interp/validate/function_validator.h"

namespace wplug {

namespace {

ValType address_type(const Limits& limits) { return limits.is_64 ? ValType::i64() : ValType::i32(); }
// Of a length that must fit both.
ValType smaller_address_type(const Limits& a, const Limits& b) {
  return a.is_64 && b.is_64 ? ValType::i64() : ValType::i32();
}

// Those that rules_reference.cc has the rules of.
bool is_reference_instruction(Op op) {
  switch (op) {
    case Op::ref_null:
    case Op::ref_is_null:
    case Op::ref_func:
    case Op::ref_eq:
    case Op::br_on_null:
    case Op::br_on_non_null: return true;
    default: return feature_of(op) == Feature::gc || op == Op::ref_as_non_null;
  }
}

}  // namespace

bool FunctionValidator::step(const Instruction& in, const InstructionReader& instructions) {
  op_ = in.op;
  offset_ = in.offset;
  switch (in.op) {
    case Op::unreachable: set_unreachable(); return true;
    case Op::block: return block(in, Kind::block);
    case Op::loop: return block(in, Kind::loop);
    case Op::if_: return block(in, Kind::if_);
    case Op::else_: return else_block();
    case Op::end: return end_block();
    case Op::br: return branch(in.index);
    case Op::br_if: return branch_if(in.index);
    case Op::br_table: return branch_table(instructions.labels(), in.index);
    case Op::try_table: return try_table(in, instructions.catches());
    case Op::throw_: return throw_tag(in.index);
    case Op::throw_ref: return throw_ref();
    case Op::try_: return block(in, Kind::try_);
    case Op::catch_:
    case Op::catch_all: return catch_block(in);
    case Op::delegate: return delegate_block(in.index);
    case Op::rethrow: return rethrow(in.index);
    case Op::return_: return branch(static_cast<uint32_t>(controls_.size() - 1));
    case Op::call:
    case Op::return_call: return call(in.index);
    case Op::call_indirect:
    case Op::return_call_indirect: return call_indirect(in);
    case Op::drop: {
      ValType type;
      return pop_any(type);
    }
    case Op::select: return select();
    case Op::select_t: return select_typed(in);
    case Op::local_get: return local_get(in.index);
    case Op::local_set: return local_set(in.index);
    case Op::local_tee: return local_tee(in.index);
    case Op::global_get: return global_get(in.index);
    case Op::global_set: return global_set(in.index);
    case Op::call_ref:
    case Op::return_call_ref: return call_ref(in.index);
    case Op::memory_size:
    case Op::memory_grow:
    case Op::memory_fill:
    case Op::memory_copy: return memory_instruction(in);
    case Op::memory_init: return memory_init(in);
    case Op::data_drop: return has_data(in.index);
    case Op::table_get:
    case Op::table_set:
    case Op::table_size:
    case Op::table_grow:
    case Op::table_fill: return table_instruction(in);
    case Op::i64_add128:
    case Op::i64_sub128:
    case Op::i64_mul_wide_s:
    case Op::i64_mul_wide_u: return wide_arithmetic();
    case Op::table_copy: return table_copy(in);
    case Op::table_init: return table_init(in);
    case Op::elem_drop: return element(in.index) != nullptr;
    default: {
      const Signature& rule = signature(in.op);
      if (rule.has_lanes && !has_lanes(in)) return false;
      if (rule.has_address) return memory_access(rule, in);
      if (rule.is_special && is_reference_instruction(in.op)) return reference_instruction(in);
      if (rule.is_special) return invalid(concat("instruction without a rule: ", info(in.op).text));
      return simple(rule);
    }
  }
}

// Control

bool FunctionValidator::block(const Instruction& in, Kind kind) {
  Control control;
  control.kind = kind;
  if (in.block.kind == BlockType::Kind::type_index) {
    control.type = type(in.block.type_index);
    if (control.type == nullptr) return false;
  } else if (in.block.kind == BlockType::Kind::value) {
    control.has_value = true;
    control.value = in.block.value;
    if (!known(control.value)) return false;
  }
  if (kind == Kind::if_ && !pop(ValType::i32())) return false;
  if (!pop(control.params())) return false;
  push_control(control);
  return push(control.params());
}

bool FunctionValidator::else_block() {
  Control control = controls_.back();
  if (control.kind != Kind::if_) return fail(ErrorKind::malformed, "END opcode expected: else without if");
  if (!pop_results()) return false;
  controls_.pop_back();
  forget_initializations(control);
  control.kind = Kind::else_;
  control.unreachable = false;
  control.stamp = 0;
  push_control(control);
  return push(control.params());
}

bool FunctionValidator::end_block() {
  if (!pop_results()) return false;
  const Control control = controls_.back();
  if (control.kind == Kind::if_ && !types_.matches(control.params(), control.results())) {
    return mismatch("if without else must give back what it takes");
  }
  controls_.pop_back();
  forget_initializations(control);
  base_ = controls_.empty() ? 0 : controls_.back().base;
  return push(control.results());
}

FunctionValidator::Control* FunctionValidator::label(uint32_t depth) {
  if (depth < controls_.size()) return &controls_[controls_.size() - 1 - depth];
  unknown("label", depth);
  return nullptr;
}

bool FunctionValidator::branch(uint32_t depth) {
  const Control* target = label(depth);
  if (target == nullptr || !pop(target->label_types())) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::branch_if(uint32_t depth) {
  if (!pop(ValType::i32())) return false;
  const Control* target = label(depth);
  return target != nullptr && pop(target->label_types()) && push(target->label_types());
}

// Each block is checked once, however many labels name it, so that the work stays linear in the labels.
bool FunctionValidator::branch_table(std::span<const uint32_t> labels, uint32_t default_label) {
  if (!pop(ValType::i32())) return false;
  const Control* fallback = label(default_label);
  if (fallback == nullptr) return false;
  const std::span<const ValType> types = fallback->label_types();
  ++stamp_;
  for (uint32_t depth : labels) {
    Control* target = label(depth);
    if (target == nullptr) return false;
    if (target->stamp == stamp_) continue;
    target->stamp = stamp_;
    const std::span<const ValType> target_types = target->label_types();
    if (target_types.size() != types.size()) {
      return mismatch(
          concat("br_table: label ", depth, " takes ", target_types.size(), " values, the default ", types.size()));
    }
    if (!check_top(target_types)) return false;
  }
  if (!pop(types)) return false;
  set_unreachable();
  return true;
}

// Calls

bool FunctionValidator::call(uint32_t function) {
  const FuncType* callee = function_type(function);
  if (callee == nullptr) return false;
  if (op_ == Op::return_call) return return_call(*callee);
  return pop(callee->params) && push(callee->results);
}

bool FunctionValidator::call_indirect(const Instruction& in) {
  const TableType* callees = table(in.index2);
  if (callees == nullptr) return false;
  if (!types_.matches(callees->element, ValType::funcref())) {
    return mismatch(concat(info(op_).text, " expects a table of funcref, found ", callees->element.to_string()));
  }
  const FuncType* callee = type(in.index);
  if (callee == nullptr || !pop(address_type(callees->limits))) return false;
  if (op_ == Op::return_call_indirect) return return_call(*callee);
  return pop(callee->params) && push(callee->results);
}

bool FunctionValidator::call_ref(uint32_t index) {
  const FuncType* callee = type(index);
  if (callee == nullptr || !pop(ValType::ref_to(index, true))) return false;
  if (op_ == Op::return_call_ref) return return_call(*callee);
  return pop(callee->params) && push(callee->results);
}

bool FunctionValidator::return_call(const FuncType& callee) {
  if (!types_.matches(callee.results, function_->results)) {
    return mismatch(concat(info(op_).text, " of ", callee.to_string(), " in a function of ", function_->to_string()));
  }
  if (!pop(callee.params)) return false;
  set_unreachable();
  return true;
}

// Values and variables

bool FunctionValidator::select() {
  ValType second;
  ValType first;
  if (!pop(ValType::i32()) || !pop_any(second) || !pop_any(first)) return false;
  if (first.is_ref() || second.is_ref()) return mismatch("select without a type has references");
  if (first != second && !first.is_bottom() && !second.is_bottom()) return mismatch(first, second);
  return push(first.is_bottom() ? second : first);
}

bool FunctionValidator::select_typed(const Instruction& in) {
  if (in.index != 1) return invalid(concat("invalid result arity: select of ", in.index, " values"));
  return known(in.type) && pop(ValType::i32()) && pop(in.type) && pop(in.type) && push(in.type);
}

bool FunctionValidator::has_local(uint32_t index) { return index < locals_.count() || unknown("local", index); }

bool FunctionValidator::local_get(uint32_t index) {
  if (!has_local(index)) return false;
  if (tracks_initialization_ && !is_initialized(index)) return invalid(concat("uninitialized local ", index));
  return push(locals_[index]);
}

bool FunctionValidator::local_set(uint32_t index) {
  if (!has_local(index)) return false;
  if (tracks_initialization_) initialize(index);
  return pop(locals_[index]);
}

bool FunctionValidator::local_tee(uint32_t index) { return local_set(index) && push(locals_[index]); }

// Locals without a default value may be read where they have been written on every way (spec 3.4.10): in the block that
// wrote them and those within it.

bool FunctionValidator::is_initialized(uint32_t index) const {
  if (!initialized_.empty()) return initialized_[index];
  return index < function_->params.size() || locals_[index].is_defaultable();
}

void FunctionValidator::initialize(uint32_t index) {
  if (is_initialized(index)) return;
  if (initialized_.empty()) {
    std::vector<bool> initialized(locals_.count());
    for (uint32_t i = 0; i < locals_.count(); ++i) initialized[i] = is_initialized(i);
    initialized_ = std::move(initialized);
  }
  initialized_[index] = true;
  initializations_.push_back(index);
}

void FunctionValidator::forget_initializations(const Control& control) {
  for (; initializations_.size() > control.initializations; initializations_.pop_back()) {
    initialized_[initializations_.back()] = false;
  }
}

bool FunctionValidator::global_get(uint32_t index) {
  if (index >= (is_constant_ ? visible_globals_ : module_.globals.size())) return unknown("global", index);
  const GlobalType& global = module_.globals[index].type;
  if (is_constant_ && global.is_mutable)
    return invalid(concat("constant expression required: global ", index, " is mutable"));
  return push(global.type);
}

bool FunctionValidator::global_set(uint32_t index) {
  if (index >= module_.globals.size()) return unknown("global", index);
  const GlobalType& global = module_.globals[index].type;
  if (!global.is_mutable) return invalid(concat("immutable global ", index));
  return pop(global.type);
}

// Memories

bool FunctionValidator::memory_instruction(const Instruction& in) {
  const MemoryType* target = memory(in.index);
  if (target == nullptr) return false;
  const ValType address = address_type(target->limits);
  switch (in.op) {
    case Op::memory_size: return push(address);
    case Op::memory_grow: return pop(address) && push(address);
    case Op::memory_fill: return pop(address) && pop(ValType::i32()) && pop(address);
    default: {
      const MemoryType* source = memory(in.index2);
      return source != nullptr && pop(smaller_address_type(target->limits, source->limits)) &&
             pop(address_type(source->limits)) && pop(address);
    }
  }
}

bool FunctionValidator::memory_init(const Instruction& in) {
  const MemoryType* target = memory(in.index2);
  return target != nullptr && has_data(in.index) && pop(ValType::i32()) && pop(ValType::i32()) &&
         pop(address_type(target->limits));
}

// Segments follow the code, so that their number must have come before it (spec 5.5.16).
bool FunctionValidator::has_data(uint32_t index) {
  if (!module_.data_count.has_value())
    return fail(ErrorKind::malformed, concat("data count section required by ", info(op_).text));
  return index < *module_.data_count || unknown("data segment", index);
}

// Tables

bool FunctionValidator::table_instruction(const Instruction& in) {
  const TableType* target = table(in.index);
  if (target == nullptr) return false;
  const ValType address = address_type(target->limits);
  switch (in.op) {
    case Op::table_get: return pop(address) && push(target->element);
    case Op::table_set: return pop(target->element) && pop(address);
    case Op::table_size: return push(address);
    case Op::table_grow: return pop(address) && pop(target->element) && push(address);
    default: return pop(address) && pop(target->element) && pop(address);
  }
}

bool FunctionValidator::table_copy(const Instruction& in) {
  const TableType* target = table(in.index);
  const TableType* source = target == nullptr ? nullptr : table(in.index2);
  if (source == nullptr) return false;
  if (!types_.matches(source->element, target->element)) return mismatch(target->element, source->element);
  return pop(smaller_address_type(target->limits, source->limits)) && pop(address_type(source->limits)) &&
         pop(address_type(target->limits));
}

bool FunctionValidator::table_init(const Instruction& in) {
  const TableType* target = table(in.index2);
  const ElementDef* source = target == nullptr ? nullptr : element(in.index);
  if (source == nullptr) return false;
  if (!types_.matches(source->type, target->element)) return mismatch(target->element, source->type);
  return pop(ValType::i32()) && pop(ValType::i32()) && pop(address_type(target->limits));
}

// Index spaces

const FuncType* FunctionValidator::function_type(uint32_t function) {
  if (function < module_.functions.size()) return &module_.function_type(function);
  unknown("function", function);
  return nullptr;
}

const FuncType* FunctionValidator::type(uint32_t index) {
  const SubType* found = defined(index, CompositeKind::func);
  return found == nullptr ? nullptr : &found->func;
}

const TableType* FunctionValidator::table(uint32_t index) {
  if (index < module_.tables.size()) return &module_.tables[index].type;
  unknown("table", index);
  return nullptr;
}

const MemoryType* FunctionValidator::memory(uint32_t index) {
  if (index < module_.memories.size()) return &module_.memories[index];
  unknown("memory", index);
  return nullptr;
}

const ElementDef* FunctionValidator::element(uint32_t index) {
  if (index < module_.elements.size()) return &module_.elements[index];
  unknown("elem segment", index);
  return nullptr;
}

}  // namespace wplug
