#include "interp/text/cursor.h"

#include <algorithm>
#include <utility>

#include "interp/base/concat.h"
#include "interp/base/utf8.h"
#include "interp/text/numbers.h"

namespace wplug::text {

namespace {

// Of a token, as a message quotes it.
constexpr size_t kMostQuoted = 60;

}  // namespace

bool Cursor::natural(uint64_t most, std::string_view type, uint64_t& value) {
  if (!is(TokenKind::natural)) return unexpected();
  if (!parse_natural(text(), value) || value > most) return fail(concat(type, " constant out of range: ", text()));
  take();
  return true;
}

bool Cursor::u32(uint32_t& value) {
  uint64_t wide = 0;
  if (!natural(UINT32_MAX, "i32", wide)) return false;
  value = static_cast<uint32_t>(wide);
  return true;
}

bool Cursor::u64(uint64_t& value) { return natural(UINT64_MAX, "i64", value); }

bool Cursor::string(std::string& out) {
  if (!is(TokenKind::string)) return unexpected();
  LexError error{};
  if (!decode_string(text(), out, error)) return fail(std::string(to_string(error)));
  take();
  return true;
}

bool Cursor::name(std::string& out) {
  const size_t offset = peek().begin;
  if (!string(out)) return false;
  return is_utf8(out) || fail_at(offset, "malformed UTF-8 encoding");
}

std::string_view Cursor::identifier() {
  std::string_view name = text().substr(1);
  take();
  if (name[0] != '"') return name;
  std::string decoded;
  LexError ignored{};  // the lexer has looked at it
  decode_string(name, decoded, ignored);
  return source_.decoded.emplace_back(std::move(decoded));
}

size_t Cursor::closing(size_t at) const {
  size_t depth = 0;
  for (; at < end_; ++at) {
    const TokenKind kind = source_.tokens[at].kind;
    if (kind == TokenKind::left) ++depth;
    if (kind == TokenKind::right && --depth == 0) return at;
  }
  return end_;
}

bool Cursor::unexpected() {
  const Token& token = peek();
  if (token.kind == TokenKind::end) return fail_at(token.begin, "unexpected token: the text ends");
  const std::string_view text = this->text().substr(0, std::min(this->text().find('\n'), kMostQuoted));
  if (token.kind != TokenKind::bad) return fail_at(token.begin, concat("unexpected token ", text));
  const auto error = static_cast<LexError>(token.word);
  if (error != LexError::unknown_operator) return fail_at(token.begin, std::string(to_string(error)));
  return fail_at(token.begin, concat(to_string(error), " ", text));
}

bool Cursor::fail_at(size_t offset, std::string message, ErrorKind kind) {
  if (error_ == nullptr) error_ = std::make_unique<Error>(kind, std::move(message), offset);
  at_ = end_;
  return false;
}

}  // namespace wplug::text
