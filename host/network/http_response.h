// The head of an HTTP/1 response (RFC 9112), strictly: what two readers could understand differently is an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wplug {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// "HTTP/1.1 200 OK" → 200.
std::optional<int> parse_status_line(std::string_view line);

// "Name: value", without the blanks around the value; nullopt: folded lines, blanks in the name, control characters.
std::optional<std::pair<std::string, std::string>> parse_header_line(std::string_view line);

// The hexadecimal size in front of a chunk; what follows a semicolon is skipped.
std::optional<uint64_t> parse_chunk_size(std::string_view line);

// Compared without case.
bool is_header(std::string_view name, std::string_view lower_case);

enum class BodyForm : uint8_t { none, length, chunked, until_end, invalid };

struct BodyPlan {
  BodyForm form = BodyForm::invalid;
  uint64_t length = 0;  // of the form length
};

// How the body of a response to `method` comes (RFC 9112, 6.3). Invalid: lengths that differ, a length and chunks, an encoding
// other than chunked.
BodyPlan plan_body(std::string_view method, int status, const HeaderList& headers);

}  // namespace wplug
