// Scripts: the commands around modules. The grammar is the reference interpreter's (interpreter/README.md, "Scripts").
#include "wplug/script.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "interp/base/concat.h"
#include "interp/text/module_text.h"
#include "interp/text/numbers.h"

namespace wplug::text {

namespace {

using Kind = ScriptCommandKind;

struct CommandWord {
  Word word;
  Kind kind;
};
// Assertions by what they hold: a module or an action, then a message.
constexpr CommandWord kAssertions[] = {
    {Word::assert_trap, Kind::assert_trap},
    {Word::assert_exhaustion, Kind::assert_exhaustion},
    {Word::assert_malformed, Kind::assert_malformed},
    {Word::assert_invalid, Kind::assert_invalid},
    {Word::assert_unlinkable, Kind::assert_unlinkable},
    {Word::assert_malformed_custom, Kind::assert_malformed_custom},
    {Word::assert_invalid_custom, Kind::assert_invalid_custom},
};

// References by the word of the pattern.
struct RefWord {
  Word word;
  ValType type;
};
constexpr ValType nullable(HeapKind heap) { return ValType::ref(heap, true); }
constexpr RefWord kRefWords[] = {
    {Word::ref_any, nullable(HeapKind::any)},        {word_of(Op::ref_eq), nullable(HeapKind::eq)},
    {word_of(Op::ref_i31), nullable(HeapKind::i31)}, {Word::ref_struct, nullable(HeapKind::struct_)},
    {Word::ref_array, nullable(HeapKind::array)},    {word_of(Op::ref_func), ValType::funcref()},
    {Word::ref_extern, ValType::externref()},        {Word::ref_exn, nullable(HeapKind::exn)},
    {Word::ref_host, nullable(HeapKind::any)},
};
struct HeapWord {
  Word word;
  HeapKind heap;
};
constexpr HeapWord kHeapWords[] = {
    {Word::any, HeapKind::any},           {Word::eq, HeapKind::eq},         {Word::i31, HeapKind::i31},
    {Word::struct_, HeapKind::struct_},   {Word::array, HeapKind::array},   {Word::none, HeapKind::none},
    {Word::func, HeapKind::func},         {Word::nofunc, HeapKind::nofunc}, {Word::extern_, HeapKind::extern_},
    {Word::noextern, HeapKind::noextern}, {Word::exn, HeapKind::exn},       {Word::noexn, HeapKind::noexn},
};

struct NumberWord {
  Word word;
  ValType type;  // of the constant; of a vector for shapes
  uint32_t bits;
  bool is_float;
};
constexpr NumberWord kNumberWords[] = {
    {word_of(Op::i32_const), ValType::i32(), 32, false},
    {word_of(Op::i64_const), ValType::i64(), 64, false},
    {word_of(Op::f32_const), ValType::f32(), 32, true},
    {word_of(Op::f64_const), ValType::f64(), 64, true},
    {Word::i8x16, ValType::v128(), 8, false},
    {Word::i16x8, ValType::v128(), 16, false},
    {Word::i32x4, ValType::v128(), 32, false},
    {Word::i64x2, ValType::v128(), 64, false},
    {Word::f32x4, ValType::v128(), 32, true},
    {Word::f64x2, ValType::v128(), 64, true},
};

template <class Row, size_t count>
const Row* find(const Row (&rows)[count], const Cursor& in) {
  const auto found = std::find_if(rows, rows + count, [&](const Row& row) { return in.is(row.word); });
  return found == rows + count ? nullptr : found;
}

// Threads hold commands; a thread in a thread is as deep as scripts go.
constexpr int kMostThreads = 4;

class ScriptParser {
 public:
  explicit ScriptParser(Source& source) : source_(source), in_(source) {
    for (size_t at = 0; at < source.text.size(); ++at) {
      if (ends_line(source.text, at)) line_ends_.push_back(static_cast<uint32_t>(at));
    }
  }

  Result<std::vector<ScriptCommand>> run() {
    std::vector<ScriptCommand> commands;
    if (in_.is(TokenKind::left) && in_.peek(1).kind == TokenKind::keyword &&
        is_field(static_cast<Word>(in_.peek(1).word))) {
      ScriptCommand& only = commands.emplace_back();
      only.line = line_of(1);
      read(in_, only.module);
      return commands;
    }
    while (in_.ok() && !in_.at_end()) command(commands.emplace_back(), 0);
    if (in_.ok()) return commands;
    return placed(in_.error());
  }

