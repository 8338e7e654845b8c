// The run-time objects of a store, named as the spec names them (section 4.2 "Runtime Structure"), and the context that
// handlers work on. Plain structs: `store/` makes and grows them, `exec/` reads and writes them, `api/` wraps them.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "interp/base/block.h"
#include "interp/lower/code.h"
#include "interp/store/element_array.h"
#include "interp/store/heap.h"
#include "interp/store/reservation.h"
#include "interp/store/shared_memory.h"
#include "interp/wasm/module_def.h"
#include "interp/wasm/type_registry.h"
#include "wplug/func.h"
#include "wplug/store.h"
#include "wplug/value.h"

namespace wplug {

struct ModuleImpl;
struct InstanceImpl;
struct StoreImpl;

using Slot = uint64_t;
struct Stepper;
struct UnwindCache;

// What a funcref points at: a guest function (`code`, `instance`) or a host function (`host`, `env`).
struct FuncInstance {
  const CanonicalType* type = nullptr;
  FunctionCode* code = nullptr;      // null for a host function
  InstanceImpl* instance = nullptr;  // the instance a guest function belongs to
  HostCallback host = nullptr;
  void* env = nullptr;
  uint32_t index = 0;  // guest: in its module's function index space
};

struct MemoryInstance {
  uint8_t* base = nullptr;  // may move on grow where address space is not reserved
  uint64_t size = 0;        // bytes; of a shared memory as this store last saw it, never more than there are
  std::shared_ptr<SharedMemoryImpl> shared;  // null for a memory of this store alone
  MemoryType type;                           // limits.min is the size at creation
  uint64_t max_size = 0;  // bytes; the least of the type's maximum, what the address type can reach and StoreLimits
  Reservation reservation;  // of a memory that is not shared

  bool is_64() const { return type.limits.is_64; }
  // Bytes at this moment: another thread may have made a shared memory larger.
  uint64_t current_size() const { return shared == nullptr ? size : shared->size.load(std::memory_order_acquire); }
  const Reservation& address_space() const { return shared == nullptr ? reservation : shared->reservation; }
};

struct TableInstance {
  explicit TableInstance(const Allocator& allocator = {}) : elements(allocator) {}
  ElementArray elements;  // Ref bits
  TableType type;
  uint64_t max_size = 0;
};

// Indices of concrete types in the types of tables, globals and tags are canonical ids. Tags are compared by address.
struct TagInstance {
  const CanonicalType* type = nullptr;  // its parameters are what exceptions of the tag carry
};

struct GlobalInstance {
  uint64_t value[2] = {0, 0};
  GlobalType type;
};

// An array of pointers, zero without being touched where the memory is the C library's, so that a large module's instance costs only what it
// uses.
template <class T>
class ZeroedArray {
 public:
  T& operator[](size_t index) const { return get()[index]; }
  T* get() const { return static_cast<T*>(block_.data()); }
  // False when there is no memory.
  bool allocate(size_t count, const Allocator& allocator) {
    if (count == 0) return true;
    block_ = Block(allocator);
    return count <= SIZE_MAX / sizeof(T) && block_.allocate_zeroed(count * sizeof(T));
  }

 private:
  Block block_;
};

// One instance. The arrays are indexed by the module's index spaces, imports first.
struct InstanceImpl {
  StoreImpl* store = nullptr;
  std::shared_ptr<ModuleImpl> module;
  ModuleCode* code = nullptr;
  // Function instances of imports are there from the start; those of defined functions are made when a reference to them is
  // first needed: use function_instance().
  ZeroedArray<FuncInstance*> functions;
  ZeroedArray<TableInstance*> tables;
  ZeroedArray<MemoryInstance*> memories;
  ZeroedArray<uint64_t*> globals;  // addresses of the values
  ZeroedArray<GlobalInstance*> global_instances;
  ZeroedArray<TagInstance*> tags;
  uint32_t memory_count = 0;
  uint32_t table_count = 0;
  std::vector<bool> dropped_elements;
  std::vector<bool> dropped_data;
  // By element segment; only those whose expressions allocate, which must be evaluated once, have their values here.
  std::vector<std::vector<uint64_t>> element_values;
  MemoryInstance* exported_memory = nullptr;  // the one host functions see: exported as "memory", else memory 0
  std::deque<FuncInstance> own_functions;
};

// The state that running code works on; one per store. Handlers reach it through a pointer in a register, so what they use most
// comes first. The cached fields belong to `instance` and are refreshed by load_instance().
struct Context {
  // Cached of memory 0: an access of 2^k bytes at effective address ea is out of bounds when ea >= memory_limit[k].
  uint64_t memory_limit[5] = {};
  uint8_t* memory_base = nullptr;
  uint64_t** globals = nullptr;
  InstanceImpl* instance = nullptr;
  Slot* stack_limit = nullptr;  // one past the last usable slot
  Slot* stack_top = nullptr;    // first slot not in use by frames below the running host call or entry
  StoreImpl* store = nullptr;

