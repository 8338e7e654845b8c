#include "abi/extism/extism_abi.h"

#include <algorithm>
#include <optional>

#include "abi/extism/extism_instance.h"
#include "abi/support/module_facts.h"

namespace wplug {
namespace {

// A plugin's function: no parameters, at most one result, which is a number of 32 or 64 bits.
bool is_entry(const FuncType& type) {
  const auto is_integer = [](ValType t) { return t == ValType::i32() || t == ValType::i64(); };
  return type.params.empty() && type.results.size() <= 1 && std::ranges::all_of(type.results, is_integer);
}

// Exports that toolchains make; never what a user wants to call by default.
bool is_machinery(std::string_view name) {
  constexpr std::string_view names[] = {"_initialize", "_start", "hs_init", "hs_exit", "__wasm_call_ctors",
                                        "__wasm_call_dtors"};
  return std::ranges::find(names, name) != std::end(names) || name.starts_with("__");
}

class ExtismAbi : public PluginAbi {
 public:
  std::string_view name() const override { return "extism"; }

  AbiMatch detect(const Module& module) const override {
    if (!imports_from(module, kExtismModule)) return {};
    return {100, "imports from " + std::string(kExtismModule)};
  }

  // The one export () -> i32, where there is only one.
  std::string default_entry(const Module& module) const override {
    std::string only;
    for (const ExportType& exported : module.exports()) {
      const bool fits = exported.type.kind == ExternKind::func && exported.type.func == i32_function(0, 1);
      if (!fits || is_machinery(exported.name)) continue;
      if (!only.empty()) return "";
      only = exported.name;
    }
    return only.empty() && exports_function(module, "_start") ? "_start" : only;
  }

  std::span<const AbiFunction> host_functions() const override { return extism_functions(); }

  std::vector<std::string> wanted_capabilities(const Module& module) const override {
    return imported_capabilities(module, [](const ImportType& import) -> std::optional<std::string_view> {
      const std::string_view* const capability = import.module == kExtismModule ? extism_capability(import.name) : nullptr;
      return capability == nullptr ? std::nullopt : std::optional(*capability);
    });
  }

  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.timeout = std::chrono::seconds(5);
    limits.memory = uint64_t{64} << 20;
    limits.http_calls = 10;  // of hosts that are granted
    limits.response = uint64_t{50} << 20;
    return limits;
  }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    WPLUG_TRY(check_links(module, terms));
    for (const auto& [name, linked] : terms.linked) WPLUG_TRY(check_links(linked, terms));
    if (terms.entry.empty()) {
      return Error(ErrorKind::link, "exports more than one function a caller may mean, or none: name the entry to call");
    }
    for (const ExportType& exported : module.exports()) {
      if (exported.name != terms.entry || exported.type.kind != ExternKind::func) continue;
      if (is_entry(exported.type.func)) {
        return check_grants(terms.policy.granted, name(),
                            {CapabilityKind::http, CapabilityKind::network, CapabilityKind::env,
                             CapabilityKind::fs_read, CapabilityKind::fs_write});
      }
      return Error(ErrorKind::link, "exports \"" + terms.entry + "\" as " + exported.type.to_string() +
                                        ", the extism ABI wants () -> (i32)");
    }
    return Error(ErrorKind::link, "exports no function \"" + terms.entry + "\"");
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                   const HostServices& services, CallState& state) const override {
    return ExtismInstance::start(store, module, terms, services, state);
  }

 private:
  Result<void> check_links(const Module& module, const PluginTerms& terms) const {
    return check_imports(module, name(), [&terms](const ImportType& import) {
      if (import.module == kExtismModule) return extism_capability(import.name) != nullptr;
      return std::ranges::any_of(terms.linked, [&](const auto& linked) { return linked.first == import.module; });
    });
  }
};

}  // namespace

const PluginAbi& extism_abi() {
  static const ExtismAbi abi;
  return abi;
}

}  // namespace wplug
