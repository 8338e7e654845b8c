#include "abi/support/module_facts.h"

#include <algorithm>

#include "abi/support/plugin_context.h"

namespace wplug {

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
