// The lexer (spec 6.3): the whole text at once, into tokens of twelve bytes.
//
// A run of identifier characters and strings is one token (6.3.1 "reserved"), so that `0drop` and `"a""b"` are mistakes
// and not two tokens. Comments and annotations that mean nothing to this reader disappear here.
#include <algorithm>
#include <array>

#include "interp/base/utf8.h"
#include "interp/text/numbers.h"
#include "interp/text/token.h"

namespace wplug::text {

namespace {

constexpr std::string_view kKnownAnnotations[] = {"custom", "name", "metadata.code.branch_hint"};

enum class Char : uint8_t { other, id, space, left, right, quote, semicolon, punctuation };

constexpr std::array<Char, 256> make_classes() {
  std::array<Char, 256> classes{};
  for (char c = '0'; c <= '9'; ++c) classes[static_cast<uint8_t>(c)] = Char::id;
  for (char c = 'a'; c <= 'z'; ++c) classes[static_cast<uint8_t>(c)] = Char::id;
  for (char c = 'A'; c <= 'Z'; ++c) classes[static_cast<uint8_t>(c)] = Char::id;
  for (char c : std::string_view("!#$%&'*+-./:<=>?@\\^_`|~")) classes[static_cast<uint8_t>(c)] = Char::id;
  for (char c : std::string_view(" \t\n\r")) classes[static_cast<uint8_t>(c)] = Char::space;
  for (char c : std::string_view(",[]{}")) classes[static_cast<uint8_t>(c)] = Char::punctuation;
  classes['('] = Char::left;
  classes[')'] = Char::right;
  classes['"'] = Char::quote;
  classes[';'] = Char::semicolon;
  return classes;
}
constexpr std::array<Char, 256> kClasses = make_classes();
constexpr Char class_of(char c) { return kClasses[static_cast<uint8_t>(c)]; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Source run() {
    source_.text = text_;
    source_.tokens.reserve(text_.size() / 4 + 1);
    if (!is_utf8(text_)) {
      source_.tokens.push_back(bad(first_damage(), LexError::malformed_utf8));
    } else {
      Token token;
      while (next(token, false)) {
        if (token.kind == TokenKind::left && text_.substr(token.begin + 1).starts_with('@')) {
          annotation(token.begin);
        } else {
          source_.tokens.push_back(token);
        }
      }
    }
    const auto size = static_cast<uint32_t>(text_.size());
    source_.tokens.push_back({TokenKind::end, 0, size, size});
    return std::move(source_);
  }

 private:
  Token bad(size_t begin, LexError error) const {
    return {TokenKind::bad, static_cast<uint16_t>(error), static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)};
  }

  size_t first_damage() const {
    size_t at = 0;
    while (at < text_.size()) {
      size_t size = 1;
      while (size < 4 && size < text_.size() - at && !is_utf8(text_.substr(at, size))) ++size;
      if (!is_utf8(text_.substr(at, size))) break;
      at += size;
    }
    return at;
  }

