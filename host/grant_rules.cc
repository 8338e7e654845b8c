#include "host/grant_rules.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <tuple>
#include <utility>

#include "host/globs.h"

namespace wplug {
namespace {

bool is_network(CapabilityKind kind) { return kind == CapabilityKind::network || kind == CapabilityKind::http; }
bool is_file(CapabilityKind kind) { return kind == CapabilityKind::fs_read || kind == CapabilityKind::fs_write; }

template <class T>
uint64_t load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// The last eight bytes, or all of fewer, so that texts of one length with different ends differ. Loads of fixed size that
// overlap: a call for each rule would be most of the work.
uint64_t last_bytes(std::string_view text) {
  const size_t size = text.size();
  const char* const begin = text.data();
  if (size >= 8) return load<uint64_t>(begin + size - 8);
  if (size >= 4) return load<uint32_t>(begin) | load<uint32_t>(begin + size - 4) << 32;
  if (size >= 2) return load<uint16_t>(begin) | load<uint16_t>(begin + size - 2) << 16;
  return size == 1 ? static_cast<unsigned char>(*begin) : 0;
}

// Tells texts apart that end the same; equality is looked at after it.
uint64_t hash_of(std::string_view text) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  uint64_t hash = text.size() * kOdd;
  for (size_t at = 0; at + 8 < text.size(); at += 8) {
    hash = (hash ^ load<uint64_t>(text.data() + at)) * kOdd;
    hash ^= hash >> 29;
  }
  return (hash ^ last_bytes(text)) * kOdd;
}

uint64_t first_bytes(std::string_view text) { return last_bytes(text.substr(0, 8)); }

// --- Ports and hosts of patterns ---------------------------------------------------------------------------------------

std::optional<uint16_t> port_number(std::string_view text) {
  uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_port = !text.empty() && error == std::errc() && end == text.data() + text.size();
  return is_port && port >= 1 && port <= 65535 ? std::optional(static_cast<uint16_t>(port)) : std::nullopt;
}

bool read_ports(std::string_view text, Endpoint& endpoint) {
  if (text == "*") return true;
  const size_t dash = text.find('-');
  const auto first = port_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : port_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  endpoint.first_port = *first;
  endpoint.last_port = *last;
  return true;
}

// nullopt: the ports are none.
std::optional<Endpoint> endpoint_of(std::string_view element, bool bare_is_port) {
  Endpoint endpoint{element};
  const size_t colon = element.rfind(':');
  const bool bracketed = element.starts_with('[');
  const size_t bracket = element.find(']');
  const bool is_address = !bracketed && std::count(element.begin(), element.end(), ':') > 1;
  const bool has_ports = colon != std::string_view::npos && !is_address &&
                         !(bracketed && bracket != std::string_view::npos && colon < bracket);
  if (has_ports) {
    endpoint.host = element.substr(0, colon);
    return read_ports(element.substr(colon + 1), endpoint) ? std::optional(endpoint) : std::nullopt;
  }
  if (bare_is_port && element.find_first_not_of("0123456789-") == std::string_view::npos) {
    endpoint.host = "*";
    return read_ports(element, endpoint) ? std::optional(endpoint) : std::nullopt;
  }
  return endpoint;
}

// Calls `body` with each element of a list separated by commas until it returns true.
template <class Body>
bool any_element(std::string_view list, Body&& body) {
  while (true) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view element = list.substr(0, comma);
    while (element.starts_with(' ')) element.remove_prefix(1);
    while (element.ends_with(' ')) element.remove_suffix(1);
    if (body(element)) return true;
    if (comma == list.size()) return false;
    list.remove_prefix(comma + 1);
  }
}

std::optional<std::string> host_problem(std::string_view name) {
  if (name == "*" || parse_address(name)) return std::nullopt;
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.front() == '.') return "a host name is missing";
  if (name.find('*') != std::string_view::npos) return "* may only stand alone or in front, as in *.example.com";
  std::array<char, kMostHostName> buffer;
  if (plain_host_name(name, buffer).empty()) return "\"" + std::string(name) + "\" is neither a host name nor an address";
  return std::nullopt;
}

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

