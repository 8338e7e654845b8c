#include "abi/reglet/reglet_abi.h"

#include <algorithm>
#include <chrono>

#include "abi/reglet/host_functions.h"
#include "abi/reglet/reglet_instance.h"

namespace wplug {
namespace {

constexpr uint64_t kDefaultMemory = uint64_t{256} << 20;
constexpr uint64_t kMostMemory = uint64_t{4} << 30;

const ExternType* find_export(const std::vector<ExportType>& exports, std::string_view name) {
  const auto found = std::find_if(exports.begin(), exports.end(), [name](const ExportType& e) { return e.name == name; });
  return found == exports.end() ? nullptr : &found->type;
}

std::string first_export(const std::vector<ExportType>& exports, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (find_export(exports, name) != nullptr) return std::string(name);
  }
  return "";
}

RegletNames names_of(const std::vector<ExportType>& exports) {
  RegletNames names;
  names.observe = first_export(exports, {"observe", "_observe"});
  names.describe = first_export(exports, {"describe", "_manifest", "manifest"});
  // A manifest has the schema in it.
  if (names.describe == "describe") names.schema = first_export(exports, {"schema"});
  return names;
}

bool imports_host_functions(const Module& module) {
  const auto imports = module.imports();
  return std::any_of(imports.begin(), imports.end(), [](const ImportType& i) { return i.module == kRegletModule; });
}

Result<void> check_function(const std::vector<ExportType>& exports, std::string_view name, const FuncType& type) {
  const ExternType* found = find_export(exports, name);
  if (found == nullptr) return Error(ErrorKind::link, "exports no \"" + std::string(name) + "\"");
  if (found->kind == ExternKind::func && found->func == type) return {};
  return Error(ErrorKind::link, "exports \"" + std::string(name) + "\" as " + found->to_string() +
                                    ", the reglet ABI wants " + type.to_string());
}

Result<void> check_functions(const std::vector<ExportType>& exports) {
  const ValType i32 = ValType::i32(), i64 = ValType::i64();
  const RegletNames names = names_of(exports);
  if (names.observe.empty()) return Error(ErrorKind::link, "exports neither observe nor _observe");
  if (names.describe.empty()) return Error(ErrorKind::link, "exports neither describe nor _manifest");
  WPLUG_TRY(check_function(exports, "allocate", {{i32}, {i32}}));
  WPLUG_TRY(check_function(exports, "deallocate", {{i32, i32}, {}}));
  WPLUG_TRY(check_function(exports, names.observe, {{i32, i32}, {i64}}));
  WPLUG_TRY(check_function(exports, names.describe, {{}, {i64}}));
  return names.schema.empty() ? Result<void>() : check_function(exports, names.schema, {{}, {i64}});
}

Result<void> check_memory(const std::vector<ExportType>& exports) {
  const ExternType* memory = find_export(exports, "memory");
  if (memory == nullptr || memory->kind != ExternKind::memory) {
    return Error(ErrorKind::link, "exports no memory named \"memory\"");
  }
  if (memory->memory.limits.is_64) {
    return Error(ErrorKind::link, "its memory has 64-bit addresses, the reglet ABI's have 32");
  }
  // Requests are read where they lie, so nobody else may write there.
  if (memory->memory.limits.shared) return Error(ErrorKind::link, "its memory is shared, which the reglet ABI has no use for");
  return {};
}

Result<void> check_imports(const Module& module) {
  std::string unknown;
  for (const ImportType& import : module.imports()) {
    if (import.module == "wasi_snapshot_preview1" || import.module == "wasi_unstable") continue;
    if (find_reglet_function(import.module, import.name) != nullptr) continue;
    unknown += (unknown.empty() ? "" : ", ") + import.module + "." + import.name;
  }
  if (unknown.empty()) return {};
  return Error(ErrorKind::link, "imports what the reglet ABI does not have: " + unknown);
}

class RegletAbi : public PluginAbi {
 public:
  std::string_view name() const override { return "reglet"; }

