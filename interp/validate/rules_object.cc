// The validator's rules for structures and arrays (spec 3.4.7, 3.4.8).
#include "interp/base/concat.h"
#include "interp/validate/function_validator.h"

namespace wplug {

namespace {

bool is_numeric(const FieldType& field) { return !field.type.is_ref(); }

}  // namespace

// Structures

// What get, get_s and get_u of a field give.
bool FunctionValidator::can_get(const FieldType& field, bool is_plain) {
  if (is_plain == (field.packed == Packed::none)) return true;
  return mismatch(concat(info(op_).text, is_plain ? " of a packed field" : " of a field that is not packed"));
}

bool FunctionValidator::structure_instruction(const Instruction& in) {
  const SubType* type = defined(in.index, CompositeKind::struct_);
  if (type == nullptr) return false;
  const ValType made = ValType::ref_to(in.index, false);
  if (in.op == Op::struct_new) {
    for (size_t i = type->fields.size(); i-- > 0;) {
      if (!pop(type->fields[i].type)) return false;
    }
    return push(made);
  }
  if (in.op == Op::struct_new_default) {
    for (const FieldType& field : type->fields) {
      if (!field.type.is_defaultable()) return mismatch(concat("no default for a field of ", field.type.to_string()));
    }
    return push(made);
  }
  if (in.index2 >= type->fields.size()) return unknown("field", in.index2);
  const FieldType& field = type->fields[in.index2];
  if (in.op == Op::struct_set) {
    if (!field.is_mutable) return invalid(concat("immutable field ", in.index2));
    return pop(field.type) && pop(made.with_null(true));
  }
  return can_get(field, in.op == Op::struct_get) && pop(made.with_null(true)) && push(field.type);
}

// Arrays

bool FunctionValidator::array_instruction(const Instruction& in) {
  const SubType* type = defined(in.index, CompositeKind::array);
  if (type == nullptr) return false;
  const FieldType& field = type->fields[0];
  const ValType i32 = ValType::i32();
  const ValType made = ValType::ref_to(in.index, false);
  const ValType array = made.with_null(true);
  switch (in.op) {
    case Op::array_new:
      return pop(i32) && pop(field.type) && push(made);
    case Op::array_new_default:
      if (!field.type.is_defaultable()) return mismatch(concat("no default for elements of ", field.type.to_string()));
      return pop(i32) && push(made);
    case Op::array_new_fixed:
      // Below what unreachable code has pushed there is no end.
      for (uint32_t i = 0; i < in.index2 && (height_ != base_ || !controls_.back().unreachable); ++i) {
        if (!pop(field.type)) return false;
      }
      return push(made);
    case Op::array_new_data:
      return numeric_data(field, in.index2) && pop(i32) && pop(i32) && push(made);
    case Op::array_new_elem:
      return element_for(field, in.index2) && pop(i32) && pop(i32) && push(made);
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
      return can_get(field, in.op == Op::array_get) && pop(i32) && pop(array) && push(field.type);
    default:
      break;
  }
  if (!field.is_mutable) return invalid(concat("immutable array ", in.index));
  switch (in.op) {
    case Op::array_set:
      return pop(field.type) && pop(i32) && pop(array);
    case Op::array_fill:
      return pop(i32) && pop(field.type) && pop(i32) && pop(array);
    case Op::array_copy:
      return array_copy(in, field);
    case Op::array_init_data:
      return numeric_data(field, in.index2) && pop(i32) && pop(i32) && pop(i32) && pop(array);
    case Op::array_init_elem:
      return element_for(field, in.index2) && pop(i32) && pop(i32) && pop(i32) && pop(array);
    default:
      return invalid(concat("instruction without a rule: ", info(in.op).text));
  }
}

bool FunctionValidator::array_copy(const Instruction& in, const FieldType& to) {
  const SubType* source = defined(in.index2, CompositeKind::array);
  if (source == nullptr) return false;
  const FieldType& from = source->fields[0];
  if (from.packed != to.packed || !types_.matches(from.type, to.type)) {
    return invalid(concat("array types do not match: ", in.index, " and ", in.index2));
  }
  const ValType i32 = ValType::i32();
  return pop(i32) && pop(i32) && pop(ValType::ref_to(in.index2, true)) && pop(i32) &&
         pop(ValType::ref_to(in.index, true));
}

bool FunctionValidator::numeric_data(const FieldType& field, uint32_t segment) {
  if (!is_numeric(field)) return invalid("array type is not numeric or vector");
  return has_data(segment);
}

bool FunctionValidator::element_for(const FieldType& field, uint32_t segment) {
  const ElementDef* source = element(segment);
  if (source == nullptr) return false;
  return types_.matches(source->type, field.type) || mismatch(field.type, source->type);
}

}  // namespace wplug