// The name in lower case with its wildcards, in `buffer`; empty when it is none: what has no letter between its wildcards may
// be an address, and addresses are not matched by their text.
std::string_view plain_host_glob(std::string_view glob, std::span<char, kMostHostName> buffer) {
  std::string name(glob);
  for (char& c : name) {
    if (c == '*' || c == '?') c = 'a';
  }
  const std::string_view plain = plain_host_name(name, buffer);
  const bool is_name = glob.find_first_not_of("0123456789.*?") != std::string_view::npos;
  if (!is_name || glob.find("**") != std::string_view::npos) return {};
  for (size_t i = 0; i < plain.size(); ++i) {
    if (glob[i] == '*' || glob[i] == '?') buffer[i] = glob[i];
  }
  return plain;
}

std::optional<std::string> endpoints_problem(std::string_view list, bool bare_is_port) {
  std::optional<std::string> problem;
  any_element(list, [&](std::string_view element) {
    const auto endpoint = endpoint_of(element, bare_is_port);
    if (element.find('/') != std::string_view::npos) {
      problem = "name the host only, without scheme and path";
    } else if (!endpoint) {
      problem = "the port must be a number from 1 to 65535, a range such as 8000-8099, or *";
    } else {
      problem = host_problem(endpoint->host);
    }
    return problem.has_value();
  });
  return problem;
}

std::optional<std::string> path_problem(std::string_view pattern) {
  if (!pattern.starts_with('/')) return "it must be an absolute path";
  std::string_view rest = pattern == "/" ? "" : pattern;
  while (!rest.empty()) {
    const auto [name, below] = first_name(rest);
    if (name.empty()) return "it has an empty name between slashes, or a slash at the end";
    if (name == "." || name == "..") return "it has \"" + std::string(name) + "\" in it";
    if (name != "**" && name.find("**") != std::string_view::npos) return "** must stand alone between slashes";
    rest = below;
  }
  return std::nullopt;
}

// --- Rules -------------------------------------------------------------------------------------------------------------

std::pair<std::string_view, std::string_view> first_word(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const size_t end = std::min(text.find(' '), text.size());
  return {text.substr(0, end), text.substr(end)};
}

Rule rule_of(Shape shape, std::string text, size_t fixed) {
  Rule rule;
  rule.shape = shape;
  rule.text = std::move(text);
  rule.fixed = static_cast<uint32_t>(fixed);
  const std::string_view view = rule.text;
  rule.probe = shape == Shape::exact    ? hash_of(view)
               : shape == Shape::ending ? first_bytes(view)
                                        : last_bytes(view.substr(0, fixed));
  return rule;
}

// The longest name without wildcards in front of the first `**`, which stands at the same place in every path that matches.
void add_name_filter(Rule& rule, std::string_view pattern) {
  std::string_view rest = pattern;
  for (uint8_t at = 0; !rest.empty() && at < Target::kMostNames; ++at) {
    const auto [name, below] = first_name(rest);
    if (name == "**") return;
    if (name.find_first_of("*?") == std::string_view::npos && name.size() >= rule.name_size && name.size() <= UINT16_MAX) {
      rule.name_at = at;
      rule.name_size = static_cast<uint16_t>(name.size());
      rule.name_probe = last_bytes(name);
    }
    rest = below;
  }
}

Rule pattern_rule(std::string_view pattern, std::string_view wildcards, Shape shape) {
  const size_t fixed = pattern.find_first_of(wildcards);
  if (fixed == std::string_view::npos) return rule_of(Shape::exact, std::string(pattern), pattern.size());
  if (shape == Shape::path && fixed + 2 == pattern.size() && pattern.ends_with("/**")) {
    return rule_of(Shape::beginning, std::string(pattern.substr(0, fixed)), fixed);
  }
  Rule rule = rule_of(shape, std::string(pattern), fixed);
  const size_t tail = std::min<size_t>(pattern.size() - 1 - pattern.find_last_of(wildcards), 8);
  rule.tail_size = static_cast<uint8_t>(tail);
  rule.tail = last_bytes(pattern.substr(pattern.size() - tail));
  if (shape == Shape::path) {
    add_name_filter(rule, pattern);
    rule.slash = static_cast<uint32_t>(pattern.rfind('/', fixed));
  }
  return rule;
}

