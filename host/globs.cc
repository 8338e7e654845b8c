// All three matchers are the same idea: go forward, remember the last star, and after a mismatch let that star take one more.
// Earlier stars never need another look: what they could give the later one can take.
#include "host/globs.h"

#include <algorithm>
#include <utility>

namespace wplug {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

template <bool kQuestionMark>
bool matches_run(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = kNone, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
      if (p == pattern.size()) return true;
    } else if (p < pattern.size() && (pattern[p] == text[t] || (kQuestionMark && pattern[p] == '?'))) {
      ++p;
      ++t;
    } else if (star != kNone) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

bool matches_wildcard(std::string_view pattern, std::string_view text) { return matches_run<false>(pattern, text); }

bool matches_glob(std::string_view pattern, std::string_view text) { return matches_run<true>(pattern, text); }

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string_view::npos) return false;
  if (path.size() == 1) return true;
  for (size_t at = 1;;) {
    const size_t end = std::min(path.find('/', at), path.size());
    const size_t length = end - at;
    if (length == 0 || (path[at] == '.' && (length == 1 || (length == 2 && path[at + 1] == '.')))) return false;
    if (end == path.size()) return true;
    at = end + 1;
  }
}

std::pair<std::string_view, std::string_view> first_name(std::string_view path) {
  const size_t end = std::min(path.find('/', 1), path.size());
  return {path.substr(1, end - 1), path.substr(end)};
}

bool matches_path(std::string_view pattern, std::string_view path) {
  std::string_view resume_pattern, resume_path;
  bool has_resume = false;
  if (path == "/") path = {};
  if (pattern == "/") pattern = {};
  while (true) {
    if (pattern == "/**" && !path.empty()) return true;
    if (!pattern.empty()) {
      const auto [name, rest] = first_name(pattern);
      if (name == "**" && !rest.empty()) {
        resume_pattern = pattern = rest;
        resume_path = path;
        has_resume = true;
        continue;
      }
      if (!path.empty()) {
        const auto [component, below] = first_name(path);
        if (matches_run<true>(name, component)) {
          pattern = rest;
          path = below;
          continue;
        }
      }
    } else if (path.empty()) {
      return true;
    }
    if (!has_resume || resume_path.empty()) return false;
    resume_path = first_name(resume_path).second;
    pattern = resume_pattern;
    path = resume_path;
  }
}

bool matches_arguments(std::span<const std::string> patterns, std::span<const std::string> arguments) {
  size_t p = 0, a = 0, star = kNone, resume = 0;
  while (a < arguments.size()) {
    if (p < patterns.size() && patterns[p] == "**") {
      star = p++;
      resume = a;
    } else if (p < patterns.size() && matches_wildcard(patterns[p], arguments[a])) {
      ++p;
      ++a;
    } else if (star != kNone) {
      p = star + 1;
      a = ++resume;
    } else {
      return false;
    }
  }
  return std::all_of(patterns.begin() + static_cast<std::ptrdiff_t>(p), patterns.end(),
                     [](const std::string& pattern) { return pattern == "**"; });
}

}  // namespace wplug
