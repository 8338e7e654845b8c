#include "host/network/http_response.h"

#include <algorithm>
#include <charconv>

namespace wplug {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_byte(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; }

std::string_view without_blanks(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::optional<uint64_t> parse_number(std::string_view text, int base) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<int> parse_status_line(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || !is_digit(line[7]) || line[8] != ' ') return std::nullopt;
  if (line.size() > 12 && line[12] != ' ') return std::nullopt;
  if (!is_digit(line[9]) || line[9] == '0' || !is_digit(line[10]) || !is_digit(line[11])) return std::nullopt;
  return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

std::optional<std::pair<std::string, std::string>> parse_header_line(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = without_blanks(line.substr(colon + 1));
  if (!std::all_of(name.begin(), name.end(), is_token_byte)) return std::nullopt;
  if (std::any_of(value.begin(), value.end(), is_control)) return std::nullopt;
  return std::pair(std::string(name), std::string(value));
}

std::optional<uint64_t> parse_chunk_size(std::string_view line) {
  return parse_number(without_blanks(line.substr(0, line.find(';'))), 16);
}

bool is_header(std::string_view name, std::string_view lower_case) {
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

BodyPlan plan_body(std::string_view method, int status, const HeaderList& headers) {
  bool chunked = false;
  std::optional<uint64_t> length;
  for (const auto& [name, value] : headers) {
    if (is_header(name, "transfer-encoding")) {
      if (chunked || !is_header(value, "chunked")) return {};
      chunked = true;
    } else if (is_header(name, "content-length")) {
      const auto number = parse_number(value, 10);
      if (!number || (length && *length != *number)) return {};
      length = number;
    }
  }
  if (chunked && length) return {};
  if (method == "HEAD" || status == 204 || status == 304 || status < 200) return {BodyForm::none, 0};
  if (chunked) return {BodyForm::chunked, 0};
  return length ? BodyPlan{BodyForm::length, *length} : BodyPlan{BodyForm::until_end, 0};
}

}  // namespace wplug
