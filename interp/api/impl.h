// What the handles of the public API point at, and the helpers its files share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "interp/lower/code.h"
#include "interp/store/runtime.h"
#include "interp/wasm/module_def.h"
#include "interp/wasm/type_registry.h"
#include "wplug/engine.h"
#include "wplug/instance.h"
#include "wplug/module.h"

namespace wplug {

struct EngineImpl {
  explicit EngineImpl(const Config& configuration) : config(configuration) {}

  const Config config;
  TypeRegistry types;
};

// Never moves: `def` points into `bytes` and `code` at `def`.
struct ModuleImpl {
  ModuleImpl(Engine owner, std::vector<uint8_t> module_bytes)
      : engine(std::move(owner)), bytes(std::move(module_bytes)) {}
  ModuleImpl(const ModuleImpl&) = delete;
  ModuleImpl& operator=(const ModuleImpl&) = delete;

  const Engine engine;
  const std::vector<uint8_t> bytes;
  ModuleDef def;
  std::unique_ptr<ModuleCode> code;
  std::vector<uint32_t> exports_by_name;    // indices into def.exports, sorted by name
  std::optional<uint32_t> exported_memory;  // what host functions see: exported as "memory", else memory 0

  // Null when there is none.
  const ExportDef* find_export(std::string_view name) const;
};

// The type that a module's index space gives to what is imported or exported, with the module's type indices.
ExternType extern_type(const ModuleDef& def, ExternKind kind, uint32_t index);
// The same with the engine's ids instead.
ExternType extern_type(const ModuleImpl& module, ExternKind kind, uint32_t index);
// The type of a thing of a store, with its size at present.
ExternType extern_type(const Extern& external);
StoreImpl* store_of(const Extern& external);

// Whether a thing of the first type may stand where the second is wanted.
bool matches(const Limits& actual, const Limits& wanted);
// Concrete types by their ids.
bool matches(TypeRegistry& types, ValType actual, ValType wanted);
// Whether `value` may be kept where `wanted` is the type.
bool value_fits(const StoreImpl& store, const Value& value, ValType wanted);
// A memory or table type that this engine can make, else misuse.
Result<void> check_type(const MemoryType& type);
Result<void> check_type(const TableType& type);

// "env.log (func (i32) -> ())", the import as messages name it.
std::string describe(const ModuleDef& def, const ImportDef& import);
// Whether `external` may be imported as `import` (spec 4.5.2, "External Typing"; 3.3.4 "Import Subtyping"). Errors:
// link.
Result<void> match_import(const ModuleImpl& module, const ImportDef& import, const Extern& external);
// The error of match_import: what is there is a `found`.
Error incompatible_import(const ModuleDef& def, const ImportDef& import, const std::string& found);

// Instantiates; see instantiate.cc. Errors: link, limit, trap, exit.
Result<InstanceImpl*> instantiate(StoreImpl& store, const std::shared_ptr<ModuleImpl>& module,
                                  std::span<const Extern> imports);

// Makes a host function in the store. `type` is canonical in the store's engine.
FuncInstance* new_host_function(StoreImpl& store, const CanonicalType* type, HostCallback callback, void* env);
FuncInstance* new_host_function(StoreImpl& store, const CanonicalType* type, HostFunction function);

}  // namespace wplug
