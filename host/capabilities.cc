#include "wplug/capabilities.h"

#include <algorithm>

namespace wplug {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Host names are compared without case and without the root's dot.
std::string canonical_host(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  std::string result(host);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

// `*` matches any run of characters. Linear with one step back, as patterns have few stars.
bool matches_wildcard(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool host_matches(std::string_view pattern, std::string_view host) {
  if (pattern == "*") return true;
  if (pattern.starts_with("*.")) {
    const std::string suffix = canonical_host(pattern.substr(1));
    return host.size() > suffix.size() && host.ends_with(suffix);
  }
  return canonical_host(pattern) == host;
}

bool is_literal(std::string_view pattern) { return pattern.find('*') == std::string_view::npos; }

Decision decide(const std::vector<std::string>& patterns, std::string_view grant, std::string_view target,
                bool (*matches)(std::string_view, std::string_view)) {
  Decision decision;
  for (const std::string& pattern : patterns) {
    if (!matches(pattern, target)) continue;
    decision.allowed = true;
    decision.literal = decision.literal || is_literal(pattern);
  }
  if (!decision.allowed) {
    const std::string quoted = "\"" + std::string(target) + "\"";
    decision.reason = quoted + " is not granted; grants." + std::string(grant) + " = [" + quoted + "] would allow it";
  }
  return decision;
}

std::optional<std::string> host_problem(std::string_view pattern) {
  if (pattern.find("://") != std::string_view::npos || pattern.find('/') != std::string_view::npos) {
    return "name the host only, without scheme and path";
  }
  std::string_view name = pattern;
  if (name == "*") return std::nullopt;
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.find('*') != std::string_view::npos) return "* may only stand alone or in front, as in *.example.com";
  const bool is_address_6 = std::count(name.begin(), name.end(), ':') > 1;
  if (!is_address_6 && name.find(':') != std::string_view::npos) return "a grant covers every port: leave the port out";
  if (name.empty() || name.front() == '.') return "a host name is missing";
  return std::nullopt;
}

}  // namespace

Decision authorize(const Grants& grants, Capability capability, std::string_view target) {
  if (capability == Capability::env) return decide(grants.env, "env", target, matches_wildcard);
  return decide(grants.http, "http", canonical_host(target), host_matches);
}

std::optional<std::string> grant_problem(Capability capability, std::string_view pattern) {
  if (pattern.empty()) return "it is empty";
  for (char c : pattern) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return "it has a blank or a control character";
  }
  if (capability == Capability::http) return host_problem(pattern);
  if (pattern.find('=') != std::string_view::npos) return "name the variable only, without a value";
  return std::nullopt;
}

}  // namespace wplug
