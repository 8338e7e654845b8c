#include "fuzz/body_generator.h"

#include <algorithm>
#include <string_view>

#include "fuzz/body.h"
#include "fuzz/constants.h"
#include "interp/validate/signature.h"

namespace wplug::fuzz {

namespace {

constexpr uint32_t kInstructions = 400;  // of one body, about
constexpr int kDepth = 6;                // of expressions and blocks

bool is_usable(const OpRow& row, const Signature& rule, Features features) {
  if (rule.is_special || !features.has(row.feature) || row.feature == Feature::relaxed_simd) return false;
  // What waits needs somebody who wakes it.
  return row.text.find("atomic.wait") == std::string_view::npos;
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(), [&](std::string_view head) { return text.substr(0, head.size()) == head; });
}

// Whether it traps when the last operand is 0.
bool is_division(const OpRow& row, const Signature& rule) {
  return !rule.result.is_float() && (row.text.find(".div_") != std::string_view::npos || row.text.find(".rem_") != std::string_view::npos);
}

// Whether the spec leaves open which NaN the result is.
bool has_open_nan(const OpRow& row, ValType result) {
  const std::string_view text = row.text;
  if (!starts_with_any(text, {"f32", "f64"}) || !(result.is_float() || result.is_vec())) return false;
  for (std::string_view exact : {".const", ".load", ".abs", ".neg", ".copysign", ".reinterpret", ".splat", "_lane", ".eq", ".ne",
                                 ".lt", ".gt", ".le", ".ge", ".pmin", ".pmax"}) {
    const size_t at = text.find(exact);
    if (at != std::string_view::npos && text.substr(at) != ".nearest") return false;
  }
  return true;
}

uint32_t lanes_of(std::string_view text) {
  const size_t x = text.find('x');
  uint32_t lanes = 0;
  for (size_t i = x + 1; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    lanes = lanes * 10 + static_cast<uint32_t>(text[i] - '0');
  }
  return lanes;
}

}  // namespace

Menu::Menu(Features features) {
  for (size_t i = 0; i < kOpCount; ++i) {
    const Signature& rule = kSignatures[i];
    const Op op = static_cast<Op>(i);
    if (!is_usable(info(static_cast<Op>(i)), rule, features) || op == Op::nop) continue;
    if (rule.results == 0) {
      statements.push_back(op);
      continue;
    }
    auto at = std::find_if(by_result.begin(), by_result.end(), [&](const auto& entry) { return entry.first == rule.result; });
    if (at == by_result.end()) at = by_result.insert(at, {rule.result, {}});
    at->second.push_back(op);
  }
}

const std::vector<Op>& Menu::list(ValType type) const {
  static const std::vector<Op> kNone;
  for (const auto& [result, ops] : by_result) {
    if (result == type) return ops;
  }
  return kNone;
}

BodyGenerator::BodyGenerator(Random& random, const Plan& plan, uint32_t function)
    : random_(random), plan_(plan), index_(function), type_(plan.type_of(function)), menu_(plan.features) {}

std::vector<uint8_t> BodyGenerator::run() {
  locals_ = type_.params;
  for (uint32_t n = random_.below(8); n-- > 0;) locals_.push_back(random_.pick(plan_.value_types));
  // Every type has a local to keep a value in; loops have counters of their own.
  for (ValType type : plan_.value_types) {
    if (!type.is_ref() || std::find(locals_.begin(), locals_.end(), type) == locals_.end()) locals_.push_back(type);
  }
  canonical_ = static_cast<uint32_t>(locals_.size());
  for (ValType type : {ValType::f32(), ValType::f64()}) locals_.push_back(type);
  if (has(Feature::simd)) locals_.push_back(ValType::v128());
  // What is never null has a value from the start on.
  for (auto i = static_cast<uint32_t>(type_.params.size()); i < canonical_; ++i) {
    if (locals_[i].is_defaultable()) continue;
    leaf(locals_[i]);
    op(Op::local_set, i);
  }
  plain_ = canonical_;

  labels_.push_back({type_.results});
  block_body(type_.results, kDepth);
  out_.op(Op::end);

  ByteWriter body;
  body.u(locals_.size() - type_.params.size());
  for (size_t i = type_.params.size(); i < locals_.size(); ++i) {
    body.u(1);
    write_type(body, locals_[i]);
  }
  body.append(out_.bytes());
  return body.take();
}

