// JSON documents as values: read, looked at, built and written. Nothing here throws, so abi may use it.
//
// For records that only pass through, json_text.h checks without building. What is read here comes from plugins and
// files, so reading is bounded in size, depth and number of values, and an object with the same key twice is refused:
// two readers could disagree on which one counts.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/error.h"

namespace wplug {

struct JsonLimits {
  size_t bytes = size_t{64} << 20;
  size_t depth = 200;          // containers within each other
  size_t values = 1'000'000;   // scalars and containers; each takes about 100 bytes
};

enum class JsonKind : uint8_t { null, boolean, number, string, array, object };

// One value with all that is in it. Copies are deep. Numbers keep the digits they were written with.
class Json {
 public:
  Json() = default;  // null
  template <std::same_as<bool> B>
  Json(B value) : kind_(JsonKind::boolean), boolean_(value) {}
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Json(I value) : kind_(JsonKind::number), text_(std::to_string(value)) {}
  Json(std::string value) : kind_(JsonKind::string), text_(std::move(value)) {}
  Json(std::string_view value) : kind_(JsonKind::string), text_(value) {}
  Json(const char* value) : kind_(JsonKind::string), text_(value) {}
  static Json array() { return Json(JsonKind::array); }
  static Json object() { return Json(JsonKind::object); }

  JsonKind kind() const { return kind_; }
  bool is_null() const { return kind_ == JsonKind::null; }
  bool is_object() const { return kind_ == JsonKind::object; }
  bool is_array() const { return kind_ == JsonKind::array; }
  bool is_string() const { return kind_ == JsonKind::string; }

  // nullopt when the value is of another kind, or no integer of 64 bits.
  std::optional<bool> boolean() const;
  std::optional<int64_t> integer() const;
  std::optional<double> number() const;
  // Borrowed from this value.
  std::optional<std::string_view> string() const;

  // Elements of an array, values of an object in their order; 0 and nothing for others.
  size_t size() const { return items_.size(); }
  const Json& at(size_t index) const { return items_[index]; }
  std::string_view key(size_t index) const { return keys_[index]; }

  // The value of a key; null when this is no object or has no such key. `any_case` also takes a key that differs in the
  // case of ASCII letters, where none is exactly the same.
  const Json* find(std::string_view key) const;
  const Json* find_any_case(std::string_view key) const;
  // The same, for members that may be left out: "" / the fallback when missing or of another kind.
  std::string_view string_of(std::string_view key) const;
  bool boolean_of(std::string_view key, bool fallback = false) const;
  std::optional<int64_t> integer_of(std::string_view key) const;

  // Replaces or appends a member; what is no object becomes one. This value, for chains.
  Json& set(std::string_view key, Json value);
  // Appends an element; what is no array becomes one.
  Json& push(Json value);

  // Compact JSON. Strings that are not UTF-8 get U+FFFD where they are not.
  std::string to_string() const;

 private:
  explicit Json(JsonKind kind) : kind_(kind) {}
  friend class JsonBuilder;
  void append_to(std::string& out) const;

  JsonKind kind_ = JsonKind::null;
  bool boolean_ = false;
  std::string text_;  // a string's value, a number's digits
  std::vector<std::string> keys_;
  std::vector<Json> items_;
};

// One JSON value and nothing after it (RFC 8259, UTF-8). Errors: malformed, with the byte offset; limit.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace wplug
