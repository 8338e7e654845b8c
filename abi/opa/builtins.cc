#include "abi/opa/builtins.h"

#include <algorithm>
#include <utility>

namespace wplug {
namespace {

using Builtin = Result<std::optional<Json>>;

Builtin sprintf_builtin(const OpaEvaluation&, std::span<const Json> arguments) {
  const auto format = arguments[0].string();
  if (!format || !arguments[1].is_array()) return std::optional<Json>();
  return std::optional<Json>(Json(rego_sprintf(*format, arguments[1])));
}

Builtin now_ns(const OpaEvaluation& evaluation, std::span<const Json>) {
  return std::optional<Json>(Json(evaluation.now_ns));
}

Builtin trace(const OpaEvaluation& evaluation, std::span<const Json> arguments) {
  const auto note = arguments[0].string();
  if (!note) return std::optional<Json>();
  if (evaluation.notes != nullptr) *evaluation.notes += std::string(*note) + "\n";
  return std::optional<Json>(Json(true));
}

Builtin strings_count(const OpaEvaluation&, std::span<const Json> arguments) {
  const auto text = arguments[0].string(), part = arguments[1].string();
  if (!text || !part) return std::optional<Json>();
  int64_t count = 0;
  if (part->empty()) {
    // Go: one more than there are characters.
    count = 1 + std::count_if(text->begin(), text->end(), [](char c) { return (c & 0xc0) != 0x80; });
  } else {
    for (size_t at = 0; (at = text->find(*part, at)) != std::string_view::npos; at += part->size()) ++count;
  }
  return std::optional<Json>(Json(count));
}

// Whether `fits` holds for any pair of a text and a pattern, each one string or a list of them.
template <class Fits>
Builtin any_match(std::span<const Json> arguments, Fits fits) {
  const auto list_of = [](const Json& json) -> std::optional<std::vector<std::string_view>> {
    std::vector<std::string_view> list;
    if (const auto one = json.string()) return std::vector{*one};
    if (!json.is_array()) return std::nullopt;
    for (size_t i = 0; i < json.size(); ++i) {
      const auto element = json.at(i).string();
      if (!element) return std::nullopt;
      list.push_back(*element);
    }
    return list;
  };
  const auto texts = list_of(arguments[0]), patterns = list_of(arguments[1]);
  if (!texts || !patterns) return std::optional<Json>();
  const bool found = std::ranges::any_of(*texts, [&](std::string_view text) {
    return std::ranges::any_of(*patterns, [&](std::string_view pattern) { return fits(text, pattern); });
  });
  return std::optional<Json>(Json(found));
}

Builtin any_prefix_match(const OpaEvaluation&, std::span<const Json> arguments) {
  return any_match(arguments, [](std::string_view text, std::string_view part) { return text.starts_with(part); });
}

Builtin any_suffix_match(const OpaEvaluation&, std::span<const Json> arguments) {
  return any_match(arguments, [](std::string_view text, std::string_view part) { return text.ends_with(part); });
}

Builtin hex_encode(const OpaEvaluation&, std::span<const Json> arguments) {
  const auto text = arguments[0].string();
  if (!text) return std::optional<Json>();
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(text->size() * 2);
  for (const char c : *text) {
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return std::optional<Json>(Json(std::move(hex)));
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Builtin hex_decode(const OpaEvaluation&, std::span<const Json> arguments) {
  const auto hex = arguments[0].string();
  if (!hex || hex->size() % 2 != 0) return std::optional<Json>();
  std::string text;
  for (size_t i = 0; i < hex->size(); i += 2) {
    const int high = digit_of((*hex)[i]), low = digit_of((*hex)[i + 1]);
    if (high < 0 || low < 0) return std::optional<Json>();
    text += static_cast<char>(high * 16 + low);
  }
  return std::optional<Json>(Json(std::move(text)));
}

constexpr OpaBuiltinRow kRows[] = {
#define WPLUG_OPA_BUILTIN(name, arguments, function) {name, arguments, &function},
#include "abi/opa/builtins.def"
};

}  // namespace

const OpaBuiltinRow* find_opa_builtin(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &OpaBuiltinRow::name);
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace wplug