bool BodyGenerator::spent() const { return out_.size() > kInstructions * 4; }

// ---- places

// Counters and the places for NaNs are nobody else's.
uint32_t BodyGenerator::local_to_read(ValType type) {
  const uint32_t start = plain_ == 0 ? 0 : below(plain_);
  for (uint32_t i = 0; i < plain_; ++i) {
    const uint32_t at = (start + i) % plain_;
    if (plan_.matches(locals_[at], type)) return at;
  }
  return plain_;
}

uint32_t BodyGenerator::local_to_write(ValType type) {
  const uint32_t start = plain_ == 0 ? 0 : below(plain_);
  for (uint32_t i = 0; i < plain_; ++i) {
    const uint32_t at = (start + i) % plain_;
    if (plan_.matches(type, locals_[at])) return at;
  }
  return plain_;
}

uint32_t BodyGenerator::new_local(ValType type) {
  locals_.push_back(type);
  return static_cast<uint32_t>(locals_.size() - 1);
}

uint32_t BodyGenerator::global_to_read(ValType type) {
  const auto count = static_cast<uint32_t>(plan_.globals.size());
  const uint32_t start = count == 0 ? 0 : below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t at = (start + i) % count;
    if (plan_.matches(plan_.globals[at].type, type)) return at;
  }
  return count;
}

uint32_t BodyGenerator::global_to_write(ValType type) {
  const auto count = static_cast<uint32_t>(plan_.globals.size());
  const uint32_t start = count == 0 ? 0 : below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t at = (start + i) % count;
    if (plan_.globals[at].is_mutable && plan_.matches(type, plan_.globals[at].type)) return at;
  }
  return count;
}

// Seldom one without a page.
uint32_t BodyGenerator::some_memory() {
  const uint32_t memory = below(plan_.memories.size());
  return plan_.memories[memory].min > 0 || random_.one_in(8) ? memory : below(plan_.memories.size());
}

uint32_t BodyGenerator::table_of(ValType type) {
  const auto count = static_cast<uint32_t>(plan_.tables.size());
  const uint32_t start = count == 0 ? 0 : below(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (plan_.matches(plan_.tables[(start + i) % count].element, type)) return (start + i) % count;
  }
  return count;
}

// ---- instructions

void BodyGenerator::op(Op op, uint64_t immediate) {
  out_.op(op);
  out_.u(immediate);
}

void BodyGenerator::number(bool is_64, uint64_t value) {
  out_.op(is_64 ? Op::i64_const : Op::i32_const);
  out_.s(is_64 ? static_cast<int64_t>(value) : static_cast<int64_t>(static_cast<int32_t>(value)));
}

// A value of an address type, mostly below `size`.
void BodyGenerator::bounded(bool is_64, uint64_t size, int depth) {
  const ValType type = address_type(is_64);
  switch (random_.below(24)) {
    case 0: return expression(type, depth - 1);
    case 1: return number(is_64, size + random_.below(3));
    case 2:
    case 3:
    case 4:
    case 5:
    case 6: return number(is_64, size == 0 ? 0 : random_.bits() % size);
    default:
      expression(type, depth - 1);
      // A mask of the largest power of two within.
      uint64_t mask = 1;
      while (mask * 2 <= size) mask *= 2;
      number(is_64, mask - 1);
      out_.op(is_64 ? Op::i64_and : Op::i32_and);
  }
}

void BodyGenerator::memarg(Op op, uint32_t memory) {
  const Signature& rule = signature(op);
  const bool atomic = info(op).feature == Feature::threads;
  const uint32_t align = atomic ? rule.access_log2 : random_.below(rule.access_log2 + 1u);
  const bool named = memory != 0 || (has(Feature::multi_memory) && random_.one_in(8));
  out_.u(align | (named ? 0x40u : 0u));
  if (named) out_.u(memory);
  const uint64_t offset = random_.one_in(100) ? random_.bits() & 0xffffffff : random_.one_in(2) ? 0 : random_.below(64);
  out_.u(atomic ? offset & ~uint64_t{7} : offset);
}

