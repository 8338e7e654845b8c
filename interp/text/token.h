// Tokens of the text format (spec 6.3), and the table of its keywords.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "interp/wasm/opcode.h"
#include "wplug/error.h"

namespace wplug::text {

// A keyword: an instruction's row number, or one of words.def.
enum class Word : uint16_t {
  first_word = kOpCount - 1,
#define WPLUG_WORD(name, text) name,
#include "interp/text/words.def"
  offset_is,  // "offset=" and a number
  align_is,   // "align=" and a number
  unknown,
};

constexpr Word word_of(Op op) { return static_cast<Word>(op); }
constexpr bool is_op(Word word) { return static_cast<size_t>(word) < kOpCount; }
constexpr Op op_of(Word word) { return static_cast<Op>(word); }

// The keyword that `text` is. An instruction whose text two rows share is the first of them.
Word find_word(std::string_view text);

enum class TokenKind : uint8_t { end, left, right, keyword, id, string, natural, integer, floating, bad };

// What is wrong with a token of kind `bad`.
enum class LexError : uint16_t {
  unknown_operator,
  empty_identifier,
  illegal_character,
  malformed_utf8,
  malformed_codepoint,
  unclosed_string,
  unclosed_comment,
  unclosed_annotation,
  empty_annotation_id,
  illegal_control,
  illegal_escape,
};
std::string_view to_string(LexError error);

struct Token {
  TokenKind kind = TokenKind::end;
  uint16_t word = 0;  // keyword: a Word; bad: a LexError
  uint32_t begin = 0;
  uint32_t end = 0;
};

// An annotation that means something to this reader. Others are left out as comments are.
struct Annotation {
  std::string_view name;  // "custom"
  uint32_t before = 0;    // the token that it stands before
  uint32_t first = 0;     // its tokens in Source::annotated
  uint32_t count = 0;
  uint32_t offset = 0;
};

// A text and its tokens, the last of kind `end`. Names point into the text or into `decoded`.
struct Source {
  std::string_view text;
  std::vector<Token> tokens;
  std::vector<Annotation> annotations;
  std::vector<Token> annotated;
  std::deque<std::string> decoded;
};

// Splits up a text. What is wrong becomes a token of kind `bad`, for whoever meets it.
Source tokenize(std::string_view text);

// The contents of a string token, escapes decoded. False: malformed, and `error` says how.
bool decode_string(std::string_view quoted, std::string& out, LexError& error);

// Whether a line ends with the character at `at` (spec 6.3.4): `\n`, `\r\n` or `\r`.
inline bool ends_line(std::string_view text, size_t at) {
  return text[at] == '\n' || (text[at] == '\r' && !text.substr(at + 1).starts_with('\n'));
}
// Columns count bytes.
TextPlace place_of(std::string_view text, size_t offset);

}  // namespace wplug::text
