// Accesses to memories that are not near (wasm/memory_access.h), and atomics.
#include "interp/lower/translator.h"
#include "interp/validate/signature.h"
#include "interp/wasm/memory_access.h"

namespace wplug {

bool Translator::is_near(uint32_t memory) const {
  return wplug::is_near(module_.config, def_.memories[memory], memory);
}

void Translator::load_far(IrOp op, ValType type, const Instruction& in) {
  const Entry address = pop();
  const uint32_t ra = use(address, stack_.size());
  Ir& ir = emit(far_of(op));
  ir.a = ra;
  ir.imm = in.value;
  ir.label = in.index;
  touch(ra);
  push_temporary(type);
}

void Translator::store_far(IrOp op, const Instruction& in) {
  const Entry value = pop();
  const Entry address = pop();
  const size_t height = stack_.size();
  const uint32_t ra = use(address, height);
  const uint32_t rb = use(value, height + 1);
  Ir& ir = emit(far_of(op));
  ir.a = ra;
  ir.b = rb;
  ir.imm = in.value;
  ir.label = in.index;
  touch(ra);
  touch(rb);
}

namespace {

// The operation of an atomic instruction; IrOp::count_ for others.
IrOp atomic_of(Op op) {
  switch (op) {
#define WPLUG_IR_ATOMIC(name, M, T, action) \
  case Op::name:                            \
    return IrOp::name;
#include "interp/lower/ir_ops.def"
    default:
      return IrOp::count_;
  }
}

}  // namespace

bool Translator::atomic(const Instruction& in) {
  const IrOp op = atomic_of(in.op);
  if (op == IrOp::count_) return false;
  const Signature& types = signature(in.op);
  const bool has_result = types.results != 0;
  slots_operation(op, types.operands, in.value, has_result, has_result ? types.result : ValType::i32());
  ir_.code.back().label = in.index;
  return true;
}

// The index into a 64-bit table as the 32-bit one that handlers take: no table is so large that the largest is in it.
uint32_t Translator::index_64(uint32_t vreg) {
  emit(IrOp::index_64).a = vreg;
  touch(vreg);
  const uint32_t index = new_vreg(ValType::i32(), home_slot(stack_.size()));
  ir_.code.back().d = index;
  definition_[index] = static_cast<uint32_t>(ir_.code.size() - 1);
  return index;
}

}  // namespace wplug
