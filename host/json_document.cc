#include "host/json_document.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "host/json_text.h"

namespace wplug {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool has_duplicates(const std::vector<std::string>& keys) {
  if (keys.size() < 2) return false;
  std::vector<std::string_view> sorted(keys.begin(), keys.end());
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

}  // namespace

// Takes what nlohmann's reader finds (its SAX interface, which reports errors by return values) and puts it together.
class JsonBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  explicit JsonBuilder(const JsonLimits& limits) : limits_(limits) {}

  bool null() { return put(Json()); }
  bool boolean(bool value) { return put(Json(value)); }
  bool number_integer(number_integer_t value) { return put(Json(value)); }
  bool number_unsigned(number_unsigned_t value) { return put(Json(value)); }
  bool number_float(number_float_t, const string_t& text) {
    Json value(JsonKind::number);
    value.text_ = text;
    return put(std::move(value));
  }
  bool string(string_t& value) { return put(Json(std::move(value))); }
  bool binary(binary_t&) { return false; }
  bool start_object(size_t) { return open(JsonKind::object); }
  bool start_array(size_t) { return open(JsonKind::array); }
  bool key(string_t& name) {
    open_.back().keys_.push_back(std::move(name));
    return true;
  }
  bool end_object() {
    if (has_duplicates(open_.back().keys_)) return fail(ErrorKind::malformed, "an object has the same key twice");
    return close();
  }
  bool end_array() { return close(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    error_.emplace(ErrorKind::malformed, "is not JSON", position == 0 ? 0 : position - 1);
    return false;
  }

  Result<Json> take() {
    if (error_) return std::move(*error_);
    return std::move(root_);
  }
  bool fail(ErrorKind kind, std::string message) {
    error_.emplace(kind, std::move(message));
    return false;
  }

 private:
  bool admit() {
    if (++values_ <= limits_.values) return true;
    return fail(ErrorKind::limit, "JSON has more than " + std::to_string(limits_.values) + " values");
  }
  bool put(Json value) { return admit() && place(std::move(value)); }
  bool place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().items_.push_back(std::move(value));
    }
    return true;
  }
  bool open(JsonKind kind) {
    if (!admit()) return false;
    if (open_.size() == limits_.depth) {
      return fail(ErrorKind::limit, "JSON is nested more than " + std::to_string(limits_.depth) + " deep");
    }
    open_.push_back(Json(kind));
    return true;
  }
  bool close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    return place(std::move(done));
  }

  const JsonLimits& limits_;
  size_t values_ = 0;
  std::vector<Json> open_;  // containers around what comes next
  Json root_;
  std::optional<Error> error_;
};

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return Error(ErrorKind::limit, "JSON of " + std::to_string(text.size()) + " bytes is longer than " +
                                       std::to_string(limits.bytes));
  }
  JsonBuilder builder(limits);
  const bool read = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  Result<Json> result = builder.take();
  if (!read && result.ok()) return Error(ErrorKind::malformed, "is not JSON");
  return result;
}

std::optional<bool> Json::boolean() const {
  return kind_ == JsonKind::boolean ? std::optional(boolean_) : std::nullopt;
}

std::optional<int64_t> Json::integer() const {
  if (kind_ != JsonKind::number) return std::nullopt;
  int64_t value = 0;
  const char* const end = text_.data() + text_.size();
  const auto [stopped, error] = std::from_chars(text_.data(), end, value);
  return error == std::errc() && stopped == end ? std::optional(value) : std::nullopt;
}

std::optional<double> Json::number() const {
  if (kind_ != JsonKind::number) return std::nullopt;
  double value = 0;
  std::from_chars(text_.data(), text_.data() + text_.size(), value);
  return value;
}

std::optional<std::string_view> Json::string() const {
  return kind_ == JsonKind::string ? std::optional<std::string_view>(text_) : std::nullopt;
}

const Json* Json::find(std::string_view key) const {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  return found == keys_.end() ? nullptr : &items_[static_cast<size_t>(found - keys_.begin())];
}

const Json* Json::find_any_case(std::string_view key) const {
  if (const Json* exact = find(key)) return exact;
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [key](const std::string& k) { return same_but_for_case(k, key); });
  return found == keys_.end() ? nullptr : &items_[static_cast<size_t>(found - keys_.begin())];
}

std::string_view Json::string_of(std::string_view key) const {
  const Json* value = find(key);
  return value == nullptr ? std::string_view() : value->string().value_or(std::string_view());
}

bool Json::boolean_of(std::string_view key, bool fallback) const {
  const Json* value = find(key);
  return value == nullptr ? fallback : value->boolean().value_or(fallback);
}

std::optional<int64_t> Json::integer_of(std::string_view key) const {
  const Json* value = find(key);
  return value == nullptr ? std::nullopt : value->integer();
}

Json& Json::set(std::string_view key, Json value) {
  if (kind_ != JsonKind::object) *this = object();
  if (const Json* old = find(key)) {
    items_[static_cast<size_t>(old - items_.data())] = std::move(value);
  } else {
    keys_.emplace_back(key);
    items_.push_back(std::move(value));
  }
  return *this;
}

Json& Json::push(Json value) {
  if (kind_ != JsonKind::array) *this = array();
  items_.push_back(std::move(value));
  return *this;
}

std::string Json::to_string() const {
  std::string out;
  append_to(out);
  return out;
}

void Json::append_to(std::string& out) const {
  switch (kind_) {
    case JsonKind::null:
      out += "null";
      return;
    case JsonKind::boolean:
      out += boolean_ ? "true" : "false";
      return;
    case JsonKind::number:
      out += text_;
      return;
    case JsonKind::string:
      append_json_string(out, text_);
      return;
    case JsonKind::array:
    case JsonKind::object:
      break;
  }
  const bool is_object = kind_ == JsonKind::object;
  out += is_object ? '{' : '[';
  for (size_t i = 0; i < items_.size(); ++i) {
    if (i > 0) out += ',';
    if (is_object) {
      append_json_string(out, keys_[i]);
      out += ':';
    }
    items_[i].append_to(out);
  }
  out += is_object ? '}' : ']';
}

}  // namespace wplug
