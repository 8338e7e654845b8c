// Types against types: what may be imported as what, and which values may be kept where.
#include <algorithm>
#include <string>

#include "interp/api/impl.h"

namespace wplug {

namespace {

// Heap types form hierarchies (spec 3.0, 3.3.3); a concrete type of this engine is a function type.
bool heap_matches(HeapKind actual, HeapKind wanted) {
  if (actual == wanted) return true;
  switch (wanted) {
    case HeapKind::func:
      return actual == HeapKind::nofunc || actual == HeapKind::concrete;
    case HeapKind::extern_:
      return actual == HeapKind::noextern;
    case HeapKind::any:
      return actual == HeapKind::eq || heap_matches(actual, HeapKind::eq);
    case HeapKind::eq:
      return actual == HeapKind::i31 || actual == HeapKind::struct_ || actual == HeapKind::array ||
             actual == HeapKind::none;
    case HeapKind::i31:
    case HeapKind::struct_:
    case HeapKind::array:
      return actual == HeapKind::none;
    case HeapKind::exn:
      return actual == HeapKind::noexn;
    default:
      return false;
  }
}

bool heap_matches(ValType actual, ValType wanted) {
  if (wanted.heap() != HeapKind::concrete) return heap_matches(actual.heap(), wanted.heap());
  return actual.heap() == HeapKind::nofunc ||
         (actual.heap() == HeapKind::concrete && actual.type_index() == wanted.type_index());
}

bool matches(const GlobalType& actual, const GlobalType& wanted) {
  if (actual.is_mutable != wanted.is_mutable) return false;
  return wanted.is_mutable ? actual.type == wanted.type : matches(actual.type, wanted.type);
}

bool matches_import(const ModuleImpl& module, const ImportDef& import, const Extern& external) {
  const ModuleDef& def = module.def;
  switch (import.kind) {
    case ExternKind::func: {
      const CanonicalType* wanted = module.code->types[def.functions[import.index].type];
      return std::get<Func>(external).impl()->type == wanted;
    }
    case ExternKind::table: {
      const TableType actual = std::get<Table>(external).type();
      const TableType& wanted = def.tables[import.index].type;
      return actual.element == wanted.element && matches(actual.limits, wanted.limits);
    }
    case ExternKind::memory: {
      const MemoryType actual = std::get<Memory>(external).type();
      const MemoryType& wanted = def.memories[import.index];
      return actual.page_size_log2 == wanted.page_size_log2 && matches(actual.limits, wanted.limits);
    }
    case ExternKind::global:
      return matches(std::get<Global>(external).type(), def.globals[import.index].type);
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

bool matches(ValType actual, ValType wanted) {
  if (actual == wanted) return true;
  return actual.is_ref() && wanted.is_ref() && (wanted.is_nullable() || !actual.is_nullable()) &&
         heap_matches(actual, wanted);
}

bool matches(const Limits& actual, const Limits& wanted) {
  if (actual.is_64 != wanted.is_64 || actual.shared != wanted.shared || actual.min < wanted.min) return false;
  return !wanted.max.has_value() || (actual.max.has_value() && *actual.max <= *wanted.max);
}

bool value_fits(const Value& value, ValType wanted) {
  if (matches(value.type(), wanted)) return true;
  // A reference known to be null or not may be kept by what it is, not by what it might have been.
  if (!value.type().is_ref() || !wanted.is_ref() || !heap_matches(value.type(), wanted)) return false;
  return wanted.is_nullable() || !value.ref().is_null();
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
