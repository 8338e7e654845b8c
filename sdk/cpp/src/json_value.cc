#include <charconv>

#include "json_scanner.h"
#include "wplug_sdk/json.h"

namespace wplug::json {
namespace {

unsigned hex_value(char c) { return c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a' + 10); }

unsigned read_hex4(const char* at) {
  return hex_value(at[0]) << 12 | hex_value(at[1]) << 8 | hex_value(at[2]) << 4 | hex_value(at[3]);
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      out += static_cast<char>(0xe0 | code >> 12);
    } else {
      out += static_cast<char>(0xf0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    }
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
  }
  out += static_cast<char>(0x80 | (code & 0x3f));
}

char simple_escape(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

// Appends what the \u escape at `at` means, with the second half of a surrogate pair, and returns where it ends.
size_t append_escaped_code(std::string& out, std::string_view raw, size_t at) {
  unsigned code = read_hex4(raw.data() + at + 2);
  at += 6;
  if (code >= 0xd800 && code < 0xdc00 && raw.size() - at >= 6 && raw[at] == '\\' && raw[at + 1] == 'u') {
    const unsigned low = read_hex4(raw.data() + at + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      append_utf8(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
      return at + 6;
    }
  }
  append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
  return at;
}

// The characters of the checked inside of a string.
std::string unescape(std::string_view raw) {
  const char* const end = raw.data() + raw.size();
  if (plain_end(raw.data(), end) == end) {
    return std::string(raw);
  }
  std::string out;
  out.reserve(raw.size());
  size_t at = 0;
  for (;;) {
    const size_t backslash = raw.find('\\', at);
    out.append(raw.substr(at, backslash - at));
    if (backslash == std::string_view::npos) {
      return out;
    }
    if (raw[backslash + 1] == 'u') {
      at = append_escaped_code(out, raw, backslash);
    } else {
      out += simple_escape(raw[backslash + 1]);
      at = backslash + 2;
    }
  }
}

std::string_view inside(std::string_view quoted) { return quoted.substr(1, quoted.size() - 2); }

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::null: return "null";
    case Kind::boolean: return "boolean";
    case Kind::number: return "number";
    case Kind::string: return "string";
    case Kind::array: return "array";
    case Kind::object: return "object";
    default: return "absent";
  }
}

Kind Value::kind() const {
  if (text_.empty()) {
    return Kind::absent;
  }
  switch (text_.front()) {
    case '"': return Kind::string;
    case '{': return Kind::object;
    case '[': return Kind::array;
    case 't':
    case 'f': return Kind::boolean;
    case 'n': return Kind::null;
    default: return Kind::number;
  }
}

std::optional<std::string> Value::string() const {
  if (kind() != Kind::string) {
    return std::nullopt;
  }
  return unescape(inside(text_));
}

std::string Value::string_or(std::string_view otherwise) const {
  return kind() == Kind::string ? unescape(inside(text_)) : std::string(otherwise);
}

std::optional<int64_t> Value::integer() const {
  if (kind() != Kind::number) {
    return std::nullopt;
  }
  int64_t value = 0;
  const char* const end = text_.data() + text_.size();
  const auto [stop, failure] = std::from_chars(text_.data(), end, value);
  return stop == end && failure == std::errc() ? std::optional<int64_t>(value) : std::nullopt;
}

std::optional<bool> Value::boolean() const {
  return kind() == Kind::boolean ? std::optional<bool>(text_.front() == 't') : std::nullopt;
}

std::vector<Value> Value::items() const {
  std::vector<Value> values;
  if (kind() != Kind::array) {
    return values;
  }
  Scanner scanner(text_);
  scanner.take('[');
  scanner.skip_space();
  while (!scanner.take(']')) {
    scanner.skip_space();
    const char* const first = scanner.at();
    if (!scanner.skip_value()) {
      return values;
    }
    values.push_back(Value(std::string_view(first, static_cast<size_t>(scanner.at() - first))));
    scanner.skip_space();
    scanner.take(',');
  }
  return values;
}

std::vector<std::string> Value::strings() const {
  std::vector<std::string> out;
  for (const Value& value : items()) {
    if (auto string = value.string()) {
      out.push_back(std::move(*string));
    }
  }
  return out;
}

std::string Field::key() const { return unescape(raw_key); }

}  // namespace wplug::json
