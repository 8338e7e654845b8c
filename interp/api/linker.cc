#include "wplug/linker.h"

#include <vector>

#include "interp/api/impl.h"

namespace wplug {

namespace {

constexpr size_t kMostNamesInError = 8;

Error unknown_imports(const ModuleDef& def, const std::vector<const ImportDef*>& missing) {
  std::string message = "unknown import: ";
  for (size_t i = 0; i < missing.size() && i < kMostNamesInError; ++i) {
    message += (i == 0 ? "" : ", ") + describe(def, *missing[i]);
  }
  if (missing.size() > kMostNamesInError) {
    message += " and " + std::to_string(missing.size() - kMostNamesInError) + " more";
  }
  return {ErrorKind::link, std::move(message)};
}

}  // namespace

void Linker::put(std::string_view module, std::string_view name, Definition definition) {
  definitions_.insert_or_assign(Key(module, name), std::move(definition));
}

void Linker::define(std::string_view module, std::string_view name, Extern external) {
  put(module, name, std::move(external));
}

void Linker::define(std::string_view module, std::string_view name, SharedMemory memory) {
  put(module, name, std::move(memory));
}

void Linker::define_raw(std::string_view module, std::string_view name, FuncType type, HostCallback callback,
                        void* env) {
  put(module, name, HostDefinition{std::move(type), callback, env, nullptr});
}

void Linker::define_func(std::string_view module, std::string_view name, FuncType type, HostFunction function) {
  put(module, name, HostDefinition{std::move(type), nullptr, nullptr, std::move(function)});
}

void Linker::define_instance(std::string_view module, const Instance& instance) {
  for (const ExportDef& exported : instance.impl()->module->def.exports) {
    if (std::optional<Extern> external = instance.get_export(exported.name)) define(module, exported.name, *external);
  }
}

bool Linker::has(std::string_view module, std::string_view name) const {
  return definitions_.contains(Key(module, name));
}

Result<Instance> Linker::instantiate(Store& store, const Module& module) const {
  const ModuleImpl& impl = *module.impl();
  // Names first, so that one error lists all that are missing.
  std::vector<const Definition*> found;
  std::vector<const ImportDef*> missing;
  found.reserve(impl.def.imports.size());
  Key key;
  for (const ImportDef& import : impl.def.imports) {
    key.first.assign(import.module);
    key.second.assign(import.name);
    const auto at = definitions_.find(key);
    if (at == definitions_.end()) {
      missing.push_back(&import);
    } else {
      found.push_back(&at->second);
    }
  }
  if (!missing.empty()) return unknown_imports(impl.def, missing);

  // Host functions are made in the store once all of their types are known to fit.
  for (size_t i = 0; i < found.size(); ++i) {
    const HostDefinition* host = std::get_if<HostDefinition>(found[i]);
    const ImportDef& import = impl.def.imports[i];
    if (host == nullptr) continue;
    if (import.kind != ExternKind::func || impl.code->types[impl.def.functions[import.index].type]->func != host->type) {
      ExternType type;
      type.func = host->type;
      return incompatible_import(impl.def, import, type.to_string());
    }
  }
  std::vector<Extern> imports;
  imports.reserve(found.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (const Extern* external = std::get_if<Extern>(found[i])) {
      imports.push_back(*external);
      continue;
    }
    if (const SharedMemory* shared = std::get_if<SharedMemory>(found[i])) {
      WPLUG_TRY_ASSIGN(const Memory memory, Memory::from_shared(store, *shared));
      imports.push_back(memory);
      continue;
    }
    const HostDefinition& host = std::get<HostDefinition>(*found[i]);
    const CanonicalType* type = impl.code->types[impl.def.functions[impl.def.imports[i].index].type];
    imports.push_back(Func(store.impl(), host.function
                                             ? new_host_function(*store.impl(), type, host.function)
                                             : new_host_function(*store.impl(), type, host.callback, host.env)));
  }
  return Instance::create(store, module, imports);
}

}  // namespace wplug
