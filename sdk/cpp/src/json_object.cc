#include <charconv>

#include "json_scanner.h"
#include "wplug_sdk/json.h"

namespace wplug::json {
namespace {

constexpr size_t kUsualFields = 16;

Error problem_at(const Scanner& scanner) {
  return Error{"invalid JSON at byte " + std::to_string(scanner.offset()) + ": " + scanner.problem()};
}

// Reads fields up to and with the closing brace.
bool read_fields(Scanner& scanner, std::vector<Field>& fields) {
  scanner.skip_space();
  if (scanner.take('}')) {
    return true;
  }
  do {
    scanner.skip_space();
    const char* const key = scanner.at() + 1;
    if (!scanner.skip_string()) {
      return false;
    }
    const std::string_view raw_key(key, static_cast<size_t>(scanner.at() - 1 - key));
    scanner.skip_space();
    if (!scanner.take(':')) {
      return scanner.fail(scanner.at_end() ? "unexpected end" : "expected ':'");
    }
    scanner.skip_space();
    const char* const value = scanner.at();
    if (!scanner.skip_value()) {
      return false;
    }
    fields.push_back({raw_key, Value(std::string_view(value, static_cast<size_t>(scanner.at() - value)))});
    scanner.skip_space();
  } while (scanner.take(','));
  return scanner.take('}') || scanner.fail(scanner.at_end() ? "unexpected end" : "expected ',' or '}'");
}

bool read_object(Scanner& scanner, std::vector<Field>& fields) {
  scanner.skip_space();
  if (!scanner.take('{')) {
    return scanner.fail(scanner.at_end() ? "unexpected end" : "expected an object");
  }
  if (!read_fields(scanner, fields)) {
    return false;
  }
  scanner.skip_space();
  return scanner.at_end() || scanner.fail("text after the value");
}

void append_escape(std::string& out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '\\';
  switch (c) {
    case '\b': out += 'b'; return;
    case '\f': out += 'f'; return;
    case '\n': out += 'n'; return;
    case '\r': out += 'r'; return;
    case '\t': out += 't'; return;
    case '"':
    case '\\': out += static_cast<char>(c); return;
    default: break;
  }
  out += "u00";
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

void append_escaped(std::string& out, std::string_view text) {
  size_t done = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == '"' || c == '\\') {
      out.append(text.substr(done, i - done));
      append_escape(out, c);
      done = i + 1;
    }
  }
  out.append(text.substr(done));
}

}  // namespace

std::optional<Error> check(std::string_view text) {
  Scanner scanner(text);
  if (!scanner.skip_value()) {
    return problem_at(scanner);
  }
  scanner.skip_space();
  if (!scanner.at_end()) {
    scanner.fail("text after the value");
    return problem_at(scanner);
  }
  return std::nullopt;
}

std::string quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  append_escaped(out, text);
  out += '"';
  return out;
}

std::optional<Error> Object::parse(std::string_view text) {
  fields_.clear();
  kept_.clear();
  fields_.reserve(kUsualFields);
  Scanner scanner(text);
  if (read_object(scanner, fields_)) {
    return std::nullopt;
  }
  fields_.clear();
  return problem_at(scanner);
}

const Field* Object::find(std::string_view key) const {
  for (size_t i = fields_.size(); i-- > 0;) {
    if (fields_[i].has_key(key)) {
      return &fields_[i];
    }
  }
  return nullptr;
}

Value Object::operator[](std::string_view key) const {
  const Field* const field = find(key);
  return field != nullptr ? field->value : Value();
}

std::string_view Object::keep(std::string text) { return kept_.emplace_front(std::move(text)); }

void Object::set_string(std::string_view key, std::string_view value) { set_raw(key, quote(value)); }

void Object::set_integer(std::string_view key, int64_t value) {
  char digits[24];
  const auto [end, failure] = std::to_chars(digits, digits + sizeof digits, value);
  static_cast<void>(failure);  // 24 bytes hold every int64_t
  set_raw(key, std::string_view(digits, static_cast<size_t>(end - digits)));
}

void Object::set_boolean(std::string_view key, bool value) { set_raw(key, value ? "true" : "false"); }

void Object::set_raw(std::string_view key, std::string_view text) {
  const Value value(keep(std::string(text)));
  bool found = false;
  std::erase_if(fields_, [&](Field& field) {
    if (!field.has_key(key)) {
      return false;
    }
    field.value = value;
    return std::exchange(found, true);  // keeps the first of several
  });
  if (!found) {
    std::string escaped;
    append_escaped(escaped, key);
    fields_.push_back({keep(std::move(escaped)), value});
  }
}

bool Object::remove(std::string_view key) {
  return std::erase_if(fields_, [&](const Field& field) { return field.has_key(key); }) > 0;
}

bool Object::rename(std::string_view key, std::string_view to) {
  const Value value = (*this)[key];
  if (!value.present() || key == to) {
    return value.present();
  }
  remove(to);
  std::string escaped;
  append_escaped(escaped, to);
  const std::string_view raw_key = keep(std::move(escaped));
  bool found = false;
  std::erase_if(fields_, [&](Field& field) {
    if (!field.has_key(key)) {
      return false;
    }
    field = {raw_key, value};
    return std::exchange(found, true);
  });
  return true;
}

std::string Object::text() const {
  size_t size = 2;
  for (const Field& field : fields_) {
    size += field.raw_key.size() + field.value.text().size() + 4;
  }
  std::string out;
  out.reserve(size);
  char before = '{';
  for (const Field& field : fields_) {
    out += before;
    out += '"';
    out.append(field.raw_key);
    out.append("\":");
    out.append(field.value.text());
    before = ',';
  }
  out.append(fields_.empty() ? "{}" : "}");
  return out;
}

}  // namespace wplug::json
