#include "abi/midimon/midimon_abi.h"

#include <chrono>

#include "abi/midimon/midimon_instance.h"
#include "abi/support/module_facts.h"

namespace wplug {
namespace {

constexpr std::string_view kName = "midimon";

struct Export {
  std::string_view name;
  FuncType type;
  Presence presence;
};

std::vector<Export> abi_exports() {
  const ValType i32 = ValType::i32(), i64 = ValType::i64();
  return {{"init", {{}, {i64}}, Presence::required},
          {"execute", {{i32, i32}, {i32}}, Presence::required},
          {"alloc", {{i32}, {i32}}, Presence::required},
          {"dealloc", {{i32, i32}, {}}, Presence::optional}};
}

class MidimonAbi : public PluginAbi {
 public:
  std::string_view name() const override { return kName; }

  AbiMatch detect(const Module& module) const override {
    const std::vector<ExportType> exports = module.exports();
    for (const Export& wanted : abi_exports()) {
      if (wanted.presence == Presence::required && !exports_function(exports, wanted.name, wanted.type)) return {};
    }
    return {100, "exports init, execute and alloc with midimon's types"};
  }

  std::string default_entry(const Module&) const override { return "execute"; }
  std::vector<std::string> operations(const Module&) const override { return {"describe"}; }
  // Plugins have WASI, and nothing else.
  std::span<const AbiFunction> host_functions() const override { return {}; }
  std::vector<std::string> wanted_capabilities(const Module&) const override { return {}; }
  bool declares_capabilities() const override { return true; }
  bool gives_text() const override { return true; }

  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.memory = uint64_t{128} << 20;
    limits.timeout = std::chrono::seconds(5);
    limits.fuel = 100'000'000;
    limits.table_elements = 10'000;
    return limits;
  }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    const std::vector<ExportType> exports = module.exports();
    for (const Export& wanted : abi_exports()) {
      WPLUG_TRY(check_export(exports, wanted.name, wanted.type, wanted.presence, kName));
    }
    WPLUG_TRY(check_memory(exports, Presence::required, kName));
    WPLUG_TRY(check_imports(module, kName, [](const ImportType&) { return false; }));
    if (terms.entry != "execute" && terms.entry != "init" && terms.entry != "describe") {
      return Error(ErrorKind::misuse, "a midimon plugin has the entries execute and describe, not \"" + terms.entry + "\"");
    }
    return check_grants(terms.policy.granted, kName, {CapabilityKind::fs_read, CapabilityKind::fs_write});
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                   const HostServices& services, CallState& state) const override {
    return MidimonInstance::start(store, module, terms, services, state);
  }
};

}  // namespace

const PluginAbi& midimon_abi() {
  static const MidimonAbi abi;
  return abi;
}

}  // namespace wplug
