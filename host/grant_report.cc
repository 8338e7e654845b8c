#include "host/grant_report.h"

#include <algorithm>
#include <optional>

#include "host/grant_rules.h"

namespace wplug {
namespace {

// The kinds that a word of an ABI's table of host functions stands for; none for what needs no grant ("config", "log").
std::vector<CapabilityKind> kinds_of(std::string_view word) {
  using enum CapabilityKind;
  struct Word {
    std::string_view word;
    std::vector<CapabilityKind> kinds;
  };
  static const Word words[] = {{"fs:read", {fs_read}},   {"fs_read", {fs_read}},
                               {"fs:write", {fs_write}}, {"fs_write", {fs_write}},
                               {"fs", {fs_read, fs_write}},  {"filesystem", {fs_read, fs_write}},
                               {"network", {network}},   {"network:outbound", {network}},
                               {"http", {http}},         {"env", {env}},
                               {"exec", {exec}}};
  const auto found = std::find_if(std::begin(words), std::end(words), [word](const Word& w) { return w.word == word; });
  return found == std::end(words) ? std::vector<CapabilityKind>() : found->kinds;
}

// What a module may use through WASI; every program that a toolchain made imports these, needed or not.
void add_wasi_kinds(const Module& module, std::vector<CapabilityKind>& kinds) {
  for (const ImportType& import : module.imports()) {
    if (!import.module.starts_with("wasi_")) continue;
    if (import.name == "environ_get") kinds.push_back(CapabilityKind::env);
    if (import.name != "path_open") continue;
    kinds.push_back(CapabilityKind::fs_read);
    kinds.push_back(CapabilityKind::fs_write);
  }
}

bool serves(CapabilityKind granted, CapabilityKind wanted) {
  return granted == wanted || (granted == CapabilityKind::network && wanted == CapabilityKind::http);
}

bool has_kind(const Grants& grants, CapabilityKind kind) {
  return std::any_of(grants.list().begin(), grants.list().end(),
                     [kind](const Capability& granted) { return serves(granted.kind, kind); });
}

// The accesses that a pattern stands for when its text is taken as it is.
bool each_covered(const Grants& granted, const Capability& wanted) {
  GrantRules rules;
  rules.add(wanted, 0);
  const auto& own = rules.kinds[static_cast<size_t>(wanted.kind)];
  for (const auto* list : {&own.literal, &own.wildcard}) {
    for (const Rule& rule : *list) {
      // Hosts with wildcards and ranges of ports have no text that is one access.
      if (rule.shape == Shape::any || rule.shape == Shape::ending) return false;
      if (rule.shape == Shape::address) return false;
      const std::string target = rule.shape == Shape::beginning ? rule.text + "**" : rule.text;
      const Access access{wanted.kind, target, rule.first_port, rule.arguments};
      if (granted.find(access) == nullptr) return false;
      if (rule.first_port != rule.last_port && granted.find({wanted.kind, target, rule.last_port, {}}) == nullptr) return false;
    }
  }
  return true;
}

bool same(const Capability& a, const Capability& b) { return a.kind == b.kind && a.pattern == b.pattern; }

bool overlaps(const Grants& granted, const Capability& wanted) {
  Grants only;
  only.add(wanted);
  return std::any_of(granted.list().begin(), granted.list().end(), [&](const Capability& capability) {
    return serves(capability.kind, wanted.kind) && each_covered(only, {wanted.kind, capability.pattern, ""});
  });
}

}  // namespace

std::string_view to_string(Coverage coverage) {
  switch (coverage) {
    case Coverage::missing:
      return "missing";
    case Coverage::partly:
      return "partly";
    case Coverage::granted:
      return "granted";
  }
  return "";
}

Coverage coverage(const Grants& granted, const Capability& wanted) {
  const bool is_same = std::any_of(granted.list().begin(), granted.list().end(),
                                   [&](const Capability& capability) { return same(capability, wanted); });
  if (is_same || each_covered(granted, wanted)) return Coverage::granted;
  return overlaps(granted, wanted) ? Coverage::partly : Coverage::missing;
}

GrantReport report_grants(const Plugin& plugin) {
  GrantReport report{plugin.name(), std::string(plugin.abi().name()), {}, {}, {}};
  const Grants& granted = plugin.terms().policy.granted;
  std::vector<CapabilityKind> may_use;
  Grants declared;
  for (const std::string& word : plugin.abi().wanted_capabilities(plugin.module())) {
    const std::vector<CapabilityKind> kinds = kinds_of(word);
    if (kinds.empty()) continue;
    may_use.insert(may_use.end(), kinds.begin(), kinds.end());
    const auto has = [&granted](CapabilityKind kind) { return has_kind(granted, kind); };
    const auto count = std::count_if(kinds.begin(), kinds.end(), has);
    report.wanted.push_back({word, false, count == 0 ? Coverage::missing : Coverage::granted});
  }
  add_wasi_kinds(plugin.module(), may_use);
  const bool declares = plugin.abi().declares_capabilities();
  Failure failure;
  const PluginDescription* description = declares ? plugin.description(failure) : nullptr;
  if (declares && description == nullptr) report.problem = failure.message;
  if (description != nullptr) {
    for (const Capability& capability : description->capabilities) {
      declared.add(capability);
      report.wanted.push_back({capability.to_string(), true, coverage(granted, capability)});
    }
  }
  for (const Capability& capability : granted.list()) {
    const bool used = std::any_of(may_use.begin(), may_use.end(), [&](CapabilityKind kind) { return serves(capability.kind, kind); });
    // Where plugins declare, a grant is of use only with a declaration.
    const bool wanted = description != nullptr
                            ? std::any_of(declared.list().begin(), declared.list().end(),
                                          [&](const Capability& d) {
                                            Grants one;
                                            one.add(capability);
                                            return serves(capability.kind, d.kind) && coverage(one, d) != Coverage::missing;
                                          })
                            : used;
    report.granted.push_back({capability, wanted, broadness(capability).value_or("")});
  }
  return report;
}

}  // namespace wplug
