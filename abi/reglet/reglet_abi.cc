#include "abi/reglet/reglet_abi.h"

#include <chrono>
#include <optional>

#include "abi/reglet/host_functions.h"
#include "abi/reglet/reglet_instance.h"
#include "abi/support/module_facts.h"

namespace wplug {
namespace {

constexpr std::string_view kName = "reglet";

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

Result<void> check_functions(const std::vector<ExportType>& exports) {
  const ValType i32 = ValType::i32(), i64 = ValType::i64();
  const RegletNames names = names_of(exports);
  if (names.observe.empty()) return Error(ErrorKind::link, "exports neither observe nor _observe");
  if (names.describe.empty()) return Error(ErrorKind::link, "exports neither describe nor _manifest");
  WPLUG_TRY(check_export(exports, "allocate", {{i32}, {i32}}, Presence::required, kName));
  WPLUG_TRY(check_export(exports, "deallocate", {{i32, i32}, {}}, Presence::required, kName));
  WPLUG_TRY(check_export(exports, names.observe, {{i32, i32}, {i64}}, Presence::required, kName));
  WPLUG_TRY(check_export(exports, names.describe, {{}, {i64}}, Presence::required, kName));
  if (names.schema.empty()) return {};
  return check_export(exports, names.schema, {{}, {i64}}, Presence::required, kName);
}

// Requests are read where they lie, so nobody else may write there.
Result<void> check_own_memory(const std::vector<ExportType>& exports) {
  WPLUG_TRY(check_memory(exports, Presence::required, kName));
  if (!find_export(exports, "memory")->memory.limits.shared) return {};
  return Error(ErrorKind::link, "its memory is shared, which the reglet ABI has no use for");
}

class RegletAbi : public PluginAbi {
 public:
  std::string_view name() const override { return kName; }

  AbiMatch detect(const Module& module) const override {
    const std::vector<ExportType> exports = module.exports();
    const RegletNames names = names_of(exports);
    const bool allocates = find_export(exports, "allocate") != nullptr;
    const bool imports = imports_from(module, kRegletModule);
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
    return imported_capabilities(module, [](const ImportType& import) -> std::optional<std::string_view> {
      const AbiFunction* const function = find_reglet_function(import.module, import.name);
      return function == nullptr ? std::nullopt : std::optional(function->capability);
    });
  }

  // Published plugins are Go modules of 10 to 17 MB: they start slowly and want room.
  PluginLimits default_limits() const override {
    PluginLimits limits;
    limits.memory = uint64_t{256} << 20;
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
    WPLUG_TRY(check_own_memory(exports));
    WPLUG_TRY(check_imports(module, kName, [](const ImportType& import) {
      return find_reglet_function(import.module, import.name) != nullptr;
    }));
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

}  // namespace wplug
