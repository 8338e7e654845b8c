#include "interp/store/heap.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

#include "interp/store/runtime.h"
#include "interp/store/stop.h"

namespace wplug {

using numeric::kNoTrap;
using numeric::MaybeTrap;

namespace {

constexpr uint64_t kLeastBetween = uint64_t{1} << 20;  // bytes allocated from one collection to the next, at least
constexpr uint32_t kPiece = 1024;                      // slots, elements or objects between two looks at the clock
constexpr size_t kBlocksToSweep = 8;                   // between two looks at the clock, and for one object
constexpr size_t kLargeToSweep = 16;                   // with each allocation of a large object

// Cells by size, header included: every 16 bytes, then four sizes to a doubling.
constexpr std::array<uint16_t, 30> kCellSizes = {16,  32,  48,  64,  80,  96,  112,  128,  144,  160,
                                                 176, 192, 208, 224, 240, 256, 320,  384,  448,  512,
                                                 640, 768, 896, 1024, 1280, 1536, 2048, 2560, 3072, 4096};
constexpr size_t kLargestCell = kCellSizes.back();

size_t class_of(size_t bytes) {
  if (bytes <= 256) return (bytes + 15) / 16 - 1;
  return static_cast<size_t>(std::lower_bound(kCellSizes.begin() + 16, kCellSizes.end(), bytes) - kCellSizes.begin());
}

uint64_t read_ref(const uint8_t* at) {
  uint64_t ref;
  std::memcpy(&ref, at, sizeof ref);
  return ref;
}

bool has_refs(const HeapObject& object) {
  if (object.kind == ObjectKind::exception) return !object.tag->type->param_refs.empty();
  return !object.type->ref_offsets.empty();
}

uint64_t size_of(const HeapObject& object) {
  uint64_t bytes = sizeof(HeapObject);
  if (object.kind == ObjectKind::structure) return bytes + object.type->size;
  return bytes + uint64_t{object.length} * (object.kind == ObjectKind::array ? object.type->size : 8);
}

}  // namespace

// At the start of its memory; cells follow.
struct Heap::Block {
  uint16_t cell;     // bytes of one
  uint16_t cells;
  uint16_t used;     // cells from the first that have ever been objects

