#include <algorithm>
#include <charconv>
#include <cstring>

#include "json_scanner.h"
#include "wplug_sdk/json.h"

namespace wplug::json {
namespace {

constexpr size_t kUsualFields = 16;
constexpr size_t kUsualText = 512;  // bytes

// Keys are compared by tag first: their size and last byte, or kEscaped for one that is written with escapes and must be
// read to be compared. A field that is not the one looked for costs one comparison.
constexpr uint32_t kEscaped = 0xffffffff;

uint32_t tag_of(std::string_view key) {
  return static_cast<uint32_t>((key.size() & 0x3fffff) << 8 | (key.empty() ? 0 : static_cast<unsigned char>(key.back())));
}

// Whether a field with that tag, or with kEscaped, has the key.
[[gnu::noinline]] bool has_key(const Field& field, std::string_view key) {
  return field.tag == kEscaped ? field.key() == key : field.raw_key == key;
}

// The loop over the fields stays small: what is called in it is called once or twice.
inline bool may_have(const Field& field, uint32_t tag) { return field.tag == tag || field.tag == kEscaped; }

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
    const size_t escapes = scanner.escapes();
    if (!scanner.skip_string()) {
      return false;
    }
    const std::string_view raw_key(key, static_cast<size_t>(scanner.at() - 1 - key));
    const bool escaped = scanner.escapes() != escapes;
    scanner.skip_space();
    if (!scanner.take(':')) {
      return scanner.fail(scanner.at_end() ? "unexpected end" : "expected ':'");
    }
    scanner.skip_space();
    const char* const value = scanner.at();
    if (!scanner.skip_value()) {
      return false;
    }
    fields.push_back({raw_key, Value(std::string_view(value, static_cast<size_t>(scanner.at() - value))),
                      escaped ? kEscaped : tag_of(raw_key)});
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

// Writes the escape of a quote, a backslash or a control character.
char* write_escape(char* out, unsigned char c) {
  constexpr std::string_view kShort = "\bb\ff\nn\rr\tt\"\"\\\\";  // pairs of a character and its letter
  *out++ = '\\';
  for (size_t i = 0; i < kShort.size(); i += 2) {
    if (static_cast<unsigned char>(kShort[i]) == c) {
      *out++ = kShort[i + 1];
      return out;
    }
  }
  constexpr char kHex[] = "0123456789abcdef";
  std::memcpy(out, "u00", 3);
  out[3] = kHex[c >> 4];
  out[4] = kHex[c & 15];
  return out + 5;
}

constexpr size_t kLongestEscape = 6;  // bytes for one

// Writes `text` as the inside of a JSON string; `out` has room for kLongestEscape bytes for each.
char* write_escaped(char* out, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const plain = plain_end(at, end);
    std::memcpy(out, at, static_cast<size_t>(plain - at));
    out += plain - at;
    at = plain;
    if (at != end) {
      const auto c = static_cast<unsigned char>(*at++);
      if (c < 0x80) {
        out = write_escape(out, c);
      } else {
        *out++ = static_cast<char>(c);
      }
    }
  }
  return out;
}

char* write(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
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
  detail::TextStore store;
  return std::string(store.keep_quoted(text));
}

namespace detail {

char* TextStore::room(size_t size) {
  if (size > left_) {
    left_ = std::max(size, kUsualText);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    next_ = blocks_.back().get();
  }
  left_ -= size;
  return std::exchange(next_, next_ + size);
}

std::string_view TextStore::keep(std::string_view text) {
  char* const out = room(text.size());
  write(out, text);
  return {out, text.size()};
}

std::string_view TextStore::keep_escaped(std::string_view text) {
  const std::string_view quoted = keep_quoted(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string_view TextStore::keep_quoted(std::string_view text) {
  const bool plain = plain_end(text.data(), text.data() + text.size()) == text.data() + text.size();
  if (text.size() > SIZE_MAX / 8) {
    __builtin_trap();  // its escapes could be more than there are addresses
  }
  const size_t most = text.size() * (plain ? 1 : kLongestEscape) + 2;
  char* const out = room(most);
  *out = '"';
  char* const end = plain ? write(out + 1, text) : write_escaped(out + 1, text);
  *end = '"';
  const size_t size = static_cast<size_t>(end + 1 - out);
  next_ -= most - size;
  left_ += most - size;
  return {out, size};
}

}  // namespace detail

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

// The place of the first field with a key from a place on; the number of fields when there is none.
size_t Object::find(std::string_view key, size_t from) const {
  const uint32_t tag = tag_of(key);
  size_t at = from;
  while (at < fields_.size() && !(may_have(fields_[at], tag) && has_key(fields_[at], key))) {
    ++at;
  }
  return at;
}

Value Object::operator[](std::string_view key) const {
  const uint32_t tag = tag_of(key);
  for (size_t at = fields_.size(); at-- > 0;) {
    if (may_have(fields_[at], tag) && has_key(fields_[at], key)) {
      return fields_[at].value;
    }
  }
  return {};
}

Field Object::field_of(std::string_view key, Value value) {
  const std::string_view raw_key = kept_.keep_escaped(key);
  return {raw_key, value, raw_key.size() == key.size() ? tag_of(key) : kEscaped};
}

// Puts `by` in the place of the first field with a key, which is `at`, and takes out the others.
void Object::replace(size_t at, std::string_view key, const Field& by) {
  fields_[at] = by;
  for (size_t other = find(key, at + 1); other < fields_.size(); other = find(key, other)) {
    fields_.erase(fields_.begin() + static_cast<ptrdiff_t>(other));
  }
}

void Object::set(std::string_view key, Value value) {
  const size_t at = find(key, 0);
  if (at == fields_.size()) {
    fields_.push_back(field_of(key, value));
  } else {
    replace(at, key, {fields_[at].raw_key, value, fields_[at].tag});
  }
}

void Object::set_string(std::string_view key, std::string_view value) { set(key, Value(kept_.keep_quoted(value))); }

void Object::set_integer(std::string_view key, int64_t value) {
  char digits[24];
  const auto [end, failure] = std::to_chars(digits, digits + sizeof digits, value);
  static_cast<void>(failure);  // 24 bytes hold every int64_t
  set_raw(key, std::string_view(digits, static_cast<size_t>(end - digits)));
}

void Object::set_boolean(std::string_view key, bool value) { set_raw(key, value ? "true" : "false"); }

void Object::set_raw(std::string_view key, std::string_view text) { set(key, Value(kept_.keep(text))); }

bool Object::remove(std::string_view key) {
  const size_t before = fields_.size();
  for (size_t at = find(key, 0); at < fields_.size(); at = find(key, at)) {
    fields_.erase(fields_.begin() + static_cast<ptrdiff_t>(at));
  }
  return fields_.size() < before;
}

bool Object::rename(std::string_view key, std::string_view to) {
  const Value value = (*this)[key];
  if (!value.present() || key == to) {
    return value.present();
  }
  remove(to);
  replace(find(key, 0), key, field_of(to, value));
  return true;
}

std::string Object::text() const {
  size_t size = 2 + (fields_.empty() ? 0 : fields_.size() - 1);
  for (const Field& field : fields_) {
    size += field.raw_key.size() + field.value.text().size() + 3;
  }
  std::string out(size, '{');
  char* at = out.data() + 1;
  for (const Field& field : fields_) {
    *at++ = '"';
    at = write(at, field.raw_key);
    *at++ = '"';
    *at++ = ':';
    at = write(at, field.value.text());
    *at++ = ',';
  }
  out.back() = '}';  // over the last comma, if there is one
  return out;
}

}  // namespace wplug::json
