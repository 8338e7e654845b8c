#include "interp/lower/translate.h"

#include <algorithm>
#include <type_traits>

#include "interp/decode/types_reader.h"
#include "interp/lower/translator.h"
#include "interp/wasm/simd.h"

namespace wplug {
namespace {

RegClass class_of(ValType type) {
  return type.is_vec() ? RegClass::vector : type.is_float() ? RegClass::floating : RegClass::integer;
}
bool is_integer(ValType type) { return class_of(type) == RegClass::integer; }

template <class T>
constexpr ValType val_type() {
  if constexpr (std::is_same_v<T, uint32_t>) return ValType::i32();
  if constexpr (std::is_same_v<T, uint64_t>) return ValType::i64();
  if constexpr (std::is_same_v<T, float>) return ValType::f32();
  if constexpr (std::is_same_v<T, double>) return ValType::f64();
  if constexpr (std::is_same_v<T, V128>) return ValType::v128();
}

bool is_commutative(IrOp op) {
  switch (op) {
    case IrOp::i32_add: case IrOp::i32_mul: case IrOp::i32_and: case IrOp::i32_or: case IrOp::i32_xor:
    case IrOp::i64_add: case IrOp::i64_mul: case IrOp::i64_and: case IrOp::i64_or: case IrOp::i64_xor:
      return true;
    default:
      return false;
  }
}

// With one operand that is no NaN the result has the same bits in either order.
bool is_float_commutative(IrOp op) {
  return op == IrOp::f32_add || op == IrOp::f32_mul || op == IrOp::f64_add || op == IrOp::f64_mul;
}

bool is_nan_constant(ValType type, uint64_t bits) {
  if (type == ValType::f32()) return (bits & 0x7fffffff) > 0x7f800000;
  return (bits & 0x7fffffffffffffff) > 0x7ff0000000000000;
}

}  // namespace

Translator::Translator(const ModuleCode& module, uint32_t function)
    : module_(module), def_(module.def), function_(def_.functions[function]), type_(def_.function_type(function)) {}

Result<IrFunction> translate(const ModuleCode& module, uint32_t function) {
  Translator translator(module, function);
  return translator.run();
}

Result<IrFunction> Translator::run() {
  ByteReader reader(def_.bytes.subspan(function_.body.begin, function_.body.size()), function_.body.begin);
  ir_.code.reserve(function_.body.size() / 2);
  declare_locals(reader);

  Control control;
  control.kind = Control::Kind::function;
  control.results = control.label_types = type_.results;
  control.arity = static_cast<uint32_t>(type_.results.size());
  control.label = new_label();
  control.merges = new_merges(type_.results, 0);
  controls_.push_back(std::move(control));

  InstructionReader instructions(reader);
  Instruction in;
  while (!controls_.empty() && instructions.next(in)) {
    offset_ = in.offset;
    if (in.op == Op::br_table && !unreachable_) {
      ++count_;
      branch_table(instructions.labels(), in.index);
      continue;
    }
    if (in.op == Op::try_table && !unreachable_) {
      begin_try_table(in, instructions.catches());
      continue;
    }
    step(in);
  }
  uint64_t frame = frame_end_;
  if (frame > 65'500) {
    return Error(ErrorKind::limit, "function " + std::to_string(&function_ - def_.functions.data()) + ": frame of " +
                                       std::to_string(frame) + " slots exceeds the limit of 65500");
  }
  ir_.frame_slots = static_cast<uint32_t>(frame);
  return std::move(ir_);
}

void Translator::declare_locals(ByteReader& reader) {
  for (ValType type : type_.params) local_types_.push_back(type);
  uint32_t groups = reader.u32();
  for (uint32_t i = 0; i < groups; ++i) {
    uint32_t count = reader.u32();
    ValType type = read_val_type(reader);
    local_types_.insert(local_types_.end(), count, type);
  }
  ir_.params = static_cast<uint32_t>(type_.params.size());
  ir_.locals = static_cast<uint32_t>(local_types_.size());
  uint32_t slot = 0;
  for (uint32_t i = 0; i < ir_.locals; ++i) {
    if (i == ir_.params) slot += kHeaderSlots;
    uint32_t vreg = new_vreg(local_types_[i], slot);
    ir_.vregs[vreg].is_local = true;
    slot += local_types_[i].slots();
    if (i < ir_.params) ir_.param_slots = slot;
  }
  if (ir_.locals == ir_.params) slot += kHeaderSlots;
  for (ValType type : type_.results) ir_.result_slots += type.slots();
  ir_.local_slots_begin = ir_.param_slots + kHeaderSlots;
  ir_.local_slots_end = slot;
  temp_base_ = frame_end_ = slot;
  homes_.assign(1, slot);
  last_access_.assign(ir_.locals, 0);
  last_write_.assign(ir_.locals, 0);
  pending_.assign(ir_.locals, 0);
}

void Translator::step(const Instruction& in) {
  if (unreachable_) {
    switch (in.op) {
      case Op::block: case Op::loop: case Op::if_: case Op::try_table: case Op::try_:
        ++skipped_;
        return;
      case Op::catch_: case Op::catch_all:
        if (skipped_ == 0) begin_catch(in);
        return;
      case Op::delegate:
        if (skipped_ == 0) {
          end_delegate(in.index);
        } else {
          --skipped_;
        }
        return;
      case Op::else_:
        if (skipped_ == 0) begin_else();
        return;
      case Op::end:
        if (skipped_ == 0) {
          end_block();
        } else {
          --skipped_;
        }
        return;
      default:
        return;
    }
  }
  if (!is_structure(in.op)) ++count_;
  if (simple(in) || control(in) || exceptions(in) || atomic(in) || vector(in)) return;
  if (!table_or_memory(in)) reference(in);
}

// ---- the simulated stack

uint32_t Translator::new_vreg(ValType type, uint32_t slot) {
  ir_.vregs.push_back({slot, class_of(type), false, false});
  definition_.push_back(kNoReg);
  return static_cast<uint32_t>(ir_.vregs.size() - 1);
}

void Translator::push(Entry entry) {
  stack_.push_back(entry);
  uint32_t end = homes_[stack_.size() - 1] + entry.type.slots();
  if (homes_.size() == stack_.size()) homes_.push_back(0);
  homes_[stack_.size()] = end;
  frame_end_ = std::max(frame_end_, end);
}

void Translator::push_local(uint32_t local) {
  ++pending_[local];
  push({Entry::Kind::local, local_types_[local], local});
}

void Translator::push_constant(ValType type, uint64_t bits) { push({Entry::Kind::constant, type, kNoReg, bits}); }

// A new temporary on top, defined by the last instruction emitted, which gets it as its destination.
uint32_t Translator::push_temporary(ValType type) {
  uint32_t vreg = new_vreg(type, home_slot(stack_.size()));
  push({Entry::Kind::temporary, type, vreg});
  ir_.code.back().d = vreg;
  definition_[vreg] = static_cast<uint32_t>(ir_.code.size() - 1);
  return vreg;
}

Translator::Entry Translator::pop() {
  Entry entry = stack_.back();
  stack_.pop_back();
  if (entry.kind == Entry::Kind::local) --pending_[entry.vreg];
  lazy_floor_ = std::min(lazy_floor_, stack_.size());
  home_floor_ = std::min(home_floor_, stack_.size());
  return entry;
}

Ir& Translator::emit(IrOp op) {
  Ir& ir = ir_.code.emplace_back();
  ir.op = op;
  ir.count = count_;
  ir.offset = offset_;
  ir.loop_depth = static_cast<uint8_t>(std::min(loop_depth_, 255u));
  return ir;
}

// Notes that the last instruction reads or writes `vreg`.
void Translator::touch(uint32_t vreg) {
  if (vreg < ir_.locals) last_access_[vreg] = static_cast<uint32_t>(ir_.code.size());
}

// The virtual register of a popped entry that stood at `height`; a constant is loaded into the home of that height.
uint32_t Translator::use(const Entry& entry, size_t height) {
  if (entry.kind != Entry::Kind::constant) return entry.vreg;
  uint32_t vreg = new_vreg(entry.type, home_slot(height));
  move_to(vreg, entry);
  definition_[vreg] = static_cast<uint32_t>(ir_.code.size() - 1);
  return vreg;
}

// Makes `entry` the immediate operand b of `ir` when it is a constant that fits (32 bits, sign-extended for i64).
bool Translator::use_immediate(const Entry& entry, bool is_64, Ir& ir) {
  if (entry.kind != Entry::Kind::constant || !is_integer(entry.type)) return false;
  if (is_64 && static_cast<int64_t>(entry.bits) != static_cast<int32_t>(entry.bits)) return false;
  ir.b = kImmediate;
  ir.imm = static_cast<uint32_t>(entry.bits);
  return true;
}

void Translator::move_to(uint32_t d, const Entry& entry) {
  if (entry.kind == Entry::Kind::constant) {
    if (entry.type.is_vec()) {
      uint32_t index = vector_constant(entry.bits, entry.high_bits);
      emit(IrOp::const_vector).imm = index;
    } else if (entry.type.is_float()) {
      emit(IrOp::const_float).imm = entry.bits;
    } else if (entry.bits == static_cast<uint32_t>(entry.bits)) {
      Ir& ir = emit(IrOp::move);
      ir.b = kImmediate;
      ir.imm = entry.bits;
    } else {
      emit(IrOp::const_64).imm = entry.bits;
    }
  } else {
    emit(move_of(class_of(entry.type))).a = entry.vreg;
    touch(entry.vreg);
  }
  ir_.code.back().d = d;
  touch(d);
}

// Puts the entry at `height` into its home slot and keeps it there, as calls and the operations on slots want their operands.
uint32_t Translator::pin(Entry& entry, size_t height) {
  if (entry.kind == Entry::Kind::temporary && ir_.vregs[entry.vreg].slot == home_slot(height)) {
    ir_.vregs[entry.vreg].pinned = true;
    return entry.vreg;
  }
  uint32_t vreg = new_vreg(entry.type, home_slot(height));
  ir_.vregs[vreg].pinned = true;
  move_to(vreg, entry);
  return vreg;
}

// Copies the lazy entries of one local to their homes: the local is about to be written.
void Translator::materialize_locals(uint32_t local) {
  if (pending_[local] == 0) return;
  for (size_t i = stack_.size(); i-- > lazy_floor_ && pending_[local] != 0;) {
    Entry& entry = stack_[i];
    if (entry.kind != Entry::Kind::local || entry.vreg != local) continue;
    uint32_t vreg = new_vreg(entry.type, home_slot(i));
    move_to(vreg, entry);
    definition_[vreg] = static_cast<uint32_t>(ir_.code.size() - 1);
    entry = {Entry::Kind::temporary, entry.type, vreg};
    --pending_[local];
  }
}

// Copies all lazy locals to their homes: a block begins, in which they could be written on one way only.
void Translator::materialize_all() {
  for (size_t i = lazy_floor_; i < stack_.size(); ++i) {
    Entry& entry = stack_[i];
    if (entry.kind != Entry::Kind::local) continue;
    uint32_t vreg = new_vreg(entry.type, home_slot(i));
    move_to(vreg, entry);
    --pending_[entry.vreg];
    definition_[vreg] = static_cast<uint32_t>(ir_.code.size() - 1);
    entry = {Entry::Kind::temporary, entry.type, vreg};
  }
  lazy_floor_ = stack_.size();
}

// True when the definition of a temporary may be given another destination: it is in this basic block.
bool Translator::can_redefine(const Entry& entry) const {
  return entry.kind == Entry::Kind::temporary && definition_[entry.vreg] != kNoReg &&
         definition_[entry.vreg] >= block_start_ && !ir_.vregs[entry.vreg].pinned;
}

// ---- simple instructions

// True when the entry is what the last instruction computed, so that the instruction may be taken back.
bool Translator::is_last(const Entry& entry) const {
  return can_redefine(entry) && definition_[entry.vreg] + 1 == ir_.code.size() && ir_.code.back().d == entry.vreg;
}

// outer(x, inner(y, constant)) where the shift has just been computed.
bool Translator::fuse_shift(IrOp op, const Entry& a, const Entry& b, ValType result) {
  bool shifted_b = is_last(b);
  if (!shifted_b && !(is_last(a) && is_commutative(op))) return false;
  const Entry& other = shifted_b ? a : b;
  const Ir shift = ir_.code.back();
  IrOp fused = shifted_of(op, shift.op);
  if (fused == IrOp::count_ || shift.b != kImmediate || other.kind == Entry::Kind::constant) return false;
  ir_.code.pop_back();
  Ir& ir = emit(fused);
  ir.a = other.vreg;
  ir.b = shift.a;
  ir.shift = static_cast<uint8_t>(shift.imm % (result == ValType::i64() ? 64 : 32));
  touch(ir.a);
  touch(ir.b);
  push_temporary(result);
  return true;
}

// inner(x, constant) & constant where the shift has just been computed.
bool Translator::fuse_mask(IrOp op, const Entry& a, const Entry& b, ValType result) {
  if ((op != IrOp::i32_and && op != IrOp::i64_and) || !is_last(a)) return false;
  const Ir shift = ir_.code.back();
  IrOp fused = masked_of(shift.op);
  Ir draft{};
  if (fused == IrOp::count_ || shift.b != kImmediate || !use_immediate(b, result == ValType::i64(), draft)) return false;
  ir_.code.pop_back();
  Ir& ir = emit(fused);
  ir.a = shift.a;
  ir.imm = draft.imm;
  ir.shift = static_cast<uint8_t>(shift.imm % (result == ValType::i64() ? 64 : 32));
  touch(ir.a);
  push_temporary(result);
  return true;
}

// True when the instruction that computed the entry at `height`, which was just popped, may as well run now: it is in this block, and
// what it reads has not changed since. Operands that stood above the entry have lost their homes by now.
bool Translator::can_delay(const Entry& entry, size_t height) const {
  if (is_last(entry)) return true;
  if (!can_redefine(entry) || ir_.code[definition_[entry.vreg]].d != entry.vreg) return false;
  const uint32_t after = definition_[entry.vreg] + 1;
  const Ir& ir = ir_.code[after - 1];
  const auto unchanged = [&](uint32_t vreg, bool at_home) {
    if (vreg >= kImmediate) return true;
    if (vreg < ir_.locals) return last_write_[vreg] < after;
    return at_home && ir_.vregs[vreg].slot == home_slot(height);
  };
  return unchanged(ir.a, true) && unchanged(ir.b, false) && unchanged(ir.c, false);
}

// Takes back the instruction that computed a temporary which can_delay().
Ir Translator::take_back(const Entry& entry) {
  const uint32_t index = definition_[entry.vreg];
  const Ir taken = ir_.code[index];
  if (index + 1 == ir_.code.size()) {
    ir_.code.pop_back();
  } else {
    Ir& left = ir_.code[index];
    left.op = IrOp::nop;
    left.d = left.a = left.b = left.c = kNoReg;
  }
  return taken;
}

// An address base + (index << shift), or base + constant where there is no offset, taken into the access.
bool Translator::fuse_address(const Entry& address, size_t height, uint64_t offset, bool may_index, Ir& access) {
  if (!can_delay(address, height)) return false;
  const IrOp op = ir_.code[definition_[address.vreg]].op;
  const bool constant = ir_.code[definition_[address.vreg]].b == kImmediate;
  if (op != IrOp::i32_add && op != IrOp::i32_add_shl) return false;
  if (constant ? offset != 0 : !may_index) return false;
  const IrOp fused = constant ? wrapped_of(access.op) : indexed_of(access.op);
  if (fused == IrOp::count_) return false;
  const Ir add = take_back(address);
  access.op = fused;
  access.a = add.a;
  access.b = add.b;
  access.shift = add.shift;
  access.imm = constant ? static_cast<uint32_t>(add.imm) : offset;
  return true;
}

// Two operations in one, where an operand has just been computed by one that goes with `op`.
bool Translator::fuse_ternary(IrOp op, const Entry& a, const Entry& b, size_t height, ValType result) {
  for (const bool reversed : {true, false}) {
    const Entry& inner = reversed ? b : a;
    const Entry& other = reversed ? a : b;
    if (reversed ? !is_last(inner) : !can_delay(inner, height)) continue;
    const Ir& first = ir_.code[definition_[inner.vreg]];
    const IrOp fused = ternary_of(op, first.op, reversed);
    if (fused == IrOp::count_) continue;
    Ir draft{};
    const bool integer = !result.is_float();
    if (other.kind == Entry::Kind::constant && !(integer && use_immediate(other, result == ValType::i64(), draft))) continue;
    const bool constant = other.kind == Entry::Kind::constant;
    // One constant at most, and only the last operand: x + constant + y.
    const bool rotated = first.b == kImmediate;
    if (rotated && (constant || !integer || first.op != op)) continue;
    const Ir taken = take_back(inner);
    Ir& ir = emit(fused);
    ir.a = taken.a;
    ir.b = rotated ? other.vreg : taken.b;
    ir.c = constant || rotated ? kImmediate : other.vreg;
    ir.imm = rotated ? taken.imm : draft.imm;
    for (const uint32_t vreg : {ir.a, ir.b, ir.c}) {
      if (vreg < kImmediate) touch(vreg);
    }
    push_temporary(result);
    return true;
  }
  return false;
}

void Translator::binary(IrOp op, ValType type, ValType result) {
  Entry b = pop(), a = pop();
  // Where each stood: a constant that has to be loaded goes to its own home, never to the other operand's.
  size_t a_height = stack_.size(), b_height = a_height + 1;
  if (a.kind == Entry::Kind::constant && b.kind != Entry::Kind::constant) {
    if (is_commutative(op) || is_int_compare(op) || (is_float_commutative(op) && !is_nan_constant(a.type, a.bits))) {
      std::swap(a, b);
      std::swap(a_height, b_height);
      op = swapped(op);
    }
  }
  if ((op == IrOp::i32_rotr || op == IrOp::i64_rotr) && b.kind == Entry::Kind::constant) {
    op = op == IrOp::i32_rotr ? IrOp::i32_rotl : IrOp::i64_rotl;  // the one that fuses
    b.bits = (uint64_t{0} - b.bits) & (type == ValType::i64() ? 63 : 31);
  }
  if (!type.is_float() && (fuse_shift(op, a, b, result) || fuse_mask(op, a, b, result))) return;
  if (fuse_ternary(op, a, b, stack_.size(), result)) return;
  Ir draft{};
  bool immediate = !type.is_float() && use_immediate(b, type == ValType::i64(), draft);
  if (type.is_float() && b.kind == Entry::Kind::constant && info(op).shape == IrShape::float_binary) {
    immediate = true;
    draft.imm = b.bits;
  }
  uint32_t ra = use(a, a_height);
  uint32_t rb = immediate ? kImmediate : use(b, b_height);
  Ir& ir = emit(op);
  ir.a = ra;
  ir.b = rb;
  ir.imm = draft.imm;
  touch(ra);
  if (!immediate) touch(rb);
  push_temporary(result);
}

void Translator::unary(IrOp op, ValType result) {
  Entry a = pop();
  uint32_t ra = use(a, stack_.size());
  emit(op).a = ra;
  touch(ra);
  push_temporary(result);
}

// x == 0, or the inverse of the comparison that x is.
void Translator::equal_zero(bool is_64) {
  Entry& top = stack_.back();
  if (!is_64 && can_redefine(top) && definition_[top.vreg] + 1 == ir_.code.size() && is_int_compare(ir_.code.back().op)) {
    Ir& compare = ir_.code.back();
    compare.op = inverted(compare.op);
    compare.count = count_;
    return;
  }
  Entry a = pop();
  uint32_t ra = use(a, stack_.size());
  Ir& ir = emit(is_64 ? IrOp::i64_eq : IrOp::i32_eq);
  ir.a = ra;
  ir.b = kImmediate;
  touch(ra);
  push_temporary(ValType::i32());
}

void Translator::load(IrOp op, ValType type, const Instruction& in) {
  if (!is_near(in.index)) return load_far(op, type, in);
  Entry a = pop();
  Ir access{};
  access.op = op;
  if (fuse_address(a, stack_.size(), in.value, true, access)) {
    Ir& ir = emit(access.op);
    ir.a = access.a;
    ir.b = access.b == kImmediate ? kNoReg : access.b;
    ir.shift = access.shift;
    ir.imm = access.imm;
    touch(ir.a);
    if (ir.b < kImmediate) touch(ir.b);
    push_temporary(type);
    return;
  }
  uint32_t ra = use(a, stack_.size());
  Ir& ir = emit(op);
  ir.a = ra;
  ir.imm = in.value;
  touch(ra);
  push_temporary(type);
}

void Translator::store(IrOp op, const Instruction& in) {
  if (!is_near(in.index)) return store_far(op, in);
  Entry value = pop(), address = pop();
  size_t height = stack_.size();
  bool immediate = value.kind == Entry::Kind::constant && is_integer(value.type) &&
                   static_cast<int64_t>(value.bits) == static_cast<int32_t>(value.bits);
  if (value.kind == Entry::Kind::constant && value.type == ValType::i32()) immediate = true;
  Ir access{};
  access.op = op;
  // A constant would be loaded to where the index stood.
  const bool is_constant = value.kind == Entry::Kind::constant;
  const bool fused = (immediate || !is_constant) && fuse_address(address, height, in.value, !is_constant, access);
  if (fused && access.b != kImmediate) {
    Ir& ir = emit(access.op);
    ir.a = access.a;
    ir.b = access.b;
    ir.c = value.vreg;
    ir.shift = access.shift;
    ir.imm = access.imm;
    touch(ir.a);
    touch(ir.b);
    touch(ir.c);
    return;
  }
  uint32_t ra = fused ? access.a : use(address, height);
  uint32_t rb = immediate ? kImmediate : use(value, height + 1);
  Ir& ir = emit(fused ? access.op : op);
  ir.a = ra;
  ir.b = rb;
  ir.imm = (fused ? access.imm : in.value) | (immediate ? value.bits << 32 : 0);
  touch(ra);
  if (!immediate) touch(rb);
}

void Translator::local_set(uint32_t local, bool keep) {
  Entry value = pop();
  materialize_locals(local);
  if (value.kind == Entry::Kind::local && value.vreg == local) {
    if (keep) push_local(local);
    return;
  }
  if (can_redefine(value) && last_access_[local] <= definition_[value.vreg] + 1 &&
      ir_.code[definition_[value.vreg]].d == value.vreg) {
    ir_.code[definition_[value.vreg]].d = local;
    last_access_[local] = std::max(last_access_[local], definition_[value.vreg] + 1);
    last_write_[local] = definition_[value.vreg] + 1;
  } else {
    move_to(local, value);
    last_write_[local] = static_cast<uint32_t>(ir_.code.size());
  }
  if (keep) push_local(local);
}

void Translator::select() {
  Entry condition = pop(), b = pop(), a = pop();
  const IrOp op = a.type.is_vec() ? IrOp::select_vector : a.type.is_float() ? IrOp::select_float : IrOp::select;
  size_t height = stack_.size();
  uint32_t ra = use(a, height), rb = use(b, height + 1), rc = use(condition, height + 2);
  Ir& ir = emit(op);
  ir.a = ra;
  ir.b = rb;
  ir.c = rc;
  touch(ra);
  touch(rb);
  touch(rc);
  push_temporary(a.type);
}

void Translator::global_get(uint32_t index) {
  ValType type = def_.globals[index].type.type;
  emit(type.is_vec() ? IrOp::global_get_vector : type.is_float() ? IrOp::global_get_float : IrOp::global_get).imm = index;
  push_temporary(type);
}

void Translator::global_set(uint32_t index) {
  Entry a = pop();
  uint32_t ra = use(a, stack_.size());
  Ir& ir = emit(a.type.is_vec() ? IrOp::global_set_vector : a.type.is_float() ? IrOp::global_set_float : IrOp::global_set);
  ir.a = ra;
  ir.imm = index;
  touch(ra);
}

// An operation whose operands and result are in consecutive home slots.
void Translator::slots_operation(IrOp op, int operands, uint64_t imm, bool has_result, ValType result) {
  uint32_t regs[3] = {kNoReg, kNoReg, kNoReg};
  size_t base = stack_.size() - static_cast<size_t>(operands);
  for (int i = 0; i < operands; ++i) {
    Entry& entry = stack_[base + static_cast<size_t>(i)];
    regs[i] = pin(entry, base + static_cast<size_t>(i));
  }
  for (int i = 0; i < operands; ++i) pop();
  Ir& ir = emit(op);
  ir.a = regs[0];
  ir.b = regs[1];
  ir.c = regs[2];
  ir.imm = imm;
  if (has_result) ir_.vregs[push_temporary(result)].pinned = true;
}

bool Translator::simple(const Instruction& in) {
  switch (in.op) {
#define WPLUG_IR_INT_INTERNAL(name, T, R)
#define WPLUG_IR_INT(name, T, R)                            \
  case Op::name:                                            \
    binary(IrOp::name, val_type<T>(), val_type<R>());       \
    return true;
#define WPLUG_IR_INT_TRAP(name, T)                          \
  case Op::name:                                            \
    binary(IrOp::name, val_type<T>(), val_type<T>());       \
    return true;
#define WPLUG_IR_FLOAT(name, T) WPLUG_IR_INT_TRAP_ROW(name, T)
#define WPLUG_IR_INT_TRAP_ROW(name, T)                      \
  case Op::name:                                            \
    binary(IrOp::name, val_type<T>(), val_type<T>());       \
    return true;
#define WPLUG_IR_FLOAT_COMPARE(name, T)                     \
  case Op::name:                                            \
    binary(IrOp::name, val_type<T>(), ValType::i32());      \
    return true;
#define WPLUG_IR_UNARY(name, T, R)                          \
  case Op::name:                                            \
    unary(IrOp::name, val_type<R>());                       \
    return true;
#define WPLUG_IR_UNARY_TRAP(name, T, R)                     \
  case Op::name:                                            \
    unary(IrOp::name, val_type<R>());                       \
    return true;
#define WPLUG_IR_LOAD(name, M, R)                           \
  case Op::name:                                            \
    load(IrOp::name, val_type<R>(), in);                    \
    return true;
#define WPLUG_IR_STORE(name, M, T)                          \
  case Op::name:                                            \
    store(IrOp::name, in);                                  \
    return true;
#include "interp/lower/ir_ops.def"
#undef WPLUG_IR_INT_TRAP_ROW
    case Op::i32_eqz: equal_zero(false); return true;
    case Op::i64_eqz: equal_zero(true); return true;
    case Op::i32_const: push_constant(ValType::i32(), static_cast<uint32_t>(in.value)); return true;
    case Op::i64_const: push_constant(ValType::i64(), in.value); return true;
    case Op::f32_const: push_constant(ValType::f32(), static_cast<uint32_t>(in.value)); return true;
    case Op::f64_const: push_constant(ValType::f64(), in.value); return true;
    case Op::nop: return true;
    case Op::drop: pop(); return true;
    case Op::select: case Op::select_t: select(); return true;
    case Op::local_get: push_local(in.index); return true;
    case Op::local_set: local_set(in.index, false); return true;
    case Op::local_tee: local_set(in.index, true); return true;
    case Op::global_get: global_get(in.index); return true;
    case Op::global_set: global_set(in.index); return true;
    default: return false;
  }
}

bool Translator::table_or_memory(const Instruction& in) {
  const ValType i32 = ValType::i32();
  uint64_t pair = uint64_t{in.index} | uint64_t{in.index2} << 32;
  auto element = [&] { return def_.tables[in.index].type.element; };
  auto address = [](const Limits& limits) { return limits.is_64 ? ValType::i64() : ValType::i32(); };
  switch (in.op) {
    case Op::ref_null: push_constant(in.type, 0); return true;
    case Op::ref_is_null: {
      Entry a = pop();
      uint32_t ra = use(a, stack_.size());
      Ir& ir = emit(IrOp::i64_eq);
      ir.a = ra;
      ir.b = kImmediate;
      touch(ra);
      push_temporary(i32);
      return true;
    }
    case Op::ref_func: slots_operation(IrOp::ref_func, 0, in.index, true, ValType::ref_to(def_.functions[in.index].type, false)); return true;
    case Op::table_get: slots_operation(IrOp::table_get, 1, in.index, true, element()); return true;
    case Op::table_set: slots_operation(IrOp::table_set, 2, in.index, false, i32); return true;
    case Op::table_size: slots_operation(IrOp::table_size, 0, in.index, true, address(def_.tables[in.index].type.limits)); return true;
    case Op::table_grow: slots_operation(IrOp::table_grow, 2, in.index, true, address(def_.tables[in.index].type.limits)); return true;
    case Op::table_fill: slots_operation(IrOp::table_fill, 3, in.index, false, i32); return true;
    case Op::table_copy: slots_operation(IrOp::table_copy, 3, pair, false, i32); return true;
    case Op::table_init: slots_operation(IrOp::table_init, 3, pair, false, i32); return true;
    case Op::elem_drop: slots_operation(IrOp::elem_drop, 0, in.index, false, i32); return true;
    case Op::memory_size: slots_operation(IrOp::memory_size, 0, in.index, true, address(def_.memories[in.index].limits)); return true;
    case Op::memory_grow: slots_operation(IrOp::memory_grow, 1, in.index, true, address(def_.memories[in.index].limits)); return true;
    case Op::memory_fill: slots_operation(IrOp::memory_fill, 3, in.index, false, i32); return true;
    case Op::memory_copy: slots_operation(IrOp::memory_copy, 3, pair, false, i32); return true;
    case Op::memory_init: slots_operation(IrOp::memory_init, 3, pair, false, i32); return true;
    case Op::data_drop: slots_operation(IrOp::data_drop, 0, in.index, false, i32); return true;
    default: return false;
  }
}

}  // namespace wplug
