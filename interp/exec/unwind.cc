#include "interp/exec/unwind.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "interp/exec/poll.h"
#include "interp/exec/run.h"
#include "interp/exec/step.h"
#include "interp/lower/unwind_table.h"

namespace wplug {

// Where cells that a frame has stood at belong. Code never goes away while its store lives.
struct UnwindCache {
  struct Entry {
    const Cell* cell = nullptr;
    const LoweredBody* body = nullptr;
    uint32_t block = kNoTry;
  };
  std::array<Entry, 128> entries;
  Entry& at(const Cell* cell) { return entries[reinterpret_cast<uintptr_t>(cell) / sizeof(Cell) % entries.size()]; }
};

namespace {

constexpr uint32_t kWorkPerLook = 2048;  // frames, try blocks and handlers between two looks at the clock
constexpr uint64_t kHandlersPerUnit = 8;

class Search {
 public:
  Search(Context& context, const Cell* pc, Slot* frame, const TagInstance* tag)
      : context_(context), tag_(tag), pc_(pc), instance_(context.instance), transitions_(context.transitions.size()), fp(frame) {}

  // False: no handler, or stop() says why the guest must stop.
  bool run(bool replaced) {
    for (;; replaced = false) {
      const UnwindCache::Entry frame = locate();
      body = frame.body;
      if (body == nullptr) return false;
      if (top == nullptr) top = fp + body->function->frame_slots.load(std::memory_order_relaxed);
      if (!replaced && frame.block != kNoTry && find_handler(frame.block)) return true;
      if (stop != numeric::kNoTrap || !leave_frame()) return false;
    }
  }

  // Makes the frame of the handler the current one.
  void commit() const {
    context_.transitions.resize(transitions_);
    if (context_.instance != instance_) load_instance(context_, instance_);
  }

 private:
  UnwindCache::Entry locate() {
    const Cell* cell = original_cell(context_, pc_);
    UnwindCache::Entry& known = context_.unwind_cache->at(cell);
    if (known.cell == cell) return known;
    const LoweredBody* found = find_body(*instance_->code, cell);
    uint32_t block = kNoTry;
    if (found != nullptr && found->unwind != nullptr) {
      block = found->unwind->block_at(static_cast<uint32_t>(cell - found->cells.data()));
    }
    known = {cell, found, block};
    return known;
  }

  bool find_handler(uint32_t block) {
    const UnwindTable& table = *body->unwind;
    while (block != kNoTry) {
      const UnwindTable::Block& at = table.blocks[block];
      for (uint32_t i = 0; i < at.count; ++i) {
        const UnwindTable::Handler& candidate = table.handlers[at.first + i];
        if (candidate.tag == kAnyTag || instance_->tags[candidate.tag] == tag_) {
          handler = &candidate;
          return true;
        }
        ++looked_at;
        if (!go_on()) return false;
      }
      ++looked_at;
      if (!go_on()) return false;
      block = at.parent;
    }
    return false;
  }

  // To the caller's frame; false at the end of the run.
  bool leave_frame() {
    const Slot* header = fp + body->function->param_slots;
    const Cell* next = reinterpret_cast<const Cell*>(header[kHeaderReturnPc]);
    fp = reinterpret_cast<Slot*>(header[kHeaderCallerFp]);
    while (next == cross_return_cell()) {
      const Context::Transition& back = context_.transitions[--transitions_];
      instance_ = back.instance;
      next = back.return_pc;
    }
    if (next == exit_cell()) return false;
    pc_ = next - 1;
    return go_on();
  }

  bool go_on() {
    if (++context_.unwind_work < kWorkPerLook) return true;
    context_.unwind_work = 0;
    stop = check_stop(context_);
    return stop == numeric::kNoTrap;
  }

  Context& context_;
  const TagInstance* tag_;
  const Cell* pc_;
  InstanceImpl* instance_;
  size_t transitions_;

 public:
  Slot* fp;
  const Slot* top = nullptr;  // of the frame that throws
  const LoweredBody* body = nullptr;
  const UnwindTable::Handler* handler = nullptr;
  numeric::MaybeTrap stop = numeric::kNoTrap;
  uint64_t looked_at = 0;
};

Raise trapped(Context& context, TrapKind kind) {
  context.trap_kind = static_cast<uint8_t>(kind);
  return {Raised::trapped};
}

// Puts the exception where the handler wants it, or says why there can be no object of it. Nothing is alive in machine registers.
numeric::MaybeTrap deliver(Context& context, const Search& found, Thrown& thrown) {
  const UnwindTable::Handler& handler = *found.handler;
  const uint32_t slots = thrown.tag->type->param_slots;
  if (handler.ref != UnwindTable::kNoSlot && thrown.object == nullptr) {
    numeric::MaybeTrap trap = numeric::kNoTrap;
    thrown.object = allocate_exception(*context.store, *thrown.tag, {thrown.values, slots}, {found.top, {}}, trap);
    if (thrown.object == nullptr) return trap;
  }
  if (handler.values != UnwindTable::kNoSlot) {
    std::memmove(found.fp + handler.values, thrown.values, slots * sizeof(Slot));
  }
  if (handler.ref != UnwindTable::kNoSlot) found.fp[handler.ref] = ref_of(thrown.object);
  return numeric::kNoTrap;
}

}  // namespace

Raise raise(Regs& regs, const Cell* pc, Thrown thrown, int32_t charge, bool replaced) {
  Context& context = *regs.ctx;
  if (context.unwind_cache == nullptr) context.unwind_cache = std::make_shared<UnwindCache>();
  Search search(context, pc, regs.fp, thrown.tag);
  const bool found = search.run(replaced);
  if (search.stop != numeric::kNoTrap) return trapped(context, static_cast<TrapKind>(search.stop));

  int64_t fuel = regs.fuel - charge;
  const uint64_t units = search.looked_at / kHandlersPerUnit;
  if (units != 0 && context.store->engine.config().metering) {
    const uint64_t executed = context.slice_end - static_cast<uint64_t>(fuel);
    if (context.fuel_stop != UINT64_MAX && units > context.fuel_stop - std::min(context.fuel_stop, executed)) {
      return trapped(context, TrapKind::out_of_fuel);
    }
    fuel -= static_cast<int64_t>(units);
  }
  if (!found) {
    regs.fuel = fuel + charge;  // the exit counts the instruction itself, as for a trap
    return {Raised::uncaught};
  }
  const numeric::MaybeTrap refused = deliver(context, search, thrown);
  if (refused != numeric::kNoTrap) return trapped(context, static_cast<TrapKind>(refused));
  search.commit();
  regs.fp = search.fp;
  regs.mem = context.memory_base;
  // Near the fuel limit, where code runs step by step, the fuel register is always negative when all is settled.
  regs.fuel = fuel + search.handler->credit;
  return {fuel < 0 ? Raised::poll : Raised::caught, &search.body->cells[search.handler->target]};
}

}  // namespace wplug
