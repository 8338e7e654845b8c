// Constant expressions (spec 3.4.14): a handful of instructions without control flow, run on a small stack.
#include <vector>

#include "interp/base/byte_reader.h"
#include "interp/decode/instruction_reader.h"
#include "interp/store/runtime.h"

namespace wplug {

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

// What the validator lets into constant expressions, and nothing else.
void step(InstanceImpl& instance, const Instruction& instruction, OperandStack& stack) {
  switch (instruction.op) {
    case Op::i32_const:
    case Op::f32_const:
      return stack.push(static_cast<uint32_t>(instruction.value));
    case Op::i64_const:
    case Op::f64_const:
      return stack.push(instruction.value);
    case Op::v128_const:
      stack.push(instruction.value);
      return stack.push(instruction.value2);
    case Op::ref_null:
      return stack.push(0);
    case Op::ref_func:
      return stack.push(reinterpret_cast<uintptr_t>(function_instance(instance, instruction.index)));
    case Op::global_get:
      return push_global(instance, instruction.index, stack);
    default: {
      const uint64_t b = stack.pop();
      const uint64_t a = stack.pop();
      return stack.push(apply(instruction.op, a, b));
    }
  }
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

void evaluate(InstanceImpl& instance, ConstExpr expression, uint64_t* slots) {
  const std::span<const uint8_t> bytes = instance.code->def.bytes;
  if (evaluate_integer(bytes.subspan(expression.begin, expression.size()), slots)) return;
  ByteReader reader(bytes.subspan(expression.begin, expression.size()), expression.begin);
  InstructionReader instructions(reader);
  OperandStack stack;
  for (Instruction instruction; instructions.next(instruction) && instruction.op != Op::end;) {
    step(instance, instruction, stack);
  }
  for (size_t i = stack.size(); i-- > 0;) slots[i] = stack.pop();
}

}  // namespace wplug
