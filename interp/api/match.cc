// Types against types: what may be imported as what, and which values may be kept where.
#include <algorithm>
#include <string>

#include "interp/api/impl.h"
#include "interp/store/references.h"
#include "interp/wasm/subtyping.h"

namespace wplug {

namespace {

bool matches_import(const ModuleImpl& module, const ImportDef& import, const Extern& external) {
  const ModuleDef& def = module.def;
  TypeRegistry& types = module.engine.impl()->types;
  switch (import.kind) {
    case ExternKind::func: {
      const CanonicalType* wanted = module.code->types[def.functions[import.index].type];
      return std::get<Func>(external).impl()->type->is_subtype_of(wanted);
    }
    case ExternKind::table: {
      const TableType actual = std::get<Table>(external).type();
      const TableType& wanted = def.tables[import.index].type;
      return actual.element == canonical_type(*module.code, wanted.element) && matches(actual.limits, wanted.limits);
    }
    case ExternKind::memory: {
      const MemoryType actual = std::get<Memory>(external).type();
      const MemoryType& wanted = def.memories[import.index];
      return actual.page_size_log2 == wanted.page_size_log2 && matches(actual.limits, wanted.limits);
    }
    case ExternKind::global: {
      const GlobalType actual = std::get<Global>(external).type();
      const GlobalType& wanted = def.globals[import.index].type;
      const ValType type = canonical_type(*module.code, wanted.type);
      if (actual.is_mutable != wanted.is_mutable) return false;
      return wanted.is_mutable ? actual.type == type : matches(types, actual.type, type);
    }
    case ExternKind::tag:
      return std::get<Tag>(external).impl()->type == module.code->types[def.tags[import.index].type];
    default:
      return false;
  }
}

Error misuse(std::string message) { return {ErrorKind::misuse, std::move(message)}; }

Result<void> check_limits(const char* what, const Limits& limits, uint64_t most) {
  if (limits.min > most || limits.max.value_or(limits.min) > most) {
    return misuse(std::string(what) + ": size " + std::to_string(std::max(limits.min, limits.max.value_or(0))) + " > " +
                  std::to_string(most));
  }
  if (limits.max.has_value() && limits.min > *limits.max) {
    return misuse(std::string(what) + ": minimum " + std::to_string(limits.min) + " > maximum " +
                  std::to_string(*limits.max));
  }
  return {};
}

}  // namespace

bool matches(TypeRegistry& types, ValType actual, ValType wanted) {
  return type_matches(actual, wanted, [&types](uint32_t id) { return types.find(id); });
}

bool matches(const Limits& actual, const Limits& wanted) {
  if (actual.is_64 != wanted.is_64 || actual.shared != wanted.shared || actual.min < wanted.min) return false;
  return !wanted.max.has_value() || (actual.max.has_value() && *actual.max <= *wanted.max);
}

bool value_fits(const StoreImpl& store, const Value& value, ValType wanted) {
  if (!value.type().is_ref() || !wanted.is_ref()) return value.type() == wanted;
  if (value.ref().is_null() && !wanted.is_nullable()) return false;
  if (value.type() == wanted) return true;
  TypeRegistry& types = store.engine.impl()->types;
  if (matches(types, value.type(), wanted)) return true;
  // A reference may be kept by what it is, not only by what it might have been.
  const auto hierarchy = [&types](ValType type) {
    const CanonicalType* concrete = type.is_concrete() ? types.find(type.type_index()) : nullptr;
    return top_of(concrete == nullptr ? type.heap() : abstract_of(concrete->kind));
  };
  if (hierarchy(value.type()) != hierarchy(wanted)) return false;
  if (value.ref().is_null()) return true;
  const CanonicalType* concrete = wanted.is_concrete() ? types.find(wanted.type_index()) : nullptr;
  return (!wanted.is_concrete() || concrete != nullptr) && ref_is(value.bits(), wanted.heap(), concrete);
}

Result<void> check_type(const MemoryType& type) {
  if (type.page_size_log2 != 0 && type.page_size_log2 != 16) {
    return misuse("memory with pages of 2^" + std::to_string(type.page_size_log2) + " bytes: not 1 or 65536");
  }
  if (type.limits.shared && !type.limits.max.has_value()) return misuse("shared memory must have maximum");
  const uint64_t most = type.limits.is_64 ? UINT64_MAX : UINT32_MAX;
  return check_limits("memory", type.limits, type.page_size_log2 == 0 ? most : (most >> 16) + 1);
}

Result<void> check_type(const TableType& type) {
  if (!type.element.is_ref()) return misuse("table of " + type.element.to_string() + ": not a reference type");
  if (type.limits.shared) return misuse("table shared between threads: not supported");
  return check_limits("table", type.limits, type.limits.is_64 ? UINT64_MAX : UINT32_MAX);
}

std::string describe(const ModuleDef& def, const ImportDef& import) {
  return std::string(import.module) + "." + std::string(import.name) + " (" +
         extern_type(def, import.kind, import.index).to_string() + ")";
}

Error incompatible_import(const ModuleDef& def, const ImportDef& import, const std::string& found) {
  return {ErrorKind::link, "incompatible import type: " + std::string(import.module) + "." + std::string(import.name) +
                               " is " + found + ", module wants " +
                               extern_type(def, import.kind, import.index).to_string()};
}

Result<void> match_import(const ModuleImpl& module, const ImportDef& import, const Extern& external) {
  if (kind_of(external) == import.kind && matches_import(module, import, external)) return {};
  return incompatible_import(module.def, import, extern_type(external).to_string());
}

}  // namespace wplug
