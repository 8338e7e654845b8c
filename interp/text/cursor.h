// A place in the tokens of a source, and the first error met there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "interp/text/token.h"
#include "wplug/error.h"

namespace wplug::text {

// Functions that read return false when an error is recorded.
class Cursor {
 public:
  // Tokens `begin` to `end`; what is at `end` (a parenthesis, or the end of the text) may be looked at and not taken.
  Cursor(Source& source, size_t begin, size_t end) : source_(source), at_(begin), end_(end) {}
  explicit Cursor(Source& source) : Cursor(source, 0, source.tokens.size() - 1) {}

  Source& source() { return source_; }
  size_t at() const { return at_; }
  size_t end() const { return end_; }
  void move_to(size_t at) { at_ = at; }
  bool at_end() const { return at_ == end_; }

  const Token& peek() const { return source_.tokens[at_]; }
  const Token& peek(size_t ahead) const { return source_.tokens[at_ + ahead < end_ ? at_ + ahead : end_]; }
  void take() { at_ += at_ < end_ ? 1 : 0; }
  std::string_view text_of(const Token& token) const {
    return source_.text.substr(token.begin, token.end - token.begin);
  }
  std::string_view text() const { return text_of(peek()); }

  bool is(TokenKind kind) const { return peek().kind == kind; }
  bool is(Word word) const { return is_word(peek(), word); }
  // `(` and the keyword stand next.
  bool is_open(Word word) const { return is(TokenKind::left) && is_word(peek(1), word); }
  bool is_index() const { return is(TokenKind::natural) || is(TokenKind::id); }
  bool is_number() const { return is(TokenKind::natural) || is(TokenKind::integer) || is(TokenKind::floating); }

  // Take it where it stands next.
  bool accept(TokenKind kind) { return is(kind) && (take(), true); }
  bool accept(Word word) { return is(word) && (take(), true); }
  bool accept_open(Word word) { return is_open(word) && (take(), take(), true); }
  // It must stand next.
  bool expect(TokenKind kind) { return accept(kind) || unexpected(); }
  bool expect(Word word) { return accept(word) || unexpected(); }
  bool expect_open(Word word) { return accept_open(word) || unexpected(); }

  // Values that must stand next. They are taken.
  bool natural(uint64_t most, std::string_view type, uint64_t& value);
  bool u32(uint32_t& value);
  bool u64(uint64_t& value);
  // A string's bytes, added to `out`.
  bool string(std::string& out);
  // A string that is UTF-8.
  bool name(std::string& out);
  // An identifier without its `$`, decoded. The caller has seen that one stands next.
  std::string_view identifier();
  // An identifier if one stands next, else empty.
  std::string_view optional_identifier() { return is(TokenKind::id) ? identifier() : std::string_view(); }
  // The place of the parenthesis that closes the list whose opening one stands at `at`, or end().
  size_t closing(size_t at) const;

  // Errors, at the next token unless said otherwise. The first one stays.
  bool unexpected();
  bool fail(std::string message) {
    // A token that is none is the earlier mistake.
    return is(TokenKind::bad) ? unexpected() : fail_at(peek().begin, std::move(message));
  }
  bool fail_at(size_t offset, std::string message, ErrorKind kind = ErrorKind::malformed);
  bool ok() const { return error_ == nullptr; }
  const Error& error() const { return *error_; }

 private:
  static bool is_word(const Token& token, Word word) {
    return token.kind == TokenKind::keyword && token.word == static_cast<uint16_t>(word);
  }

  Source& source_;
  size_t at_;
  size_t end_;
  std::unique_ptr<Error> error_;
};

}  // namespace wplug::text
