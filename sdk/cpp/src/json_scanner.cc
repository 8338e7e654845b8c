#include "json_scanner.h"

#include <bit>
#include <cstring>

namespace wplug::json {
namespace {

constexpr uint64_t kEachByte = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

// The high bit of every byte that a string may not contain as it is (quote, backslash, control) or that is not ASCII.
// Only the lowest set bit is exact: a borrow may mark bytes above it.
uint64_t special_bytes(uint64_t word) {
  const uint64_t quote = (word ^ kEachByte * '"') - kEachByte;
  const uint64_t backslash = (word ^ kEachByte * '\\') - kEachByte;
  const uint64_t control = word - kEachByte * 0x20;
  return (quote | backslash | control | word) & kHighBits;
}

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

bool is_hex(char c) { return is_digit(c) || static_cast<unsigned char>((c | 0x20) - 'a') < 6; }

}  // namespace

const char* plain_end(const char* at, const char* end) {
  while (end - at >= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    const uint64_t special = special_bytes(word);
    if (special != 0) {
      return at + std::countr_zero(special) / 8;
    }
    at += 8;
  }
  while (at != end && static_cast<unsigned char>(*at - 0x20) < 0x60 && *at != '"' && *at != '\\') {
    ++at;
  }
  return at;
}

bool Scanner::skip_string() {
  if (!take('"')) {
    return fail(at_end() ? "unexpected end" : "expected a string");
  }
  for (;;) {
    at_ = plain_end(at_, end_);
    if (at_ == end_) {
      return fail("unterminated string");
    }
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte == '"') {
      ++at_;
      return true;
    }
    if (byte < 0x20) {
      return fail("control character in string");
    }
    if (byte == '\\' ? !skip_escape() : !skip_utf8()) {
      return false;
    }
  }
}

bool Scanner::skip_escape() {
  ++escapes_;
  const size_t left = static_cast<size_t>(end_ - at_);
  const char kind = left >= 2 ? at_[1] : '\0';
  if (kind == 'u') {
    if (left < 6 || !is_hex(at_[2]) || !is_hex(at_[3]) || !is_hex(at_[4]) || !is_hex(at_[5])) {
      return fail("invalid escape");
    }
    at_ += 6;
    return true;
  }
  if (kind == '\0' || std::strchr("\"\\/bfnrt", kind) == nullptr) {
    return fail("invalid escape");
  }
  at_ += 2;
  return true;
}

// Well-formed sequences of table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF.
bool Scanner::skip_utf8() {
  const size_t left = static_cast<size_t>(end_ - at_);
  const auto byte = [&](size_t i) { return i < left ? static_cast<unsigned char>(at_[i]) : 0U; };
  const auto continues = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead >= 0xc2 && lead <= 0xdf && continues(1)) {
    at_ += 2;
    return true;
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    if (byte(1) >= low && byte(1) <= high && continues(2)) {
      at_ += 3;
      return true;
    }
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) >= low && byte(1) <= high && continues(2) && continues(3)) {
      at_ += 4;
      return true;
    }
  }
  return fail("invalid UTF-8");
}

bool Scanner::skip_digits() {
  const char* const first = at_;
  while (at_ != end_ && is_digit(*at_)) {
    ++at_;
  }
  return at_ != first || fail("invalid number");
}

bool Scanner::skip_number() {
  take('-');
  if (!take('0') && !skip_digits()) {
    return false;
  }
  if (take('.') && !skip_digits()) {
    return false;
  }
  if (take('e') || take('E')) {
    if (!take('+')) {
      take('-');
    }
    return skip_digits();
  }
  return true;
}

bool Scanner::skip_word(std::string_view word) {
  if (std::string_view(at_, static_cast<size_t>(end_ - at_)).substr(0, word.size()) != word) {
    return fail("invalid value");
  }
  at_ += word.size();
  return true;
}

bool Scanner::skip_scalar() {
  switch (*at_) {
    case '"': return skip_string();
    case 't': return skip_word("true");
    case 'f': return skip_word("false");
    case 'n': return skip_word("null");
    default: return *at_ == '-' || is_digit(*at_) ? skip_number() : fail("invalid value");
  }
}

bool Scanner::skip_key() {
  skip_space();
  if (!skip_string()) {
    return false;
  }
  skip_space();
  return take(':') || fail(at_end() ? "unexpected end" : "expected ':'");
}

// Goes into the container that starts here, to its first value if it has one.
bool Scanner::open_container(char* closers, size_t& depth) {
  if (depth == kMaxDepth) {
    return fail("nested too deeply");
  }
  closers[depth] = *at_ == '{' ? '}' : ']';
  ++depth;
  ++at_;
  return true;
}

// Behind a value: leaves the containers that end here, and goes past a comma and a key to the next value if there is one.
bool Scanner::close_containers(const char* closers, size_t& depth) {
  while (depth > 0) {
    skip_space();
    const char closer = closers[depth - 1];
    if (take(',')) {
      return closer == ']' || skip_key();
    }
    if (!take(closer)) {
      return fail(at_end() ? "unexpected end" : closer == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
    }
    --depth;
  }
  return true;
}

bool Scanner::skip_value() {
  skip_space();
  if (at_end()) {
    return fail("unexpected end");
  }
  return *at_ == '{' || *at_ == '[' ? skip_container() : skip_scalar();
}

bool Scanner::skip_container() {
  char closers[kMaxDepth];
  size_t depth = 0;
  do {
    skip_space();
    if (at_end()) {
      return fail("unexpected end");
    }
    if (*at_ == '{' || *at_ == '[') {
      if (!open_container(closers, depth)) {
        return false;
      }
      skip_space();
      if (at_ == end_ || *at_ != closers[depth - 1]) {
        if (closers[depth - 1] == '}' && !skip_key()) {
          return false;
        }
        continue;
      }
    } else if (!skip_scalar()) {
      return false;
    }
    if (!close_containers(closers, depth)) {
      return false;
    }
  } while (depth > 0);
  return true;
}

}  // namespace wplug::json
