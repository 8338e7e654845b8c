#include "abi/support/exports.h"

#include <algorithm>
#include <string>

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

bool is_wasi_module(std::string_view name) { return name == "wasi_snapshot_preview1" || name == "wasi_unstable"; }

Result<void> check_imports(const Module& module, std::string_view abi,
                           const std::function<bool(const ImportType&)>& is_known) {
  std::string unknown;
  for (const ImportType& import : module.imports()) {
    if (is_wasi_module(import.module) || is_known(import)) continue;
    unknown += (unknown.empty() ? "" : ", ") + import.module + "." + import.name;
  }
  if (unknown.empty()) return {};
  return Error(ErrorKind::link, "imports what the " + std::string(abi) + " ABI does not have: " + unknown);
}

}  // namespace wplug