Rule host_rule(const Endpoint& endpoint) {
  Rule rule;
  std::array<char, kMostHostName> buffer;
  if (endpoint.host == "*") {
    rule.shape = Shape::any;
  } else if (const auto address = parse_address(endpoint.host)) {
    rule.shape = Shape::address;
    rule.address = *address;
  } else if (endpoint.host.starts_with("*.") && !has_wildcard(endpoint.host.substr(1))) {
    std::string text = "." + std::string(plain_host_name(endpoint.host.substr(2), buffer));
    rule = rule_of(Shape::ending, std::move(text), 0);
  } else if (has_wildcard(endpoint.host)) {
    rule = pattern_rule(plain_host_glob(endpoint.host, buffer), "*?", Shape::host_glob);
  } else {
    const std::string_view name = plain_host_name(endpoint.host, buffer);
    rule = rule_of(Shape::exact, std::string(name), name.size());
  }
  rule.first_port = endpoint.first_port;
  rule.last_port = endpoint.last_port;
  return rule;
}

Rule exec_rule(std::string_view pattern) {
  auto [command, rest] = first_word(pattern);
  Rule rule = rule_of(Shape::exact, std::string(command), command.size());
  for (auto [word, more] = first_word(rest); !word.empty(); std::tie(word, more) = first_word(more)) {
    rule.arguments.emplace_back(word);
  }
  rule.has_arguments = !rule.arguments.empty();
  return rule;
}

bool begins_with(std::string_view text, std::string_view beginning, uint64_t probe) {
  if (text.size() < beginning.size()) return false;
  if (last_bytes(text.substr(0, beginning.size())) != probe) return false;
  return beginning.size() <= 8 || std::memcmp(text.data(), beginning.data(), beginning.size() - 8) == 0;
}

bool ends_with(std::string_view text, std::string_view ending, uint64_t probe) {
  if (text.size() <= ending.size()) return false;
  const std::string_view end = text.substr(text.size() - ending.size());
  return first_bytes(end) == probe && end == ending;
}

// False when a name of the path says that the pattern does not match.
bool may_match_name(const Rule& rule, const Target& target) {
  if (rule.name_at == Rule::kNoName) return true;
  if (rule.name_at >= target.names) return false;
  return target.name_size(rule.name_at) == rule.name_size && last_bytes(target.name(rule.name_at)) == rule.name_probe;
}

// False when the beginning or the end of the text says that the pattern does not match.
bool may_match_ends(const Rule& rule, std::string_view text) {
  if (rule.fixed > 0 && !begins_with(text, std::string_view(rule.text.data(), rule.fixed), rule.probe)) return false;
  if (rule.tail_size == 0) return true;
  return text.size() >= rule.tail_size && last_bytes(text.substr(text.size() - rule.tail_size)) == rule.tail;
}

bool matches(const Rule& rule, const Target& target) {
  const std::string_view text = target.text;
  switch (rule.shape) {
    case Shape::any:
      return true;
    case Shape::exact:
      return rule.probe == target.hash && text == rule.text;
    case Shape::beginning:
      return text.size() > rule.fixed && begins_with(text, rule.text, rule.probe);
    case Shape::ending:
      return ends_with(text, rule.text, rule.probe);
    case Shape::address:
      return target.address && *target.address == rule.address;
    case Shape::path:
      // Up to that slash they are the same when the ends match.
      return may_match_name(rule, target) && may_match_ends(rule, text) &&
             matches_path(std::string_view(rule.text).substr(rule.slash), text.substr(rule.slash));
    case Shape::wildcard:
      return may_match_ends(rule, text) && matches_wildcard(rule.text, text);
    case Shape::host_glob:
      return may_match_ends(rule, text) && !text.empty() && matches_glob(rule.text, text);
  }
  return false;
}

bool covers(const Rule& rule, const Target& target) {
  const Access& access = target.access;
  if (is_network(access.kind) && (access.port < rule.first_port || access.port > rule.last_port)) return false;
  if (!matches(rule, target)) return false;
  return !rule.has_arguments || matches_arguments(rule.arguments, access.arguments);
}

uint64_t bytes_of(const HostAddress& address) {
  uint64_t halves[2];
  std::memcpy(halves, address.data(), sizeof halves);
  return halves[0] ^ halves[1];
}

const Rule* earlier(const Rule* a, const Rule* b) { return a == nullptr || (b != nullptr && b->index < a->index) ? b : a; }

}  // namespace

// --- Lists of rules ----------------------------------------------------------------------------------------------------

