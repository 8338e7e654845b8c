#include "abi/transform/transform_abi.h"

#include <optional>

#include "abi/support/module_facts.h"
#include "abi/transform/host_functions.h"
#include "abi/transform/transform_instance.h"

namespace wplug {
namespace {

struct Required {
  std::string_view name;
  FuncType type;
};

std::vector<Required> required_functions() {
  return {{"malloc", i32_function(1, 1)}, {"free", i32_function(1, 0)}, {"get_output_len", i32_function(0, 1)}};
}

class TransformAbi : public PluginAbi {
 public:
  std::string_view name() const override { return "transform"; }

  AbiMatch detect(const Module& module) const override {
    const std::vector<ExportType> exports = module.exports();
    for (const Required& required : required_functions()) {
      if (find_export(exports, required.name) == nullptr) return {};
    }
    const std::string entry = default_entry(module);
    if (entry.empty()) return {50, "exports malloc, free and get_output_len"};
    return {100, "exports malloc, free, get_output_len and " + entry};
  }

  std::string default_entry(const Module& module) const override {
    const std::vector<ExportType> exports = module.exports();
    for (const char* entry : {"transform", "validate"}) {
      if (find_export(exports, entry) != nullptr) return entry;
    }
    return "";
  }

  std::span<const AbiFunction> host_functions() const override { return transform_functions(); }

  std::vector<std::string> wanted_capabilities(const Module& module) const override {
    return imported_capabilities(module, [](const ImportType& import) -> std::optional<std::string_view> {
      if (!is_transform_function(import.module, import.name)) return std::nullopt;
      return transform_capability(import.name);
    });
  }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    const std::vector<ExportType> exports = module.exports();
    for (const Required& required : required_functions()) {
      WPLUG_TRY(check_export(exports, required.name, required.type, Presence::required, name()));
    }
    WPLUG_TRY(check_memory(exports, Presence::required, name()));
    if (terms.entry.empty()) {
      return Error(ErrorKind::link, "exports neither transform nor validate: name the entry to call");
    }
    WPLUG_TRY(check_export(exports, terms.entry, i32_function(2, 1), Presence::required, name()));
    WPLUG_TRY(check_imports(module, name(), [](const ImportType& import) {
      return is_transform_function(import.module, import.name);
    }));
    return check_grants(terms.policy.granted, name(),
                        {CapabilityKind::http, CapabilityKind::env, CapabilityKind::fs_read, CapabilityKind::fs_write});
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                   const HostServices& services, CallState& state) const override {
    return TransformInstance::start(store, module, terms, services, state);
  }
};

}  // namespace

const PluginAbi& transform_abi() {
  static const TransformAbi abi;
  return abi;
}

}  // namespace wplug
