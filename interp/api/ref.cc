#include "wplug/ref.h"

#include "interp/api/impl.h"
#include "interp/wasm/subtyping.h"
#include "wplug/trap.h"

namespace wplug {

RefScope::RefScope(Store& store) : store_(store.impl()), kept_(store_->heap.kept()) {}

RefScope::~RefScope() { store_->heap.release_to(static_cast<size_t>(kept_)); }

Rooted::Rooted(Store& store, const Value& value) : value_(value) {
  if (!value.type().is_ref()) return;
  store_ = store.impl();
  slot_ = store_->heap.pin(value.bits());
}

Rooted& Rooted::operator=(Rooted&& other) noexcept {
  if (this == &other) return *this;
  release();
  store_ = std::exchange(other.store_, nullptr);
  slot_ = other.slot_;
  value_ = other.value_;
  return *this;
}

void Rooted::release() {
  if (store_ != nullptr) store_->heap.unpin(slot_);
  store_ = nullptr;
}

HeapKind heap_kind(const Store& store, const Value& value) {
  const uint64_t bits = value.bits();
  HeapKind heap = value.type().heap();
  if (value.type().is_concrete()) {
    const CanonicalType* type = store.engine().impl()->types.find(value.type().type_index());
    heap = type == nullptr ? HeapKind::none : abstract_of(type->kind);
  }
  if (bits == 0) return bottom_of(heap);
  if (top_of(heap) == HeapKind::func) return HeapKind::func;
  if ((bits & 1) != 0) return HeapKind::i31;
  if (value.ref().is_host()) return HeapKind::extern_;
  switch (object_of(bits)->kind) {
    case ObjectKind::structure: return HeapKind::struct_;
    case ObjectKind::array: return HeapKind::array;
    default: return HeapKind::exn;
  }
}

Result<void> collect_garbage(Store& store) {
  const numeric::MaybeTrap trap = store.impl()->heap.collect({});
  if (trap == numeric::kNoTrap) return {};
  return Error(Trap(static_cast<TrapKind>(trap)));
}

uint64_t heap_bytes(const Store& store) { return store.impl()->heap.bytes(); }

}  // namespace wplug
