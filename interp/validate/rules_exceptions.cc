// The validator's rules for exceptions (spec 3.4.8), and for the blocks that toolchains used before 3.0:
//   try bt … {catch tag …} [catch_all …] end     a handler's stack begins with the values of its tag
//   try bt … delegate l                          what is thrown inside is thrown on at label l, counted from outside
#include <algorithm>

#include "interp/base/concat.h"
#include "interp/validate/function_validator.h"

namespace wplug {

const FuncType* FunctionValidator::tag(uint32_t index) {
  if (index < module_.tags.size()) return &module_.tag_type(index);
  unknown("tag", index);
  return nullptr;
}

// Labels are counted from outside of the block.
bool FunctionValidator::try_table(const Instruction& in, std::span<const CatchClause> clauses) {
  for (const CatchClause& clause : clauses) {
    if (!catch_clause(clause)) return false;
  }
  return block(in, Kind::block);
}

// The label must take the values of the tag, and after them the exception where the clause gives it, which is never
// null. They are checked as what stands on a stack of its own.
bool FunctionValidator::catch_clause(const CatchClause& clause) {
  using Form = CatchClause::Kind;
  const bool has_tag = clause.kind == Form::catch_ || clause.kind == Form::catch_ref;
  const bool has_ref = clause.kind == Form::catch_ref || clause.kind == Form::catch_all_ref;
  std::span<const ValType> values;
  if (has_tag) {
    const FuncType* type = tag(clause.tag);
    if (type == nullptr) return false;
    values = type->params;
  }
  const Control* found = label(clause.label);
  if (found == nullptr) return false;
  const Control target = *found;  // push_control() may move the blocks
  const std::span<const ValType> wanted = target.label_types();
  const size_t count = values.size() + (has_ref ? 1 : 0);
  if (wanted.size() != count) {
    return mismatch(concat("catch clause gives ", count, " values, label ", clause.label, " takes ", wanted.size()));
  }
  if (std::equal(values.begin(), values.end(), wanted.begin()) && !has_ref) return true;
  Control scratch;
  push_control(scratch);
  const bool fits = push(values) && (!has_ref || push(ValType::ref(HeapKind::exn, false))) && pop(wanted);
  controls_.pop_back();
  base_ = controls_.back().base;
  return fits;
}

bool FunctionValidator::throw_tag(uint32_t index) {
  const FuncType* type = tag(index);
  if (type == nullptr || !pop(type->params)) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::throw_ref() {
  if (!pop(ValType::exnref())) return false;
  set_unreachable();
  return true;
}

// Before 3.0

bool FunctionValidator::catch_block(const Instruction& in) {
  Control control = controls_.back();
  if (control.kind != Kind::try_ && control.kind != Kind::catch_) {
    return fail(ErrorKind::malformed, concat("END opcode expected: ", info(in.op).text, " without try"));
  }
  std::span<const ValType> values;
  if (in.op == Op::catch_) {
    const FuncType* type = tag(in.index);
    if (type == nullptr) return false;
    values = type->params;
  }
  if (!pop_results()) return false;
  controls_.pop_back();
  control.kind = in.op == Op::catch_ ? Kind::catch_ : Kind::catch_all;
  control.unreachable = false;
  control.stamp = 0;
  push_control(control);
  return push(values);
}

bool FunctionValidator::delegate_block(uint32_t depth) {
  if (controls_.back().kind != Kind::try_) {
    return fail(ErrorKind::malformed, "END opcode expected: delegate without try");
  }
  if (!pop_results()) return false;
  const Control control = controls_.back();
  controls_.pop_back();
  base_ = controls_.back().base;
  return label(depth) != nullptr && push(control.results());
}

bool FunctionValidator::rethrow(uint32_t depth) {
  const Control* target = label(depth);
  if (target == nullptr) return false;
  if (target->kind != Kind::catch_ && target->kind != Kind::catch_all) {
    return invalid(concat("invalid rethrow label ", depth));
  }
  set_unreachable();
  return true;
}

}  // namespace wplug
