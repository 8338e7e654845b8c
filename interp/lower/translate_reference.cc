// References, structures and arrays. Tests, casts and accesses have their operands where they are; what makes objects
// or works on whole arrays has them in the slots of their heights, one after the other, as calls have their arguments.
#include "interp/lower/translator.h"
#include "interp/wasm/subtyping.h"
#include "wplug/trap.h"

namespace wplug {

namespace {

IrOp get_of(const FieldType& field, bool is_signed, bool of_array) {
#define WPLUG_GET(name) (of_array ? IrOp::array_get_##name : IrOp::struct_get_##name)
  if (field.packed == Packed::i8) return is_signed ? WPLUG_GET(i8_s) : WPLUG_GET(i8_u);
  if (field.packed == Packed::i16) return is_signed ? WPLUG_GET(i16_s) : WPLUG_GET(i16_u);
  if (field.type == ValType::f32()) return WPLUG_GET(f32);
  if (field.type == ValType::f64()) return WPLUG_GET(f64);
  return field.size() == 4 ? WPLUG_GET(i32) : WPLUG_GET(i64);
#undef WPLUG_GET
}

IrOp set_of(const FieldType& field, bool of_array) {
#define WPLUG_SET(name) (of_array ? IrOp::array_set_##name : IrOp::struct_set_##name)
  if (field.packed == Packed::i8) return WPLUG_SET(i8);
  if (field.packed == Packed::i16) return WPLUG_SET(i16);
  if (field.type == ValType::f32()) return WPLUG_SET(f32);
  if (field.type == ValType::f64()) return WPLUG_SET(f64);
  return field.size() == 4 ? WPLUG_SET(i32) : WPLUG_SET(i64);
#undef WPLUG_SET
}

}  // namespace

bool Translator::reference(const Instruction& in) {
  const ValType i32 = ValType::i32();
  switch (in.op) {
    case Op::ref_as_non_null: ref_check(TrapKind::null_reference); return true;
    case Op::ref_eq: binary(IrOp::i64_eq, ValType::i64(), i32); return true;
    case Op::ref_i31:
      // The value's 31 bits above the tag.
      push_constant(i32, 1);
      binary(IrOp::i32_shl, i32, i32);
      push_constant(i32, 1);
      binary(IrOp::i32_or, i32, i32);
      stack_.back().type = ValType::ref(HeapKind::i31, false);
      return true;
    case Op::i31_get_s:
    case Op::i31_get_u:
      ref_check(TrapKind::null_i31_reference);
      push_constant(i32, 1);
      binary(in.op == Op::i31_get_s ? IrOp::i32_shr_s : IrOp::i32_shr_u, i32, i32);
      return true;
    // References are the same in both hierarchies.
    case Op::any_convert_extern: stack_.back().type = ValType::ref(HeapKind::any, true); return true;
    case Op::extern_convert_any: stack_.back().type = ValType::externref(); return true;
    case Op::ref_test: ref_test(IrOp::ref_test, in.type.with_null(false), i32); return true;
    case Op::ref_test_null: ref_test(IrOp::ref_test, in.type, i32); return true;
    case Op::ref_cast: ref_test(IrOp::ref_cast, in.type.with_null(false), in.type.with_null(false)); return true;
    case Op::ref_cast_null: ref_test(IrOp::ref_cast, in.type, in.type); return true;
    case Op::br_on_null: branch_on_null(in.index); return true;
    case Op::br_on_non_null: branch_on_non_null(in.index); return true;
    case Op::br_on_cast: branch_on_cast(in.index, in.type2, true); return true;
    case Op::br_on_cast_fail: branch_on_cast(in.index, in.type2, false); return true;
    case Op::array_len: unary(IrOp::array_len, i32); return true;
    default: return structure(in) || array(in);
  }
}

void Translator::ref_check(TrapKind kind) {
  const ValType type = stack_.back().type.with_null(false);
  unary(IrOp::ref_check, type);
  ir_.code.back().imm = static_cast<uint64_t>(kind);
}

// The heap type is in imm: kind, nullability and, of a concrete one, the module's index, as bits of the ValType.
void Translator::ref_test(IrOp op, ValType type, ValType result) {
  unary(op, result);
  ir_.code.back().imm = type.bits();
}

// ---- branches

// Takes back nothing: the reference on top is read by the branch and stays, so that its definition must too.
uint32_t Translator::keep_top() {
  Entry& top = stack_.back();
  if (top.kind == Entry::Kind::constant) {
    const Entry constant = top;
    top = {Entry::Kind::temporary, constant.type, use(constant, stack_.size() - 1), 0};
  }
  if (top.kind == Entry::Kind::temporary) definition_[top.vreg] = kNoReg;
  return top.vreg;
}

void Translator::branch_on_null(uint32_t depth) {
  Condition condition;
  condition.compare = IrOp::i64_eq;
  condition.a = keep_top();
  Entry ref = pop();
  branch_when(condition, depth);
  ref.type = ref.type.with_null(false);
  if (ref.kind == Entry::Kind::local) ++pending_[ref.vreg];
  push(ref);
}

void Translator::branch_on_non_null(uint32_t depth) {
  Condition condition;
  condition.compare = IrOp::i64_ne;
  condition.a = keep_top();
  branch_when(condition, depth, true);
  pop();
}

void Translator::branch_on_cast(uint32_t depth, ValType to, bool when) {
  const uint32_t ref = keep_top();
  Ir& ir = emit(IrOp::ref_test);
  ir.a = ref;
  ir.imm = to.bits();
  touch(ref);
  push_temporary(ValType::i32());
  Condition condition;
  condition.compare = when ? IrOp::i32_ne : IrOp::i32_eq;
  condition.a = pop().vreg;
  branch_when(condition, depth);
}

// ---- structures and arrays

// An operation on consecutive slots: `operands` entries from the top.
void Translator::object_operation(IrOp op, size_t operands, uint64_t imm, bool has_result, ValType result) {
  const size_t base = stack_.size() - operands;
  std::vector<uint32_t> slots;
  for (size_t i = base; i < stack_.size(); ++i) slots.push_back(pin(stack_[i], i));
  set_stack(base);
  Ir& ir = emit(op);
  for (uint32_t vreg : slots) ir_.slot_operands.push_back({static_cast<uint32_t>(ir_.code.size() - 1), vreg});
  ir.imm = imm;
  ir.label = home_slot(base);
  if (has_result) ir_.vregs[push_temporary(result)].pinned = true;
}

bool Translator::structure(const Instruction& in) {
  const ValType made = ValType::ref_to(in.index, false);
  switch (in.op) {
    case Op::struct_new:
      object_operation(IrOp::struct_new, def_.types[in.index].fields.size(), in.index, true, made);
      return true;
    case Op::struct_new_default: object_operation(IrOp::struct_new_default, 0, in.index, true, made); return true;
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u: struct_get(in); return true;
    case Op::struct_set: struct_set(in); return true;
    default: return false;
  }
}

void Translator::struct_get(const Instruction& in) {
  const FieldType& field = def_.types[in.index].fields[in.index2];
  if (field.type.is_vec()) {
    return object_operation(IrOp::struct_get_v128, 1, uint64_t{in.index} | uint64_t{in.index2} << 32, true, field.type);
  }
  unary(get_of(field, in.op == Op::struct_get_s, false), field.type);
  ir_.code.back().imm = module_.types[in.index]->fields[in.index2].offset;
}

void Translator::struct_set(const Instruction& in) {
  const FieldType& field = def_.types[in.index].fields[in.index2];
  if (field.type.is_vec()) {
    return object_operation(IrOp::struct_set_v128, 2, uint64_t{in.index} | uint64_t{in.index2} << 32, false, field.type);
  }
  Entry value = pop(), object = pop();
  const uint32_t a = use(object, stack_.size()), b = use(value, stack_.size() + 1);
  Ir& ir = emit(set_of(field, false));
  ir.a = a;
  ir.b = b;
  ir.imm = module_.types[in.index]->fields[in.index2].offset;
  touch(a);
  touch(b);
}

bool Translator::array(const Instruction& in) {
  const ValType i32 = ValType::i32();
  const ValType made = ValType::ref_to(in.index, false);
  const uint64_t pair = uint64_t{in.index} | uint64_t{in.index2} << 32;
  switch (in.op) {
    case Op::array_new: object_operation(IrOp::array_new, 2, in.index, true, made); return true;
    case Op::array_new_default: object_operation(IrOp::array_new_default, 1, in.index, true, made); return true;
    case Op::array_new_fixed: object_operation(IrOp::array_new_fixed, in.index2, pair, true, made); return true;
    case Op::array_new_data: object_operation(IrOp::array_new_data, 2, pair, true, made); return true;
    case Op::array_new_elem: object_operation(IrOp::array_new_elem, 2, pair, true, made); return true;
    case Op::array_fill: object_operation(IrOp::array_fill, 4, in.index, false, i32); return true;
    case Op::array_copy: object_operation(IrOp::array_copy, 5, in.index, false, i32); return true;
    case Op::array_init_data: object_operation(IrOp::array_init_data, 4, pair, false, i32); return true;
    case Op::array_init_elem: object_operation(IrOp::array_init_elem, 4, pair, false, i32); return true;
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u: array_get(in); return true;
    case Op::array_set: array_set(in); return true;
    default: return false;
  }
}

void Translator::array_get(const Instruction& in) {
  const FieldType& element = def_.types[in.index].fields[0];
  if (element.type.is_vec()) return object_operation(IrOp::array_get_v128, 2, in.index, true, element.type);
  Entry index = pop(), object = pop();
  const uint32_t a = use(object, stack_.size()), b = use(index, stack_.size() + 1);
  Ir& ir = emit(get_of(element, in.op == Op::array_get_s, true));
  ir.a = a;
  ir.b = b;
  touch(a);
  touch(b);
  push_temporary(element.type);
}

void Translator::array_set(const Instruction& in) {
  const FieldType& element = def_.types[in.index].fields[0];
  if (element.type.is_vec()) return object_operation(IrOp::array_set_v128, 3, in.index, false, element.type);
  Entry value = pop(), index = pop(), object = pop();
  const size_t height = stack_.size();
  const uint32_t a = use(object, height), b = use(index, height + 1), c = use(value, height + 2);
  Ir& ir = emit(set_of(element, true));
  ir.a = a;
  ir.b = b;
  ir.c = c;
  touch(a);
  touch(b);
  touch(c);
}

}  // namespace wplug
