// The garbage-collected heap of a store: structures, arrays and exceptions.
//
// Objects never move. Small ones lie in blocks of cells of one size, aligned to their own size so that a block is found
// from any address; large ones are allocated one by one. Collection is mark and sweep: marking follows the roots with a
// stack of its own, so the depth of a structure does not matter; sweeping is put off until the cells are asked for.
// Objects are traced by their types. The value stack is not typed: every slot in use, and the machine registers, are
// looked up in the table of blocks, and what is the address of an object keeps it alive. A mark is the number of the
// collection that set it, so a collection may be given up at any time: its marks are then old ones.
//
// Roots: globals, tables and element segments of the store, the value stack, and the references that the host holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "interp/wasm/numeric.h"
#include "interp/wasm/type_registry.h"

namespace wplug {

struct StoreImpl;
struct TagInstance;

enum class ObjectKind : uint8_t { free, structure, array, exception };

// What every object begins with; its fields, elements or slots follow. References are addresses of headers.
struct HeapObject {
  union {
    const CanonicalType* type;  // of structures and arrays
    const TagInstance* tag;     // of exceptions
    HeapObject* next;           // of a free cell
    uint64_t word;              // 8 bytes on 32-bit machines too
  };
  uint32_t length;  // elements of an array, slots of an exception
  uint16_t mark;    // number of the collection that reached it last
  ObjectKind kind;
  bool is_large;

  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  uint64_t* slots() { return reinterpret_cast<uint64_t*>(this + 1); }
};
static_assert(sizeof(HeapObject) == 16);

// A reference that is known to be to an object.
inline HeapObject* object_of(uint64_t ref) { return reinterpret_cast<HeapObject*>(static_cast<uintptr_t>(ref)); }
inline uint64_t ref_of(const HeapObject* object) { return reinterpret_cast<uintptr_t>(object); }
// The reference is neither null nor an i31 nor a host value. Of a hierarchy other than func's, it is then to an object.
inline bool is_object(uint64_t ref) { return ref != 0 && (ref & 7) == 0; }

// What the running frame holds beyond the frames below it: everything up to `top` is looked through, and the registers.
struct FrameRoots {
  const uint64_t* top = nullptr;  // null: nothing runs above Context::stack_top
  std::span<const uint64_t> registers;
};

class Heap {
 public:
  explicit Heap(StoreImpl& store) : store_(store) {}
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // A new object, its bytes zero. May collect before. Null with why in `trap`: out of heap memory, or a stop that was
  // asked for while collecting.
  HeapObject* allocate(ObjectKind kind, uint64_t bytes, const FrameRoots& roots, numeric::MaybeTrap& trap);
  HeapObject* new_structure(const CanonicalType* type, const FrameRoots& roots, numeric::MaybeTrap& trap);
  HeapObject* new_array(const CanonicalType* type, uint32_t length, const FrameRoots& roots, numeric::MaybeTrap& trap);

  // Collects now. Gives up with the trap of an interrupt or deadline; nothing is lost then.
  numeric::MaybeTrap collect(const FrameRoots& roots);

  // For tests: collects whenever this many bytes have been allocated since the last time, however many are alive.
  void collect_each(uint64_t bytes) { each_ = bytes; }

  // While there is one, nothing is collected: for code that holds references where no root is.
  class Pause {
   public:
    explicit Pause(Heap& heap) : heap_(heap) { ++heap_.paused_; }
    ~Pause() { --heap_.paused_; }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    Heap& heap_;
  };

  // References that the host holds, see include/wplug/ref.h. keep() does nothing for what is no object.
  void keep(uint64_t ref);
  // The same of a number that may be the address of something else.
  void keep_candidate(uint64_t bits);
  size_t kept() const { return kept_.size(); }
  void release_to(size_t kept);
  uint32_t pin(uint64_t ref);
  void unpin(uint32_t slot);
  uint64_t pinned(uint32_t slot) const { return pinned_[slot]; }

  // Bytes of address space that objects have, free cells included.
  uint64_t bytes() const { return bytes_; }
  uint64_t collections() const { return collections_; }

 private:
  struct Block;
  static constexpr size_t kBlockSize = size_t{32} << 10;
  static constexpr size_t kClasses = 32;
  struct SizeClass {
    std::vector<Block*> blocks;
    size_t next = 0;             // the first block that has not been swept since the last collection
    HeapObject* free = nullptr;  // cells of swept blocks
    Block* newest = nullptr;     // has cells that were never used
  };
  struct Large {
    HeapObject* object;
    uint64_t bytes;
  };

  HeapObject* try_allocate(uint64_t bytes);
  HeapObject* allocate_small(size_t size_class);
  HeapObject* allocate_large(uint64_t bytes);
  bool add_block(size_t size_class);
  bool fits(uint64_t more) const;
  bool sweep_next(size_t size_class, bool release_empty);
  numeric::MaybeTrap sweep_all();
  void sweep_large(size_t most);
  void restart_marks();

  bool is_object_at(uint64_t bits) const;
  void mark_candidate(uint64_t bits);
  void mark_ref(uint64_t ref);
  numeric::MaybeTrap mark_slots(const uint64_t* begin, const uint64_t* end);
  numeric::MaybeTrap mark_roots(const FrameRoots& roots);
  numeric::MaybeTrap trace_all();
  void trace_array(HeapObject& array, uint32_t from);

  StoreImpl& store_;
  SizeClass classes_[kClasses];
  std::vector<void*> chunks_;                        // of several blocks
  std::vector<Block*> free_blocks_;
  std::unordered_map<uintptr_t, Block*> blocks_;     // those in use, by address
  std::unordered_map<uintptr_t, size_t> large_at_;   // by address of the object: its place in large_
  std::vector<Large> large_;
  size_t large_unswept_ = 0;  // those below it have to be swept
  struct Pending {
    HeapObject* object;
    uint32_t from;  // element of an array to go on at
  };
  std::vector<Pending> pending_;
  std::vector<uint64_t> kept_;
  std::unordered_set<uint64_t> is_kept_;
  std::vector<uint64_t> pinned_;
  std::vector<uint32_t> free_pins_;
  uint64_t bytes_ = 0;
  uint64_t allocated_ = 0;    // since the last collection
  uint64_t live_ = 0;         // bytes that the last collection found
  uint64_t collections_ = 0;
  uint64_t each_ = UINT64_MAX;  // bytes
  uint32_t paused_ = 0;
  uint16_t mark_ = 1;
};

// A new exception with the payload `slots`, laid out as the tag's parameters are in frames. Null: see Heap::allocate().
HeapObject* allocate_exception(StoreImpl& store, const TagInstance& tag, std::span<const uint64_t> slots,
                               const FrameRoots& roots, numeric::MaybeTrap& trap);

}  // namespace wplug
