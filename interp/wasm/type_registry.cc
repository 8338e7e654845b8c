#include "interp/wasm/type_registry.h"

namespace wplug {

namespace {

constexpr uint32_t kNoSupertype = UINT32_MAX;

// With the id where a concrete type has an index of a module; without `canonical` it is an id already.
ValType canonical_type(ValType type, const std::vector<const CanonicalType*>* canonical) {
  if (!type.is_concrete() || canonical == nullptr) return type;
  return ValType::ref_to((*canonical)[type.type_index()]->id, type.is_nullable());
}

// The words of one recursion group, its types being those from `begin` on. Every list begins with its length, so that no
// two groups have the same words.
class GroupWriter {
 public:
  GroupWriter(std::vector<uint32_t>& words, RecGroup group, const std::vector<const CanonicalType*>* canonical)
      : words_(words), group_(group), canonical_(canonical) {}

  void write(const SubType& type) {
    words_.push_back(static_cast<uint32_t>(type.kind) << 1 | (type.is_final ? 1 : 0));
    if (type.supertype.has_value()) {
      write(ValType::ref_to(*type.supertype, false));
    } else {
      words_.push_back(kNoSupertype);
    }
    if (type.kind == CompositeKind::func) {
      write(type.func.params);
      write(type.func.results);
      return;
    }
    words_.push_back(static_cast<uint32_t>(type.fields.size()));
    for (const FieldType& field : type.fields) {
      words_.push_back(static_cast<uint32_t>(field.packed) << 1 | (field.is_mutable ? 1 : 0));
      write(field.type);
    }
  }

 private:
  void write(const std::vector<ValType>& types) {
    words_.push_back(static_cast<uint32_t>(types.size()));
    for (ValType type : types) write(type);
  }
  void write(ValType type) {
    // The heap kind of concrete types is 0, so that its bits are free to mark those of the group.
    constexpr uint32_t kOfGroup = 1;
    if (!type.is_concrete()) {
      words_.push_back(type.bits());
    } else if (type.type_index() >= group_.begin && type.type_index() < group_.end) {
      words_.push_back(ValType::ref_to(type.type_index() - group_.begin, type.is_nullable()).bits() | kOfGroup);
    } else {
      words_.push_back(canonical_type(type, canonical_).bits());
    }
  }

  std::vector<uint32_t>& words_;
  RecGroup group_;
  const std::vector<const CanonicalType*>* canonical_;
};

// Fields in order, each at its natural alignment: what a supertype has lies at the same place in its subtypes.
void lay_out(CanonicalType& type) {
  uint32_t at = 0;
  for (FieldLayout& field : type.fields) {
    const uint32_t size = field.type.size();
    field.offset = (at + size - 1) / size * size;
    at = field.offset + size;
  }
  type.size = at;
}

}  // namespace

bool may_refer_to_object(ValType type) {
  if (!type.is_ref()) return false;
  switch (type.heap()) {
    case HeapKind::func:
    case HeapKind::nofunc:
    case HeapKind::noextern:
    case HeapKind::none:
    case HeapKind::noexn:
    case HeapKind::i31: return false;
    default: return true;
  }
}

const CanonicalType* TypeRegistry::intern(const FuncType& type) {
  SubType definition;
  definition.func = type;
  const Locked lock(mutex_);
  // As if at an index that nothing refers to.
  const std::optional<uint32_t> id = intern_group({&definition, 1}, {UINT32_MAX - 1, UINT32_MAX}, nullptr);
  return id.has_value() ? &types_[*id] : nullptr;
}

bool TypeRegistry::intern(std::span<const SubType> types, std::span<const RecGroup> groups,
                          std::vector<const CanonicalType*>& canonical) {
  canonical.reserve(types.size());
  const Locked lock(mutex_);
  for (const RecGroup& group : groups) {
    const std::optional<uint32_t> first =
        intern_group(types.subspan(group.begin, group.end - group.begin), group, &canonical);
    if (!first.has_value()) return false;
    // Where the group is new, intern_group() has added its types.
    for (uint32_t i = static_cast<uint32_t>(canonical.size()); i < group.end; ++i) {
      canonical.push_back(&types_[*first + (i - group.begin)]);
    }
  }
  return true;
}

const CanonicalType* TypeRegistry::find(uint32_t id) {
  const Locked lock(mutex_);
  return id < types_.size() ? &types_[id] : nullptr;
}

std::optional<uint32_t> TypeRegistry::intern_group(std::span<const SubType> types, RecGroup range,
                                                   std::vector<const CanonicalType*>* canonical) {
  words_.clear();
  GroupWriter writer(words_, range, canonical);
  for (const SubType& type : types) writer.write(type);
  if (const auto known = groups_.find(words_); known != groups_.end()) return known->second;
  // Modules leave half of the ids to host functions, whose types are the embedder's and few.
  const size_t most = canonical == nullptr ? ValType::kMostTypeIndex : ValType::kMostTypeIndex / 2;
  if (types_.size() > most || types.size() > most - types_.size()) return std::nullopt;
  const auto first = static_cast<uint32_t>(types_.size());
  groups_.emplace(words_, first);
  for (size_t i = 0; i < types.size(); ++i) {
    CanonicalType& made = types_.emplace_back();
    made.id = static_cast<uint32_t>(types_.size() - 1);
    made.kind = types[i].kind;
    if (canonical != nullptr) canonical->push_back(&made);
  }
  for (size_t i = 0; i < types.size(); ++i) fill(types_[first + i], types[i], canonical);
  return first;
}

void TypeRegistry::fill(CanonicalType& made, const SubType& type, const std::vector<const CanonicalType*>* canonical) {
  made.is_final = type.is_final;
  if (type.supertype.has_value()) {
    const CanonicalType* supertype = (*canonical)[*type.supertype];
    made.supertypes = supertype->supertypes;
    made.supertypes.push_back(supertype);
  }
  made.func = type.func;
  for (ValType& param : made.func.params) param = canonical_type(param, canonical);
  for (ValType& result : made.func.results) result = canonical_type(result, canonical);
  made.fields.reserve(type.fields.size());
  for (const FieldType& field : type.fields) {
    made.fields.push_back({field, 0});
    made.fields.back().type.type = canonical_type(field.type, canonical);
  }
  lay_out(made);
  for (const FieldLayout& field : made.fields) {
    if (refers_to_object(field.type.type)) made.ref_offsets.push_back(field.offset);
  }
  for (ValType param : made.func.params) {
    if (refers_to_object(param)) made.param_refs.push_back(made.param_slots);
    made.param_slots += param.slots();
  }
  for (ValType result : made.func.results) {
    made.result_slots += result.slots();
    made.results_have_refs |= refers_to_object(result);
  }
}

// Kinds are filled in before anything else, so that a group may look at its own types.
bool TypeRegistry::refers_to_object(ValType type) const {
  if (!type.is_concrete()) return may_refer_to_object(type);
  return type.type_index() < types_.size() && types_[type.type_index()].kind != CompositeKind::func;
}

}  // namespace wplug
