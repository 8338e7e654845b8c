#include "abi/samuel/samuel_abi.h"

#include <algorithm>
#include <chrono>

#include "abi/samuel/host_functions.h"
#include "abi/samuel/samuel_instance.h"
#include "abi/support/module_facts.h"

namespace wplug {
namespace {

constexpr std::string_view kName = "samuel";

// Exports with a meaning of their own.
bool is_reserved(std::string_view name) {
  return name == "samuel_protocol_version" || name == "health" || name == "samuel_alloc" || name == "malloc" ||
         name.starts_with("_") || name.starts_with("asyncify_");
}

std::vector<std::string> entries_of(const Module& module) {
  std::vector<std::string> entries;
  for (const ExportType& exported : module.exports()) {
    const bool is_entry = exported.type.kind == ExternKind::func && exported.type.func.params.empty();
    if (is_entry && !is_reserved(exported.name)) entries.push_back(exported.name);
  }
  return entries;
}

Result<void> check_entry(const std::vector<ExportType>& exports, const std::string& entry) {
  const ExternType* const found = find_export(exports, entry);
  if (found == nullptr) return Error(ErrorKind::link, "exports no \"" + entry + "\"");
  if (found->kind == ExternKind::func && found->func.params.empty()) return {};
  return Error(ErrorKind::link,
               "exports \"" + entry + "\" as " + found->to_string() + ", an entry is a function without parameters");
}

class SamuelAbi : public PluginAbi {
 public:
  std::string_view name() const override { return kName; }

  AbiMatch detect(const Module& module) const override {
    if (find_export(module.exports(), "samuel_protocol_version") != nullptr) {
      return {100, "exports samuel_protocol_version"};
    }
    for (const ImportType& import : module.imports()) {
      if (samuel_capability(import.module, import.name)) return {90, "imports " + import.module + "." + import.name};
    }
    return {};
  }

  std::string default_entry(const Module& module) const override {
    const std::vector<std::string> entries = entries_of(module);
    if (std::find(entries.begin(), entries.end(), "run") != entries.end()) return "run";
    return entries.size() == 1 ? entries[0] : "";
  }

  std::vector<std::string> operations(const Module& module) const override {
    if (find_export(module.exports(), "health") == nullptr) return {};
    return {"health"};
  }

  std::span<const AbiFunction> host_functions() const override { return samuel_functions(); }

  std::vector<std::string> wanted_capabilities(const Module& module) const override {
    return imported_capabilities(module, [](const ImportType& import) { return samuel_capability(import.module, import.name); });
  }

  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.memory = uint64_t{64} << 20;
    limits.soft_timeout = std::chrono::seconds(5);
    limits.timeout = std::chrono::seconds(30);
    limits.http_calls = 100;  // of hosts that are granted
    return limits;
  }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    const std::vector<ExportType> exports = module.exports();
    WPLUG_TRY(check_export(exports, "samuel_protocol_version", i32_function(0, 1), Presence::optional, kName));
    WPLUG_TRY(check_export(exports, "health", i32_function(0, 1), Presence::optional, kName));
    WPLUG_TRY(check_export(exports, "samuel_alloc", i32_function(1, 1), Presence::optional, kName));
    WPLUG_TRY(check_memory(exports, Presence::optional, kName));
    WPLUG_TRY(check_imports(module, kName, [](const ImportType& import) {
      return samuel_capability(import.module, import.name).has_value();
    }));
    // Without an entry it can still be checked and asked for its health.
    if (!terms.entry.empty()) WPLUG_TRY(check_entry(exports, terms.entry));
    for (const Capability& granted : terms.policy.granted.list()) {
      if (granted.kind != CapabilityKind::http) continue;
      return Error(ErrorKind::misuse,
                   granted.to_string() + ": a samuel plugin has no way to use it, its hosts are granted as network");
    }
    return {};
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                   const HostServices& services, CallState& state) const override {
    return SamuelInstance::start(store, module, terms, services, state);
  }
};

}  // namespace

const PluginAbi& samuel_abi() {
  static const SamuelAbi abi;
  return abi;
}

}  // namespace wplug
