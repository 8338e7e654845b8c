#include "abi/support/module_facts.h"

#include <algorithm>
#include <string>

#include "abi/support/plugin_context.h"

namespace wplug {

const ExternType* find_export(std::span<const ExportType> exports, std::string_view name) {
  const auto found = std::find_if(exports.begin(), exports.end(), [name](const ExportType& e) { return e.name == name; });
  return found == exports.end() ? nullptr : &found->type;
}

bool exports_function(std::span<const ExportType> exports, std::string_view name, const FuncType& type) {
  const ExternType* const found = find_export(exports, name);
  return found != nullptr && found->kind == ExternKind::func && found->func == type;
}

Result<void> check_export(std::span<const ExportType> exports, std::string_view name, const FuncType& type,
                          Presence presence, std::string_view abi) {
  const ExternType* const found = find_export(exports, name);
  if (found == nullptr && presence == Presence::optional) return {};
  if (found == nullptr) return Error(ErrorKind::link, "exports no \"" + std::string(name) + "\"");
  if (found->kind == ExternKind::func && found->func == type) return {};
  return Error(ErrorKind::link, "exports \"" + std::string(name) + "\" as " + found->to_string() + ", the " +
                                    std::string(abi) + " ABI wants " + type.to_string());
}

Result<void> check_memory(std::span<const ExportType> exports, Presence presence, std::string_view abi) {
  const ExternType* const memory = find_export(exports, "memory");
  if (memory == nullptr && presence == Presence::optional) return {};
  if (memory == nullptr || memory->kind != ExternKind::memory) {
    return Error(ErrorKind::link, "exports no memory named \"memory\"");
  }
  if (!memory->memory.limits.is_64) return {};
  return Error(ErrorKind::link, "its memory has 64-bit addresses, the " + std::string(abi) + " ABI's have 32");
}

bool exports_function(const Module& module, std::string_view name) {
  const std::vector<ExportType> exports = module.exports();
  return std::ranges::any_of(
      exports, [name](const ExportType& e) { return e.name == name && e.type.kind == ExternKind::func; });
}

bool exports_function(const Module& module, std::string_view name, const FuncType& type) {
  const std::vector<ExportType> exports = module.exports();
  return std::ranges::any_of(exports, [name, &type](const ExportType& e) {
    return e.name == name && e.type.kind == ExternKind::func && e.type.func == type;
  });
}

FuncType i32_function(size_t params, size_t results) {
  return {std::vector<ValType>(params, ValType::i32()), std::vector<ValType>(results, ValType::i32())};
}

bool is_wasi_module(std::string_view import_module) {
  return import_module == "wasi_snapshot_preview1" || import_module == "wasi_unstable";
}

bool imports_from(const Module& module, std::string_view import_module) {
  const std::vector<ImportType> imports = module.imports();
  return std::ranges::any_of(imports, [import_module](const ImportType& i) { return i.module == import_module; });
}

Result<void> check_imports(const Module& module, std::string_view abi,
                           const std::function<bool(const ImportType&)>& known) {
  std::string unknown;
  for (const ImportType& import : module.imports()) {
    if (is_wasi_module(import.module) || known(import)) continue;
    unknown += (unknown.empty() ? "" : ", ") + import.module + "." + import.name;
  }
  if (unknown.empty()) return {};
  return Error(ErrorKind::link, "imports what the " + std::string(abi) + " ABI does not have: " + unknown);
}

std::vector<std::string> imported_capabilities(
    const Module& module, const std::function<std::optional<std::string_view>(const ImportType&)>& capability_of) {
  std::vector<std::string> capabilities;
  for (const ImportType& import : module.imports()) {
    const auto capability = capability_of(import);
    if (!capability || capability->empty()) continue;
    if (std::ranges::find(capabilities, *capability) == capabilities.end()) capabilities.emplace_back(*capability);
  }
  return capabilities;
}

Result<void> check_grants(const Grants& granted, std::string_view abi, const std::vector<CapabilityKind>& usable) {
  for (const Capability& grant : granted.list()) {
    if (std::ranges::find(usable, grant.kind) == usable.end()) {
      return Error(ErrorKind::misuse, grant.to_string() + ": a plugin of the " + std::string(abi) + " ABI has no way to use it");
    }
    const bool is_file = grant.kind == CapabilityKind::fs_read || grant.kind == CapabilityKind::fs_write;
    if (is_file && !opens_directory(grant)) {
      return Error(ErrorKind::misuse, grant.to_string() + ": must be a whole directory, such as /srv/data/**");
    }
  }
  return {};
}

}  // namespace wplug
