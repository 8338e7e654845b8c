// What the table does not say of vector instructions (spec 3.4.8) and of wide arithmetic.
#include "interp/base/concat.h"
#include "interp/validate/function_validator.h"

namespace wplug {

namespace {

// Lanes of the shape that an instruction's name begins with ("i8x16.shuffle": 16), or of the size that it accesses.
uint32_t lane_count(const OpRow& op, const Signature& rule) {
  if (op.immediates == ImmediateKind::memarg_lane) return 16u >> rule.access_log2;
  return detail::number_at(op.text, op.text.find('x') + 1);
}

}  // namespace

bool FunctionValidator::has_lanes(const Instruction& in) {
  const OpRow op = info(in.op);
  uint32_t lanes = lane_count(op, signature(in.op));
  if (op.immediates == ImmediateKind::lanes) {
    lanes *= 2;  // of both operands
    for (uint32_t i = 0; i < 16; ++i) {
      const uint64_t lane = (i < 8 ? in.value >> (8 * i) : in.value2 >> (8 * (i - 8))) & 0xff;
      if (lane >= lanes) return invalid(concat("invalid lane index ", lane, " in ", op.text));
    }
    return true;
  }
  const uint32_t lane = op.immediates == ImmediateKind::lane ? in.index : in.index2;
  return lane < lanes || invalid(concat("invalid lane index ", lane, " in ", op.text));
}

// Two numbers of 128 bits, or two of 64 bits, and a result of 128: the low half below the high one.
bool FunctionValidator::wide_arithmetic() {
  const size_t operands = op_ == Op::i64_add128 || op_ == Op::i64_sub128 ? 4 : 2;
  for (size_t i = 0; i < operands; ++i) {
    if (!pop(ValType::i64())) return false;
  }
  return push(ValType::i64()) && push(ValType::i64());
}

}  // namespace wplug
