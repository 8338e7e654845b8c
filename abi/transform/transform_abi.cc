#include "abi/transform/transform_abi.h"

#include <algorithm>
#include <optional>

#include "abi/transform/host_functions.h"
#include "abi/transform/transform_instance.h"

namespace wplug {
namespace {

FuncType type_of(size_t params, size_t results) {
  return {std::vector<ValType>(params, ValType::i32()), std::vector<ValType>(results, ValType::i32())};
}

struct Required {
  std::string_view name;
  FuncType type;
};

std::vector<Required> required_functions() {
  return {{"malloc", type_of(1, 1)}, {"free", type_of(1, 0)}, {"get_output_len", type_of(0, 1)}};
}

const ExternType* find_export(const std::vector<ExportType>& exports, std::string_view name) {
  const auto found = std::find_if(exports.begin(), exports.end(), [name](const ExportType& e) { return e.name == name; });
  return found == exports.end() ? nullptr : &found->type;
}

Result<void> check_function(const std::vector<ExportType>& exports, std::string_view name, const FuncType& type) {
  const ExternType* found = find_export(exports, name);
  if (found == nullptr) return Error(ErrorKind::link, "exports no \"" + std::string(name) + "\"");
  if (found->kind == ExternKind::func && found->func == type) return {};
  return Error(ErrorKind::link, "exports \"" + std::string(name) + "\" as " + found->to_string() +
                                    ", the transform ABI wants " + type.to_string());
}

bool is_wasi(std::string_view module) { return module == "wasi_snapshot_preview1" || module == "wasi_unstable"; }

Result<void> check_imports(const Module& module) {
  std::string unknown;
  for (const ImportType& import : module.imports()) {
    if (is_wasi(import.module) || is_transform_function(import.module, import.name)) continue;
    unknown += (unknown.empty() ? "" : ", ") + import.module + "." + import.name;
  }
  if (unknown.empty()) return {};
  return Error(ErrorKind::link, "imports what the transform ABI does not have: " + unknown);
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
    std::vector<std::string> wanted;
    for (const ImportType& import : module.imports()) {
      if (!is_transform_function(import.module, import.name)) continue;
      const std::string capability(transform_capability(import.name));
      if (std::find(wanted.begin(), wanted.end(), capability) == wanted.end()) wanted.push_back(capability);
    }
    return wanted;
  }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    const std::vector<ExportType> exports = module.exports();
    for (const Required& required : required_functions()) {
      WPLUG_TRY(check_function(exports, required.name, required.type));
    }
    const ExternType* memory = find_export(exports, "memory");
    if (memory == nullptr || memory->kind != ExternKind::memory) {
      return Error(ErrorKind::link, "exports no memory named \"memory\"");
    }
    if (memory->memory.limits.is_64) {
      return Error(ErrorKind::link, "its memory has 64-bit addresses, the transform ABI's have 32");
    }
    if (terms.entry.empty()) {
      return Error(ErrorKind::link, "exports neither transform nor validate: name the entry to call");
    }
    WPLUG_TRY(check_function(exports, terms.entry, type_of(2, 1)));
    WPLUG_TRY(check_imports(module));
    for (const Capability& granted : terms.policy.granted.list()) {
      if (granted.kind == CapabilityKind::exec || granted.kind == CapabilityKind::network) {
        return Error(ErrorKind::misuse, granted.to_string() + ": a transform plugin has no way to use it");
      }
      const bool is_file = granted.kind == CapabilityKind::fs_read || granted.kind == CapabilityKind::fs_write;
      if (is_file && !opens_directory(granted)) {
        return Error(ErrorKind::misuse, granted.to_string() + ": must be a whole directory, such as /srv/data/**");
      }
    }
    return {};
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
