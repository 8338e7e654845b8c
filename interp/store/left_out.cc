// What the small build (wasm/profile.h) has in place of the files that it leaves out: a heap without objects, and no
// shared memories. References are then to functions, of which the store owns all, or to things of the host: nothing has
// to be kept alive.
#include <cstring>

#include "interp/store/runtime.h"

namespace wplug {

// heap.cc
Heap::~Heap() = default;
HeapObject* Heap::new_structure(const CanonicalType*, const FrameRoots&, numeric::MaybeTrap& trap) {
  trap = numeric::trap(TrapKind::out_of_heap_memory);
  return nullptr;
}
HeapObject* Heap::new_array(const CanonicalType* type, uint32_t, const FrameRoots& roots, numeric::MaybeTrap& trap) {
  return new_structure(type, roots, trap);
}
numeric::MaybeTrap Heap::collect(const FrameRoots&) { return numeric::kNoTrap; }
void Heap::keep(uint64_t) {}
void Heap::keep_candidate(uint64_t) {}
void Heap::release_to(size_t) {}
uint32_t Heap::pin(uint64_t) { return 0; }
void Heap::unpin(uint32_t) {}

// shared_memory.cc
uint32_t WaitQueue::notify(uint64_t, uint32_t) { return 0; }
void relaxed_copy(uint8_t* to, const uint8_t* from, uint64_t count, bool) {
  std::memmove(to, from, static_cast<size_t>(count));
}
void relaxed_fill(uint8_t* to, uint8_t value, uint64_t count) { std::memset(to, value, static_cast<size_t>(count)); }

}  // namespace wplug