// A simple instruction with its operands.
void BodyGenerator::simple(Op op, int depth) {
  const OpRow row = info(op);
  const Signature& rule = signature(op);
  uint32_t memory = 0;
  for (size_t i = 0; i < rule.operands; ++i) {
    if (i == 0 && rule.has_address) {
      memory = some_memory();
      bounded(plan_.memories[memory].is_64, memory_bytes(memory), depth);
      if (row.feature == Feature::threads && !random_.one_in(8)) {
        number(plan_.memories[memory].is_64, ~uint64_t{7});
        out_.op(plan_.memories[memory].is_64 ? Op::i64_and : Op::i32_and);
      }
    } else {
      expression(rule.operand[i], depth - 1);
    }
  }
  if (is_division(row, rule) && !random_.one_in(8)) {
    number(rule.result == ValType::i64(), 1);
    out_.op(rule.result == ValType::i64() ? Op::i64_or : Op::i32_or);
  }
  out_.op(op);
  immediates(op, memory);
  if (rule.results == 1 && has_open_nan(row, rule.result)) make_canonical(row, rule.result);
}

void BodyGenerator::immediates(Op op, uint32_t memory) {
  switch (info(op).immediates) {
    case ImmediateKind::memarg: memarg(op, memory); break;
    case ImmediateKind::memarg_lane:
      memarg(op, memory);
      out_.u8(random_.below(16u >> signature(op).access_log2));
      break;
    case ImmediateKind::lane: out_.u8(random_.below(lanes_of(info(op).text))); break;
    case ImmediateKind::lanes:
      for (int i = 0; i < 16; ++i) out_.u8(random_.below(32));
      break;
    case ImmediateKind::v128:
      for (int i = 0; i < 16; ++i) out_.u8(random_.below(256));
      break;
    case ImmediateKind::zero_byte: out_.u8(0); break;
    case ImmediateKind::i32: out_.s(static_cast<int32_t>(random_.bits())); break;
    case ImmediateKind::i64: out_.s(static_cast<int64_t>(random_.bits())); break;
    // Never a NaN: its bits could be taken for something the spec leaves open.
    case ImmediateKind::f32: out_.little(random_.bits() & 0xbfffffff, 4); break;
    case ImmediateKind::f64: out_.little(random_.bits() & 0xbfffffffffffffff, 8); break;
    default: break;
  }
}

// Replaces a NaN on top by the canonical one.
void BodyGenerator::make_canonical(const OpRow& row, ValType type) {
  const uint32_t place = canonical_ + (type == ValType::f32() ? 0 : type == ValType::f64() ? 1 : 2);
  op(Op::local_tee, place);
  const bool doubles = row.text[1] == '6';
  if (type.is_vec()) {
    out_.op(Op::v128_const);
    for (int i = 0; i < (doubles ? 2 : 4); ++i) {
      if (doubles) {
        out_.little(0x7ff8000000000000, 8);
      } else {
        out_.little(0x7fc00000, 4);
      }
    }
  } else if (doubles) {
    out_.op(Op::f64_const);
    out_.little(0x7ff8000000000000, 8);
  } else {
    out_.op(Op::f32_const);
    out_.little(0x7fc00000, 4);
  }
  op(Op::local_get, place);
  op(Op::local_get, place);
  if (type.is_vec()) {
    out_.op(doubles ? Op::f64x2_eq : Op::f32x4_eq);
    out_.op(Op::v128_bitselect);
  } else {
    out_.op(doubles ? Op::f64_eq : Op::f32_eq);
    out_.op(Op::select);
  }
}

// ---- values

void BodyGenerator::leaf(ValType type) {
  const uint32_t local = local_to_read(type);
  if (local != plain_ && !random_.one_in(3)) return op(Op::local_get, local);
  const uint32_t global = global_to_read(type);
  if (global != plan_.globals.size() && random_.one_in(3)) return op(Op::global_get, global);
  if (local != plain_ && type.is_ref() && !type.is_nullable() && spent()) return op(Op::local_get, local);
  write_constant(out_, random_, plan_, type);
}