 private:
  // By the table of lines: a script may have as many broken modules as it has lines.
  Error placed(Error error) const {
    if (error.place() || !error.offset()) return error;
    const auto at = static_cast<uint32_t>(*error.offset());
    const auto line = std::lower_bound(line_ends_.begin(), line_ends_.end(), at);
    const uint32_t begin = line == line_ends_.begin() ? 0 : *(line - 1) + 1;
    error.set_place({static_cast<uint32_t>(line - line_ends_.begin()) + 1, at - begin + 1});
    return error;
  }

  void read(Cursor& in, ScriptModule& module) const {
    module.bytes = read_module(in, module.name);
    if (!module.bytes.ok()) module.bytes = placed(module.bytes.error());
  }

  uint32_t line_of(size_t token) const {
    const auto end = std::lower_bound(line_ends_.begin(), line_ends_.end(), source_.tokens[token].begin);
    return static_cast<uint32_t>(end - line_ends_.begin()) + 1;
  }

  bool command(ScriptCommand& command, int threads) {
    command.line = line_of(in_.at() + 1);
    if (in_.is_open(Word::module)) return module_command(command);
    if (in_.is_open(Word::invoke) || in_.is_open(Word::get)) {
      command.kind = Kind::action;
      return action(command);
    }
    if (!in_.expect(TokenKind::left)) return false;
    if (in_.accept(Word::register_)) {
      command.kind = Kind::register_;
      return in_.name(command.as) && take_id(command.name) && in_.expect(TokenKind::right);
    }
    if (in_.accept(Word::thread)) return thread(command, threads);
    if (in_.accept(Word::wait)) {
      command.kind = Kind::wait;
      return take_id(command.name) && in_.expect(TokenKind::right);
    }
    return assertion(command) && in_.expect(TokenKind::right);
  }

  bool take_id(std::string& name) {
    name = in_.optional_identifier();
    return in_.ok();
  }

  // `(module …)` in all forms; an instance of a definition is one too.
  bool module_command(ScriptCommand& command) {
    const size_t begin = in_.at();
    in_.take();
    in_.take();
    if (in_.accept(Word::instance)) {
      command.kind = Kind::module_instance;
      return take_id(command.as) && take_id(command.name) && in_.expect(TokenKind::right);
    }
    if (in_.accept(Word::definition)) command.kind = Kind::module_definition;
    const size_t close = in_.closing(begin);
    Cursor inside(source_, in_.at(), close);
    read(inside, command.module);
    in_.move_to(close);
    return in_.expect(TokenKind::right);
  }

  // The module of an assertion does not change what the command is.
  bool asserted_module(ScriptCommand& command) {
    const Kind kind = command.kind;
    command.line = line_of(in_.at() + 1);
    if (!module_command(command)) return false;
    if (command.kind == Kind::module_instance) return in_.fail("unexpected token: an assertion of an instance");
    command.kind = kind;
    return true;
  }

  bool action(ScriptCommand& command) {
    ScriptAction& action = command.action;
    command.line = line_of(in_.at() + 1);
    if (!in_.expect(TokenKind::left)) return false;
    action.is_get = in_.is(Word::get);
    if (!action.is_get && !in_.is(Word::invoke)) return in_.unexpected();
    in_.take();
    if (!take_id(action.module) || !in_.name(action.field)) return false;
    while (!action.is_get && in_.is(TokenKind::left)) {
      if (!value(action.args.emplace_back(), false)) return false;
    }
    return in_.expect(TokenKind::right);
  }

  bool assertion(ScriptCommand& command) {
    if (in_.accept(Word::assert_return)) {
      command.kind = Kind::assert_return;
      if (!action(command)) return false;
      while (in_.is(TokenKind::left)) {
        if (!value(command.expected.emplace_back(), true)) return false;
      }
      return true;
    }
    if (in_.accept(Word::assert_exception)) {
      command.kind = Kind::assert_exception;
      return action(command);
    }
    const CommandWord* const row = find(kAssertions, in_);
    if (row == nullptr) return in_.unexpected();
    in_.take();
    command.kind = row->kind;
    const bool has_module = in_.is_open(Word::module);
    if (has_module && command.kind == Kind::assert_trap) command.kind = Kind::assert_uninstantiable;
    const bool wants_module = command.kind != Kind::assert_trap && command.kind != Kind::assert_exhaustion;
    if (has_module != wants_module) return in_.unexpected();
    return (wants_module ? asserted_module(command) : action(command)) && in_.string(command.text);
  }

