#include "interp/validate/function_validator.h"

#include <algorithm>
#include <cstring>

#include "interp/base/concat.h"
#include "interp/decode/names.h"

namespace wplug {

namespace {

// Slots of a frame that are neither locals nor operands.
constexpr uint32_t kFrameHeaderSlots = 3;
constexpr uint8_t kCodeSection = 10;
// The owner of a body, as messages call it.
constexpr std::string_view kFunction = "function";

constexpr bool is_constant_instruction(Op op) {
  switch (op) {
    case Op::i32_const:
    case Op::i64_const:
    case Op::f32_const:
    case Op::f64_const:
    case Op::v128_const:
    case Op::ref_null:
    case Op::ref_func:
    case Op::global_get:
    case Op::i32_add:
    case Op::i32_sub:
    case Op::i32_mul:
    case Op::i64_add:
    case Op::i64_sub:
    case Op::i64_mul:
    case Op::struct_new:
    case Op::struct_new_default:
    case Op::array_new:
    case Op::array_new_default:
    case Op::array_new_fixed:
    case Op::ref_i31:
    case Op::any_convert_extern:
    case Op::extern_convert_any:
    case Op::end: return true;
    default: return false;
  }
}

constexpr bool makes_object(Op op) {
  switch (op) {
    case Op::struct_new:
    case Op::struct_new_default:
    case Op::array_new:
    case Op::array_new_default:
    case Op::array_new_fixed: return true;
    default: return false;
  }
}

uint32_t slots_of(std::span<const ValType> types) {
  uint32_t slots = 0;
  for (ValType type : types) slots += type.slots();
  return slots;
}

}  // namespace

std::span<const ValType> FunctionValidator::Control::params() const {
  if (type == nullptr || kind == Kind::function) return {};
  return type->params;
}

std::span<const ValType> FunctionValidator::Control::results() const {
  if (type != nullptr) return type->results;
  return {&value, has_value ? size_t{1} : size_t{0}};
}

FunctionValidator::FunctionValidator(ModuleDef& module, ModuleTypes& types, const ModuleLimits& limits)
    : module_(module), types_(types), limits_(limits) {
  for (const SectionDef& section : module.sections) {
    if (section.id == kCodeSection) code_end_ = section.payload.end;
  }
  param_slots_.reserve(module.types.size());
  for (const SubType& type : module.types) param_slots_.push_back(slots_of(type.func.params));
}

Result<void> FunctionValidator::validate_body(uint32_t index) {
  start(kFunction, index);
  is_constant_ = false;
  function_ = &module_.function_type(index);
  const ByteRange body = module_.functions[index].body;
  ByteReader reader(module_.bytes, body.begin, body.end);
  offset_ = body.begin;
  const uint32_t param_slots = param_slots_[module_.functions[index].type];
  if (!locals_.read(reader, function_->params, param_slots, limits_.locals, types_.count())) return finish(reader);
  tracks_initialization_ = locals_.lack_defaults();
  initialized_.clear();
  initializations_.clear();
  const uint64_t fixed = locals_.slots() + kFrameHeaderSlots;
  if (fixed > limits_.frame_slots) {
    fail(ErrorKind::limit, concat("frame of ", fixed, " slots exceeds the limit of ", limits_.frame_slots));
    return finish(reader);
  }
  slot_limit_ = limits_.frame_slots - static_cast<uint32_t>(fixed);
  Control control;
  control.kind = Kind::function;
  control.type = function_;
  push_control(control);
  run_body(reader);
  return finish(reader);
}

Result<void> FunctionValidator::validate_const(ConstExpr expression, ValType expected, uint32_t visible_globals,
                                               std::string_view what, uint32_t index) {
  start(what, index);
  is_constant_ = true;
  allocates_ = false;
  tracks_initialization_ = false;
  visible_globals_ = visible_globals;
  slot_limit_ = limits_.frame_slots;
  ByteReader reader(module_.bytes, expression.begin, expression.end);
  Control control;
  control.has_value = true;
  control.value = expected;
  push_control(control);
  run_const(reader);
  return finish(reader);
}

void FunctionValidator::start(std::string_view what, uint32_t index) {
  what_ = what;
  index_ = index;
  function_ = nullptr;
  error_.reset();
  controls_.clear();
  height_ = base_ = 0;
  slots_ = most_slots_ = 0;
}

bool FunctionValidator::run_body(ByteReader& reader) {
  InstructionReader instructions(reader);
  Instruction instruction;
  while (!controls_.empty()) {
    if (reader.at_end()) return missing_end(reader);
    if (!instructions.next(instruction) || !step(instruction, instructions)) return false;
  }
  if (reader.at_end()) return true;
  return reader.fail(
      concat("section size mismatch: ", reader.remaining(), " bytes after the end of function ", index_));
}

bool FunctionValidator::run_const(ByteReader& reader) {
  InstructionReader instructions(reader);
  Instruction instruction;
  while (!controls_.empty()) {
    if (!instructions.next(instruction)) return false;
    op_ = instruction.op;
    offset_ = instruction.offset;
    if (!is_constant_instruction(op_)) {
      return invalid(concat("constant expression required: ", info(op_).text, " is not constant"));
    }
    allocates_ |= makes_object(op_);
    if (!step(instruction, instructions)) return false;
  }
  return true;
}

Result<void> FunctionValidator::finish(const ByteReader& reader) {
  if (error_ != nullptr) return std::move(*error_);
  return reader.result();
}

// A body is over and blocks are open. The reference interpreter reads on into what follows, and the spec's tests have
// the words of what it meets there: another body, another section, or nothing.
bool FunctionValidator::missing_end(ByteReader& reader) const {
  const size_t at = reader.offset();
  const std::string_view words = at == module_.bytes.size() ? "unexpected end of section or function"
                                 : at == code_end_          ? "section size mismatch"
                                                            : "END opcode expected";
  return reader.fail(concat(words, ": function ", index_, " ends with ", controls_.size(), " blocks open"));
}

bool FunctionValidator::simple(const Signature& rule) {
  const size_t count = rule.operands;
  bool matches = height_ - base_ >= count;
  if (matches) {
    const ValType* operands = values_.data() + (height_ - count);
    for (size_t i = 0; i < count; ++i) matches &= operands[i] == rule.operand[i];
  }
  if (matches) {
    height_ -= count;
    slots_ -= rule.operand_slots;
  } else {
    for (size_t i = count; i-- > 0;) {
      if (!pop(rule.operand[i])) return false;
    }
  }
  return rule.results == 0 || push(rule.result);
}

bool FunctionValidator::memory_access(const Signature& rule, const Instruction& in) {
  const MemoryType* accessed = memory(in.index);
  if (accessed == nullptr) return false;
  if (feature_of(op_) == Feature::threads && in.align != rule.access_log2) {
    return invalid(concat("atomic alignment must be natural: ", info(op_).text, " has 2**", in.align));
  }
  if (in.align > rule.access_log2) {
    return invalid(concat("alignment must not be larger than natural: ", info(op_).text, " has 2**", in.align));
  }
  if (accessed->limits.is_64) {
    Signature wide = rule;
    wide.operand[0] = ValType::i64();
    return simple(wide);
  }
  if (in.value > UINT32_MAX) return invalid(concat("offset out of range: ", in.value, " in ", info(op_).text));
  return simple(rule);
}

// Operands

bool FunctionValidator::push(ValType type) {
  if (height_ == values_.size()) values_.resize(std::max<size_t>(64, 2 * values_.size()));
  values_[height_++] = type;
  slots_ += type.slots();
  return slots_ <= most_slots_ || new_height();
}

bool FunctionValidator::push(std::span<const ValType> types) {
  if (types.empty()) return true;
  const size_t count = types.size();
  if (values_.size() - height_ < count) values_.resize(std::max(height_ + count, 2 * values_.size()));
  std::copy(types.begin(), types.end(), values_.begin() + static_cast<ptrdiff_t>(height_));
  height_ += count;
  slots_ += slots_of(types);
  return slots_ <= most_slots_ || new_height();
}

// Checked as the stack grows, not at the end: calls of many results could make it large from few bytes.
bool FunctionValidator::new_height() {
  most_slots_ = slots_;
  if (slots_ <= slot_limit_) return true;
  const uint64_t frame = uint64_t{limits_.frame_slots} - slot_limit_ + slots_;
  return fail(ErrorKind::limit, concat("frame of ", frame, " slots exceeds the limit of ", limits_.frame_slots));
}

bool FunctionValidator::pop_any(ValType& type) {
  if (height_ == base_) {
    type = ValType::bottom();
    return controls_.back().unreachable || mismatch(concat(info(op_).text, " expects a value, found none"));
  }
  type = values_[--height_];
  slots_ -= type.slots();
  return true;
}

bool FunctionValidator::pop(ValType expected) {
  if (height_ != base_) {
    const ValType found = values_[--height_];
    slots_ -= found.slots();
    if (found == expected || found.is_bottom() || expected.is_bottom()) return true;
    return types_.matches(found, expected) || mismatch(expected, found);
  }
  return controls_.back().unreachable || missing(expected);
}

bool FunctionValidator::pop(std::span<const ValType> types) {
  if (!check_top(types)) return false;
  const size_t present = std::min(height_ - base_, types.size());
  height_ -= present;
  slots_ -= slots_of({values_.data() + height_, present});
  return true;
}

// Only what is there is looked at: in unreachable code a type of a thousand results costs nothing.
bool FunctionValidator::check_top(std::span<const ValType> types) {
  const size_t present = std::min(height_ - base_, types.size());
  const ValType* found = values_.data() + (height_ - present);
  const ValType* expected = types.data() + (types.size() - present);
  if (!std::equal(found, found + present, expected)) {
    for (size_t i = present; i-- > 0;) {
      if (found[i] == expected[i] || found[i].is_bottom() || types_.matches(found[i], expected[i])) continue;
      return mismatch(expected[i], found[i]);
    }
  }
  return present == types.size() || controls_.back().unreachable || missing(expected[-1]);
}

void FunctionValidator::push_control(const Control& control) {
  controls_.push_back(control);
  controls_.back().base = static_cast<uint32_t>(height_);
  controls_.back().slots = slots_;
  controls_.back().initializations = static_cast<uint32_t>(initializations_.size());
  base_ = height_;
}

// The results of the innermost block must be all there is on its stack. Takes them.
bool FunctionValidator::pop_results() {
  if (!pop(controls_.back().results())) return false;
  if (height_ == base_) return true;
  return mismatch(concat(height_ - base_, " values too many at the end of a block"));
}

void FunctionValidator::set_unreachable() {
  height_ = base_;
  slots_ = controls_.back().slots;
  controls_.back().unreachable = true;
}

// Errors

bool FunctionValidator::fail(ErrorKind kind, std::string text) {
  if (error_ != nullptr) return false;
  std::string place = concat(what_, " ", index_);
  if (what_ == kFunction) {
    const NameSection names = decode_names(module_);
    if (const auto name = names.functions.find(index_); name != names.functions.end()) {
      place += concat(" $", name->second);
    }
  }
  error_ = std::make_unique<Error>(kind, concat(text, " (", place, ")"), offset_);
  return false;
}

bool FunctionValidator::invalid(std::string text) { return fail(ErrorKind::invalid, std::move(text)); }

bool FunctionValidator::unknown(std::string_view what, uint32_t index) {
  return invalid(concat("unknown ", what, " ", index));
}

bool FunctionValidator::mismatch(std::string_view detail) { return invalid(concat("type mismatch: ", detail)); }

bool FunctionValidator::missing(ValType expected) {
  return mismatch(concat(info(op_).text, " expects ", expected.to_string(), ", found nothing"));
}

bool FunctionValidator::mismatch(ValType expected, ValType found) {
  return mismatch(concat(info(op_).text, " expects ", expected.to_string(), ", found ", found.to_string()));
}

}  // namespace wplug
