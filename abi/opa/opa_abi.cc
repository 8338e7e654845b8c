#include "abi/opa/opa_abi.h"

#include <algorithm>

#include "abi/opa/opa_instance.h"
#include "abi/support/module_facts.h"

namespace wplug {
namespace {

constexpr std::string_view kNeeded[] = {"opa_malloc",       "opa_json_parse", "opa_json_dump",
                                        "opa_heap_ptr_get", "builtins",       "entrypoints"};

bool is_policy_import(const ImportType& import) {
  if (import.type.kind == ExternKind::memory) return true;
  return import.module == "env" &&
         std::ranges::any_of(opa_functions(), [&](const AbiFunction& f) { return f.name == import.name; });
}

class OpaAbi : public PluginAbi {
 public:
  std::string_view name() const override { return "opa"; }

  AbiMatch detect(const Module& module) const override {
    const char* how = exports_function(module, "opa_eval")       ? "opa_eval"
                      : exports_function(module, "opa_eval_ctx_new") ? "opa_eval_ctx_new"
                                                                     : nullptr;
    if (how == nullptr || !exports_function(module, "opa_json_parse")) return {};
    return {100, "exports opa_json_parse and " + std::string(how)};
  }

  // The first entrypoint; names are known when the policy runs.
  std::string default_entry(const Module&) const override { return "0"; }

  std::span<const AbiFunction> host_functions() const override { return opa_functions(); }

  std::vector<std::string> wanted_capabilities(const Module&) const override { return {}; }

  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.timeout = std::chrono::seconds(1);
    limits.memory = uint64_t{32} << 20;
    return limits;
  }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    for (const std::string_view needed : kNeeded) {
      if (!exports_function(module, needed)) {
        return Error(ErrorKind::link, "exports no function \"" + std::string(needed) + "\", which compiled policies do");
      }
    }
    if (!exports_function(module, "opa_eval") && !exports_function(module, "opa_heap_ptr_set")) {
      return Error(ErrorKind::link, "exports neither opa_eval nor opa_heap_ptr_set");
    }
    WPLUG_TRY(check_imports(module, name(), is_policy_import));
    return check_grants(terms.policy.granted, name(), {});
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                   const HostServices& services, CallState& state) const override {
    return OpaInstance::start(store, module, terms, services, state);
  }
};

}  // namespace

const PluginAbi& opa_abi() {
  static const OpaAbi abi;
  return abi;
}

}  // namespace wplug
