// Constant expressions (spec 3.4.14): a handful of instructions without control flow, run on a small stack.
#include <vector>

#include "interp/base/byte_reader.h"
#include "interp/decode/instruction_reader.h"
#include "interp/store/references.h"
#include "interp/store/runtime.h"

namespace wplug {

using numeric::MaybeTrap;

namespace {

// Operands in slots. Expressions of one instruction are nearly all there are, hence room for some without allocation.
class OperandStack {
 public:
  void push(uint64_t slot) {
    if (size_ < kFew) {
      few_[size_] = slot;
    } else {
      more_.push_back(slot);
    }
    ++size_;
  }
  uint64_t pop() {
    --size_;
    if (size_ < kFew) return few_[size_];
    const uint64_t slot = more_.back();
    more_.pop_back();
    return slot;
  }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kFew = 8;
  uint64_t few_[kFew] = {};
  std::vector<uint64_t> more_;
  size_t size_ = 0;
};

uint64_t apply(Op op, uint64_t a, uint64_t b) {
  switch (op) {
    case Op::i32_add:
      return static_cast<uint32_t>(a + b);
    case Op::i32_sub:
      return static_cast<uint32_t>(a - b);
    case Op::i32_mul:
      return static_cast<uint32_t>(a * b);
    case Op::i64_add:
      return a + b;
    case Op::i64_sub:
      return a - b;
    default:
      return a * b;
  }
}

void push_global(const InstanceImpl& instance, uint32_t index, OperandStack& stack) {
  const GlobalInstance& global = *instance.global_instances[index];
  for (uint32_t i = 0; i < global.type.type.slots(); ++i) stack.push(global.value[i]);
}

// The last `count` values, given the fields they are for, into the object from its start on.
void pop_fields(HeapObject& object, const CanonicalType& type, size_t count, bool is_array, OperandStack& stack) {
  for (size_t i = count; i-- > 0;) {
    const FieldLayout& field = type.fields[is_array ? 0 : i];
    uint64_t slots[2] = {0, 0};
    for (uint32_t k = field.type.type.slots(); k-- > 0;) slots[k] = stack.pop();
    write_field(object.bytes() + (is_array ? i * type.size : field.offset), field.type, slots);
  }
}

MaybeTrap new_structure(InstanceImpl& instance, const Instruction& instruction, OperandStack& stack) {
  const CanonicalType& type = *instance.code->types[instruction.index];
  MaybeTrap trap = numeric::kNoTrap;
  HeapObject* object = instance.store->heap.new_structure(&type, {}, trap);
  if (object == nullptr) return trap;
  if (instruction.op == Op::struct_new) pop_fields(*object, type, type.fields.size(), false, stack);
  stack.push(ref_of(object));
  return numeric::kNoTrap;
}

MaybeTrap new_array(InstanceImpl& instance, const Instruction& instruction, OperandStack& stack) {
  const CanonicalType& type = *instance.code->types[instruction.index];
  const uint32_t length =
      instruction.op == Op::array_new_fixed ? instruction.index2 : static_cast<uint32_t>(stack.pop());
  MaybeTrap trap = numeric::kNoTrap;
  HeapObject* object = instance.store->heap.new_array(&type, length, {}, trap);
  if (object == nullptr) return trap;
  if (instruction.op == Op::array_new_fixed) pop_fields(*object, type, length, true, stack);
  if (instruction.op == Op::array_new) {
    uint64_t slots[2] = {0, 0};
    for (uint32_t k = type.fields[0].type.type.slots(); k-- > 0;) slots[k] = stack.pop();
    for (uint64_t i = 0; i < length; ++i) write_field(object->bytes() + i * type.size, type.fields[0].type, slots);
  }
  stack.push(ref_of(object));
  return numeric::kNoTrap;
}

// What the validator lets into constant expressions, and nothing else.
MaybeTrap step(InstanceImpl& instance, const Instruction& instruction, OperandStack& stack) {
  switch (instruction.op) {
    case Op::i32_const:
    case Op::f32_const: stack.push(static_cast<uint32_t>(instruction.value)); break;
    case Op::i64_const:
    case Op::f64_const: stack.push(instruction.value); break;
    case Op::v128_const:
      stack.push(instruction.value);
      stack.push(instruction.value2);
      break;
    case Op::ref_null: stack.push(0); break;
    case Op::ref_func: stack.push(reinterpret_cast<uintptr_t>(function_instance(instance, instruction.index))); break;
    case Op::global_get: push_global(instance, instruction.index, stack); break;
    case Op::struct_new:
    case Op::struct_new_default: return new_structure(instance, instruction, stack);
    case Op::array_new:
    case Op::array_new_default:
    case Op::array_new_fixed: return new_array(instance, instruction, stack);
    case Op::ref_i31: stack.push(static_cast<uint32_t>(stack.pop() << 1 | 1)); break;
    case Op::any_convert_extern:
    case Op::extern_convert_any: break;
    default: {
      const uint64_t b = stack.pop();
      const uint64_t a = stack.pop();
      stack.push(apply(instruction.op, a, b));
      break;
    }
  }
  return numeric::kNoTrap;
}

// An integer constant alone, as nearly every offset of a segment is. Programs have tens of thousands of segments, hence
// a way around the general reader. False, and nothing written, for any other expression.
bool evaluate_integer(std::span<const uint8_t> bytes, uint64_t* slots) {
  ByteReader reader(bytes);
  uint64_t value = 0;
  const uint8_t opcode = reader.u8();
  if (opcode == info(Op::i32_const).code) {
    value = static_cast<uint32_t>(reader.s32());
  } else if (opcode == info(Op::i64_const).code) {
    value = static_cast<uint64_t>(reader.s64());
  } else {
    return false;
  }
  if (reader.peek() != info(Op::end).code) return false;
  slots[0] = value;
  return true;
}

}  // namespace

MaybeTrap evaluate(InstanceImpl& instance, ConstExpr expression, uint64_t* slots) {
  const std::span<const uint8_t> bytes = instance.code->def.bytes;
  if (evaluate_integer(bytes.subspan(expression.begin, expression.size()), slots)) return numeric::kNoTrap;
  ByteReader reader(bytes.subspan(expression.begin, expression.size()), expression.begin);
  InstructionReader instructions(reader);
  OperandStack stack;
  // The operands are where no collection looks.
  const Heap::Pause pause(instance.store->heap);
  for (Instruction instruction; instructions.next(instruction) && instruction.op != Op::end;) {
    if (MaybeTrap trap = step(instance, instruction, stack); trap != numeric::kNoTrap) return trap;
  }
  for (size_t i = stack.size(); i-- > 0;) slots[i] = stack.pop();
  return numeric::kNoTrap;
}

}  // namespace wplug
