#include "interp/validate/module_types.h"

#include <algorithm>
#include <string>

#include "interp/base/concat.h"

namespace wplug {

namespace {

// The first index from `end` on in a definition, as nothing before it may refer to what comes later.
std::optional<uint32_t> unknown_type(const SubType& type, uint32_t end) {
  const auto is_unknown = [end](ValType value) { return value.is_concrete() && value.type_index() >= end; };
  for (ValType param : type.func.params) {
    if (is_unknown(param)) return param.type_index();
  }
  for (ValType result : type.func.results) {
    if (is_unknown(result)) return result.type_index();
  }
  for (const FieldType& field : type.fields) {
    if (is_unknown(field.type)) return field.type.type_index();
  }
  return std::nullopt;
}

}  // namespace

Result<void> ModuleTypes::validate(const ModuleLimits& limits, size_t offset) {
  bool has_supertypes = false;
  std::vector<uint32_t> depth;  // by type; empty as long as there are no supertypes
  const auto invalid = [offset](std::string text) { return Error(ErrorKind::invalid, std::move(text), offset); };
  for (const RecGroup& group : module_.rec_groups) {
    for (uint32_t i = group.begin; i < group.end; ++i) {
      const SubType& type = module_.types[i];
      if (const auto unknown = unknown_type(type, group.end)) {
        return invalid(concat("unknown type ", *unknown, " (type ", i, ")"));
      }
      if (!type.supertype.has_value()) continue;
      const uint32_t supertype = *type.supertype;
      if (supertype >= i) return invalid(concat("unknown type ", supertype, " (type ", i, ")"));
      has_supertypes = true;
      depth.resize(count());
      depth[i] = depth[supertype] + 1;
      if (depth[i] > limits.subtype_depth) {
        return Error(ErrorKind::limit, concat("type ", i, " has more supertypes than the limit of ", limits.subtype_depth),
                     offset);
      }
      if (module_.types[supertype].is_final || module_.types[supertype].kind != type.kind) {
        return invalid(concat("sub type ", i, " does not match its supertype ", supertype));
      }
    }
  }
  if (!has_supertypes) return {};
  for (uint32_t i = 0; i < count(); ++i) {
    const SubType& type = module_.types[i];
    if (type.supertype.has_value() && !matches_supertype(type, module_.types[*type.supertype])) {
      return invalid(concat("sub type ", i, " does not match its supertype ", *type.supertype));
    }
  }
  return {};
}

bool ModuleTypes::matches_supertype(const SubType& type, const SubType& supertype) {
  switch (type.kind) {
    case CompositeKind::func:
      return matches(supertype.func.params, type.func.params) && matches(type.func.results, supertype.func.results);
    case CompositeKind::struct_:
      if (type.fields.size() < supertype.fields.size()) return false;
      return std::equal(supertype.fields.begin(), supertype.fields.end(), type.fields.begin(),
                        [this](const FieldType& wanted, const FieldType& actual) { return matches(actual, wanted); });
    default: return matches(type.fields[0], supertype.fields[0]);
  }
}

bool ModuleTypes::matches(std::span<const ValType> actual, std::span<const ValType> wanted) {
  return std::equal(actual.begin(), actual.end(), wanted.begin(), wanted.end(),
                    [this](ValType a, ValType b) { return matches(a, b); });
}

// What can be written must be the same both ways.
bool ModuleTypes::matches(const FieldType& actual, const FieldType& wanted) {
  if (actual.is_mutable != wanted.is_mutable || actual.packed != wanted.packed) return false;
  return matches(actual.type, wanted.type) && (!wanted.is_mutable || matches(wanted.type, actual.type));
}

const CanonicalType* ModuleTypes::canonical(uint32_t index) {
  // A module has fewer types than the registry has ids.
  if (canonical_.empty()) (void)registry_.intern(module_.types, module_.rec_groups, canonical_);
  return index < canonical_.size() ? canonical_[index] : nullptr;
}

}  // namespace wplug