  // `id? (shared (module id)*)? command* )`.
  bool thread(ScriptCommand& command, int threads) {
    command.kind = Kind::thread;
    if (threads == kMostThreads) return in_.fail("threads nested too deep");
    if (!take_id(command.name)) return false;
    while (in_.accept_open(Word::shared)) {
      while (in_.accept_open(Word::module)) {
        if (!take_id(command.shared.emplace_back()) || !in_.expect(TokenKind::right)) return false;
      }
      if (!in_.expect(TokenKind::right)) return false;
    }
    while (in_.is(TokenKind::left)) {
      if (!this->command(command.thread.emplace_back(), threads + 1)) return false;
    }
    return in_.expect(TokenKind::right);
  }

  bool value(ScriptValue& value, bool is_pattern) {
    if (!in_.expect(TokenKind::left)) return false;
    if (is_pattern && in_.accept(Word::either)) {
      value.kind = ScriptValue::Kind::either;
      while (in_.is(TokenKind::left)) {
        if (in_.is_open(Word::either)) return in_.unexpected();
        if (!this->value(value.alternatives.emplace_back(), true)) return false;
      }
    } else if (in_.accept(word_of(Op::ref_null))) {
      null(value);
    } else if (const RefWord* const ref = find(kRefWords, in_)) {
      if (!reference(value, *ref, is_pattern)) return false;
    } else {
      in_.accept(word_of(Op::v128_const));
      const NumberWord* const number = find(kNumberWords, in_);
      if (number == nullptr) return in_.unexpected();
      in_.take();
      if (!lanes(value, *number, is_pattern)) return false;
    }
    return in_.expect(TokenKind::right);
  }

  void null(ScriptValue& value) {
    value.kind = ScriptValue::Kind::null_ref;
    value.type = ValType::bottom();
    const HeapWord* const heap = find(kHeapWords, in_);
    if (heap != nullptr) value.type = nullable(heap->heap);
    if (heap != nullptr || in_.is_index()) in_.take();
  }

  bool reference(ScriptValue& value, const RefWord& ref, bool is_pattern) {
    in_.take();
    value.type = ref.type;
    value.kind = ScriptValue::Kind::any_ref;
    const bool has_number = ref.word == Word::ref_extern || ref.word == Word::ref_host;
    if (has_number && in_.is(TokenKind::natural)) {
      value.kind = ScriptValue::Kind::host_ref;
      return in_.u64(value.host_value);
    }
    return is_pattern || in_.unexpected();
  }

  bool lanes(ScriptValue& value, const NumberWord& number, bool is_pattern) {
    value.kind = ScriptValue::Kind::lanes;
    value.type = number.type;
    value.lane_bits = number.bits;
    value.lanes_are_floats = number.is_float;
    const size_t count = number.type.is_vec() ? 128 / number.bits : 1;
    for (size_t i = 0; i < count; ++i) {
      if (!lane(value.lanes.emplace_back(), number, is_pattern)) return false;
    }
    return true;
  }

  bool lane(ScriptValue::Lane& lane, const NumberWord& number, bool is_pattern) {
    if (is_pattern && number.is_float) {
      if (in_.accept(Word::nan_canonical)) lane.nan = ScriptValue::Nan::canonical;
      if (lane.nan == ScriptValue::Nan::none && in_.accept(Word::nan_arithmetic))
        lane.nan = ScriptValue::Nan::arithmetic;
      if (lane.nan != ScriptValue::Nan::none) return true;
    }
    if (!in_.is_number() || (in_.is(TokenKind::floating) && !number.is_float)) return in_.unexpected();
    bool ok = false;
    if (number.is_float && number.bits == 32) {
      uint32_t narrow = 0;
      ok = parse_f32(in_.text(), narrow);
      lane.bits = narrow;
    } else {
      ok = number.is_float ? parse_f64(in_.text(), lane.bits) : parse_integer(in_.text(), number.bits, lane.bits);
    }
    if (!ok) return in_.fail(concat("constant out of range: ", in_.text()));
    in_.take();
    return true;
  }

  Source& source_;
  Cursor in_;
  std::vector<uint32_t> line_ends_;
};

}  // namespace

}  // namespace wplug::text

namespace wplug {

Result<std::vector<ScriptCommand>> parse_wast(std::string_view text) {
  if (text.size() > UINT32_MAX) {
    return Error(ErrorKind::limit, concat("script of ", text.size(), " bytes exceeds the limit of ", UINT32_MAX));
  }
  text::Source source = text::tokenize(text);
  return text::ScriptParser(source).run();
}

}  // namespace wplug
