// What a reference is of, and how values lie in objects.
#pragma once

#include <cstdint>
#include <cstring>

#include "interp/store/runtime.h"
#include "interp/wasm/subtyping.h"

namespace wplug {

// A reference that is not null is of the heap type `heap`, which is `type` when it is concrete. The reference is of the
// same hierarchy as the type, so that of tops and bottoms nothing has to be known.
inline bool ref_is(uint64_t ref, HeapKind heap, const CanonicalType* type) {
  switch (heap) {
    case HeapKind::concrete:
      if (type->kind == CompositeKind::func) {
        return reinterpret_cast<const FuncInstance*>(static_cast<uintptr_t>(ref))->type->is_subtype_of(type);
      }
      return is_object(ref) && object_of(ref)->type->is_subtype_of(type);
    case HeapKind::i31: return (ref & 1) != 0;
    case HeapKind::eq: return (ref & 3) != 2;
    case HeapKind::struct_: return is_object(ref) && object_of(ref)->kind == ObjectKind::structure;
    case HeapKind::array: return is_object(ref) && object_of(ref)->kind == ObjectKind::array;
    case HeapKind::any:
    case HeapKind::func:
    case HeapKind::extern_:
    case HeapKind::exn: return true;
    default: return false;
  }
}

// A value of `slots` slots of a frame, narrowed into an object.
inline void write_field(uint8_t* at, const FieldType& type, const uint64_t* slots) {
  std::memcpy(at, slots, type.size());
}

// One type in the indices of a module, made canonical.
inline ValType canonical_type(const ModuleCode& code, ValType type) {
  if (!type.is_concrete()) return type;
  return ValType::ref_to(code.types[type.type_index()]->id, type.is_nullable());
}

}  // namespace wplug
