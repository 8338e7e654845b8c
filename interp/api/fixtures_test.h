// Shorthand for tests of the API: what must succeed, or the test ends there.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interp/api/module_builder.h"
#include "interp/exec/guard.h"
#include "wplug/engine.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/module.h"
#include "wplug/store.h"

namespace wplug::test {

template <class T>
T must(Result<T> result) {
  if (!result.ok()) FAIL(result.error().to_string());
  return std::move(result).value();
}

inline void must(Result<void> result) {
  if (!result.ok()) FAIL(result.error().to_string());
}

template <class T>
Error must_fail(Result<T> result) {
  if (result.ok()) FAIL("succeeded");
  return std::move(result).error();
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

inline Module compile(const Engine& engine, const ModuleBuilder& builder, std::string_view name = {}) {
  return must(Module::compile(engine, builder.build(), name));
}

// `base` in every form of the code and with every kind of bounds check.
inline std::vector<Config> bounds_configs(const Config& base = {}) {
  std::vector<Config> configs;
  for (bool registers : {true, false}) {
    for (MemoryKind memory : {MemoryKind::explicit_checks, MemoryKind::guard_pages}) {
      if (memory == MemoryKind::guard_pages && !guard_pages_supported()) continue;
      Config& config = configs.emplace_back(base);
      config.register_allocation = registers;
      config.memory = memory;
    }
  }
  return configs;
}

// An engine and one store of it.
struct World {
  explicit World(const StoreLimits& limits = {}, const Config& config = {})
      : engine(must(Engine::create(config))), store(must(Store::create(engine, limits))) {}

  Instance instantiate(const ModuleBuilder& builder, std::vector<Extern> imports = {}) {
    return must(Instance::create(store, compile(engine, builder), imports));
  }

  Engine engine;
  Store store;
};

}  // namespace wplug::test
