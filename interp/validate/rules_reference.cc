// The validator's rules for references, structures and arrays (spec 3.4.3, 3.4.7, 3.4.8).
#include <algorithm>

#include "interp/base/concat.h"
#include "interp/validate/function_validator.h"
#include "interp/wasm/subtyping.h"

namespace wplug {

namespace {

// The first type without what the second has taken of it: null, where the second may be null.
ValType difference(ValType from, ValType to) { return to.is_nullable() ? from.with_null(false) : from; }

bool is_numeric(const FieldType& field) { return !field.type.is_ref(); }

}  // namespace

bool FunctionValidator::reference_instruction(const Instruction& in) {
  switch (in.op) {
    case Op::ref_null: return known(in.type) && push(in.type);
    case Op::ref_func: return ref_func(in.index);
    case Op::ref_is_null: {
      ValType type;
      return pop_ref(type) && push(ValType::i32());
    }
    case Op::ref_as_non_null: {
      ValType type;
      return pop_ref(type) && push(type.with_null(false));
    }
    case Op::ref_eq: {
      const ValType eqref = ValType::ref(HeapKind::eq, true);
      return pop(eqref) && pop(eqref) && push(ValType::i32());
    }
    case Op::ref_i31: return pop(ValType::i32()) && push(ValType::ref(HeapKind::i31, false));
    case Op::i31_get_s:
    case Op::i31_get_u: return pop(ValType::ref(HeapKind::i31, true)) && push(ValType::i32());
    case Op::any_convert_extern: return convert(HeapKind::extern_, HeapKind::any);
    case Op::extern_convert_any: return convert(HeapKind::any, HeapKind::extern_);
    case Op::ref_test: return cast(in.type.with_null(false), ValType::i32());
    case Op::ref_test_null: return cast(in.type, ValType::i32());
    case Op::ref_cast: return cast(in.type.with_null(false), in.type.with_null(false));
    case Op::ref_cast_null: return cast(in.type, in.type);
    case Op::br_on_null: return branch_on_null(in.index);
    case Op::br_on_non_null: return branch_on_non_null(in.index);
    case Op::br_on_cast:
    case Op::br_on_cast_fail: return branch_on_cast(in);
    case Op::struct_new:
    case Op::struct_new_default:
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u:
    case Op::struct_set: return structure_instruction(in);
    case Op::array_len: return pop(ValType::ref(HeapKind::array, true)) && push(ValType::i32());
    default: return array_instruction(in);
  }
}

bool FunctionValidator::known(ValType type) {
  return types_.knows(type) || unknown("type", type.type_index());
}

// Any reference; what unreachable code has is the bottom one.
bool FunctionValidator::pop_ref(ValType& type) {
  if (!pop_any(type)) return false;
  if (type.is_bottom()) type = ValType::bottom_ref();
  return type.is_ref() ||
         mismatch(concat(info(op_).text, " expects a reference, found ", type.to_string()));
}

bool FunctionValidator::ref_func(uint32_t index) {
  if (function_type(index) == nullptr) return false;
  if (is_constant_) {
    module_.functions[index].declared = true;
  } else if (!module_.functions[index].declared) {
    return invalid(concat("undeclared function reference ", index));
  }
  return push(ValType::ref_to(module_.functions[index].type, false));
}

bool FunctionValidator::convert(HeapKind from, HeapKind to) {
  ValType type;
  if (!pop_ref(type)) return false;
  if (!types_.matches(type, ValType::ref(from, true))) return mismatch(ValType::ref(from, true), type);
  return push(ValType::ref(to, type.is_nullable()));
}

ValType FunctionValidator::top_of_type(ValType type) const {
  const HeapKind heap =
      type.is_concrete() ? abstract_of(module_.types[type.type_index()].kind) : type.heap();
  return ValType::ref(top_of(heap), true);
}

bool FunctionValidator::cast(ValType to, ValType result) {
  return known(to) && pop(top_of_type(to)) && push(result);
}

// Branches

bool FunctionValidator::branch_on_null(uint32_t depth) {
  ValType type;
  if (!pop_ref(type)) return false;
  const Control* target = label(depth);
  return target != nullptr && pop(target->label_types()) && push(target->label_types()) && push(type.with_null(false));
}

bool FunctionValidator::branch_on_non_null(uint32_t depth) {
  ValType type;
  return pop_ref(type) && branch_with(depth, type.with_null(false));
}

bool FunctionValidator::branch_on_cast(const Instruction& in) {
  if (!known(in.type) || !known(in.type2)) return false;
  if (!types_.matches(in.type2, in.type)) return mismatch(in.type, in.type2);
  const ValType rest = difference(in.type, in.type2);
  const bool on_fail = in.op == Op::br_on_cast_fail;
  return pop(in.type) && branch_with(in.index, on_fail ? rest : in.type2) && push(on_fail ? in.type2 : rest);
}

// A branch that may be taken with a reference of `type` on top, which is not there when it is not.
bool FunctionValidator::branch_with(uint32_t depth, ValType type) {
  const Control* target = label(depth);
  if (target == nullptr) return false;
  const std::span<const ValType> types = target->label_types();
  if (types.empty()) return mismatch(concat(info(op_).text, " has a reference for label ", depth, ", which takes nothing"));
  return push(type) && pop(types) && push(types.first(types.size() - 1));
}

// Structures

const SubType* FunctionValidator::defined(uint32_t index, CompositeKind kind) {
  if (index >= module_.types.size()) {
    unknown("type", index);
    return nullptr;
  }
  if (module_.types[index].kind == kind) return &module_.types[index];
  constexpr std::string_view kKinds[] = {"a function", "a structure", "an array"};
  mismatch(concat("type ", index, " is not ", kKinds[static_cast<size_t>(kind)], " type"));
  return nullptr;
}

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
    case Op::array_new: return pop(i32) && pop(field.type) && push(made);
    case Op::array_new_default:
      if (!field.type.is_defaultable()) return mismatch(concat("no default for elements of ", field.type.to_string()));
      return pop(i32) && push(made);
    case Op::array_new_fixed:
      // Below what unreachable code has pushed there is no end.
      for (uint32_t i = 0; i < in.index2 && (height_ != base_ || !controls_.back().unreachable); ++i) {
        if (!pop(field.type)) return false;
      }
      return push(made);
    case Op::array_new_data: return numeric_data(field, in.index2) && pop(i32) && pop(i32) && push(made);
    case Op::array_new_elem: return element_for(field, in.index2) && pop(i32) && pop(i32) && push(made);
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
      return can_get(field, in.op == Op::array_get) && pop(i32) && pop(array) && push(field.type);
    default: break;
  }
  if (!field.is_mutable) return invalid(concat("immutable array ", in.index));
  switch (in.op) {
    case Op::array_set: return pop(field.type) && pop(i32) && pop(array);
    case Op::array_fill: return pop(i32) && pop(field.type) && pop(i32) && pop(array);
    case Op::array_copy: return array_copy(in, field);
    case Op::array_init_data: return numeric_data(field, in.index2) && pop(i32) && pop(i32) && pop(i32) && pop(array);
    case Op::array_init_elem: return element_for(field, in.index2) && pop(i32) && pop(i32) && pop(i32) && pop(array);
    default: return invalid(concat("instruction without a rule: ", info(in.op).text));
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
