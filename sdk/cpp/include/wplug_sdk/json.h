// JSON for plugins: small, bounded, and lossless.
//
// A record is read once, checked in full (RFC 8259, UTF-8, at most 256 levels), and kept as the texts of its top-level
// fields. What a plugin does not touch goes out as it came in: the order of the fields, the digits of a number, the
// escapes of a string, the inside of a nested value. The Go SDK reads and writes by the same rules, byte for byte.
//
// A key that occurs more than once is one field: lookups see the last one, and set, rename and remove act on all of them,
// so a masked field cannot slip through as a duplicate.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug_sdk/error.h"

namespace wplug::json {

enum class Kind : uint8_t { absent, null, boolean, number, string, array, object };

// "null", "boolean", "number", …
std::string_view to_string(Kind kind);

// The text of one checked JSON value, or of none. Points into the text it was read from, which must outlive it.
class Value {
 public:
  Value() = default;
  // `text` is a JSON value without white space around it, or empty for an absent value.
  explicit Value(std::string_view text) : text_(text) {}

  Kind kind() const;
  bool present() const { return !text_.empty(); }
  std::string_view text() const { return text_; }

  // The characters of a string; nullopt for another kind. A lone surrogate escape reads as U+FFFD.
  std::optional<std::string> string() const;
  std::string string_or(std::string_view otherwise) const;
  // A number without fraction or exponent that fits; nullopt for others.
  std::optional<int64_t> integer() const;
  std::optional<bool> boolean() const;
  // The values of an array, in order; none for another kind.
  std::vector<Value> items() const;
  // The strings among the values of an array.
  std::vector<std::string> strings() const;

 private:
  std::string_view text_;
};

// One field of an object.
struct Field {
  std::string_view raw_key;  // between the quotes, escapes as written
  Value value;
  uint32_t tag = 0;  // size and last byte of the key, which tell most keys apart; see json_object.cc

  std::string key() const;
};

namespace detail {

// Texts that stay where they are until clear().
class TextStore {
 public:
  std::string_view keep(std::string_view text);
  // As the inside of a JSON string, or with its quotes.
  std::string_view keep_escaped(std::string_view text);
  std::string_view keep_quoted(std::string_view text);
  void clear() { blocks_.clear(), left_ = 0; }

 private:
  char* room(size_t size);
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace detail

// The top-level fields of a JSON object, in order; move it, do not copy it. Cheap for the tens of fields a record has: lookups are linear.
class Object {
 public:
  // Reads `text`, which must outlive this object. On an error, which names the byte, the object is empty.
  std::optional<Error> parse(std::string_view text);

  // The value of a key, or an absent one.
  Value operator[](std::string_view key) const;
  bool has(std::string_view key) const { return (*this)[key].present(); }
  const std::vector<Field>& fields() const { return fields_; }

  // Sets a field in its place, or as the last one when it is new.
  void set_string(std::string_view key, std::string_view value);
  void set_integer(std::string_view key, int64_t value);
  void set_boolean(std::string_view key, bool value);
  // `text` is a JSON value.
  void set_raw(std::string_view key, std::string_view text);

  // True when there was such a field.
  bool remove(std::string_view key);
  // Gives the field a new name in its place; a field that had the name goes. True when there was such a field.
  bool rename(std::string_view key, std::string_view to);

  // The object as compact JSON.
  std::string text() const;

 private:
  Field field_of(std::string_view key, Value value);
  size_t find(std::string_view key, size_t from) const;
  void set(std::string_view key, Value value);
  void replace(size_t at, std::string_view key, const Field& by);

  std::vector<Field> fields_;
  detail::TextStore kept_;  // texts that are not in the input
};

// Nothing when `text` is one JSON value with nothing but white space around it.
std::optional<Error> check(std::string_view text);

// `text` as a JSON string with its quotes; escapes only what JSON demands.
std::string quote(std::string_view text);

// Compares two JSON numbers by value, exactly, however many digits they have: below 0, 0, or above 0.
int compare_numbers(Value a, Value b);

}  // namespace wplug::json
