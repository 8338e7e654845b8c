#include "spec-tests/runner/expectations.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace wplug::spec {
namespace {

std::optional<uint32_t> parse_line_number(std::string_view text) {
  uint32_t number = 0;
  const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

// "12" or "12-15".
std::optional<std::pair<uint32_t, uint32_t>> parse_range(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_line_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_line_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return std::pair(*first, *last);
}

}  // namespace

Result<Expectations> Expectations::parse(std::string_view text) {
  Expectations list;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const size_t space = line.find(' ');
    const size_t colon = line.substr(0, space).rfind(':');
    const bool complete = space != std::string_view::npos && colon != std::string_view::npos;
    const auto range = complete ? parse_range(line.substr(colon + 1, space - colon - 1)) : std::nullopt;
    if (!range || line.find_first_not_of(' ', space) == std::string_view::npos) {
      return Error(ErrorKind::malformed,
                   "line " + std::to_string(number) + ": want `file:line reason`, found `" + std::string(line) + "`");
    }
    const std::string_view reason = line.substr(line.find_first_not_of(' ', space));
    list.entries_[std::string(line.substr(0, colon))].push_back({range->first, range->second, std::string(reason)});
  }
  return list;
}

Result<Expectations> Expectations::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(ErrorKind::host, "cannot be read");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse(text);
}

const std::string* Expectations::reason(const std::string& script, uint32_t line) const {
  const auto it = entries_.find(script);
  if (it == entries_.end()) return nullptr;
  for (const Entry& entry : it->second) {
    if (entry.first <= line && line <= entry.last) return &entry.reason;
  }
  return nullptr;
}

std::vector<uint32_t> Expectations::unused(const std::string& script, const std::vector<uint32_t>& lines) const {
  std::vector<uint32_t> result;
  const auto it = entries_.find(script);
  if (it == entries_.end()) return result;
  for (const Entry& entry : it->second) {
    const bool used = std::any_of(lines.begin(), lines.end(),
                                  [&](uint32_t line) { return entry.first <= line && line <= entry.last; });
    if (!used) result.push_back(entry.first);
  }
  return result;
}

}  // namespace wplug::spec
