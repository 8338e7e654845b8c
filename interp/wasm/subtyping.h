// Subtyping of reference types (spec 3.0, 3.3.3 "Heap Types", 3.3.4 "Reference Types").
//
// What a concrete type's index stands for the caller knows: `type_of(index)` gives its canonical type, or null.
#pragma once

#include "interp/wasm/type_registry.h"
#include "wplug/types.h"

namespace wplug {

// The abstract type directly above a defined one.
constexpr HeapKind abstract_of(CompositeKind kind) {
  switch (kind) {
    case CompositeKind::func: return HeapKind::func;
    case CompositeKind::struct_: return HeapKind::struct_;
    default: return HeapKind::array;
  }
}

// The greatest type of the hierarchy that an abstract heap type is in.
constexpr HeapKind top_of(HeapKind heap) {
  switch (heap) {
    case HeapKind::func:
    case HeapKind::nofunc: return HeapKind::func;
    case HeapKind::extern_:
    case HeapKind::noextern: return HeapKind::extern_;
    case HeapKind::exn:
    case HeapKind::noexn: return HeapKind::exn;
    default: return HeapKind::any;
  }
}

// The least.
constexpr HeapKind bottom_of(HeapKind heap) {
  switch (top_of(heap)) {
    case HeapKind::func: return HeapKind::nofunc;
    case HeapKind::extern_: return HeapKind::noextern;
    case HeapKind::exn: return HeapKind::noexn;
    default: return HeapKind::none;
  }
}

// Between abstract heap types.
constexpr bool heap_matches(HeapKind actual, HeapKind wanted) {
  if (actual == wanted || actual == bottom_of(wanted)) return true;
  if (wanted == HeapKind::any) return top_of(actual) == HeapKind::any;
  return wanted == HeapKind::eq &&
         (actual == HeapKind::i31 || actual == HeapKind::struct_ || actual == HeapKind::array);
}

template <class TypeOf>
bool heap_matches(ValType actual, ValType wanted, const TypeOf& type_of) {
  if (actual.is_bottom_ref()) return true;
  if (wanted.is_bottom_ref()) return false;
  HeapKind heap = actual.heap();
  if (wanted.is_concrete()) {
    const CanonicalType* target = type_of(wanted.type_index());
    if (target == nullptr) return false;
    if (!actual.is_concrete()) return heap == bottom_of(abstract_of(target->kind));
    const CanonicalType* source = type_of(actual.type_index());
    return source != nullptr && source->is_subtype_of(target);
  }
  if (actual.is_concrete()) {
    const CanonicalType* source = type_of(actual.type_index());
    if (source == nullptr) return false;
    heap = abstract_of(source->kind);
  }
  return heap_matches(heap, wanted.heap());
}

// Value types: a value of the first may stand where the second is wanted.
template <class TypeOf>
bool type_matches(ValType actual, ValType wanted, const TypeOf& type_of) {
  if (actual == wanted) return true;
  return actual.is_ref() && wanted.is_ref() && (wanted.is_nullable() || !actual.is_nullable()) &&
         heap_matches(actual, wanted, type_of);
}

}  // namespace wplug
