// Atomic instructions (threads proposal): loads, stores, read-modify-writes, wait, notify and the fence. Operands are in
// slots. All are sequentially consistent. An address must be aligned to the access, which is checked before its bounds.
#include <chrono>

#include "interp/base/atomic_bytes.h"
#include "interp/exec/handlers.h"
#include "interp/exec/pieces.h"
#include "interp/exec/poll.h"
#include "interp/wasm/numeric.h"

namespace wplug {
namespace {

using atomic_bytes::as;
using numeric::kNoTrap;
using numeric::MaybeTrap;

// What an atomic instruction is about: R[a] + offset in a memory.
struct Target {
  MemoryInstance* memory = nullptr;
  uint64_t address = 0;
  uint8_t* at = nullptr;
};

bool in_bounds(uint64_t at, uint64_t count, uint64_t size) { return count <= size && at <= size - count; }

template <class M>
MaybeTrap find(Regs& regs, const Cell* pc, Target& target) {
  Context& context = *regs.ctx;
  MemoryInstance& memory = *context.instance->memories[pc[3].word];
  const uint64_t index = regs.fp[pc[1].slots.a];
  uint64_t address = 0;
  const bool overflows =
      __builtin_add_overflow(memory.is_64() ? index : static_cast<uint32_t>(index), pc[2].word, &address);
  // Alignment comes first, and is told from the low bits even of an address beyond 2^64.
  if (address % sizeof(M) != 0) return numeric::trap(TrapKind::unaligned_atomic);
  if (overflows) return numeric::trap(TrapKind::out_of_bounds_memory_access);
  if (!in_bounds(address, sizeof(M), memory.size) &&
      !(refresh_shared(context, memory) && in_bounds(address, sizeof(M), memory.size))) {
    return numeric::trap(TrapKind::out_of_bounds_memory_access);
  }
  target = {&memory, address, memory.base + address};
  return kNoTrap;
}

// The actions, by the names in ir_ops.def. Each is given where to work, the operands b and c, and gives the result.
#define WPLUG_ATOMIC_ACTION(name) template <class M> M name(uint8_t* at, [[maybe_unused]] M b, [[maybe_unused]] M c)
WPLUG_ATOMIC_ACTION(load) { return __atomic_load_n(as<M>(at), __ATOMIC_SEQ_CST); }
WPLUG_ATOMIC_ACTION(store) {
  __atomic_store_n(as<M>(at), b, __ATOMIC_SEQ_CST);
  return 0;
}
WPLUG_ATOMIC_ACTION(add) { return __atomic_fetch_add(as<M>(at), b, __ATOMIC_SEQ_CST); }
WPLUG_ATOMIC_ACTION(sub) { return __atomic_fetch_sub(as<M>(at), b, __ATOMIC_SEQ_CST); }
WPLUG_ATOMIC_ACTION(bit_and) { return __atomic_fetch_and(as<M>(at), b, __ATOMIC_SEQ_CST); }
WPLUG_ATOMIC_ACTION(bit_or) { return __atomic_fetch_or(as<M>(at), b, __ATOMIC_SEQ_CST); }
WPLUG_ATOMIC_ACTION(bit_xor) { return __atomic_fetch_xor(as<M>(at), b, __ATOMIC_SEQ_CST); }
WPLUG_ATOMIC_ACTION(xchg) { return __atomic_exchange_n(as<M>(at), b, __ATOMIC_SEQ_CST); }
#undef WPLUG_ATOMIC_ACTION

// Operands and results are T in the frame; a narrow access takes the low bits and gives them back zero-extended.
template <class M, class T, M (*action)(uint8_t*, M, M), bool has_result>
MaybeTrap access(Regs& regs, const Cell* pc) {
  Target target;
  const MaybeTrap trap = find<M>(regs, pc, target);
  if (trap != kNoTrap) return trap;
  const auto& slots = pc[1].slots;
  const M result = action(target.at, static_cast<M>(regs.fp[slots.b]), static_cast<M>(regs.fp[slots.c]));
  if constexpr (has_result) regs.fp[slots.d] = result;
  return kNoTrap;
}

// What is expected is wrapped to the width of the access, as what replaces it is (threads proposal, issue 195). T makes each
// instruction a handler of its own: the checker tells them by their addresses.
template <class M, class T>
MaybeTrap compare_exchange(Regs& regs, const Cell* pc) {
  Target target;
  const MaybeTrap trap = find<M>(regs, pc, target);
  if (trap != kNoTrap) return trap;
  const auto& slots = pc[1].slots;
  M found = static_cast<M>(regs.fp[slots.b]);
  __atomic_compare_exchange_n(as<M>(target.at), &found, static_cast<M>(regs.fp[slots.c]), false, __ATOMIC_SEQ_CST,
                              __ATOMIC_SEQ_CST);
  regs.fp[slots.d] = found;
  return kNoTrap;
}

MaybeTrap notify(Regs& regs, const Cell* pc) {
  Target target;
  const MaybeTrap trap = find<uint32_t>(regs, pc, target);
  if (trap != kNoTrap) return trap;
  const uint32_t count = static_cast<uint32_t>(regs.fp[pc[1].slots.b]);
  // Nobody can wait on a memory of one store.
  SharedMemoryImpl* shared = target.memory->shared.get();
  regs.fp[pc[1].slots.d] = shared == nullptr ? 0 : shared->waiters.notify(target.address, count);
  return kNoTrap;
}

// A timeout in nanoseconds from now; negative: never.
WaitQueue::Clock::time_point end_of(int64_t timeout) {
  using Clock = WaitQueue::Clock;
  if (timeout < 0) return Clock::time_point::max();
  const Clock::time_point now = Clock::now();
  const std::chrono::nanoseconds left = Clock::time_point::max() - now;
  return std::chrono::nanoseconds(timeout) < left ? now + std::chrono::nanoseconds(timeout) : Clock::time_point::max();
}

template <class M>
struct Waiting {
  const uint8_t* at;
  M expected;
  const Context* context;
  MaybeTrap trap = kNoTrap;

