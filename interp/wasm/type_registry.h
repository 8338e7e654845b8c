// Canonical types: equal types of all modules of an engine have one address.
//
// Types are equal when their recursion groups are (spec 3.0, 3.3.10 "iso-recursive"): a group is made into words in which
// a type of the group itself stands as its place in it and any other as its canonical id, and groups with the same words
// are one. Every canonical type knows its supertypes from the root on, so that subtyping is one comparison.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "interp/base/sync.h"
#include "interp/wasm/module_def.h"
#include "wplug/types.h"

namespace wplug {

// Where a field lies in an object.
struct FieldLayout {
  FieldType type;
  uint32_t offset = 0;  // in bytes, from the end of the object's header
};

// Lives as long as its registry. Compared by address. Indices of concrete types in it are canonical ids.
struct CanonicalType {
  CompositeKind kind = CompositeKind::func;
  bool is_final = true;
  FuncType func;
  uint32_t id = 0;            // dense, in order of interning
  uint32_t param_slots = 0;   // 8-byte slots of all parameters
  uint32_t result_slots = 0;
  std::vector<const CanonicalType*> supertypes;  // from the root to the direct one

  // Structures and arrays.
  std::vector<FieldLayout> fields;      // of an array its element, at offset 0
  uint32_t size = 0;                    // bytes of a structure without header, or of one element
  std::vector<uint32_t> ref_offsets;    // of the fields that may refer to objects
  std::vector<uint32_t> param_refs;     // of a function type: slots of the parameters that may refer to objects
  bool results_have_refs = false;       // of a function type: a result may refer to an object

  // This type or one of its supertypes is `other`.
  bool is_subtype_of(const CanonicalType* other) const {
    return this == other || (other->supertypes.size() < supertypes.size() && supertypes[other->supertypes.size()] == other);
  }
};

// References of this type may be to objects of the heap. Of a concrete type this is not known here.
bool may_refer_to_object(ValType type);

// Any thread may intern at any time.
class TypeRegistry {
 public:
  // A function type that is final, without supertype and alone in its group. Concrete types in it are canonical ids.
  // Null when there are more types than ids.
  const CanonicalType* intern(const FuncType& type);

  // The canonical types of a module's definitions, in its order: `groups` partition `types`, whose indices are valid.
  // False when there are more types than indices; some are interned then.
  bool intern(std::span<const SubType> types, std::span<const RecGroup> groups, std::vector<const CanonicalType*>& canonical);

  // The type with this id, null when there is none.
  const CanonicalType* find(uint32_t id);

 private:
  // The id of the group's first type; none when there are more types than ids. Types of a new group are added to
  // `canonical`, where there is one.
  std::optional<uint32_t> intern_group(std::span<const SubType> types, RecGroup range, std::vector<const CanonicalType*>* canonical);
  bool refers_to_object(ValType type) const;
  void fill(CanonicalType& made, const SubType& type, const std::vector<const CanonicalType*>* canonical);

  Mutex mutex_;
  std::deque<CanonicalType> types_;
  // The first id of each group by its words. In order, as a hash table could be made slow by whoever chooses the types.
  std::map<std::vector<uint32_t>, uint32_t> groups_;
  std::vector<uint32_t> words_;  // of the group at hand
};

}  // namespace wplug