  // False: the text is at its end.
  bool next(Token& token, bool in_annotation) {
    while (at_ < text_.size()) {
      const size_t begin = at_;
      switch (class_of(text_[at_])) {
        case Char::space: ++at_; continue;
        case Char::left:
          if (text_.substr(at_ + 1).starts_with(';')) {
            if (skip_comment()) continue;
            token = bad(begin, LexError::unclosed_comment);
            return true;
          }
          ++at_;
          token = {TokenKind::left, 0, static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)};
          return true;
        case Char::right:
          ++at_;
          token = {TokenKind::right, 0, static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)};
          return true;
        case Char::semicolon:
          if (text_.substr(at_ + 1).starts_with(';')) {
            at_ = std::min(text_.find_first_of("\n\r", at_), text_.size());
            continue;
          }
          [[fallthrough]];
        case Char::punctuation:
          ++at_;
          token = bad(begin, LexError::unknown_operator);
          return true;
        case Char::id:
        case Char::quote: token = run_token(in_annotation); return true;
        case Char::other:
          ++at_;
          while (at_ < text_.size() && (text_[at_] & 0xc0) == 0x80) ++at_;
          token = bad(begin, LexError::illegal_character);
          return true;
      }
    }
    return false;
  }

  // Block comments nest. False: the text ends within one.
  bool skip_comment() {
    size_t depth = 0;
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("(;")) {
        ++depth;
        at_ += 2;
      } else if (rest.starts_with(";)")) {
        at_ += 2;
        if (--depth == 0) return true;
      } else {
        at_ = std::min(text_.find_first_of("(;", at_ + 1), text_.size());
      }
    }
    return false;
  }

  // Takes a string whose quote is at `at_`. False: it is malformed, and `error` says how.
  bool skip_string(LexError& error) {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') {
        ++at_;
      } else if (c == '\n') {
        break;
      } else if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
        error = LexError::illegal_control;
        return false;
      }
    }
    error = LexError::unclosed_string;
    return false;
  }

  Token run_token(bool in_annotation) {
    const size_t begin = at_;
    size_t strings = 0;
    LexError error{};
    while (at_ < text_.size()) {
      const Char c = class_of(text_[at_]);
      if (c == Char::id) {
        ++at_;
      } else if (c == Char::quote) {
        ++strings;
        if (!skip_string(error)) {
          const bool is_name = text_[begin] == '$' && strings == 1;
          return bad(begin, is_name ? LexError::empty_identifier : error);
        }
      } else {
        break;
      }
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    Token token{TokenKind::bad, static_cast<uint16_t>(LexError::unknown_operator), static_cast<uint32_t>(begin),
                static_cast<uint32_t>(at_)};
    if (strings == 0) {
      classify(text, token);
    } else if (strings == 1 && text.back() == '"') {
      if (text[0] == '"') token.kind = TokenKind::string;
      if (text[0] == '$' && text[1] == '"') classify_quoted_id(text.substr(1), token);
    }
    if (in_annotation && token.kind == TokenKind::bad) token.word = 0;
    return token;
  }

  static void classify_quoted_id(std::string_view quoted, Token& token) {
    std::string name;
    LexError error{};
    if (!decode_string(quoted, name, error)) {
      token.word = static_cast<uint16_t>(error);
    } else if (name.empty()) {
      token.word = static_cast<uint16_t>(LexError::empty_identifier);
    } else if (!is_utf8(name)) {
      token.word = static_cast<uint16_t>(LexError::malformed_utf8);
    } else {
      token.kind = TokenKind::id;
    }
  }

  static void classify(std::string_view text, Token& token) {
    const char first = text[0];
    if (first == '$') {
      if (text.size() > 1) {
        token.kind = TokenKind::id;
      } else {
        token.word = static_cast<uint16_t>(LexError::empty_identifier);
      }
      return;
    }
    if (first >= 'a' && first <= 'z') {
      Word word = find_word(text);
      if (word == Word::unknown && text.starts_with("offset=")) word = after_equals(text, 7, Word::offset_is);
      if (word == Word::unknown && text.starts_with("align=")) word = after_equals(text, 6, Word::align_is);
      if (word != Word::unknown) {
        token.kind = TokenKind::keyword;
        token.word = static_cast<uint16_t>(word);
        return;
      }
      if (first != 'i' && first != 'n') return;
    }
    token.kind = classify_number(text);
  }

  static Word after_equals(std::string_view text, size_t size, Word word) {
    return classify_number(text.substr(size)) == TokenKind::natural ? word : Word::unknown;
  }

  // `(@` stands at `begin`, and `at_` behind the parenthesis.
  void annotation(size_t begin) {
    ++at_;
    Annotation found;
    found.offset = static_cast<uint32_t>(begin);
    found.before = static_cast<uint32_t>(source_.tokens.size());
    found.first = static_cast<uint32_t>(source_.annotated.size());
    LexError error{};
    if (!annotation_name(found.name, error)) {
      source_.tokens.push_back(bad(begin, error));
      return;
    }
    const bool is_known = std::ranges::find(kKnownAnnotations, found.name) != std::end(kKnownAnnotations);
    Token token;
    for (size_t depth = 1; depth > 0;) {
      if (!next(token, true)) {
        source_.tokens.push_back(bad(begin, LexError::unclosed_annotation));
        return;
      }
      if (token.kind == TokenKind::left) ++depth;
      if (token.kind == TokenKind::right) --depth;
      // Any characters of tokens may stand here.
      if (token.kind == TokenKind::bad && token.word != static_cast<uint16_t>(LexError::unknown_operator)) {
        source_.tokens.push_back(token);
      }
      if (is_known && depth > 0) source_.annotated.push_back(token);
    }
    if (!is_known) return;
    found.count = static_cast<uint32_t>(source_.annotated.size()) - found.first;
    source_.annotations.push_back(found);
  }

  bool annotation_name(std::string_view& name, LexError& error) {
    error = LexError::empty_annotation_id;
    const size_t begin = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      LexError ignored{};
      std::string decoded;
      if (!skip_string(ignored)) return false;
      if (!decode_string(text_.substr(begin, at_ - begin), decoded, error)) return false;
      if (decoded.empty()) return false;
      error = LexError::malformed_utf8;
      if (!is_utf8(decoded)) return false;
      name = source_.decoded.emplace_back(std::move(decoded));
      return true;
    }
    while (at_ < text_.size() && class_of(text_[at_]) == Char::id) ++at_;
    name = text_.substr(begin, at_ - begin);
    return !name.empty();
  }

  std::string_view text_;
  size_t at_ = 0;
  Source source_;
};

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// The part of an escape behind `\u`: `{` hexnum `}`.
bool decode_codepoint(std::string_view text, size_t& at, std::string& out, LexError& error) {
  error = LexError::illegal_escape;
  if (at >= text.size() || text[at] != '{') return false;
  const size_t close = text.find('}', at);
  if (close == std::string_view::npos) return false;
  std::string digits = "0x";
  digits += text.substr(at + 1, close - at - 1);
  uint64_t code = 0;
  if (classify_number(digits) != TokenKind::natural) return false;
  error = LexError::malformed_codepoint;
  if (!parse_natural(digits, code) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
  append_utf8(out, static_cast<uint32_t>(code));
  at = close + 1;
  return true;
}

// An escape, `at` behind its backslash.
bool decode_escape(std::string_view text, size_t& at, std::string& out, LexError& error) {
  error = LexError::illegal_escape;
  const char c = text[at++];
  switch (c) {
    case 't': out += '\t'; return true;
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case '"':
    case '\'':
    case '\\': out += c; return true;
    case 'u': return decode_codepoint(text, at, out, error);
    default: break;
  }
  const int high = hex_value(c);
  const int low = at < text.size() ? hex_value(text[at]) : -1;
  if (high < 0 || low < 0) return false;
  out += static_cast<char>(high << 4 | low);
  ++at;
  return true;
}

}  // namespace