  AbiMatch detect(const Module& module) const override {
    const std::vector<ExportType> exports = module.exports();
    const RegletNames names = names_of(exports);
    const bool allocates = find_export(exports, "allocate") != nullptr;
    const bool imports = imports_host_functions(module);
    const std::string imported = imports ? ", imports reglet_host" : "";
    if (allocates && !names.observe.empty() && !names.describe.empty()) {
      return {100, "exports allocate, " + names.describe + " and " + names.observe + imported};
    }
    if (imports) return {60, "imports reglet_host"};
    if (allocates && !names.observe.empty()) return {40, "exports allocate and " + names.observe};
    return {};
  }

  std::string default_entry(const Module& module) const override {
    return reglet_names(module).observe.empty() ? "" : "observe";
  }

  std::vector<std::string> operations(const Module& module) const override {
    const RegletNames names = reglet_names(module);
    std::vector<std::string> operations;
    if (!names.describe.empty()) operations.push_back("describe");
    if (!names.schema.empty() || (!names.describe.empty() && names.describe != "describe")) {
      operations.push_back("schema");
    }
    if (!names.observe.empty()) operations.push_back("observe");
    return operations;
  }

  std::span<const AbiFunction> host_functions() const override { return reglet_functions(); }

  std::vector<std::string> wanted_capabilities(const Module& module) const override {
    std::vector<std::string> wanted;
    for (const ImportType& import : module.imports()) {
      const AbiFunction* function = find_reglet_function(import.module, import.name);
      if (function == nullptr) continue;
      const std::string capability(function->capability);
      if (std::find(wanted.begin(), wanted.end(), capability) == wanted.end()) wanted.push_back(capability);
    }
    return wanted;
  }

  // Published plugins are Go modules of 10 to 17 MB: they start slowly and want room.
  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.memory = kDefaultMemory;
    limits.timeout = std::chrono::seconds(30);
    limits.start_timeout = std::chrono::seconds(30);
    limits.table_elements = 1'000'000;
    limits.http_calls = 100;  // of hosts that are granted
    return limits;
  }

  bool declares_capabilities() const override { return true; }
  bool record_completes_config() const override { return true; }
  bool redacts_output() const override { return true; }

  Result<void> check(const Module& module, const PluginTerms& terms) const override {
    const std::vector<ExportType> exports = module.exports();
    WPLUG_TRY(check_functions(exports));
    WPLUG_TRY(check_memory(exports));
    WPLUG_TRY(check_imports(module));
    const RegletNames names = names_of(exports);
    for (const std::string_view known : {std::string_view("observe"), std::string_view("describe"),
                                         std::string_view("schema"), std::string_view(names.observe),
                                         std::string_view(names.describe)}) {
      if (terms.entry == known) return {};
    }
    return Error(ErrorKind::misuse, "\"" + terms.entry + "\" is no operation of a reglet plugin: observe, describe or schema");
  }

  Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                   const HostServices& services, CallState& state) const override {
    return RegletInstance::start(store, module, terms, services, state);
  }
};

}  // namespace

const PluginAbi& reglet_abi() {
  static const RegletAbi abi;
  return abi;
}

RegletNames reglet_names(const Module& module) { return names_of(module.exports()); }

Result<uint64_t> reglet_memory_limit(int64_t megabytes) {
  if (megabytes == 0) return kDefaultMemory;
  if (megabytes == -1) return kMostMemory;
  const uint64_t wanted = static_cast<uint64_t>(megabytes);
  if (megabytes > 0 && wanted <= kMostMemory >> 20) return wanted << 20;
  return Error(ErrorKind::misuse, "a memory limit of " + std::to_string(megabytes) +
                                      " MB is impossible: 0 is 256 MB, -1 is unlimited, 4096 is the most");
}

}  // namespace wplug