RuleList::Group RuleList::group_of(const Rule& rule, uint64_t& wanted) {
  wanted = rule.probe;
  switch (rule.shape) {
    case Shape::any:
      break;
    case Shape::exact:
      return {Look::hash, 0, 0, {}, {}};
    case Shape::ending:
      return {Look::tail, static_cast<uint32_t>(rule.text.size()), 0, {}, {}};
    case Shape::address:
      wanted = bytes_of(rule.address);
      return {Look::address, 0, 0, {}, {}};
    case Shape::beginning:
    case Shape::path:
    case Shape::wildcard:
    case Shape::host_glob:
      if (rule.name_at != Rule::kNoName) {
        wanted = rule.name_probe;
        return {Look::name, rule.name_at, rule.name_size, {}, {}};
      }
      if (rule.fixed >= rule.tail_size && rule.fixed > 0) return {Look::in_front, rule.fixed, 0, {}, {}};
      if (rule.tail_size == 0) break;
      wanted = rule.tail;
      return {Look::tail, rule.tail_size, 0, {}, {}};
  }
  wanted = 0;
  return {Look::nowhere, 0, 0, {}, {}};
}

// False: no rule of the group matches.
bool RuleList::read(const Group& group, const Target& target, uint64_t& bytes) {
  const std::string_view text = target.text;
  switch (group.look) {
    case Look::nowhere:
      bytes = 0;
      return true;
    case Look::hash:
      bytes = target.hash;
      return true;
    case Look::in_front:
      if (text.size() < group.at) return false;
      bytes = last_bytes(text.substr(0, group.at));
      return true;
    case Look::tail:
      if (text.size() < group.at) return false;
      bytes = first_bytes(text.substr(text.size() - group.at));
      return true;
    case Look::name:
      if (group.at >= target.names || target.name_size(group.at) != group.size) return false;
      bytes = last_bytes(target.name(group.at));
      return true;
    case Look::address:
      if (!target.address) return false;
      bytes = bytes_of(*target.address);
      return true;
  }
  return true;
}

void RuleList::push_back(Rule rule) {
  uint64_t wanted = 0;
  Group made = group_of(rule, wanted);
  auto group = std::find_if(groups_.begin(), groups_.end(), [&made](const Group& g) {
    return g.look == made.look && g.at == made.at && g.size == made.size;
  });
  if (group == groups_.end()) group = groups_.insert(group, std::move(made));
  group->wanted.push_back(wanted);
  group->rules.push_back(static_cast<uint32_t>(rules_.size()));
  rules_.push_back(std::move(rule));
}

const Rule* RuleList::find(const Target& target) const {
  size_t best = rules_.size();
  for (const Group& group : groups_) {
    uint64_t bytes = 0;
    if (!read(group, target, bytes)) continue;
    const uint64_t* const wanted = group.wanted.data();
    for (size_t i = 0, count = group.wanted.size(); i < count; ++i) {
      // Four at a time while none fits.
      while (count - i >= 4 && ((wanted[i] != bytes) & (wanted[i + 1] != bytes) & (wanted[i + 2] != bytes) &
                                (wanted[i + 3] != bytes))) {
        i += 4;
      }
      if (i == count || group.rules[i] >= best) break;
      if (wanted[i] != bytes || !covers(rules_[group.rules[i]], target)) continue;
      best = group.rules[i];
      break;
    }
  }
  return best < rules_.size() ? &rules_[best] : nullptr;
}

std::optional<std::string> pattern_problem(CapabilityKind kind, std::string_view pattern) {
  if (pattern.empty()) return "it is empty";
  const bool blanks = kind != CapabilityKind::env;
  for (const char c : pattern) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f || (c == ' ' && !blanks)) {
      return "it has a blank or a control character";
    }
  }
  if (is_file(kind)) return path_problem(pattern);
  if (is_network(kind)) return endpoints_problem(pattern, kind == CapabilityKind::network);
  if (kind == CapabilityKind::env) {
    if (pattern.find('=') == std::string_view::npos) return std::nullopt;
    return "name the variable only, without a value";
  }
  const std::string_view command = first_word(pattern).first;
  if (command.empty()) return "it is empty";
  if (command.find('*') != std::string_view::npos) return "the command must be named in full";
  if (command.find('/') != std::string_view::npos && !is_plain_path(command)) {
    return "the command must be a name or an absolute path without \".\", \"..\" and doubled slashes";
  }
  return std::nullopt;
}

