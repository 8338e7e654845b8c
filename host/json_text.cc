// A hand-written acceptor: records and results are checked four times on their way through a three-stage pipeline, which
// a parser that builds values or converts numbers would make a quarter of the whole cost. The grammar is RFC 8259.
#include "host/json_text.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <cstring>

namespace wplug {
namespace {

constexpr size_t kMaxDepth = 1000;

// True for the bytes of a string that need no look: printable ASCII but `"` and `\`.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Acceptor {
 public:
  explicit Acceptor(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  std::optional<JsonProblem> run() {
    if (document()) return std::nullopt;
    return JsonProblem{static_cast<size_t>(at_ - begin_), what_};
  }

 private:
  bool fail(const char* what) {
    what_ = what;
    return false;
  }
  char peek() const { return at_ < end_ ? *at_ : '\0'; }
  bool take(char c) {
    if (at_ >= end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  // Containers are a bit each: set for an object. After a value comes what its container allows.
  bool document() {
    skip_blanks();
    if (at_ == end_) return fail("there is no value");
    for (;;) {
      bool opened = false;
      if (!value(opened)) return false;
      if (opened) continue;
      bool again = false;
      if (!after_value(again)) return false;
      if (!again) break;
    }
    return at_ == end_ || fail("unexpected text after the value");
  }

  // One scalar, or the opening of a container up to its first member; `opened` when a value has to follow.
  bool value(bool& opened) {
    switch (peek()) {
      case '{':
        return open(true, opened);
      case '[':
        return open(false, opened);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool open(bool object, bool& opened) {
    if (depth_ == kMaxDepth) return fail("nested more than 1000 deep");
    ++at_;
    is_object_[depth_++] = object;
    skip_blanks();
    if (take(object ? '}' : ']')) {
      --depth_;
      return true;
    }
    opened = true;
    return !object || key();
  }

  // Closes containers until a comma says that another value follows, or the outermost one ends.
  bool after_value(bool& again) {
    for (;;) {
      skip_blanks();
      if (depth_ == 0) return true;
      const bool object = is_object_[depth_ - 1];
      if (take(',')) {
        skip_blanks();
        again = true;
        return !object || key();
      }
      if (!take(object ? '}' : ']')) return fail(object ? "expected , or } in an object" : "expected , or ] in an array");
      --depth_;
    }
  }

  bool key() {
    if (peek() != '"') return fail("expected a string as the key");
    if (!string()) return false;
    skip_blanks();
    if (!take(':')) return fail("expected : after a key");
    skip_blanks();
    return true;
  }

  bool word(std::string_view word) {
    if (static_cast<size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) {
      return fail("expected a value");
    }
    at_ += word.size();
    return true;
  }

  bool number() {
    const char* start = at_;
    take('-');
    if (!is_digit(peek())) {
      at_ = start;
      return fail("expected a value");
    }
    if (!take('0')) digits();
    if (is_digit(peek())) return fail("a number may not start with 0");
    if (take('.') && !digits()) return fail("expected a digit after the point");
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return fail("expected a digit in the exponent");
    }
    return true;
  }

  bool digits() {
    const char* start = at_;
    while (at_ < end_ && is_digit(*at_)) ++at_;
    return at_ != start;
  }

  bool string() {
    for (++at_;;) {
      while (at_ < end_ && kPlain[static_cast<uint8_t>(*at_)]) ++at_;
      if (at_ == end_) return fail("a string does not end");
      if (take('"')) return true;
      if (*at_ == '\\') {
        if (!escape()) return false;
      } else if (static_cast<uint8_t>(*at_) < 0x20) {
        return fail("a control character in a string");
      } else {
        const size_t length = utf8_length({at_, static_cast<size_t>(end_ - at_)});
        if (length == 0) return fail("not UTF-8");
        at_ += length;
      }
    }
  }

  bool escape() {
    if (end_ - at_ < 2) return fail("a string does not end");
    const char c = at_[1];
    if (c == 'u') {
      if (end_ - at_ < 6 || !is_hex(at_[2]) || !is_hex(at_[3]) || !is_hex(at_[4]) || !is_hex(at_[5])) {
        return fail("expected four hexadecimal digits after \\u");
      }
      at_ += 6;
      return true;
    }
    if (c == '\0' || std::strchr("\"\\/bfnrt", c) == nullptr) return fail("an unknown escape in a string");
    at_ += 2;
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* what_ = "";
  size_t depth_ = 0;
  std::bitset<kMaxDepth> is_object_;
};

bool is_continuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

}  // namespace

std::optional<JsonProblem> find_json_problem(std::string_view text) { return Acceptor(text).run(); }

size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const uint8_t first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF (Unicode 15, table 3-7).
  const uint8_t second = static_cast<uint8_t>(text[1]);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return length;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const uint8_t c = static_cast<uint8_t>(text[0]);
    size_t length = 1;
    if (kPlain[c] && c != 0x7f) {
      while (length < text.size() && kPlain[static_cast<uint8_t>(text[length])]) ++length;
      out += text.substr(0, length);
    } else if (c == '"' || c == '\\') {
      out += {'\\', static_cast<char>(c)};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      out += {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
    } else if ((length = utf8_length(text)) != 0) {
      out += text.substr(0, length);
    } else {
      out += "\xef\xbf\xbd";
      length = 1;
    }
    text.remove_prefix(length);
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

namespace {

uint32_t hex_number(std::string_view digits) {
  uint32_t number = 0;
  for (const char c : digits) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    number = number << 4 | static_cast<uint32_t>(digit & 15);
  }
  return number;
}

void append_utf8(std::string& out, uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// The character of `\uXXXX` at the start of `text`, with its second half where it is a surrogate; takes it off. A half
// without the other is U+FFFD.
uint32_t take_code(std::string_view& text) {
  uint32_t code = hex_number(text.substr(2, 4));
  text.remove_prefix(std::min<size_t>(text.size(), 6));
  if (code < 0xd800 || code > 0xdfff) return code;
  if (code >= 0xdc00 || !text.starts_with("\\u")) return 0xfffd;
  const uint32_t low = hex_number(text.substr(2, 4));
  if (low < 0xdc00 || low > 0xdfff) return 0xfffd;
  text.remove_prefix(std::min<size_t>(text.size(), 6));
  return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

}  // namespace

std::string json_string_value(std::string_view inside) {
  static constexpr std::string_view kNames = "bfnrt", kValues = "\b\f\n\r\t";
  std::string out;
  while (!inside.empty()) {
    const size_t plain = std::min(inside.find('\\'), inside.size());
    out += inside.substr(0, plain);
    inside.remove_prefix(plain);
    if (inside.size() < 2) break;
    if (inside[1] == 'u') {
      append_utf8(out, take_code(inside));
      continue;
    }
    const size_t name = kNames.find(inside[1]);
    out += name == std::string_view::npos ? inside[1] : kValues[name];
    inside.remove_prefix(2);
  }
  return out;
}

}  // namespace wplug
