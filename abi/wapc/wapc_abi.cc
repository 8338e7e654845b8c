#include "abi/wapc/wapc_abi.h"

#include <algorithm>

#include "abi/support/module_facts.h"
#include "abi/wapc/wapc_instance.h"

namespace wplug {
namespace {

class WapcAbi : public PluginAbi {
 public:
  std::string_view name() const override { return "wapc"; }

  AbiMatch detect(const Module& module) const override {
    if (!exports_function(module, "__guest_call")) return {};
    return {100, "exports __guest_call"};
  }

  // Operations are names that only the guest knows.
  std::string default_entry(const Module&) const override { return ""; }

  std::span<const AbiFunction> host_functions() const override { return wapc_functions(); }

  std::vector<std::string> wanted_capabilities(const Module&) const override { return {}; }

  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.timeout = std::chrono::seconds(5);
    limits.memory = uint64_t{64} << 20;
    return limits;
  }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    if (!exports_function(module, "__guest_call", i32_function(2, 1))) {
      return Error(ErrorKind::link, "exports no function \"__guest_call\" of type (i32, i32) -> (i32)");
    }
    if (terms.entry.empty()) return Error(ErrorKind::misuse, "a waPC guest needs the entry: the operation to call");
    WPLUG_TRY(check_imports(module, name(), [](const ImportType& import) {
      return import.module == "wapc" &&
             std::ranges::any_of(wapc_functions(), [&](const AbiFunction& f) { return f.name == import.name; });
    }));
    return check_grants(terms.policy.granted, name(),
                        {CapabilityKind::env, CapabilityKind::fs_read, CapabilityKind::fs_write});
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                   const HostServices& services, CallState& state) const override {
    return WapcInstance::start(store, module, terms, services, state);
  }
};

}  // namespace

const PluginAbi& wapc_abi() {
  static const WapcAbi abi;
  return abi;
}

}  // namespace wplug