// Instructions that leave one value of the type.
void BodyGenerator::expression(ValType type, int depth) {
  if (depth <= 0 || spent()) return leaf(type);
  switch (random_.below(22)) {
    case 0:
    case 1:
    case 2: return leaf(type);
    case 3: {
      const uint32_t local = local_to_read(type);
      if (local == plain_) return leaf(type);
      expression(locals_[local], depth - 1);
      return op(Op::local_tee, local);
    }
    case 4: return block({type}, depth);
    case 5: return if_else({type}, depth);
    case 6: return loop({type}, depth);
    case 7:
    case 8: return call_for(type, depth) ? void() : leaf(type);
    case 9: return select(type, depth);
    case 10: return branch_if_with(type, depth) ? void() : leaf(type);
    case 11: return odd_source(type, depth) ? void() : leaf(type);
    case 12:
    case 13:
      if (plan_.has_objects() && !type.is_ref()) return object_number(type, depth) ? void() : leaf(type);
      [[fallthrough]];
    default: break;
  }
  if (type.is_ref()) return reference(type, depth);
  const std::vector<Op>& ops = menu_.list(type);
  if (ops.empty()) return leaf(type);
  const Op chosen = random_.pick(ops);
  if (signature(chosen).has_address && !has_memory()) return leaf(type);
  simple(chosen, depth);
}

void BodyGenerator::select(ValType type, int depth) {
  expression(type, depth - 1);
  expression(type, depth - 1);
  expression(ValType::i32(), depth - 1);
  const bool typed = type.is_ref() || (has(Feature::reference_types) && random_.one_in(3));
  out_.op(typed ? Op::select_t : Op::select);
  if (typed) {
    out_.u(1);
    write_type(out_, type);
  }
}

// Values that come from instructions with rules of their own.
bool BodyGenerator::odd_source(ValType type, int depth) {
  const uint32_t table = type.is_ref() ? table_of(type) : plan_.tables.empty() ? 0 : below(plan_.tables.size());
  const bool has_table = table < plan_.tables.size() && has(Feature::reference_types);
  if (type.is_ref()) {
    if (!has_table) return false;
    bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
    op(Op::table_get, table);
    return true;
  }
  if (type != ValType::i32() && type != ValType::i64()) return false;
  const bool is_64 = type == ValType::i64();
  if (has_table && plan_.tables[table].is_64 == is_64 && random_.one_in(2)) {
    if (random_.one_in(2)) {
      op(Op::table_size, table);
    } else {
      expression(plan_.tables[table].element, depth - 1);
      bounded(is_64, 4, depth);
      op(Op::table_grow, table);
    }
    return true;
  }
  if (has_memory()) {
    const uint32_t memory = some_memory();
    if (plan_.memories[memory].is_64 == is_64) {
      if (random_.one_in(2)) {
        op(Op::memory_size, memory);
      } else {
        bounded(is_64, 2, depth);
        op(Op::memory_grow, memory);
      }
      return true;
    }
  }
  if (is_64 || !has(Feature::reference_types)) return false;
  ValType tested = random_.one_in(2) ? ValType::funcref() : ValType::externref();
  if (const ValType other = random_.pick(plan_.value_types); other.is_ref()) tested = other;
  expression(tested, depth - 1);
  out_.op(Op::ref_is_null);
  return true;
}

// ---- calls

void BodyGenerator::arguments(const std::vector<ValType>& types, int depth) {
  for (ValType type : types) expression(type, depth - 1);
}

void BodyGenerator::call(uint32_t function, int depth) {
  arguments(plan_.type_of(function).params, depth);
  op(Op::call, function);
}

// Calls a function whose only result is of the type.
bool BodyGenerator::call_for(ValType type, int depth) {
  std::vector<uint32_t> fitting;
  for (uint32_t i = 0; i < index_; ++i) {
    const std::vector<ValType>& results = plan_.type_of(i).results;
    if (results.size() == 1 && plan_.matches(results[0], type)) fitting.push_back(i);
  }
  if (fitting.empty()) return false;
  call(random_.pick(fitting), depth);
  return true;
}

// Takes results off the stack, the last first.
void BodyGenerator::keep_results(const std::vector<ValType>& types) {
  for (size_t i = types.size(); i-- > 0;) {
    const uint32_t local = local_to_write(types[i]);
    if (local != plain_ && !random_.one_in(4)) {
      op(Op::local_set, local);
    } else {
      out_.op(Op::drop);
    }
  }
}

void BodyGenerator::call_indirect(int depth) {
  const uint32_t table = table_of(ValType::funcref());
  if (table == plan_.tables.size() || index_ < plan_.table_functions) return;
  // Mostly the type of a function that the table may hold, or one above it.
  uint32_t type = random_.one_in(8) ? random_.pick(plan_.func_types) : plan_.functions[below(plan_.table_functions)];
  if (plan_.types[type].supertype && random_.one_in(2)) type = *plan_.types[type].supertype;
  const FuncType& callee = plan_.types[type].func;
  const bool tail = has(Feature::tail_call) && callee.results == type_.results && random_.one_in(3);
  if (tail) open_if(depth);
  arguments(callee.params, depth);
  bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
  op(tail ? Op::return_call_indirect : Op::call_indirect, type);
  out_.u(table);
  if (tail) return close();
  keep_results(callee.results);
}

