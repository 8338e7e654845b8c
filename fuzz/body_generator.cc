#include "fuzz/body_generator.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string_view>

#include "interp/validate/signature.h"
#include "interp/wasm/opcode.h"

namespace wplug::fuzz {

namespace {

constexpr uint32_t kInstructions = 400;  // of one body, about
constexpr int kDepth = 6;                // of expressions and blocks

bool is_usable(const OpInfo& row, const Signature& rule, Features features) {
  if (rule.is_special || !features.has(row.feature) || row.feature == Feature::relaxed_simd) return false;
  // What waits needs somebody who wakes it.
  return row.text.find("atomic.wait") == std::string_view::npos;
}

// Simple instructions by the type of their result; those without one apart.
struct Menu {
  std::vector<std::pair<ValType, std::vector<Op>>> by_result;
  std::vector<Op> statements;

  explicit Menu(Features features) {
    for (size_t i = 0; i < kOpCount; ++i) {
      const Signature& rule = kSignatures[i];
      const Op op = static_cast<Op>(i);
      if (!is_usable(kOpInfo[i], rule, features) || op == Op::nop) continue;
      if (rule.results == 0) {
        statements.push_back(op);
      } else {
        list(rule.result).push_back(op);
      }
    }
  }
  std::vector<Op>& list(ValType type) {
    for (auto& [result, ops] : by_result) {
      if (result == type) return ops;
    }
    return by_result.emplace_back(type, std::vector<Op>{}).second;
  }
};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(), [&](std::string_view head) { return text.substr(0, head.size()) == head; });
}