  static constexpr size_t kFirst = 64;
  HeapObject* at(size_t index) {
    return reinterpret_cast<HeapObject*>(reinterpret_cast<uint8_t*>(this) + kFirst + index * cell);
  }
};

Heap::~Heap() {
  for (const Large& large : large_) std::free(large.object);
  for (void* chunk : chunks_) ::operator delete(chunk, std::align_val_t{kBlockSize});
}

// ---- allocation

HeapObject* Heap::allocate(ObjectKind kind, uint64_t bytes, const FrameRoots& roots, MaybeTrap& trap) {
  trap = kNoTrap;
  const uint64_t size = bytes + sizeof(HeapObject);
  const uint64_t limit = store_.limits.gc_heap_bytes;
  HeapObject* object = nullptr;
  if (bytes < limit && size <= limit) {
    if (paused_ == 0 && allocated_ + size >= std::min(each_, std::max(kLeastBetween, live_))) {
      trap = collect(roots);
      if (trap != kNoTrap) return nullptr;
    }
    object = try_allocate(size);
    if (object == nullptr) {
      trap = sweep_all();
      if (trap != kNoTrap) return nullptr;
      object = try_allocate(size);
    }
    if (object == nullptr && paused_ == 0) {
      trap = collect(roots);
      if (trap == kNoTrap) trap = sweep_all();
      if (trap != kNoTrap) return nullptr;
      // A heap that is all but full would be collected for every few objects.
      if (live_ <= limit - limit / 32) object = try_allocate(size);
    }
  }
  if (object == nullptr) {
    trap = numeric::trap(TrapKind::out_of_heap_memory);
    return nullptr;
  }
  allocated_ += size;
  object->mark = mark_;
  object->kind = kind;
  return object;
}

HeapObject* Heap::new_structure(const CanonicalType* type, const FrameRoots& roots, MaybeTrap& trap) {
  HeapObject* object = allocate(ObjectKind::structure, type->size, roots, trap);
  if (object != nullptr) object->type = type;
  return object;
}

HeapObject* Heap::new_array(const CanonicalType* type, uint32_t length, const FrameRoots& roots, MaybeTrap& trap) {
  HeapObject* object = allocate(ObjectKind::array, uint64_t{length} * type->size, roots, trap);
  if (object == nullptr) return nullptr;
  object->type = type;
  object->length = length;
  return object;
}

HeapObject* allocate_exception(StoreImpl& store, const TagInstance& tag, std::span<const uint64_t> slots,
                               const FrameRoots& roots, MaybeTrap& trap) {
  HeapObject* object = store.heap.allocate(ObjectKind::exception, slots.size_bytes(), roots, trap);
  if (object == nullptr) return nullptr;
  object->tag = &tag;
  object->length = static_cast<uint32_t>(slots.size());
  std::copy(slots.begin(), slots.end(), object->slots());
  return object;
}

HeapObject* Heap::try_allocate(uint64_t size) {
  return size <= kLargestCell ? allocate_small(class_of(static_cast<size_t>(size))) : allocate_large(size);
}

bool Heap::fits(uint64_t more) const {
  return bytes_ <= store_.limits.gc_heap_bytes && more <= store_.limits.gc_heap_bytes - bytes_;
}

HeapObject* Heap::allocate_small(size_t index) {
  SizeClass& size_class = classes_[index];
  // Where the heap is full of what is alive, the search for free cells must end some time: then the heap grows.
  for (size_t i = 0; size_class.free == nullptr && i < kBlocksToSweep && sweep_next(index, false); ++i) {
  }
  if (HeapObject* object = size_class.free; object != nullptr) {
    size_class.free = object->next;
    std::memset(static_cast<void*>(object), 0, kCellSizes[index]);
    return object;
  }
  if (size_class.newest == nullptr || size_class.newest->used == size_class.newest->cells) {
    if (!add_block(index)) return nullptr;
  }
  Block& block = *size_class.newest;
  HeapObject* object = block.at(block.used++);
  std::memset(static_cast<void*>(object), 0, block.cell);
  return object;
}

bool Heap::add_block(size_t index) {
  if (!fits(kBlockSize)) return false;
  if (free_blocks_.empty()) {
    const size_t blocks = chunks_.empty() ? 4 : 32;
    auto* chunk = static_cast<uint8_t*>(::operator new(blocks * kBlockSize, std::align_val_t{kBlockSize}, std::nothrow));
    if (chunk == nullptr) return false;
    chunks_.push_back(chunk);
    for (size_t i = blocks; i-- > 0;) free_blocks_.push_back(reinterpret_cast<Block*>(chunk + i * kBlockSize));
  }
  Block* block = free_blocks_.back();
  free_blocks_.pop_back();
  const uint16_t cell = kCellSizes[index];
  const auto cells = static_cast<uint16_t>((kBlockSize - Block::kFirst) / cell);
  *block = {cell, cells, 0};
  blocks_.emplace(reinterpret_cast<uintptr_t>(block), block);
  SizeClass& size_class = classes_[index];
  // Blocks that have been swept come first.
  size_class.blocks.push_back(block);
  std::swap(size_class.blocks.back(), size_class.blocks[size_class.next++]);
  size_class.newest = block;
  bytes_ += kBlockSize;
  return true;
}

HeapObject* Heap::allocate_large(uint64_t size) {
  sweep_large(kLargeToSweep);
  if (!fits(size)) return nullptr;
  auto* object = static_cast<HeapObject*>(std::calloc(1, static_cast<size_t>(size)));
  if (object == nullptr) return nullptr;
  object->is_large = true;
  large_at_.emplace(reinterpret_cast<uintptr_t>(object), large_.size());
  large_.push_back({object, size});
  bytes_ += size;
  return object;
}

// ---- sweeping

// Sweeps one block of a class. False: all have been swept.
bool Heap::sweep_next(size_t index, bool release_empty) {
  SizeClass& size_class = classes_[index];
  if (size_class.next == size_class.blocks.size()) return false;
  Block* block = size_class.blocks[size_class.next];
  size_t free = 0;
  HeapObject* list = size_class.free;
  for (size_t i = block->used; i-- > 0;) {
    HeapObject* object = block->at(i);
    if (object->kind != ObjectKind::free && object->mark == mark_) continue;
#if WPLUG_PARANOID
    std::memset(static_cast<void*>(object), 0xdb, block->cell);
#endif
    object->kind = ObjectKind::free;
    object->next = list;
    list = object;
    ++free;
  }
  if (release_empty && free == block->used && block != size_class.newest) {
    std::swap(size_class.blocks[size_class.next], size_class.blocks.back());
    size_class.blocks.pop_back();
    blocks_.erase(reinterpret_cast<uintptr_t>(block));
    free_blocks_.push_back(block);
    bytes_ -= kBlockSize;
    return true;
  }
  size_class.free = list;
  ++size_class.next;
  return true;
}

void Heap::sweep_large(size_t most) {
  for (; large_unswept_ > 0 && most > 0; --most) {
    const size_t at = --large_unswept_;
    HeapObject* object = large_[at].object;
    if (object->mark == mark_) continue;
    bytes_ -= large_[at].bytes;
    large_at_.erase(reinterpret_cast<uintptr_t>(object));
    std::free(object);
    if (at + 1 != large_.size()) {
      large_[at] = large_.back();
      large_at_[reinterpret_cast<uintptr_t>(large_[at].object)] = at;
    }
    large_.pop_back();
  }
}

MaybeTrap Heap::sweep_all() {
  size_t swept = 0;
  for (size_t i = 0; i < kCellSizes.size(); ++i) {
    while (sweep_next(i, true)) {
      if (++swept % kBlocksToSweep != 0) continue;
      if (MaybeTrap stop = check_stop(store_.context); stop != kNoTrap) return stop;
    }
  }
  while (large_unswept_ > 0) {
    sweep_large(kLargeToSweep);
    if (MaybeTrap stop = check_stop(store_.context); stop != kNoTrap) return stop;
  }
  return kNoTrap;
}

// ---- marking

MaybeTrap Heap::collect(const FrameRoots& roots) {
  if (paused_ != 0) return kNoTrap;
  // What died before must be gone: a number on the stack that looks like its address would bring it back.
  if (MaybeTrap stop = sweep_all(); stop != kNoTrap) return stop;
  if (++mark_ == 0) restart_marks();
  live_ = 0;
  pending_.clear();
  if (MaybeTrap stop = mark_roots(roots); stop != kNoTrap) return stop;
  if (MaybeTrap stop = trace_all(); stop != kNoTrap) return stop;
  for (SizeClass& size_class : classes_) {
    size_class.next = 0;
    size_class.free = nullptr;
  }
  large_unswept_ = large_.size();
  allocated_ = 0;
  ++collections_;
  return kNoTrap;
}

// The numbers of collections have run out: all marks are made old ones.
void Heap::restart_marks() {
  mark_ = 1;
  for (SizeClass& size_class : classes_) {
    for (Block* block : size_class.blocks) {
      for (size_t i = 0; i < block->used; ++i) block->at(i)->mark = 0;
    }
  }
  for (const Large& large : large_) large.object->mark = 0;
}

void Heap::mark_ref(uint64_t ref) {
  if (!is_object(ref)) return;
  HeapObject& object = *object_of(ref);
  if (object.mark == mark_) return;
  object.mark = mark_;
  live_ += size_of(object);
  if (has_refs(object)) pending_.push_back({&object, 0});
}

// Whether a number is the address of an object.
bool Heap::is_object_at(uint64_t bits) const {
  if (bits == 0 || (bits & 15) != 0 || bits > UINTPTR_MAX) return false;
  const auto address = static_cast<uintptr_t>(bits);
  const auto at = blocks_.find(address & ~(kBlockSize - 1));
  if (at == blocks_.end()) return large_at_.contains(address);
  const Block& block = *at->second;
  const size_t offset = address & (kBlockSize - 1);
  if (offset < Block::kFirst || (offset - Block::kFirst) % block.cell != 0) return false;
  return (offset - Block::kFirst) / block.cell < block.used && object_of(bits)->kind != ObjectKind::free;
}

void Heap::mark_candidate(uint64_t bits) {
  if (is_object_at(bits)) mark_ref(bits);
}

MaybeTrap Heap::mark_slots(const uint64_t* begin, const uint64_t* end) {
  while (begin < end) {
    const uint64_t* piece = begin + std::min<ptrdiff_t>(end - begin, kPiece);
    for (; begin < piece; ++begin) mark_candidate(*begin);
    if (MaybeTrap stop = check_stop(store_.context); stop != kNoTrap) return stop;
  }
  return kNoTrap;
}

MaybeTrap Heap::mark_roots(const FrameRoots& roots) {
  const Slot* top = roots.top == nullptr ? store_.context.stack_top : roots.top;
  if (MaybeTrap stop = mark_slots(static_cast<const Slot*>(store_.stack.data()), top); stop != kNoTrap) return stop;
  for (uint64_t reg : roots.registers) mark_candidate(reg);
  for (const GlobalInstance& global : store_.globals) {
    if (may_refer_to_object(global.type.type)) mark_candidate(global.value[0]);
  }
  for (const TableInstance& table : store_.tables) {
    if (!may_refer_to_object(table.type.element)) continue;
    const uint64_t* elements = table.elements.data();
    if (MaybeTrap stop = mark_slots(elements, elements + table.elements.size()); stop != kNoTrap) return stop;
  }
  for (const InstanceImpl& instance : store_.instances) {
    for (const std::vector<uint64_t>& segment : instance.element_values) {
      const uint64_t* elements = segment.data();
      if (MaybeTrap stop = mark_slots(elements, elements + segment.size()); stop != kNoTrap) return stop;
    }
  }
  if (MaybeTrap stop = mark_slots(kept_.data(), kept_.data() + kept_.size()); stop != kNoTrap) return stop;
  return mark_slots(pinned_.data(), pinned_.data() + pinned_.size());
}

MaybeTrap Heap::trace_all() {
  for (uint32_t count = 0; !pending_.empty(); ++count) {
    if (count % kPiece == 0) {
      if (MaybeTrap stop = check_stop(store_.context); stop != kNoTrap) return stop;
    }
    const Pending next = pending_.back();
    pending_.pop_back();
    HeapObject& object = *next.object;
    switch (object.kind) {
      case ObjectKind::structure:
        for (uint32_t offset : object.type->ref_offsets) mark_ref(read_ref(object.bytes() + offset));
        break;
      case ObjectKind::array: trace_array(object, next.from); break;
      case ObjectKind::exception:
        for (uint32_t slot : object.tag->type->param_refs) mark_ref(object.slots()[slot]);
        break;
      case ObjectKind::free: break;
    }
  }
  return kNoTrap;
}

// A piece of it, the rest later: what its elements refer to comes first, so that few are pending at a time.
void Heap::trace_array(HeapObject& array, uint32_t from) {
  const uint32_t end = from + std::min(array.length - from, kPiece);
  if (end < array.length) pending_.push_back({&array, end});
  for (uint32_t i = from; i < end; ++i) mark_ref(array.slots()[i]);
}

// ---- what the host holds

void Heap::keep(uint64_t ref) {
  if (is_object(ref) && is_kept_.insert(ref).second) kept_.push_back(ref);
}

void Heap::keep_candidate(uint64_t bits) {
  if (is_object_at(bits)) keep(bits);
}

void Heap::release_to(size_t kept) {
  for (; kept_.size() > kept; kept_.pop_back()) is_kept_.erase(kept_.back());
}

uint32_t Heap::pin(uint64_t ref) {
  if (free_pins_.empty()) {
    pinned_.push_back(ref);
    return static_cast<uint32_t>(pinned_.size() - 1);
  }
  const uint32_t slot = free_pins_.back();
  free_pins_.pop_back();
  pinned_[slot] = ref;
  return slot;
}

void Heap::unpin(uint32_t slot) {
  pinned_[slot] = 0;
  free_pins_.push_back(slot);
}

}  // namespace wplug
