// The types that a module defines, for subtyping while it is validated.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "interp/wasm/module_def.h"
#include "interp/wasm/subtyping.h"
#include "interp/wasm/type_registry.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

// Made canonical in a registry of its own when that first matters: most modules never ask, and what does not turn out
// to be valid leaves nothing in the engine. Borrows the module.
class ModuleTypes {
 public:
  explicit ModuleTypes(const ModuleDef& module) : module_(module) {}

  // Validates the definitions (spec 3.2.6 to 3.2.9): before anything else is asked.
  Result<void> validate(const ModuleLimits& limits, size_t offset);

  size_t count() const { return module_.types.size(); }
  // A concrete type's index is one of the module's.
  bool knows(ValType type) const { return !type.is_concrete() || type.type_index() < count(); }
  bool matches(ValType actual, ValType wanted) {
    return type_matches(actual, wanted, [this](uint32_t index) { return canonical(index); });
  }
  // As many, and each matches.
  bool matches(std::span<const ValType> actual, std::span<const ValType> wanted);
  bool matches(const FieldType& actual, const FieldType& wanted);

 private:
  const CanonicalType* canonical(uint32_t index);
  bool matches_supertype(const SubType& type, const SubType& supertype);

  const ModuleDef& module_;
  TypeRegistry registry_;
  std::vector<const CanonicalType*> canonical_;
};

}  // namespace wplug
