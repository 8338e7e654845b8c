// Instructions, plain and folded (spec 6.5). A stack of frames says what is open, so nothing recurses: a folded
// instruction's bytes wait in `pending_` while its operands are written to `code_`.
#include "interp/base/concat.h"
#include "interp/text/module_parser.h"

namespace wplug::text {

namespace {

constexpr unsigned kElse = 0x05, kEnd = 0x0b, kEmptyBlock = 0x40;

}  // namespace

bool ModuleParser::takes_plain(FrameKind kind) {
  switch (kind) {
    case FrameKind::sequence:
    case FrameKind::block:
    case FrameKind::if_:
    case FrameKind::else_:
    case FrameKind::try_:
    case FrameKind::catch_:
    case FrameKind::catch_all:
    case FrameKind::folded_block:
    case FrameKind::folded_part: return true;
    default: return false;
  }
}

bool ModuleParser::expression(FrameKind root) {
  push_frame(root);
  while (!frames_.empty()) {
    bool ok = false;
    switch (in_.peek().kind) {
      case TokenKind::keyword: ok = keyword(); break;
      case TokenKind::left: ok = open(); break;
      case TokenKind::right:
      case TokenKind::end: ok = close(); break;
      default: ok = in_.unexpected(); break;
    }
    if (!ok) return false;
  }
  return true;
}

// Plain instructions

bool ModuleParser::keyword() {
  const auto word = static_cast<Word>(in_.peek().word);
  if (!is_op(word) || !takes_plain(frames_.back().kind)) return in_.unexpected();
  const Op op = op_of(word);
  switch (op) {
    case Op::else_: return keyword_else();
    case Op::end: return keyword_end();
    case Op::catch_:
    case Op::catch_all: return keyword_catch(op);
    case Op::delegate: return keyword_delegate();
    default: break;
  }
  if (is_structured(op)) return structured(op, false);
  std::optional<uint8_t> hint;
  if (!take_hint(op, hint)) return false;
  record_hint(hint);
  in_.take();
  return instruction(op, code_);
}

bool ModuleParser::keyword_else() {
  if (frames_.back().kind != FrameKind::if_) return in_.unexpected();
  in_.take();
  frames_.back().kind = FrameKind::else_;
  put_u8(code_, kElse);
  return check_label();
}

bool ModuleParser::keyword_end() {
  const FrameKind kind = frames_.back().kind;
  if (kind == FrameKind::sequence || kind >= FrameKind::folded) return in_.unexpected();
  in_.take();
  if (!check_label()) return false;
  put_u8(code_, kEnd);
  pop_label();
  frames_.pop_back();
  return true;
}

bool ModuleParser::keyword_catch(Op op) {
  Frame& frame = frames_.back();
  if (frame.kind != FrameKind::try_ && frame.kind != FrameKind::catch_) return in_.unexpected();
  in_.take();
  frame.kind = op == Op::catch_ ? FrameKind::catch_ : FrameKind::catch_all;
  return instruction(op, code_);
}

// The label of a delegate is one around the try.
bool ModuleParser::keyword_delegate() {
  if (frames_.back().kind != FrameKind::try_) return in_.unexpected();
  in_.take();
  pop_label();
  frames_.pop_back();
  return instruction(Op::delegate, code_);
}

// An identifier behind `else` and `end` must be that of the block.
bool ModuleParser::check_label() {
  if (!in_.is(TokenKind::id)) return true;
  const size_t offset = in_.peek().begin;
  const std::string_view name = in_.identifier();
  return name == labels_.back().name || in_.fail_at(offset, concat("mismatching label $", name));
}

void ModuleParser::push_label(std::string_view name) {
  Label& label = labels_.emplace_back();
  const uint32_t index = label_count_++;
  if (name.empty()) return;
  label.name = name;
  uint32_t& innermost = label_by_name_[name];
  label.shadowed = innermost;
  innermost = static_cast<uint32_t>(labels_.size());
  label_names_.emplace_back(index, name);
}

void ModuleParser::pop_label() {
  const Label& label = labels_.back();
  if (label.shadowed != 0) {
    label_by_name_[label.name] = label.shadowed;
  } else if (!label.name.empty()) {
    label_by_name_.erase(label.name);
  }
  labels_.pop_back();
}

// Blocks

// The keyword, the label and the block type; the clauses of try_table. They see the labels around the block only.
bool ModuleParser::block_header(Op op, std::string_view& label, Bytes& out) {
  in_.take();
  label = in_.optional_identifier();
  put_op(op, out);
  TypeUse use;
  if (!type_use(use, false)) return false;
  if (!use.index && use.param_count == 0 && use.result_count <= 1) {
    if (use.result_count == 0) put_u8(out, kEmptyBlock);
    out += use.results;
  } else {
    uint32_t type = 0;
    if (!resolve(use, type)) return false;
    put_s64(out, int64_t{type});
  }
  return op != Op::try_table || catch_clauses(out);
}

bool ModuleParser::catch_clauses(Bytes& out) {
  Bytes clauses;
  uint32_t count = 0;
  for (;; ++count) {
    unsigned kind = 0;
    if (in_.is_open(word_of(Op::catch_))) {
      kind = 0;
    } else if (in_.is_open(Word::catch_ref)) {
      kind = 1;
    } else if (in_.is_open(word_of(Op::catch_all))) {
      kind = 2;
    } else if (in_.is_open(Word::catch_all_ref)) {
      kind = 3;
    } else {
      break;
    }
    in_.take();
    in_.take();
    put_u8(clauses, kind);
    if (kind < 2 && !index(Space::tag, clauses)) return false;
    if (!label(clauses) || !in_.expect(TokenKind::right)) return false;
  }
  put_u32(out, count);
  out += clauses;
  return true;
}

// Every block but a folded if.
bool ModuleParser::structured(Op op, bool is_folded) {
  std::optional<uint8_t> hint;
  if (!is_folded && !take_hint(op, hint)) return false;
  record_hint(hint);
  std::string_view name;
  if (!block_header(op, name, code_)) return false;
  push_label(name);
  FrameKind kind = is_folded ? FrameKind::folded_block : FrameKind::block;
  if (op == Op::if_) kind = FrameKind::if_;
  if (op == Op::try_) kind = is_folded ? FrameKind::folded_try : FrameKind::try_;
  push_frame(kind);
  return true;
}

// Folded instructions

bool ModuleParser::open() {
  switch (frames_.back().kind) {
    case FrameKind::folded_if:
    case FrameKind::folded_if_then:
    case FrameKind::folded_if_else: return open_if();
    case FrameKind::folded_try:
    case FrameKind::folded_try_do:
    case FrameKind::folded_try_catch:
    case FrameKind::folded_try_end: return open_try_part();
    default: return open_folded();
  }
}

bool ModuleParser::open_folded() {
  const Token& token = in_.peek(1);
  const Word word = token.kind == TokenKind::keyword ? static_cast<Word>(token.word) : Word::unknown;
  std::optional<uint8_t> hint;
  if (is_op(word) && !take_hint(op_of(word), hint)) return false;
  in_.take();
  if (!is_op(word)) return in_.unexpected();
  const Op op = op_of(word);
  switch (op) {
    case Op::else_:
    case Op::end:
    case Op::catch_:
    case Op::catch_all:
    case Op::delegate: return in_.unexpected();
    default: break;
  }
  if (is_structured(op) && op != Op::if_) return structured(op, true);
  Frame frame;
  frame.kind = op == Op::if_ ? FrameKind::folded_if : FrameKind::folded;
  frame.pending = static_cast<uint32_t>(pending_.size());
  frame.hint = hint;
  if (op == Op::if_) {
    if (!block_header(op, frame.label, pending_)) return false;
  } else {
    in_.take();
    if (!instruction(op, pending_)) return false;
  }
  frames_.push_back(frame);
  return true;
}

// Writes the instruction of the innermost frame, whose operands are written.
void ModuleParser::add_pending() {
  const Frame& frame = frames_.back();
  record_hint(frame.hint);
  code_.append(pending_, frame.pending);
  pending_.resize(frame.pending);
}

bool ModuleParser::open_if() {
  Frame& frame = frames_.back();
  if (frame.kind == FrameKind::folded_if) {
    if (!in_.is_open(Word::then)) return open_folded();
    in_.take();
    in_.take();
    add_pending();
    push_label(frame.label);
    frame.kind = FrameKind::folded_if_then;
  } else {
    if (frame.kind == FrameKind::folded_if_else) return in_.unexpected();
    if (!in_.expect_open(word_of(Op::else_))) return false;
    put_u8(code_, kElse);
    frame.kind = FrameKind::folded_if_else;
  }
  push_frame(FrameKind::folded_part);
  return true;
}

bool ModuleParser::open_try_part() {
  Frame& frame = frames_.back();
  in_.take();
  if (frame.kind == FrameKind::folded_try) {
    if (!in_.expect(Word::do_)) return false;
    frame.kind = FrameKind::folded_try_do;
  } else if (frame.kind == FrameKind::folded_try_end) {
    return in_.unexpected();
  } else if (in_.accept(word_of(Op::catch_))) {
    frame.kind = FrameKind::folded_try_catch;
    if (!instruction(Op::catch_, code_)) return false;
  } else if (in_.accept(word_of(Op::catch_all))) {
    frame.kind = FrameKind::folded_try_end;
    put_op(Op::catch_all, code_);
  } else {
    if (frame.kind != FrameKind::folded_try_do) return in_.unexpected();
    if (!in_.expect(word_of(Op::delegate))) return false;
    frame.kind = FrameKind::folded_try_end;
    frame.delegated = true;
    pop_label();
    return instruction(Op::delegate, code_) && in_.expect(TokenKind::right);
  }
  push_frame(FrameKind::folded_part);
  return true;
}

// A parenthesis closes the innermost frame, or the text ends.
bool ModuleParser::close() {
  const Frame frame = frames_.back();
  if (frame.kind == FrameKind::sequence) {  // whoever opened it takes the parenthesis
    frames_.pop_back();
    return true;
  }
  if (!in_.is(TokenKind::right)) return in_.unexpected();
  switch (frame.kind) {
    case FrameKind::folded: add_pending(); break;
    case FrameKind::folded_part:
      in_.take();
      frames_.pop_back();
      return true;
    case FrameKind::folded_block:
    case FrameKind::folded_if_then:
    case FrameKind::folded_if_else:
    case FrameKind::folded_try_do:
    case FrameKind::folded_try_catch:
    case FrameKind::folded_try_end:
      if (frame.delegated) break;
      put_u8(code_, kEnd);
      pop_label();
      break;
    default: return in_.unexpected();
  }
  in_.take();
  finish_folded();
  return true;
}

void ModuleParser::finish_folded() {
  frames_.pop_back();
  if (!frames_.empty() && frames_.back().kind == FrameKind::single) frames_.pop_back();
}

}  // namespace wplug::text
