// Linker: names for imports.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "wplug/error.h"
#include "wplug/func.h"
#include "wplug/instance.h"
#include "wplug/module.h"
#include "wplug/store.h"

namespace wplug {

// Names (module, field) for what instantiation may import. A plain value of the embedder: it owns its names; host functions
// defined here are not tied to a store and are made in the store at instantiation, objects of a store only fit that store.
class Linker {
 public:
  // Later definitions of a name replace earlier ones.
  void define(std::string_view module, std::string_view name, Extern external);
  // Fits every store.
  void define(std::string_view module, std::string_view name, SharedMemory memory);
  // `env` must outlive every store instantiated into.
  void define_raw(std::string_view module, std::string_view name, FuncType type, HostCallback callback, void* env);
  void define_func(std::string_view module, std::string_view name, FuncType type, HostFunction function);
  template <auto F, class Env>
  void define_host(std::string_view module, std::string_view name, Env* env) {
    define_raw(module, name, HostBinding<F>::type(), HostBinding<F>::callback(), env);
  }
  // All exports of an instance, under `module`.
  void define_instance(std::string_view module, const Instance& instance);

  bool has(std::string_view module, std::string_view name) const;

  // Resolves every import by name and instantiates. A missing name is a `link` error that lists it.
  Result<Instance> instantiate(Store& store, const Module& module) const;

 private:
  struct HostDefinition {
    FuncType type;
    HostCallback callback = nullptr;
    void* env = nullptr;
    HostFunction function;
  };
  using Definition = std::variant<Extern, HostDefinition, SharedMemory>;
  using Key = std::pair<std::string, std::string>;
  void put(std::string_view module, std::string_view name, Definition definition);
  std::map<Key, Definition, std::less<>> definitions_;
};

}  // namespace wplug
