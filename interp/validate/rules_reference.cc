// The validator's rules for references (spec 3.4.3, 3.4.7).
#include "interp/base/concat.h"
#include "interp/validate/function_validator.h"
#include "interp/wasm/subtyping.h"

namespace wplug {

namespace {

// The first type without what the second has taken of it: null, where the second may be null.
ValType difference(ValType from, ValType to) { return to.is_nullable() ? from.with_null(false) : from; }

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

// Types by index

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

}  // namespace wplug
