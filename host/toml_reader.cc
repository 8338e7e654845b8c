#include "host/toml_reader.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "host/json_text.h"
#include "host/units.h"

namespace wplug {
namespace {

std::string type_name(const toml::node& node) {
  std::ostringstream out;
  out << node.type();
  return out.str();
}

Error wrong_type(const std::string& file, const toml::node& node, std::string_view key, std::string_view expected) {
  return toml_error(file, node.source(),
                    std::string(key) + " must be " + std::string(expected) + ", not " + type_name(node));
}

// Edit distance, to guess what a misspelt key was meant to be.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string unknown_key(std::string_view key, std::string_view where, std::initializer_list<TomlKey> keys) {
  std::string known;
  std::string_view nearest;
  for (const TomlKey& candidate : keys) {
    known += (known.empty() ? "" : ", ") + std::string(candidate.name);
    if (distance(key, candidate.name) <= 2) nearest = candidate.name;
  }
  const std::string shown(key.substr(0, 80));
  std::string message = "unknown key \"" + shown + "\" in " + std::string(where);
  return message + (nearest.empty() ? "; known: " + known : "; did you mean " + std::string(nearest) + "?");
}

template <class T>
std::string streamed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

// Shortest text that reads back the same.
std::string json_of_float(double value) {
  char text[32];
  for (int digits = 15; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

Result<std::string> json_of_array(const std::string& file, const toml::array& array) {
  std::string out = "[";
  for (const toml::node& element : array) {
    WPLUG_TRY_ASSIGN(const std::string text, json_of(file, element));
    out += (out.size() > 1 ? "," : "") + text;
  }
  return out + "]";
}

Result<std::string> json_of_table(const std::string& file, const toml::table& table) {
  std::string out = "{";
  for (auto&& [key, value] : table) {
    WPLUG_TRY_ASSIGN(const std::string text, json_of(file, value));
    out += (out.size() > 1 ? "," : "") + json_string(key.str()) + ":" + text;
  }
  return out + "}";
}

}  // namespace

Error toml_error(const std::string& file, const toml::source_region& at, const std::string& message) {
  return Error(ErrorKind::misuse, file + ":" + std::to_string(at.begin.line) + ":" + std::to_string(at.begin.column) +
                                      ": " + message);
}

Result<void> read_table(const std::string& file, const toml::table& table, std::string_view where,
                        std::initializer_list<TomlKey> keys) {
  // The table has them by name; whoever wrote the file reads it by line.
  std::vector<std::pair<const toml::key*, const toml::node*>> entries;
  for (auto&& [name, value] : table) entries.emplace_back(&name, &value);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first->source().begin < b.first->source().begin; });
  for (const auto& [name, value] : entries) {
    const std::string_view text = name->str();
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const TomlKey& k) { return k.name == text; });
    if (key == keys.end()) return toml_error(file, name->source(), unknown_key(text, where, keys));
    WPLUG_TRY(key->read(*value));
  }
  return {};
}

Result<std::string> read_string(const std::string& file, const toml::node& node, std::string_view key) {
  const auto* value = node.as_string();
  if (value == nullptr) return wrong_type(file, node, key, "a string");
  if (value->get().find('\0') != std::string::npos) {
    return toml_error(file, node.source(), std::string(key) + " has a NUL character");
  }
  return value->get();
}

Result<uint64_t> read_count(const std::string& file, const toml::node& node, std::string_view key) {
  const auto* value = node.as_integer();
  if (value == nullptr) return wrong_type(file, node, key, "a number");
  if (value->get() < 0) {
    return toml_error(file, node.source(), std::string(key) + " must not be negative: " + std::to_string(value->get()));
  }
  return static_cast<uint64_t>(value->get());
}

Result<std::vector<std::string>> read_strings(const std::string& file, const toml::node& node, std::string_view key) {
  const auto* array = node.as_array();
  if (array == nullptr) return wrong_type(file, node, key, "an array of strings");
  std::vector<std::string> strings;
  for (const toml::node& element : *array) {
    WPLUG_TRY_ASSIGN(std::string text, read_string(file, element, std::string(key) + "[]"));
    strings.push_back(std::move(text));
  }
  return strings;
}

Result<const toml::table*> read_subtable(const std::string& file, const toml::node& node, std::string_view key) {
  const auto* table = node.as_table();
  if (table == nullptr) return wrong_type(file, node, key, "a table");
  return table;
}

Result<std::string> json_of(const std::string& file, const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return json_of_table(file, *node.as_table());
    case toml::node_type::array:
      return json_of_array(file, *node.as_array());
    case toml::node_type::string:
      return json_string(node.as_string()->get());
    case toml::node_type::integer:
      return std::to_string(node.as_integer()->get());
    case toml::node_type::boolean:
      return std::string(node.as_boolean()->get() ? "true" : "false");
    case toml::node_type::floating_point: {
      const double value = node.as_floating_point()->get();
      if (!std::isfinite(value)) return toml_error(file, node.source(), "JSON has no number for nan and inf");
      return json_of_float(value);
    }
    case toml::node_type::date:
      return json_string(streamed(node.as_date()->get()));
    case toml::node_type::time:
      return json_string(streamed(node.as_time()->get()));
    case toml::node_type::date_time:
      return json_string(streamed(node.as_date_time()->get()));
    default:
      return toml_error(file, node.source(), "a value that JSON does not have");
  }
}

}  // namespace wplug