  // Metering. `consumed` is exact whenever the guest is not running (host calls included).
  uint64_t consumed = 0;
  uint64_t fuel_stop = UINT64_MAX;  // trap when `consumed` would pass this
  uint64_t slice_end = 0;           // consumed count at which running code next asks poll()
  uint64_t reserve = 0;             // the longest function that has run, in instructions: what runs between two polls at most
  std::vector<std::shared_ptr<Stepper>> steppers;  // exec/step.h; of the running entry
  // Stops from outside.
  int64_t deadline_ns = INT64_MAX;  // steady clock
  const std::atomic<uint32_t>* interrupt = nullptr;

  // How the last run ended; set by the handler that leaves the code.
  uint8_t exit_reason = 0;
  uint8_t trap_kind = 0;
  const Cell* trap_pc = nullptr;
  Slot* trap_fp = nullptr;
  std::unique_ptr<Error> host_error;  // when a host function failed
  bool stopped_at_target = false;     // poll() trapped: trap_pc has not been executed
  uint32_t reentry = 0;               // depth of host→guest entries
  // Between a handler and the far call that it goes on in.
  FuncInstance* call_target = nullptr;
  const Cell* call_words = nullptr;

  // Calls between instances save the caller here; see exec/calls.h.
  struct Transition {
    const Cell* return_pc;
    InstanceImpl* instance;
  };
  std::vector<Transition> transitions;

  // The function whose dispatches were counted last; see exec/count.cc.
  const LoweredBody* counted = nullptr;

  // Unwinding of exceptions; see exec/unwind.h.
  uint32_t unwind_work = 0;  // since the last look at the clock and the interrupt flag
  std::shared_ptr<UnwindCache> unwind_cache;
};

// The caches of `instance` in `context`: memory 0, globals, and the reserve. Null instance: no memory.
void load_instance(Context& context, InstanceImpl* instance);
// Again after the memory 0 of the current instance may have grown or moved.
void refresh_memory(Context& context);
// Looks again at the size of a shared memory, after an access beyond what this store had seen. True when it has grown.
bool refresh_shared(Context& context, MemoryInstance& memory);

// A host function with boxed values, and the type its values are boxed by. The `env` of its FuncInstance.
struct BoxedHostFunction {
  const CanonicalType* type = nullptr;
  HostFunction function;
};

struct StoreImpl {
  Context context;
  Store* owner = nullptr;  // the handle, kept up to date when it moves
  Engine engine;
  StoreLimits limits;
  Block stack;  // Slots: limits.stack_bytes
  std::deque<FuncInstance> functions;  // host functions
  std::deque<BoxedHostFunction> host_functions;
  std::deque<MemoryInstance> memories;
  std::vector<MemoryInstance*> shared_memories;  // those of `memories` that are shared
  std::deque<TableInstance> tables;
  std::deque<GlobalInstance> globals;
  std::deque<TagInstance> tags;
  std::deque<InstanceImpl> instances;
  uint64_t memory_bytes = 0;
  uint64_t peak_memory_bytes = 0;
  uint64_t memory_denials = 0;
  void* user_data = nullptr;
  std::shared_ptr<InterruptHandle::State> interrupt;
  Heap heap;

  explicit StoreImpl(Engine e) : engine(std::move(e)), heap(*this) {}
};

struct InterruptHandle::State {
  std::atomic<uint32_t> flag{0};
};

// The function instance of a function of `instance`, made on first use. Never null.
FuncInstance* function_instance(InstanceImpl& instance, uint32_t index);

// Limits are checked before allocation; on failure nothing has changed. `grow` functions return the old size, or
// UINT64_MAX when refused, and count a denial for memories. New elements of a table are null.
Result<MemoryInstance*> new_memory(StoreImpl& store, const MemoryType& type);
uint64_t grow_memory(StoreImpl& store, MemoryInstance& memory, uint64_t pages);
// The store's memory that stands for a shared one, the same each time.
MemoryInstance* adopt_shared(StoreImpl& store, const std::shared_ptr<SharedMemoryImpl>& shared);
// Copies into a memory; the range is within its size.
void write_memory(MemoryInstance& memory, uint64_t at, const uint8_t* source, uint64_t count);
Result<TableInstance*> new_table(StoreImpl& store, const TableType& type, uint64_t init);
uint64_t grow_table(TableInstance& table, uint64_t elements);

// Bulk instructions on segments and tables (spec 4.6.5, 4.6.6): false is the trap of out-of-bounds table or memory access.
bool table_init(InstanceImpl& instance, uint32_t table, uint32_t segment, uint64_t to, uint64_t from, uint64_t count);
bool table_copy(TableInstance& to_table, TableInstance& from_table, uint64_t to, uint64_t from, uint64_t count);
bool table_fill(TableInstance& table, uint64_t at, uint64_t value, uint64_t count);

// One value of an element segment. Those of a segment that allocates are there from instantiation on.
uint64_t element_value(InstanceImpl& instance, uint32_t segment, uint32_t item);
void drop_element(InstanceImpl& instance, uint32_t segment);

// Evaluates a validated constant expression of `instance` (spec 3.4.14) into `slots` (two for v128). Traps only where it
// makes objects: out of heap memory.
numeric::MaybeTrap evaluate(InstanceImpl& instance, ConstExpr expression, uint64_t* slots);

}  // namespace wplug