  static bool is_expected(void* env) {
    const auto& self = *static_cast<const Waiting*>(env);
    return __atomic_load_n(as<M>(self.at), __ATOMIC_SEQ_CST) == self.expected;
  }
  static bool should_stop(void* env) {
    auto& self = *static_cast<Waiting*>(env);
    self.trap = check_stop(*self.context);
    return self.trap != kNoTrap;
  }
};

template <class M>
MaybeTrap wait(Regs& regs, const Cell* pc) {
  Target target;
  const MaybeTrap trap = find<M>(regs, pc, target);
  const bool is_shared = regs.ctx->instance->memories[pc[3].word]->shared != nullptr;
  if (trap == numeric::trap(TrapKind::unaligned_atomic)) return trap;
  if (!is_shared) return numeric::trap(TrapKind::expected_shared_memory);
  if (trap != kNoTrap) return trap;
  const auto& slots = pc[1].slots;
  Waiting<M> waiting{target.at, static_cast<M>(regs.fp[slots.b]), regs.ctx};
  const WaitQueue::Outcome outcome =
      target.memory->shared->waiters.wait(target.address, end_of(static_cast<int64_t>(regs.fp[slots.c])),
                                          &Waiting<M>::is_expected, &Waiting<M>::should_stop, &waiting);
  if (outcome == WaitQueue::Outcome::stopped) return waiting.trap;
  regs.fp[slots.d] = static_cast<uint64_t>(outcome);
  return kNoTrap;
}

MaybeTrap fence(Regs&, const Cell*) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return kNoTrap;
}

}  // namespace

HandlerTable atomic_handlers(IrOp op) {
#define WPLUG_ATOMIC_load(M, T) access<M, T, &load<M>, true>
#define WPLUG_ATOMIC_store(M, T) access<M, T, &store<M>, false>
#define WPLUG_ATOMIC_add(M, T) access<M, T, &add<M>, true>
#define WPLUG_ATOMIC_sub(M, T) access<M, T, &sub<M>, true>
#define WPLUG_ATOMIC_bit_and(M, T) access<M, T, &bit_and<M>, true>
#define WPLUG_ATOMIC_bit_or(M, T) access<M, T, &bit_or<M>, true>
#define WPLUG_ATOMIC_bit_xor(M, T) access<M, T, &bit_xor<M>, true>
#define WPLUG_ATOMIC_xchg(M, T) access<M, T, &xchg<M>, true>
#define WPLUG_ATOMIC_cmpxchg(M, T) compare_exchange<M, T>
#define WPLUG_ATOMIC_notify(M, T) notify
#define WPLUG_ATOMIC_wait(M, T) wait<M>
#define WPLUG_ATOMIC_fence(M, T) fence
  switch (op) {
#define WPLUG_IR_ATOMIC(name, M, T, action) \
  case IrOp::name: return make_table<OnSlots<WPLUG_ATOMIC_##action(M, T), 4>, 1>();
#include "interp/lower/ir_ops.def"
    default: return {};
  }
}

}  // namespace wplug
