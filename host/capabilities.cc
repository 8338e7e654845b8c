#include "wplug/capabilities.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace wplug {
namespace {

constexpr std::array<std::string_view, 6> kPrefixes = {"fs:read", "fs:write", "network:outbound", "http", "env", "exec"};

// The keys of a pipeline's `grants` table, in the same order.
constexpr std::array<std::string_view, 6> kKeys = {"fs_read", "fs_write", "network", "http", "env", "exec"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view without_root_dot(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return host;
}

// Host names are compared without case and without the root's dot.
bool same_host(std::string_view a, std::string_view b) {
  a = without_root_dot(a);
  b = without_root_dot(b);
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool host_ends_with(std::string_view host, std::string_view suffix) {
  host = without_root_dot(host);
  suffix = without_root_dot(suffix);
  return host.size() > suffix.size() && same_host(host.substr(host.size() - suffix.size()), suffix);
}

// `*` matches any run of characters. Linear with one step back, as patterns have few stars.
bool matches_wildcard(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == text[t])) {
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

bool is_literal(std::string_view pattern) { return pattern.find_first_of("*?") == std::string_view::npos; }

// --- Paths -------------------------------------------------------------------------------------------------------------

// One name of a path against one of a pattern: `*` any run, `?` one character.
bool matches_name(std::string_view pattern, std::string_view name) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[t])) {
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

// The first name of a path that begins with a slash, and what follows it.
std::pair<std::string_view, std::string_view> first_name(std::string_view path) {
  const size_t end = std::min(path.find('/', 1), path.size());
  return {path.substr(1, end - 1), path.substr(end)};
}

// Both begin with a slash or are empty. One step back, to the last `**`, is enough.
bool matches_path(std::string_view pattern, std::string_view path) {
  std::string_view resume_pattern, resume_path;
  bool has_resume = false;
  if (path == "/") path = {};
  while (true) {
    if (pattern == "/**") return true;
    if (!pattern.empty()) {
      const auto [name, rest] = first_name(pattern);
      if (name == "**") {
        resume_pattern = pattern = rest;
        resume_path = path;
        has_resume = true;
        continue;
      }
      if (!path.empty()) {
        const auto [component, below] = first_name(path);
        if (matches_name(name, component)) {
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

std::optional<std::string> path_problem(std::string_view pattern) {
  if (pattern.empty() || pattern.front() != '/') return "it must be an absolute path";
  std::string_view rest = pattern == "/" ? "" : pattern;
  while (!rest.empty()) {
    const auto [name, below] = first_name(rest);
    if (name.empty()) return "it has an empty name between slashes";
    if (name == "." || name == "..") return "it has \"" + std::string(name) + "\" in it";
    if (name != "**" && name.find("**") != std::string_view::npos) return "** must stand alone between slashes";
    rest = below;
  }
  return std::nullopt;
}

// --- Hosts and ports ---------------------------------------------------------------------------------------------------

struct PortRange {
  uint32_t first = 0, last = 65535;
};

std::optional<uint32_t> port_number(std::string_view text) {
  uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || port > 65535) return std::nullopt;
  return port;
}

std::optional<PortRange> port_range(std::string_view text) {
  if (text == "*") return PortRange{};
  const size_t dash = text.find('-');
  const auto first = port_number(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return PortRange{*first, *first};
  const auto last = port_number(text.substr(dash + 1));
  if (!last || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

// HOST, HOST:PORTS or, for the network, PORTS; an IPv6 address with a port has brackets.
struct Endpoint {
  std::string_view host;  // empty: any
  std::optional<PortRange> ports = PortRange{};
};

Endpoint endpoint_of(std::string_view element, bool bare_is_port) {
  if (bare_is_port && element == "*") return {"*", PortRange{}};
  const size_t colon = element.rfind(':');
  const bool bracketed = !element.empty() && element.front() == '[';
  const bool is_address = !bracketed && std::count(element.begin(), element.end(), ':') > 1;
  const size_t bracket = element.find(']');
  if (colon == std::string_view::npos || is_address || (bracketed && bracket != std::string_view::npos && colon < bracket)) {
    if (bare_is_port && element.find_first_not_of("0123456789-") == std::string_view::npos) {
      return {"*", port_range(element)};
    }
    return {element, PortRange{}};
  }
  return {element.substr(0, colon), port_range(element.substr(colon + 1))};
}

bool host_matches(std::string_view pattern, std::string_view host) {
  if (pattern == "*") return true;
  if (pattern.starts_with("*.")) return host_ends_with(host, pattern.substr(1));
  return same_host(pattern, host);
}

// Calls `body` with each element of a list separated by commas until it returns true.
template <class Body>
bool any_element(std::string_view list, Body&& body) {
  while (true) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view element = list.substr(0, comma);
    while (!element.empty() && element.front() == ' ') element.remove_prefix(1);
    while (!element.empty() && element.back() == ' ') element.remove_suffix(1);
    if (body(element)) return true;
    if (comma == list.size()) return false;
    list.remove_prefix(comma + 1);
  }
}

enum class Cover : uint8_t { none, wildcard, literal };

Cover covers_host(std::string_view list, bool bare_is_port, const Access& access) {
  Cover best = Cover::none;
  any_element(list, [&](std::string_view element) {
    const Endpoint endpoint = endpoint_of(element, bare_is_port);
    if (!endpoint.ports || access.port < endpoint.ports->first || access.port > endpoint.ports->last) return false;
    if (!host_matches(endpoint.host, access.target)) return false;
    best = is_literal(endpoint.host) ? Cover::literal : std::max(best, Cover::wildcard);
    return best == Cover::literal;
  });
  return best;
}

std::optional<std::string> host_problem(std::string_view name) {
  if (name.empty()) return "a host name is missing";
  if (name == "*") return std::nullopt;
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.find('*') != std::string_view::npos) return "* may only stand alone or in front, as in *.example.com";
  if (name.empty() || name.front() == '.') return "a host name is missing";
  return std::nullopt;
}

std::optional<std::string> endpoints_problem(std::string_view list, bool bare_is_port) {
  std::optional<std::string> problem;
  any_element(list, [&](std::string_view element) {
    if (element.find('/') != std::string_view::npos) {
      problem = "name the host only, without scheme and path";
    } else {
      const Endpoint endpoint = endpoint_of(element, bare_is_port);
      problem = host_problem(endpoint.host);
      if (!problem && !endpoint.ports) problem = "the port must be a number, a range such as 8000-8099, or *";
    }
    return problem.has_value();
  });
  return problem;
}

// --- Commands ----------------------------------------------------------------------------------------------------------

std::pair<std::string_view, std::string_view> first_word(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(begin);
  const size_t end = std::min(text.find(' '), text.size());
  return {text.substr(0, end), text.substr(end)};
}

bool matches_arguments(std::string_view rules, std::span<const std::string> arguments) {
  if (first_word(rules).first.empty()) return true;
  size_t at = 0;
  while (true) {
    const auto [rule, rest] = first_word(rules);
    if (rule.empty()) return at == arguments.size();
    if (rule == "**") {
      for (size_t skip = at; skip <= arguments.size(); ++skip) {
        if (first_word(rest).first.empty() || matches_arguments(rest, arguments.subspan(skip))) return true;
      }
      return false;
    }
    if (at == arguments.size() || !matches_wildcard(rule, arguments[at])) return false;
    ++at;
    rules = rest;
  }
}

Cover covers(const Capability& capability, const Access& access) {
  const std::string_view pattern = capability.pattern;
  const auto whether = [&pattern](bool matched) {
    return !matched ? Cover::none : is_literal(pattern) ? Cover::literal : Cover::wildcard;
  };
  if (capability.kind != access.kind) {
    const bool by_network = access.kind == CapabilityKind::http && capability.kind == CapabilityKind::network;
    return by_network ? covers_host(pattern, true, access) : Cover::none;
  }
  switch (capability.kind) {
    case CapabilityKind::fs_read:
    case CapabilityKind::fs_write:
      return whether(matches_path(pattern, access.target));
    case CapabilityKind::network:
      return covers_host(pattern, true, access);
    case CapabilityKind::http:
      return covers_host(pattern, false, access);
    case CapabilityKind::env:
      return whether(matches_wildcard(pattern, access.target));
    case CapabilityKind::exec: {
      const auto [command, rules] = first_word(pattern);
      // Grants name commands in full (problem_of); what a plugin declares may be a pattern.
      return whether(matches_wildcard(command, access.target) && matches_arguments(rules, access.arguments));
    }
  }
  return Cover::none;
}

std::optional<std::string> problem_of(CapabilityKind kind, std::string_view pattern) {
  if (pattern.empty()) return "it is empty";
  const bool blanks = kind == CapabilityKind::exec || kind == CapabilityKind::fs_read ||
                      kind == CapabilityKind::fs_write || kind == CapabilityKind::network || kind == CapabilityKind::http;
  for (const char c : pattern) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f || (c == ' ' && !blanks)) {
      return "it has a blank or a control character";
    }
  }
  switch (kind) {
    case CapabilityKind::fs_read:
    case CapabilityKind::fs_write:
      return path_problem(pattern);
    case CapabilityKind::network:
      return endpoints_problem(pattern, true);
    case CapabilityKind::http:
      return endpoints_problem(pattern, false);
    case CapabilityKind::env:
      if (pattern.find('=') != std::string_view::npos) return "name the variable only, without a value";
      return std::nullopt;
    case CapabilityKind::exec:
      if (first_word(pattern).first.find('*') != std::string_view::npos) return "the command must be named in full";
      return std::nullopt;
  }
  return std::nullopt;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

std::string_view to_string(CapabilityKind kind) { return kPrefixes[static_cast<size_t>(kind)]; }

std::string Capability::to_string() const { return std::string(wplug::to_string(kind)) + ":" + pattern; }

std::string Access::to_string() const {
  std::string text = std::string(wplug::to_string(kind)) + ":";
  const bool is_address_6 = target.find(':') != std::string_view::npos;
  const bool on_network = kind == CapabilityKind::network || kind == CapabilityKind::http;
  text += on_network && is_address_6 ? "[" + std::string(target) + "]" : std::string(target);
  if (kind == CapabilityKind::network) text += ":" + std::to_string(port);
  for (const std::string& argument : arguments) text += " " + argument;
  return text;
}

Result<Capability> parse_capability(std::string_view text, std::string location) {
  for (size_t i = 0; i < kPrefixes.size(); ++i) {
    const std::string_view prefix = kPrefixes[i];
    if (!text.starts_with(prefix) || text.size() == prefix.size() || text[prefix.size()] != ':') continue;
    const auto kind = static_cast<CapabilityKind>(i);
    std::string pattern(text.substr(prefix.size() + 1));
    if (const auto problem = problem_of(kind, pattern)) {
      return Error(ErrorKind::misuse, quoted(text) + " grants nothing: " + *problem);
    }
    return Capability{kind, std::move(pattern), std::move(location)};
  }
  return Error(ErrorKind::misuse, quoted(text) +
                                      " is no capability: fs:read:PATH, fs:write:PATH, network:outbound:HOST:PORT, "
                                      "http:HOST, env:NAME or exec:COMMAND");
}

Result<void> Grants::add(std::string_view text, std::string location) {
  WPLUG_TRY_ASSIGN(Capability capability, parse_capability(text, std::move(location)));
  add(std::move(capability));
  return {};
}

const Capability* Grants::find(const Access& access) const {
  const Capability* found = nullptr;
  for (const Capability& capability : list_) {
    const Cover cover = covers(capability, access);
    if (cover == Cover::literal) return &capability;
    if (cover == Cover::wildcard && found == nullptr) found = &capability;
  }
  return found;
}

Decision authorize(const Policy& policy, const Access& access) {
  const Capability* granted = policy.granted.find(access);
  const bool declared = !policy.declared || policy.declared->find(access) != nullptr;
  if (granted != nullptr && declared) {
    return {true, covers(*granted, access) == Cover::literal, ""};
  }
  Decision decision;
  const std::string wanted = access.to_string();
  decision.reason = "plugin " + quoted(policy.plugin) + " may not " + wanted + ": ";
  if (granted == nullptr) {
    if (!policy.location.empty()) decision.reason += policy.location + ": ";
    const std::string_view key = kKeys[static_cast<size_t>(access.kind)];
    const std::string_view pattern = std::string_view(wanted).substr(to_string(access.kind).size() + 1);
    decision.reason += "grants." + std::string(key) + " = [" + quoted(pattern) + "] would allow it";
  } else {
    decision.reason += "it is granted, but the plugin does not declare it";
  }
  return decision;
}

std::optional<std::string> broadness(const Capability& capability) {
  const std::string_view pattern = capability.pattern;
  switch (capability.kind) {
    case CapabilityKind::fs_read:
    case CapabilityKind::fs_write:
      if (pattern == "/**" || pattern == "/" || pattern == "/*/**") return "it covers every file";
      return std::nullopt;
    case CapabilityKind::network:
    case CapabilityKind::http:
      if (any_element(pattern, [](std::string_view element) { return element == "*" || element == "*:*"; })) {
        return "it covers every public host";
      }
      return std::nullopt;
    case CapabilityKind::env:
      if (pattern == "*") return "it covers every variable, secrets among them";
      return std::nullopt;
    case CapabilityKind::exec: {
      std::string_view command = first_word(pattern).first;
      command = command.substr(command.rfind('/') + 1);
      constexpr std::string_view kInterpreters[] = {"sh",   "bash", "dash",   "zsh",  "ksh",  "fish", "csh", "tcsh",
                                                    "perl", "ruby", "python", "node", "php",  "lua",  "awk", "gawk",
                                                    "tclsh", "pwsh", "busybox", "env", "xargs", "sudo", "su", "ssh"};
      while (!command.empty() && (command.back() == '.' || (command.back() >= '0' && command.back() <= '9'))) {
        command.remove_suffix(1);
      }
      if (std::find(std::begin(kInterpreters), std::end(kInterpreters), command) != std::end(kInterpreters)) {
        return "it runs any program through an interpreter";
      }
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace wplug