void BodyGenerator::call_reference(int depth) {
  if (!has(Feature::function_references) || index_ < plan_.table_functions) return;
  uint32_t type = plan_.functions[below(plan_.table_functions)];
  if (plan_.types[type].supertype && random_.one_in(2)) type = *plan_.types[type].supertype;
  const FuncType& callee = plan_.types[type].func;
  const bool tail = has(Feature::tail_call) && callee.results == type_.results && random_.one_in(3);
  if (tail) open_if(depth);
  arguments(callee.params, depth);
  expression(ValType::ref_to(type, random_.one_in(6)), depth - 1);
  op(tail ? Op::return_call_ref : Op::call_ref, type);
  if (tail) return close();
  keep_results(callee.results);
}

void BodyGenerator::tail_call(int depth) {
  if (!has(Feature::tail_call)) return;
  for (uint32_t i = 0; i < index_; ++i) {
    const FuncType& callee = plan_.type_of(i);
    if (callee.results != type_.results || random_.one_in(2)) continue;
    if (!random_.one_in(3)) out_.op(Op::nop);
    open_if(depth);
    arguments(callee.params, depth);
    op(Op::return_call, i);
    close();
    return;
  }
}

// ---- statements

void BodyGenerator::statement(int depth) {
  if (spent()) return;
  const bool nests = depth > 1;
  switch (random_.below(plan_.has_objects() ? 26 : 21)) {
    case 0:
    case 1: return assign(depth);
    case 2:
    case 3: return random_.one_in(3) ? call_reference(depth) : assign(depth);
    case 4:
    case 5:
      if (menu_.statements.empty() || !has_memory()) return;
      return simple(random_.pick(menu_.statements), depth);
    case 6: return nests ? block({}, depth) : assign(depth);
    case 7: return nests ? if_else({}, depth) : assign(depth);
    case 8: return nests ? loop({}, depth) : assign(depth);
    case 9: return nests ? block_with_params(depth) : assign(depth);
    case 10:
    case 11: return branch(depth);
    case 12: return branch_table(depth);
    case 13: {
      if (index_ == 0) return;
      const uint32_t callee = below(index_);
      call(callee, depth);
      return keep_results(plan_.type_of(callee).results);
    }
    case 14: return call_indirect(depth);
    case 15: return tail_call(depth);
    case 16: return bulk(depth);
    case 17: return several_results(depth);
    case 18: return plan_.tags.empty() ? rare(depth) : exception(depth);
    case 19: return rare(depth);
    case 20: return assign(depth);
    default: return object_statement(depth);
  }
}

void BodyGenerator::assign(int depth) {
  const ValType type = random_.pick(plan_.value_types);
  const uint32_t global = global_to_write(type);
  expression(type, depth - 1);
  if (global != plan_.globals.size() && random_.one_in(3)) return op(Op::global_set, global);
  keep_results({type});
}

// What ends the function, or is seldom in programs.
void BodyGenerator::rare(int depth) {
  if (!plan_.tags.empty() && random_.one_in(2)) return random_.one_in(3) ? throw_some(depth) : exception(depth);
  if (has(Feature::wide_arithmetic) && random_.one_in(2)) return wide(depth);
  open_if(depth);
  if (random_.one_in(3)) {
    out_.op(Op::unreachable);
  } else {
    for (ValType type : type_.results) expression(type, depth - 1);
    out_.op(Op::return_);
  }
  close();
}

void BodyGenerator::wide(int depth) {
  const Op ops[] = {Op::i64_add128, Op::i64_sub128, Op::i64_mul_wide_s, Op::i64_mul_wide_u};
  const uint32_t chosen = random_.below(4);
  for (uint32_t i = 0; i < (chosen < 2 ? 4u : 2u); ++i) expression(ValType::i64(), depth - 1);
  out_.op(ops[chosen]);
  keep_results({ValType::i64(), ValType::i64()});
}

std::vector<uint8_t> generate_body(Random& random, const Plan& plan, uint32_t function) {
  return BodyGenerator(random, plan, function).run();
}

}  // namespace wplug::fuzz
