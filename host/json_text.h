// JSON as text: a strict check of foreign text, and the writing of strings. Documents are not built here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wplug {

struct JsonProblem {
  size_t offset;  // byte in the text
  const char* what;
};

// What keeps `text` from being one JSON value (RFC 8259, UTF-8, nested at most 1000 deep); nullopt when it is one.
// Runs over every record and every result, so it makes one pass and builds nothing.
std::optional<JsonProblem> find_json_problem(std::string_view text);

// Appends `text` as a JSON string. What is not UTF-8 becomes U+FFFD; control characters are escaped.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

// What a JSON string says; `inside` is its text between the quotes, found to be right by find_json_problem.
std::string json_string_value(std::string_view inside);

// The length of the UTF-8 sequence at the start of `text`, 1 to 4; 0 when there is no valid one.
size_t utf8_length(std::string_view text);

}  // namespace wplug
