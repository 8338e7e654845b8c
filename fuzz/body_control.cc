// Blocks, branches and exceptions.
#include <algorithm>

#include "fuzz/body.h"
#include "fuzz/constants.h"

namespace wplug::fuzz {

void BodyGenerator::block_type(const std::vector<ValType>& results) {
  if (results.empty()) return out_.u8(0x40);
  if (results.size() == 1) return write_type(out_, results[0]);
  for (uint32_t type : plan_.func_types) {
    const FuncType& func = plan_.types[type].func;
    if (func.params.empty() && func.results == results) return out_.s(type);
  }
}

// Whether a block can have these results.
bool BodyGenerator::has_block_type(const std::vector<ValType>& results) const {
  if (results.size() < 2) return true;
  return std::any_of(plan_.func_types.begin(), plan_.func_types.end(), [&](uint32_t type) {
    const FuncType& func = plan_.types[type].func;
    return func.params.empty() && func.results == results;
  });
}

void BodyGenerator::open(Op opener, const std::vector<ValType>& results, LabelKind kind) {
  out_.op(opener);
  block_type(results);
  labels_.push_back({kind == LabelKind::loop ? std::vector<ValType>{} : results, kind});
}

void BodyGenerator::close() {
  labels_.pop_back();
  out_.op(Op::end);
}

void BodyGenerator::open_if(int depth) {
  expression(ValType::i32(), depth - 1);
  open(Op::if_, {});
}

// Statements, then the results.
void BodyGenerator::block_body(const std::vector<ValType>& results, int depth) {
  for (uint32_t n = random_.below(spent() ? 1 : 5); n-- > 0;) statement(depth - 1);
  for (ValType type : results) expression(type, depth - 1);
}

void BodyGenerator::block(const std::vector<ValType>& results, int depth) {
  open(Op::block, results);
  block_body(results, depth);
  close();
}

void BodyGenerator::if_else(const std::vector<ValType>& results, int depth) {
  expression(ValType::i32(), depth - 1);
  open(Op::if_, results);
  block_body(results, depth);
  if (!results.empty() || random_.one_in(2)) {
    out_.op(Op::else_);
    block_body(results, depth);
  }
  close();
}

void BodyGenerator::loop(const std::vector<ValType>& results, int depth) {
  repeat(random_.between(1, random_.one_in(4) ? 40 : 6), results, depth, [&] { block_body({}, depth); });
}

// A block that takes what is on the stack: of a function type with parameters.
void BodyGenerator::block_with_params(int depth) {
  const uint32_t start = below(plan_.func_types.size());
  for (uint32_t i = 0; i < plan_.func_types.size(); ++i) {
    const uint32_t index = plan_.func_types[(start + i) % plan_.func_types.size()];
    const FuncType& type = plan_.types[index].func;
    if (type.params.empty()) continue;
    arguments(type.params, depth);
    out_.op(Op::block);
    out_.s(index);
    labels_.push_back({type.results});
    keep_results(type.params);
    block_body(type.results, depth);
    close();
    keep_results(type.results);
    return;
  }
}

void BodyGenerator::branch(int depth) {
  const uint32_t d = below(labels_.size());
  const Label target = label(d);
  if (!can_branch(target)) return;
  if (random_.one_in(4)) {
    // Unconditional, in a block of its own so that what follows is reached now and then.
    open_if(depth);
    for (ValType type : target.types) expression(type, depth - 1);
    op(Op::br, d + 1);
    if (random_.one_in(2)) statement(depth - 1);
    close();
    return;
  }
  for (ValType type : target.types) expression(type, depth - 1);
  expression(ValType::i32(), depth - 1);
  op(Op::br_if, d);
  keep_results(target.types);
}

// A value that a branch may take away: `value condition br_if` to a label of one such type.
bool BodyGenerator::branch_if_with(ValType type, int depth) {
  for (uint32_t d = 0; d < labels_.size(); ++d) {
    const Label target = label(d);
    if (!can_branch(target) || target.types.size() != 1 || !plan_.matches(target.types[0], type)) continue;
    expression(target.types[0], depth - 1);
    expression(ValType::i32(), depth - 1);
    op(Op::br_if, d);
    return true;
  }
  return false;
}

void BodyGenerator::branch_table(int depth) {
  const uint32_t fallback = below(labels_.size());
  const Label target = label(fallback);
  if (!can_branch(target)) return;
  std::vector<uint32_t> fitting;
  for (uint32_t d = 0; d < labels_.size(); ++d) {
    if (can_branch(label(d)) && label(d).types == target.types) fitting.push_back(d + 1);
  }
  open_if(depth);
  for (ValType type : target.types) expression(type, depth - 1);
  bounded(false, 8, depth);
  out_.op(Op::br_table);
  const uint32_t count = random_.below(8);
  out_.u(count);
  for (uint32_t i = 0; i <= count; ++i) out_.u(random_.pick(fitting));
  close();
}

void BodyGenerator::several_results(int depth) {
  const FuncType& type = plan_.types[random_.pick(plan_.func_types)].func;
  if (!has_block_type(type.results) || depth < 2) return;
  if (random_.one_in(2)) {
    block(type.results, depth);
  } else {
    if_else(type.results, depth);
  }
  keep_results(type.results);
}

// ---- exceptions

void BodyGenerator::exception(int depth) {
  if (plan_.tags.empty() || depth < 2) return assign(depth);
  const bool legacy = has(Feature::legacy_exceptions);
  if (legacy && (!has(Feature::exceptions) || random_.one_in(2))) return legacy_try(depth);
  try_table(depth);
}

// A block for the exception's values around a try block: what is thrown in it, here or in a callee, may be caught.
void BodyGenerator::try_table(int depth) {
  const uint32_t tag = below(plan_.tags.size());
  const bool any = random_.one_in(3), with_exception = random_.one_in(3);
  std::vector<ValType> caught = any ? std::vector<ValType>{} : plan_.tag_params(tag);
  if (with_exception) caught.push_back(caught.empty() && random_.one_in(2) ? ValType::ref(HeapKind::exn, false) : ValType::exnref());
  // Nothing but a handler can give an exception: no branch to this label.
  const bool closed = !caught.empty() && caught.back() == ValType::ref(HeapKind::exn, false);
  open(Op::block, caught, closed ? LabelKind::closed : LabelKind::block);
  out_.op(Op::try_table);
  out_.u8(0x40);
  const auto clause = [&] {
    out_.u8((any ? 2u : 0u) + (with_exception ? 1u : 0u));
    if (!any) out_.u(tag);
    out_.u(0);
  };
  const bool second = !any && random_.one_in(3);
  out_.u(second ? 2 : 1);
  if (second) clause();
  clause();
  labels_.push_back({});
  block_body({}, depth);
  if (random_.one_in(2)) throw_some(depth);
  close();
  if (closed) {
    out_.op(Op::unreachable);
  } else {
    for (ValType type : caught) expression(type, depth - 1);
  }
  close();
  keep_results(caught);
}

// The blocks from before 3.0: handlers for some tags and perhaps for all, or a delegate.
void BodyGenerator::legacy_try(int depth) {
  std::vector<ValType> results = plan_.types[random_.pick(plan_.func_types)].func.results;
  if (random_.one_in(2) || !has_block_type(results)) results.clear();
  open(Op::try_, results);
  block_body({}, depth);
  if (random_.one_in(2)) throw_some(depth);
  for (ValType type : results) expression(type, depth - 1);
  if (random_.one_in(5)) {
    labels_.pop_back();
    op(Op::delegate, below(labels_.size()));
    return keep_results(results);
  }
  labels_.back().kind = LabelKind::handler;
  for (uint32_t n = random_.below(3); n-- > 0;) {
    const uint32_t tag = below(plan_.tags.size());
    op(Op::catch_, tag);
    keep_results(plan_.tag_params(tag));
    if (random_.one_in(3)) throw_again(depth);
    block_body(results, depth);
  }
  if (random_.one_in(2)) {
    out_.op(Op::catch_all);
    if (random_.one_in(3)) throw_again(depth);
    block_body(results, depth);
  }
  close();
  keep_results(results);
}

void BodyGenerator::throw_some(int depth) {
  if (random_.one_in(4)) return throw_again(depth);
  const uint32_t tag = below(plan_.tags.size());
  open_if(depth);
  for (ValType type : plan_.tag_params(tag)) expression(type, depth - 1);
  op(Op::throw_, tag);
  close();
}

// What was caught, of a handler around or by reference.
void BodyGenerator::throw_again(int depth) {
  for (uint32_t d = 0; d < labels_.size(); ++d) {
    if (label(d).kind != LabelKind::handler || random_.one_in(3)) continue;
    open_if(depth);
    op(Op::rethrow, d + 1);
    close();
    return;
  }
  if (!has(Feature::exceptions)) return;
  const uint32_t place = new_local(ValType::exnref());
  expression(ValType::exnref(), depth - 1);
  op(Op::local_tee, place);
  out_.op(Op::ref_is_null);
  if (!random_.one_in(8)) out_.op(Op::i32_eqz);
  open(Op::if_, {});
  op(Op::local_get, place);
  out_.op(Op::throw_ref);
  close();
}

}  // namespace wplug::fuzz