// Whether the spec leaves open which NaN the result is.
bool has_open_nan(const OpInfo& row, ValType result) {
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

class BodyGenerator {
 public:
  BodyGenerator(Random& random, const Plan& plan, uint32_t function)
      : random_(random), plan_(plan), index_(function), type_(plan.types[plan.functions[function]]), menu_(plan.features) {}

  std::vector<uint8_t> run() {
    locals_ = type_.params;
    for (uint32_t n = random_.below(8); n-- > 0;) locals_.push_back(random_.pick(plan_.value_types));
    // Every type has a local to keep a value in; loops have counters of their own.
    for (ValType type : plan_.value_types) locals_.push_back(type);
    canonical_ = static_cast<uint32_t>(locals_.size());
    for (ValType type : {ValType::f32(), ValType::f64()}) locals_.push_back(type);
    if (plan_.features.has(Feature::simd)) locals_.push_back(ValType::v128());
    plain_ = canonical_;

    labels_.push_back({type_.results, false});
    block_body(type_.results, kDepth);
    out_.op(Op::end);

    ByteWriter body;
    const size_t declared = locals_.size() - type_.params.size();
    body.u(declared);
    for (size_t i = type_.params.size(); i < locals_.size(); ++i) {
      body.u(1);
      write_type(body, locals_[i]);
    }
    body.append(out_.bytes());
    return body.take();
  }

 private:
  struct Label {
    std::vector<ValType> types;
    bool is_loop;
  };

  uint32_t below(size_t n) { return random_.below(static_cast<uint32_t>(n)); }
  bool spent() const { return out_.size() > kInstructions * 4; }

  // ---- places

  // A local of the type, or its number of locals; counters and the places for NaNs are nobody else's.
  uint32_t local_of(ValType type) {
    const uint32_t start = below(plain_);
    for (uint32_t i = 0; i < plain_; ++i) {
      const uint32_t at = (start + i) % plain_;
      if (locals_[at] == type) return at;
    }
    return plain_;
  }
  uint32_t new_counter() {
    locals_.push_back(ValType::i32());
    return static_cast<uint32_t>(locals_.size() - 1);
  }
  // A global of the type, or how many there are.
  uint32_t global_of(ValType type, bool to_write) {
    const auto count = static_cast<uint32_t>(plan_.globals.size());
    const uint32_t start = count == 0 ? 0 : below(count);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t at = (start + i) % count;
      if (plan_.globals[at].type == type && (plan_.globals[at].is_mutable || !to_write)) return at;
    }
    return count;
  }
  bool has_memory() const { return !plan_.memories.empty(); }
  uint32_t some_memory() { return below(plan_.memories.size()); }
  // A table of the element type, or how many there are.
  uint32_t table_of(ValType element) {
    const auto count = static_cast<uint32_t>(plan_.tables.size());
    const uint32_t start = count == 0 ? 0 : below(count);
    for (uint32_t i = 0; i < count; ++i) {
      if (plan_.tables[(start + i) % count].element == element) return (start + i) % count;
    }
    return count;
  }
  static ValType address_type(bool is_64) { return is_64 ? ValType::i64() : ValType::i32(); }

  // ---- instructions

  void op(Op op, uint64_t immediate) {
    out_.op(op);
    out_.u(immediate);
  }
  void number(bool is_64, uint64_t value) {
    out_.op(is_64 ? Op::i64_const : Op::i32_const);
    out_.s(is_64 ? static_cast<int64_t>(value) : static_cast<int64_t>(static_cast<int32_t>(value)));
  }
  // A value of an address type, mostly below `size`.
  void bounded(bool is_64, uint64_t size, int depth) {
    const ValType type = address_type(is_64);
    switch (random_.below(8)) {
      case 0: return expression(type, depth - 1);
      case 1: return number(is_64, size + random_.below(3));
      case 2:
      case 3: return number(is_64, size == 0 ? 0 : random_.bits() % size);
      default:
        expression(type, depth - 1);
        // A mask of the largest power of two within.
        uint64_t mask = 1;
        while (mask * 2 <= size) mask *= 2;
        number(is_64, mask - 1);
        out_.op(is_64 ? Op::i64_and : Op::i32_and);
    }
  }
  uint64_t memory_bytes(uint32_t memory) const { return plan_.memories[memory].min << 16; }

  void memarg(Op op, uint32_t memory) {
    const Signature& rule = signature(op);
    const bool atomic = info(op).feature == Feature::threads;
    const uint32_t align = atomic ? rule.access_log2 : random_.below(rule.access_log2 + 1u);
    const bool named = memory != 0 || (plan_.features.has(Feature::multi_memory) && random_.one_in(8));
    out_.u(align | (named ? 0x40u : 0u));
    if (named) out_.u(memory);
    const uint64_t offset = random_.one_in(24) ? random_.bits() & 0xffffffff : random_.one_in(2) ? 0 : random_.below(64);
    out_.u(atomic ? offset & ~uint64_t{7} : offset);
  }

  // A simple instruction with its operands.
  void simple(Op op, int depth) {
    const OpInfo& row = info(op);
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
    out_.op(op);
    immediates(op, memory);
    if (rule.results == 1 && has_open_nan(row, rule.result)) make_canonical(row, rule.result);
  }
  void immediates(Op op, uint32_t memory) {
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
  void make_canonical(const OpInfo& row, ValType type) {
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

  // ---- expressions

  void leaf(ValType type) {
    const uint32_t local = local_of(type);
    if (local != plain_ && !random_.one_in(3)) return op(Op::local_get, local);
    const uint32_t global = global_of(type, false);
    if (global != plan_.globals.size() && random_.one_in(3)) return op(Op::global_get, global);
    if (type == ValType::funcref() && random_.one_in(2)) return op(Op::ref_func, below(plan_.table_functions));
    write_constant(out_, random_, type);
  }

  // Instructions that leave one value of the type.
  void expression(ValType type, int depth) {
    if (depth <= 0 || spent()) return leaf(type);
    switch (random_.below(20)) {
      case 0:
      case 1:
      case 2: return leaf(type);
      case 3: {
        const uint32_t local = local_of(type);
        if (local == plain_) return leaf(type);
        expression(type, depth - 1);
        return op(Op::local_tee, local);
      }
      case 4: return block(Op::block, {type}, depth);
      case 5: return if_else({type}, depth);
      case 6: return loop({type}, depth);
      case 7:
      case 8:
        if (call_for(type, depth)) return;
        return leaf(type);
      case 9: return select(type, depth);
      case 10:
        if (branch_if_with(type, depth)) return;
        return leaf(type);
      case 11:
        if (odd_source(type, depth)) return;
        return leaf(type);
      default: {
        const std::vector<Op>& ops = menu_.list(type);
        if (ops.empty()) return leaf(type);
        const Op chosen = random_.pick(ops);
        if (signature(chosen).has_address && !has_memory()) return leaf(type);
        return simple(chosen, depth);
      }
    }
  }
  void select(ValType type, int depth) {
    expression(type, depth - 1);
    expression(type, depth - 1);
    expression(ValType::i32(), depth - 1);
    const bool typed = type.is_ref() || (plan_.features.has(Feature::reference_types) && random_.one_in(3));
    out_.op(typed ? Op::select_t : Op::select);
    if (typed) {
      out_.u(1);
      write_type(out_, type);
    }
  }
  // Calls a function whose only result is of the type.
  bool call_for(ValType type, int depth) {
    std::vector<uint32_t> fitting;
    for (uint32_t i = 0; i < index_; ++i) {
      const std::vector<ValType>& results = plan_.types[plan_.functions[i]].results;
      if (results.size() == 1 && results[0] == type) fitting.push_back(i);
    }
    if (fitting.empty()) return false;
    call(random_.pick(fitting), depth);
    return true;
  }
  // Values that come from instructions with rules of their own.
  bool odd_source(ValType type, int depth) {
    const uint32_t table = type.is_ref() ? table_of(type) : plan_.tables.empty() ? 0 : below(plan_.tables.size());
    const bool has_table = table < plan_.tables.size() && plan_.features.has(Feature::reference_types);
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
    if (is_64 || !plan_.features.has(Feature::reference_types)) return false;
    expression(random_.one_in(2) ? ValType::funcref() : ValType::externref(), depth - 1);
    out_.op(Op::ref_is_null);
    return true;
  }
  // A value that a branch may take away: `value condition br_if` to a label of that one type.
  bool branch_if_with(ValType type, int depth) {
    for (uint32_t d = 0; d < labels_.size(); ++d) {
      const Label& label = labels_[labels_.size() - 1 - d];
      if (label.is_loop || label.types != std::vector<ValType>{type}) continue;
      expression(type, depth - 1);
      expression(ValType::i32(), depth - 1);
      op(Op::br_if, d);
      return true;
    }
    return false;
  }

  // ---- calls

  void arguments(const std::vector<ValType>& types, int depth) {
    for (ValType type : types) expression(type, depth - 1);
  }
  void call(uint32_t function, int depth) {
    arguments(plan_.types[plan_.functions[function]].params, depth);
    op(Op::call, function);
  }
  // Takes results off the stack, the last first.
  void keep_results(const std::vector<ValType>& types) {
    for (size_t i = types.size(); i-- > 0;) {
      const uint32_t local = local_of(types[i]);
      if (local != plain_ && !random_.one_in(4)) {
        op(Op::local_set, local);
      } else {
        out_.op(Op::drop);
      }
    }
  }
  void call_indirect(int depth) {
    const uint32_t table = table_of(ValType::funcref());
    if (table == plan_.tables.size() || index_ < plan_.table_functions) return;
    // Mostly the type of a function that the table may hold.
    const uint32_t type = random_.one_in(8) ? below(plan_.types.size()) : plan_.functions[below(plan_.table_functions)];
    arguments(plan_.types[type].params, depth);
    bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
    op(Op::call_indirect, type);
    out_.u(table);
    keep_results(plan_.types[type].results);
  }
  void tail_call(int depth) {
    if (!plan_.features.has(Feature::tail_call)) return;
    for (uint32_t i = 0; i < index_; ++i) {
      const FuncType& callee = plan_.types[plan_.functions[i]];
      if (callee.results != type_.results || random_.one_in(2)) continue;
      if (!random_.one_in(3)) out_.op(Op::nop);
      expression(ValType::i32(), depth - 1);
      out_.op(Op::if_);
      out_.u8(0x40);
      labels_.push_back({{}, false});
      arguments(callee.params, depth);
      op(Op::return_call, i);
      labels_.pop_back();
      out_.op(Op::end);
      return;
    }
  }

  // ---- blocks

  void block_type(const std::vector<ValType>& results) {
    if (results.empty()) return out_.u8(0x40);
    if (results.size() == 1) return write_type(out_, results[0]);
    for (uint32_t i = 0; i < plan_.types.size(); ++i) {
      if (plan_.types[i].params.empty() && plan_.types[i].results == results) return out_.s(i);
    }
  }
  // Whether a block can have these results.
  bool has_block_type(const std::vector<ValType>& results) const {
    if (results.size() < 2) return true;
    return std::any_of(plan_.types.begin(), plan_.types.end(),
                       [&](const FuncType& type) { return type.params.empty() && type.results == results; });
  }
  // Statements, then the results.
  void block_body(const std::vector<ValType>& results, int depth) {
    for (uint32_t n = random_.below(spent() ? 1 : 5); n-- > 0;) statement(depth - 1);
    for (ValType type : results) expression(type, depth - 1);
  }
  void block(Op opener, const std::vector<ValType>& results, int depth) {
    out_.op(opener);
    block_type(results);
    labels_.push_back({results, false});
    block_body(results, depth);
    labels_.pop_back();
    out_.op(Op::end);
  }
  void if_else(const std::vector<ValType>& results, int depth) {
    expression(ValType::i32(), depth - 1);
    out_.op(Op::if_);
    block_type(results);
    labels_.push_back({results, false});
    block_body(results, depth);
    if (!results.empty() || random_.one_in(2)) {
      out_.op(Op::else_);
      block_body(results, depth);
    }
    labels_.pop_back();
    out_.op(Op::end);
  }
  // Goes round a few times, by a counter of its own.
  void loop(const std::vector<ValType>& results, int depth) {
    const uint32_t counter = new_counter();
    number(false, random_.between(1, 6));
    op(Op::local_set, counter);
    out_.op(Op::loop);
    block_type(results);
    labels_.push_back({{}, true});
    block_body({}, depth);
    op(Op::local_get, counter);
    number(false, 1);
    out_.op(Op::i32_sub);
    op(Op::local_tee, counter);
    op(Op::br_if, 0);
    for (ValType type : results) expression(type, depth - 1);
    labels_.pop_back();
    out_.op(Op::end);
  }
  // A block that takes what is on the stack: of a function type with parameters.
  void block_with_params(int depth) {
    const uint32_t start = below(plan_.types.size());
    for (uint32_t i = 0; i < plan_.types.size(); ++i) {
      const uint32_t at = (start + i) % static_cast<uint32_t>(plan_.types.size());
      const FuncType& type = plan_.types[at];
      if (type.params.empty()) continue;
      arguments(type.params, depth);
      out_.op(Op::block);
      out_.s(at);
      labels_.push_back({type.results, false});
      keep_results(type.params);
      block_body(type.results, depth);
      labels_.pop_back();
      out_.op(Op::end);
      keep_results(type.results);
      return;
    }
  }
  void branch(int depth) {
    const uint32_t d = below(labels_.size());
    const Label label = labels_[labels_.size() - 1 - d];
    if (label.is_loop) return;
    if (random_.one_in(4)) {
      // Unconditional, in a block of its own so that what follows is reached now and then.
      expression(ValType::i32(), depth - 1);
      out_.op(Op::if_);
      out_.u8(0x40);
      labels_.push_back({{}, false});
      for (ValType type : label.types) expression(type, depth - 1);
      op(Op::br, d + 1);
      if (random_.one_in(2)) statement(depth - 1);
      labels_.pop_back();
      out_.op(Op::end);
      return;
    }
    for (ValType type : label.types) expression(type, depth - 1);
    expression(ValType::i32(), depth - 1);
    op(Op::br_if, d);
    keep_results(label.types);
  }
  void branch_table(int depth) {
    const uint32_t fallback = below(labels_.size());
    const Label label = labels_[labels_.size() - 1 - fallback];
    if (label.is_loop) return;
    std::vector<uint32_t> fitting;
    for (uint32_t d = 0; d < labels_.size(); ++d) {
      const Label& other = labels_[labels_.size() - 1 - d];
      if (!other.is_loop && other.types == label.types) fitting.push_back(d + 1);
    }
    expression(ValType::i32(), depth - 1);
    out_.op(Op::if_);
    out_.u8(0x40);
    labels_.push_back({{}, false});
    for (ValType type : label.types) expression(type, depth - 1);
    bounded(false, 8, depth);
    out_.op(Op::br_table);
    const uint32_t count = random_.below(8);
    out_.u(count);
    for (uint32_t i = 0; i <= count; ++i) out_.u(random_.pick(fitting));
    labels_.pop_back();
    out_.op(Op::end);
  }

  // ---- statements

  void statement(int depth) {
    if (spent()) return;
    switch (random_.below(21)) {
      case 0:
      case 1:
      case 2:
      case 3: return assign(depth);
      case 4:
      case 5: {
        if (menu_.statements.empty() || !has_memory()) return;
        return simple(random_.pick(menu_.statements), depth);
      }
      case 6: return depth > 1 ? block(Op::block, {}, depth) : assign(depth);
      case 7: return depth > 1 ? if_else({}, depth) : assign(depth);
      case 8: return depth > 1 ? loop({}, depth) : assign(depth);
      case 9: return depth > 1 ? block_with_params(depth) : assign(depth);
      case 10:
      case 11: return branch(depth);
      case 12: return branch_table(depth);
      case 13: {
        if (index_ == 0) return;
        const uint32_t callee = below(index_);
        call(callee, depth);
        return keep_results(plan_.types[plan_.functions[callee]].results);
      }
      case 14: return call_indirect(depth);
      case 15: return tail_call(depth);
      case 16: return bulk(depth);
      case 17: return several_results(depth);
      case 18: return plan_.tags.empty() ? rare(depth) : try_block(depth);
      case 19: return rare(depth);
      default: return assign(depth);
    }
  }
  void assign(int depth) {
    const ValType type = random_.pick(plan_.value_types);
    const uint32_t global = global_of(type, true);
    expression(type, depth - 1);
    if (global != plan_.globals.size() && random_.one_in(3)) return op(Op::global_set, global);
    const uint32_t local = local_of(type);
    if (local == plain_) {
      out_.op(Op::drop);
    } else {
      op(Op::local_set, local);
    }
  }
  void several_results(int depth) {
    const FuncType& type = random_.pick(plan_.types);
    if (!has_block_type(type.results) || depth < 2) return;
    if (random_.one_in(2)) {
      block(Op::block, type.results, depth);
    } else {
      if_else(type.results, depth);
    }
    keep_results(type.results);
  }
  // A block for the exception's values around a try block: what is thrown in it, here or in a callee, may be caught.
  void try_block(int depth) {
    if (plan_.tags.empty() || depth < 2) return assign(depth);
    const uint32_t tag = below(plan_.tags.size());
    const bool any = random_.one_in(3);
    const std::vector<ValType> caught = any ? std::vector<ValType>{} : plan_.tags[tag];
    out_.op(Op::block);
    block_type(caught);
    labels_.push_back({caught, false});
    out_.op(Op::try_table);
    out_.u8(0x40);
    const bool second = !any && random_.one_in(3);
    out_.u(second ? 2 : 1);
    if (second) {
      out_.u8(0);
      out_.u(tag);
      out_.u(0);
    }
    out_.u8(any ? 2 : 0);
    if (!any) out_.u(tag);
    out_.u(0);
    labels_.push_back({{}, false});
    block_body({}, depth);
    if (random_.one_in(2)) throw_some(depth);
    labels_.pop_back();
    out_.op(Op::end);
    for (ValType type : caught) expression(type, depth - 1);
    labels_.pop_back();
    out_.op(Op::end);
    keep_results(caught);
  }
  void throw_some(int depth) {
    const uint32_t tag = below(plan_.tags.size());
    expression(ValType::i32(), depth - 1);
    out_.op(Op::if_);
    out_.u8(0x40);
    labels_.push_back({{}, false});
    for (ValType type : plan_.tags[tag]) expression(type, depth - 1);
    op(Op::throw_, tag);
    labels_.pop_back();
    out_.op(Op::end);
  }
  void rare(int depth) {
    if (!plan_.tags.empty() && random_.one_in(2)) return random_.one_in(3) ? throw_some(depth) : try_block(depth);
    if (plan_.features.has(Feature::wide_arithmetic) && random_.one_in(2)) return wide(depth);
    expression(ValType::i32(), depth - 1);
    out_.op(Op::if_);
    out_.u8(0x40);
    labels_.push_back({{}, false});
    if (random_.one_in(3)) {
      out_.op(Op::unreachable);
    } else {
      for (ValType type : type_.results) expression(type, depth - 1);
      out_.op(Op::return_);
    }
    labels_.pop_back();
    out_.op(Op::end);
  }
  void wide(int depth) {
    const Op ops[] = {Op::i64_add128, Op::i64_sub128, Op::i64_mul_wide_s, Op::i64_mul_wide_u};
    const uint32_t chosen = random_.below(4);
    for (uint32_t i = 0; i < (chosen < 2 ? 4u : 2u); ++i) expression(ValType::i64(), depth - 1);
    out_.op(ops[chosen]);
    keep_results({ValType::i64(), ValType::i64()});
  }
  // Instructions on ranges of memories and tables.
  void bulk(int depth) {
    if (!plan_.features.has(Feature::bulk_memory)) return;
    switch (random_.below(8)) {
      case 0: return memory_fill(depth);
      case 1: return memory_copy(depth);
      case 2: return memory_init(depth);
      case 3: return table_set(depth);
      case 4: return table_fill(depth);
      case 5: return table_copy(depth);
      case 6: return table_init(depth);
      default: return drop_segment();
    }
  }
  void memory_fill(int depth) {
    if (!has_memory()) return;
    const uint32_t memory = some_memory();
    const bool is_64 = plan_.memories[memory].is_64;
    bounded(is_64, memory_bytes(memory), depth);
    expression(ValType::i32(), depth - 1);
    bounded(is_64, 512, depth);
    op(Op::memory_fill, memory);
  }
  void memory_copy(int depth) {
    if (!has_memory()) return;
    const uint32_t to = some_memory(), from = some_memory();
    bounded(plan_.memories[to].is_64, memory_bytes(to), depth);
    bounded(plan_.memories[from].is_64, memory_bytes(from), depth);
    bounded(plan_.memories[to].is_64 && plan_.memories[from].is_64, 512, depth);
    op(Op::memory_copy, to);
    out_.u(from);
  }
  void memory_init(int depth) {
    if (!has_memory() || plan_.passive_data == 0) return;
    const uint32_t memory = some_memory();
    bounded(plan_.memories[memory].is_64, memory_bytes(memory), depth);
    bounded(false, 16, depth);
    bounded(false, 16, depth);
    op(Op::memory_init, random_.below(plan_.passive_data));
    out_.u(memory);
  }
  void table_set(int depth) {
    if (plan_.tables.empty() || !plan_.features.has(Feature::reference_types)) return;
    const uint32_t table = below(plan_.tables.size());
    bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
    expression(plan_.tables[table].element, depth - 1);
    op(Op::table_set, table);
  }
  void table_fill(int depth) {
    if (plan_.tables.empty() || !plan_.features.has(Feature::reference_types)) return;
    const uint32_t table = below(plan_.tables.size());
    bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
    expression(plan_.tables[table].element, depth - 1);
    bounded(plan_.tables[table].is_64, 4, depth);
    op(Op::table_fill, table);
  }
  void table_copy(int depth) {
    if (plan_.tables.empty()) return;
    const uint32_t to = below(plan_.tables.size()), from = table_of(plan_.tables[to].element);
    const bool to_64 = plan_.tables[to].is_64, from_64 = plan_.tables[from].is_64;
    bounded(to_64, plan_.tables[to].min, depth);
    bounded(from_64, plan_.tables[from].min, depth);
    bounded(to_64 && from_64, 4, depth);
    op(Op::table_copy, to);
    out_.u(from);
  }
  void table_init(int depth) {
    const uint32_t table = table_of(ValType::funcref());
    if (table == plan_.tables.size() || plan_.passive_elements.empty()) return;
    bounded(plan_.tables[table].is_64, plan_.tables[table].min, depth);
    bounded(false, 4, depth);
    bounded(false, 4, depth);
    op(Op::table_init, below(plan_.passive_elements.size()));
    out_.u(table);
  }
  void drop_segment() {
    if (plan_.passive_data > 0 && random_.one_in(4)) {
      op(Op::data_drop, random_.below(plan_.passive_data));
    } else if (!plan_.passive_elements.empty() && random_.one_in(4)) {
      op(Op::elem_drop, below(plan_.passive_elements.size()));
    }
  }

  Random& random_;
  const Plan& plan_;
  uint32_t index_;
  const FuncType& type_;
  Menu menu_;
  ByteWriter out_;
  std::vector<ValType> locals_;
  uint32_t plain_ = 0;      // locals below are for everybody
  uint32_t canonical_ = 0;  // first of the locals that make_canonical uses
  std::vector<Label> labels_;
};

}  // namespace

void write_constant(ByteWriter& out, Random& random, ValType type) {
  static constexpr std::array<uint64_t, 12> kEdges = {0,          1,          UINT64_MAX,         0x7f,
                                                      0x80,       0x7fff,     0x8000,             0x7fffffff,
                                                      0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000};
  const uint64_t edge = random.one_in(3) ? random.bits() : random.one_in(2) ? random.below(100) : kEdges[random.below(12)];
  if (type == ValType::i32()) {
    out.op(Op::i32_const);
    out.s(static_cast<int32_t>(edge));
  } else if (type == ValType::i64()) {
    out.op(Op::i64_const);
    out.s(static_cast<int64_t>(edge));
  } else if (type == ValType::f32() || type == ValType::f64()) {
    static constexpr std::array<double, 8> kNumbers = {0.0, -0.0, 1.0, -1.5, 1e10, -3e9, 1e-40, 0.1};
    const bool infinite = random.one_in(16);
    const double value = infinite ? HUGE_VAL : kNumbers[random.below(8)] * (random.one_in(2) ? 1 : random.below(1000));
    out.op(type == ValType::f32() ? Op::f32_const : Op::f64_const);
    if (type == ValType::f32()) {
      out.little(std::bit_cast<uint32_t>(static_cast<float>(value)), 4);
    } else {
      out.little(std::bit_cast<uint64_t>(value), 8);
    }
  } else if (type.is_vec()) {
    out.op(Op::v128_const);
    out.little(edge, 8);
    out.little(random.one_in(2) ? edge : random.bits(), 8);
  } else {
    out.op(Op::ref_null);
    write_type(out, type);
  }
}

std::vector<uint8_t> generate_body(Random& random, const Plan& plan, uint32_t function) {
  return BodyGenerator(random, plan, function).run();
}

}  // namespace wplug::fuzz
