#include "wplug/capabilities.h"

#include <algorithm>
#include <array>
#include <utility>

#include "host/grant_rules.h"
#include "host/json_text.h"

namespace wplug {
namespace {

constexpr std::array<std::string_view, kCapabilityKinds> kPrefixes = {"fs:read", "fs:write", "network:outbound",
                                                                      "http",    "env",      "exec"};

// The keys of a pipeline's `grants` table, in the same order.
constexpr std::array<std::string_view, kCapabilityKinds> kKeys = {"fs_read", "fs_write", "network",
                                                                  "http",    "env",      "exec"};
// Of what a plugin asks for, in messages.
constexpr size_t kMostShown = 300;

std::string quoted(std::string_view text) {
  std::string result;
  append_json_string(result, text.substr(0, kMostShown));
  if (text.size() > kMostShown) result.insert(result.size() - 1, "...");
  return result;
}

// Arguments as a grant can name them: what has blanks, quotes or stars of its own becomes a star.
std::string as_arguments(std::span<const std::string> arguments) {
  std::string text;
  for (const std::string& argument : arguments) {
    if (text.size() + argument.size() > kMostShown) return text + " **";
    const bool plain = !argument.empty() && std::all_of(argument.begin(), argument.end(), [](char c) {
      return c > ' ' && c < 0x7f && c != '*' && c != '"' && c != '\\';
    });
    text += plain ? " " + argument : " *";
  }
  return text;
}

std::string as_pattern(const Access& access) {
  std::string text;
  const bool on_network = access.kind == CapabilityKind::network || access.kind == CapabilityKind::http;
  const bool bare_address = on_network && access.target.find(':') != std::string_view::npos && access.target[0] != '[';
  text += bare_address ? "[" + std::string(access.target) + "]" : std::string(access.target);
  if (access.kind == CapabilityKind::network) text += ":" + std::to_string(access.port);
  return text + as_arguments(access.arguments);
}

std::string_view why_not_plain(CapabilityKind kind) {
  switch (kind) {
    case CapabilityKind::fs_read:
    case CapabilityKind::fs_write:
      return "the path must be absolute, without \".\", \"..\", doubled slashes and a slash at the end";
    case CapabilityKind::network:
    case CapabilityKind::http:
      return "that is neither a host name nor an address in its usual form";
    case CapabilityKind::env:
      return "there is no such name of a variable";
    case CapabilityKind::exec:
      return "there is no such command";
  }
  return "";
}

std::string denial(const Policy& policy, const Target& target, bool is_granted) {
  const Access& access = target.access;
  const std::string pattern = as_pattern(access);
  const std::string kind(to_string(access.kind));
  std::string reason = "plugin " + quoted(policy.plugin) + " may not " + kind + ":";
  const std::string shown = quoted(pattern);
  reason += std::string_view(shown).substr(1, shown.size() - 2);
  reason += ": ";
  if (is_granted) return reason + "it is granted, but the plugin does not declare it";
  if (!target.is_plain) return reason + std::string(why_not_plain(access.kind));
  if (!policy.location.empty()) reason += policy.location + ": ";
  return reason + "grants." + std::string(kKeys[static_cast<size_t>(access.kind)]) + " = [" + shown +
         "] would allow it";
}

// --- What is broad -----------------------------------------------------------------------------------------------------

bool is_interpreter(std::string_view command) {
  constexpr std::string_view kInterpreters[] = {
      "sh",   "ash",  "bash",   "dash", "zsh",   "ksh",   "mksh", "fish",  "csh",     "tcsh",   "pwsh",   "busybox", "toybox",
      "perl", "ruby", "python", "pypy", "node",  "nodejs", "deno", "bun",  "php",     "lua",    "luajit", "tclsh",   "expect",
      "awk",  "gawk", "mawk",   "nawk", "env",   "xargs", "find", "sudo",  "doas",    "su",     "ssh",    "nice",    "nohup",
      "timeout", "setsid", "chroot", "unshare", "nsenter", "script", "watch", "make", "systemd-run", "ld.so"};
  command = command.substr(command.rfind('/') + 1);
  while (!command.empty() && (command.back() == '.' || command.back() == '-' ||
                              (command.back() >= '0' && command.back() <= '9'))) {
    command.remove_suffix(1);
  }
  return std::find(std::begin(kInterpreters), std::end(kInterpreters), command) != std::end(kInterpreters);
}

bool covers_path(const GrantRules& rules, CapabilityKind kind, std::string_view path) {
  const Access access{kind, path};
  return rules.find(Target(access)).has_value();
}

std::optional<std::string> broadness_of_files(const GrantRules& rules, CapabilityKind kind) {
  // Names that nobody has: what covers them covers all.
  if (covers_path(rules, kind, "/ a/ b/ c")) return "it covers every file";
  if (covers_path(rules, kind, "/proc/self/environ")) return "it covers /proc, and with it what the host knows";
  return std::nullopt;
}

std::optional<std::string> broadness_of_hosts(const GrantRules& rules, CapabilityKind kind) {
  for (const Rule& rule : rules.kinds[static_cast<size_t>(kind)].wildcard) {
    const bool all_ports = rule.first_port <= 1 && rule.last_port == 65535;
    if (rule.shape == Shape::any && (all_ports || kind == CapabilityKind::http)) return "it covers every public host";
    if (rule.shape == Shape::ending && rule.text.rfind('.') == 0) return "it covers every host of " + rule.text;
    // Two dots behind the last wildcard, and the domain is somebody's: -*.example.com.
    const std::string_view tail = std::string_view(rule.text).substr(rule.text.find_last_of("*?") + 1);
    if (rule.shape == Shape::host_glob && tail.find('.') == tail.rfind('.')) {
      return "it covers hosts of domains that anyone may have";
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(CapabilityKind kind) { return kPrefixes[static_cast<size_t>(kind)]; }

std::string Capability::to_string() const { return std::string(wplug::to_string(kind)) + ":" + pattern; }

std::string Access::to_string() const { return std::string(wplug::to_string(kind)) + ":" + as_pattern(*this); }

Result<Capability> parse_capability(std::string_view text, std::string location) {
  for (size_t i = 0; i < kPrefixes.size(); ++i) {
    const std::string_view prefix = kPrefixes[i];
    if (!text.starts_with(prefix) || text.size() == prefix.size() || text[prefix.size()] != ':') continue;
    const auto kind = static_cast<CapabilityKind>(i);
    std::string pattern(text.substr(prefix.size() + 1));
    if (const auto problem = pattern_problem(kind, pattern)) {
      return Error(ErrorKind::misuse, quoted(text) + " grants nothing: " + *problem);
    }
    return Capability{kind, std::move(pattern), std::move(location)};
  }
  return Error(ErrorKind::misuse, quoted(text) +
                                      " is no capability: fs:read:PATH, fs:write:PATH, network:outbound:HOST:PORT, "
                                      "http:HOST, env:NAME or exec:COMMAND");
}

void Grants::add(Capability capability) {
  // Copies go on with what they had.
  if (rules_ == nullptr) {
    rules_ = std::make_shared<GrantRules>();
  } else if (rules_.use_count() > 1) {
    rules_ = std::make_shared<GrantRules>(*rules_);
  }
  rules_->add(capability, static_cast<uint32_t>(list_.size()));
  list_.push_back(std::move(capability));
}

Result<void> Grants::add(std::string_view text, std::string location) {
  WPLUG_TRY_ASSIGN(Capability capability, parse_capability(text, std::move(location)));
  add(std::move(capability));
  return {};
}

const Capability* Grants::find(const Access& access) const {
  if (rules_ == nullptr) return nullptr;
  const auto found = rules_->find(Target(access));
  return found ? &list_[found->index] : nullptr;
}

Decision authorize(const Policy& policy, const Access& access) {
  const Target target(access);
  const auto find = [&target](const Grants& grants) -> std::optional<GrantRules::Found> {
    return grants.rules_ != nullptr ? grants.rules_->find(target) : std::nullopt;
  };
  const auto granted = find(policy.granted);
  if (granted && (!policy.declared || find(*policy.declared))) return {true, granted->literal, {}};
  return {false, false, denial(policy, target, granted.has_value())};
}

std::optional<std::string> broadness(const Capability& capability) {
  GrantRules rules;
  rules.add(capability, 0);
  switch (capability.kind) {
    case CapabilityKind::fs_read:
    case CapabilityKind::fs_write:
      return broadness_of_files(rules, capability.kind);
    case CapabilityKind::network:
    case CapabilityKind::http:
      return broadness_of_hosts(rules, capability.kind);
    case CapabilityKind::env:
      if (capability.pattern.find_first_not_of('*') != std::string::npos) return std::nullopt;
      return "it covers every variable, secrets among them";
    case CapabilityKind::exec:
      for (const Rule& rule : rules.kinds[static_cast<size_t>(capability.kind)].literal) {
        if (is_interpreter(rule.text)) return "it runs any program through an interpreter";
      }
      for (const Rule& rule : rules.kinds[static_cast<size_t>(capability.kind)].wildcard) {
        if (is_interpreter(rule.text)) return "it runs any program through an interpreter";
      }
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace wplug
