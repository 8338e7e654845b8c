#include "abi/wasi_stage/wasi_stage_abi.h"

#include "abi/support/module_facts.h"
#include "abi/wasi_stage/wasi_stage_instance.h"
#include "wplug/wasi.h"

namespace wplug {
namespace {

class WasiStageAbi : public PluginAbi {
 public:
  std::string_view name() const override { return "wasi"; }

  // Plugins of other systems may have a _start too, so this comes last.
  AbiMatch detect(const Module& module) const override {
    if (!wasi_is_command(module)) return {};
    return {10, "exports _start and is no plugin of another ABI: a command, record on stdin, result on stdout"};
  }

  std::string default_entry(const Module& module) const override { return wasi_is_command(module) ? "_start" : ""; }

  std::span<const AbiFunction> host_functions() const override { return {}; }

  std::vector<std::string> wanted_capabilities(const Module&) const override { return {}; }

  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.timeout = std::chrono::seconds(5);
    limits.memory = uint64_t{64} << 20;
    return limits;
  }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    if (!wasi_is_command(module)) return Error(ErrorKind::link, "exports no function \"_start\" without parameters");
    if (terms.entry != "_start") {
      return Error(ErrorKind::misuse, "a WASI command has one entry, _start, and not \"" + terms.entry + "\"");
    }
    WPLUG_TRY(check_imports(module, name(), [](const ImportType&) { return false; }));
    WPLUG_TRY(wasi_stage_arguments(terms));
    return check_grants(terms.policy.granted, name(),
                        {CapabilityKind::env, CapabilityKind::fs_read, CapabilityKind::fs_write});
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                   const HostServices& services, CallState&) const override {
    return WasiStageInstance::start(store, module, terms, services);
  }
};

}  // namespace

const PluginAbi& wasi_stage_abi() {
  static const WasiStageAbi abi;
  return abi;
}

}  // namespace wplug