std::string_view to_string(LexError error) {
  switch (error) {
    case LexError::unknown_operator: return "unknown operator";
    case LexError::empty_identifier: return "empty identifier";
    case LexError::illegal_character: return "illegal character";
    case LexError::malformed_utf8: return "malformed UTF-8 encoding";
    case LexError::malformed_codepoint: return "malformed UTF-8 codepoint";
    case LexError::unclosed_string: return "unclosed string";
    case LexError::unclosed_comment: return "unclosed comment";
    case LexError::unclosed_annotation: return "unclosed annotation";
    case LexError::empty_annotation_id: return "empty annotation id";
    case LexError::illegal_control: return "illegal control character in string";
    case LexError::illegal_escape: return "illegal escape";
  }
  return {};
}

Source tokenize(std::string_view text) { return Lexer(text).run(); }

bool decode_string(std::string_view quoted, std::string& out, LexError& error) {
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  for (size_t at = 0; at < text.size();) {
    const size_t plain = std::min(text.find('\\', at), text.size());
    out += text.substr(at, plain - at);
    at = plain;
    if (at == text.size()) break;
    if (++at == text.size()) {
      error = LexError::illegal_escape;
      return false;
    }
    if (!decode_escape(text, at, out, error)) return false;
  }
  return true;
}

TextPlace place_of(std::string_view text, size_t offset) {
  TextPlace place;
  size_t line_begin = 0;
  for (size_t at = 0; at < offset && at < text.size(); ++at) {
    if (ends_line(text, at)) {
      ++place.line;
      line_begin = at + 1;
    }
  }
  place.column = static_cast<uint32_t>(std::min(offset, text.size()) - line_begin + 1);
  return place;
}

}  // namespace wplug::text