std::optional<std::string> host_glob_problem(std::string_view pattern) {
  if (pattern == "*") return std::nullopt;
  std::array<char, kMostHostName> buffer;
  if (!plain_host_glob(pattern, buffer).empty()) return std::nullopt;
  return "\"" + std::string(pattern.substr(0, kMostHostName)) +
         "\" is no name of hosts: letters, digits, -, _, dots and the wildcards * and ?; addresses are named in full";
}

Target::Target(const Access& wanted) : access(wanted), text(wanted.target) {
  if (is_file(access.kind)) {
    is_plain = text.size() <= kMostPath && find_names();
  } else if (is_network(access.kind)) {
    text = plain_host_name(access.target, host);
    if (text.empty()) address = parse_address(access.target);
    is_plain = !text.empty() || address.has_value();
  } else {
    is_plain = !text.empty() && text.find('\0') == std::string_view::npos;
  }
  hash = hash_of(text);
}

// is_plain_path in one pass over the bytes, which is quicker for the short names of paths than looking for slashes.
bool Target::find_names() {
  if (text.empty() || text[0] != '/') return false;
  if (text.size() == 1) return true;
  size_t begin = 1;
  for (size_t i = 1; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '/') {
      if (text[i] == '\0') return false;
      continue;
    }
    const size_t size = i - begin;
    if (size == 0 || (text[begin] == '.' && (size == 1 || (size == 2 && text[begin + 1] == '.')))) return false;
    if (names < kMostNames) name_ends[names++] = static_cast<uint16_t>(i);
    begin = i + 1;
  }
  return true;
}

void GrantRules::add(const Capability& capability, uint32_t index) {
  OfKind& rules = kinds[static_cast<size_t>(capability.kind)];
  const auto insert = [&](Rule rule, bool literal) {
    rule.index = index;
    (literal ? rules.literal : rules.wildcard).push_back(std::move(rule));
  };
  const std::string_view pattern = capability.pattern;
  // Plugins declare `exec:**`, "whatever I am told to run". No grant says so: parse_capability refuses it.
  if (capability.kind == CapabilityKind::exec && pattern.find('*') < pattern.find(' ')) {
    const bool alone = pattern.find(' ') == std::string_view::npos;
    return alone ? insert(pattern_rule(pattern, "*", Shape::wildcard), false) : void();
  }
  // A capability that was made by hand, not parsed, may have any pattern: one that means nothing covers nothing.
  const bool is_glob = capability.kind == CapabilityKind::http && has_wildcard(pattern) && !host_glob_problem(pattern);
  if (!is_glob && pattern_problem(capability.kind, pattern)) return;
  if (is_file(capability.kind)) {
    Rule rule = pattern_rule(pattern, "*?", Shape::path);
    const bool literal = rule.shape == Shape::exact;
    return insert(std::move(rule), literal);
  }
  const bool has_star = pattern.find('*') != std::string_view::npos;
  if (capability.kind == CapabilityKind::env) return insert(pattern_rule(pattern, "*", Shape::wildcard), !has_star);
  if (capability.kind == CapabilityKind::exec) return insert(exec_rule(pattern), !has_star);
  any_element(pattern, [&](std::string_view element) {
    Rule rule = host_rule(*endpoint_of(element, capability.kind == CapabilityKind::network));
    const bool literal = rule.shape == Shape::exact || rule.shape == Shape::address;
    insert(std::move(rule), literal);
    return false;
  });
}

std::optional<GrantRules::Found> GrantRules::find(const Target& target) const {
  if (!target.is_plain) return std::nullopt;
  const OfKind& own = kinds[static_cast<size_t>(target.access.kind)];
  const bool by_network = target.access.kind == CapabilityKind::http;
  const OfKind& network = kinds[static_cast<size_t>(CapabilityKind::network)];
  const Rule* found = own.literal.find(target);
  if (by_network) found = earlier(found, network.literal.find(target));
  if (found != nullptr) return Found{found->index, true};
  found = own.wildcard.find(target);
  if (by_network) found = earlier(found, network.wildcard.find(target));
  if (found != nullptr) return Found{found->index, false};
  return std::nullopt;
}

}  // namespace wplug
