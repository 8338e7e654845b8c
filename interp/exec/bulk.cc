// References, tables and memories as a whole. Operands are in slots. Bulk operations check bounds, then fuel for the whole length, then
// work in pieces between which they poll, so that no single instruction holds an interrupt or a deadline up.
#include <algorithm>

#include "interp/exec/handlers.h"
#include "interp/exec/pieces.h"
#include "interp/wasm/numeric.h"

namespace wplug {
namespace {

using numeric::kNoTrap;
using numeric::MaybeTrap;

constexpr uint64_t kBytesPerUnit = 8;        // one unit of fuel
constexpr uint64_t kMemoryPiece = 512 << 10;  // bytes between polls
constexpr uint64_t kTablePiece = 64 << 10;    // elements between polls

bool in_bounds(uint64_t at, uint64_t count, uint64_t size) { return count <= size && at <= size - count; }

// An address, index or length in a slot, by the address type of its memory or table.
uint64_t address_in(Slot slot, bool is_64) { return is_64 ? slot : static_cast<uint32_t>(slot); }
// What an instruction gives back for -1 or a size.
Slot size_result(uint64_t size, bool is_64) { return is_64 ? size : static_cast<uint32_t>(size); }
bool is_64(const MemoryInstance& memory) { return memory.is_64(); }
bool is_64(const TableInstance& table) { return table.type.limits.is_64; }

// Pieces of memory.fill and memory.copy; other threads may be at work in a shared memory.
void fill(MemoryInstance& memory, uint64_t at, uint8_t value, uint64_t count) {
  if (memory.shared != nullptr) return relaxed_fill(memory.base + at, value, count);
  std::memset(memory.base + at, value, count);
}
void copy(MemoryInstance& to, uint64_t at, const MemoryInstance& from, uint64_t from_at, uint64_t count, bool backward) {
  if (to.shared != nullptr || from.shared != nullptr) {
    return relaxed_copy(to.base + at, from.base + from_at, count, backward);
  }
  std::memmove(to.base + at, from.base + from_at, count);
}

MaybeTrap memory_fill(Regs& regs, const Cell* pc) {
  MemoryInstance& memory = *regs.ctx->instance->memories[pc[2].word];
  uint64_t at = address_in(regs.fp[pc[1].slots.d], is_64(memory));
  uint8_t value = static_cast<uint8_t>(regs.fp[pc[1].slots.a]);
  uint64_t count = address_in(regs.fp[pc[1].slots.b], is_64(memory));
  if (!in_bounds(at, count, memory.current_size())) return numeric::trap(TrapKind::out_of_bounds_memory_access);
  return in_pieces(regs, pc[3].word, count, count / kBytesPerUnit, kMemoryPiece, false,
                   [&](uint64_t from, uint64_t n) { fill(memory, at + from, value, n); });
}

MaybeTrap memory_copy(Regs& regs, const Cell* pc) {
  MemoryInstance& to = *regs.ctx->instance->memories[pc[2].half.low];
  MemoryInstance& from = *regs.ctx->instance->memories[pc[2].half.high];
  uint64_t d = address_in(regs.fp[pc[1].slots.d], is_64(to));
  uint64_t s = address_in(regs.fp[pc[1].slots.a], is_64(from));
  uint64_t count = address_in(regs.fp[pc[1].slots.b], is_64(to) && is_64(from));
  if (!in_bounds(s, count, from.current_size()) || !in_bounds(d, count, to.current_size())) {
    return numeric::trap(TrapKind::out_of_bounds_memory_access);
  }
  bool backward = &to == &from && d > s;
  return in_pieces(regs, pc[3].word, count, count / kBytesPerUnit, kMemoryPiece, backward,
                   [&](uint64_t at, uint64_t n) { copy(to, d + at, from, s + at, n, backward); });
}

MaybeTrap memory_init(Regs& regs, const Cell* pc) {
  InstanceImpl& instance = *regs.ctx->instance;
  uint32_t segment = pc[2].half.low;
  MemoryInstance& memory = *instance.memories[pc[2].half.high];
  const ByteRange& bytes = instance.code->def.data[segment].bytes;
  uint64_t size = instance.dropped_data[segment] ? 0 : bytes.size();
  uint64_t d = address_in(regs.fp[pc[1].slots.d], is_64(memory));
  uint32_t s = static_cast<uint32_t>(regs.fp[pc[1].slots.a]);
  uint32_t count = static_cast<uint32_t>(regs.fp[pc[1].slots.b]);
  if (!in_bounds(s, count, size) || !in_bounds(d, count, memory.current_size())) {
    return numeric::trap(TrapKind::out_of_bounds_memory_access);
  }
  const uint8_t* source = instance.code->def.bytes.data() + bytes.begin + s;
  return in_pieces(regs, pc[3].word, count, count / kBytesPerUnit, kMemoryPiece, false,
                   [&](uint64_t at, uint64_t n) { write_memory(memory, d + at, source + at, n); });
}

MaybeTrap table_fill(Regs& regs, const Cell* pc) {
  TableInstance& table = *regs.ctx->instance->tables[pc[2].word];
  uint64_t at = address_in(regs.fp[pc[1].slots.d], is_64(table));
  uint64_t value = regs.fp[pc[1].slots.a];
  uint64_t count = address_in(regs.fp[pc[1].slots.b], is_64(table));
  if (!in_bounds(at, count, table.elements.size())) return numeric::trap(TrapKind::out_of_bounds_table_access);
  return in_pieces(regs, pc[3].word, count, count, kTablePiece, false,
                   [&](uint64_t from, uint64_t n) { wplug::table_fill(table, at + from, value, n); });
}

MaybeTrap table_copy(Regs& regs, const Cell* pc) {
  TableInstance& to = *regs.ctx->instance->tables[pc[2].half.low];
  TableInstance& from = *regs.ctx->instance->tables[pc[2].half.high];
  uint64_t d = address_in(regs.fp[pc[1].slots.d], is_64(to));
  uint64_t s = address_in(regs.fp[pc[1].slots.a], is_64(from));
  uint64_t count = address_in(regs.fp[pc[1].slots.b], is_64(to) && is_64(from));
  if (!in_bounds(s, count, from.elements.size()) || !in_bounds(d, count, to.elements.size())) {
    return numeric::trap(TrapKind::out_of_bounds_table_access);
  }
  bool backward = &to == &from && d > s;
  return in_pieces(regs, pc[3].word, count, count, kTablePiece, backward,
                   [&](uint64_t at, uint64_t n) { wplug::table_copy(to, from, d + at, s + at, n); });
}

MaybeTrap table_init(Regs& regs, const Cell* pc) {
  InstanceImpl& instance = *regs.ctx->instance;
  uint32_t segment = pc[2].half.low, table = pc[2].half.high;
  uint64_t size = instance.dropped_elements[segment] ? 0 : instance.code->def.elements[segment].size();
  uint64_t d = address_in(regs.fp[pc[1].slots.d], is_64(*instance.tables[table]));
  uint32_t s = static_cast<uint32_t>(regs.fp[pc[1].slots.a]);
  uint32_t count = static_cast<uint32_t>(regs.fp[pc[1].slots.b]);
  if (!in_bounds(s, count, size) || !in_bounds(d, count, instance.tables[table]->elements.size())) {
    return numeric::trap(TrapKind::out_of_bounds_table_access);
  }
  return in_pieces(regs, pc[3].word, count, count, kTablePiece, false, [&](uint64_t at, uint64_t n) {
    wplug::table_init(instance, table, segment, d + at, s + at, n);
  });
}

MaybeTrap elem_drop(Regs& regs, const Cell* pc) {
  drop_element(*regs.ctx->instance, static_cast<uint32_t>(pc[1].word));
  return kNoTrap;
}

MaybeTrap data_drop(Regs& regs, const Cell* pc) {
  regs.ctx->instance->dropped_data[pc[1].word] = true;
  return kNoTrap;
}

MaybeTrap memory_size(Regs& regs, const Cell* pc) {
  const MemoryInstance& memory = *regs.ctx->instance->memories[pc[1].imm.imm];
  regs.fp[pc[1].imm.d] = memory.current_size() >> memory.type.page_size_log2;
  return kNoTrap;
}

MaybeTrap memory_grow(Regs& regs, const Cell* pc) {
  Context& context = *regs.ctx;
  MemoryInstance& memory = *context.instance->memories[pc[1].imm.imm];
  uint64_t pages = address_in(regs.fp[pc[1].imm.a], is_64(memory));
  uint64_t old = wplug::grow_memory(*context.store, memory, pages);
  regs.fp[pc[1].imm.d] = size_result(old, is_64(memory));
  refresh_memory(context);
  regs.mem = context.memory_base;
  return kNoTrap;
}

MaybeTrap ref_func(Regs& regs, const Cell* pc) {
  regs.fp[pc[1].imm.d] = reinterpret_cast<uintptr_t>(function_instance(*regs.ctx->instance, pc[1].imm.imm));
  return kNoTrap;
}

MaybeTrap table_get(Regs& regs, const Cell* pc) {
  const TableInstance& table = *regs.ctx->instance->tables[pc[1].imm.imm];
  uint64_t at = address_in(regs.fp[pc[1].imm.a], is_64(table));
  if (at >= table.elements.size()) return numeric::trap(TrapKind::out_of_bounds_table_access);
  regs.fp[pc[1].imm.d] = table.elements[at];
  return kNoTrap;
}

MaybeTrap table_set(Regs& regs, const Cell* pc) {
  TableInstance& table = *regs.ctx->instance->tables[pc[1].imm.imm];
  uint64_t at = address_in(regs.fp[pc[1].imm.d], is_64(table));
  if (at >= table.elements.size()) return numeric::trap(TrapKind::out_of_bounds_table_access);
  table.elements[at] = regs.fp[pc[1].imm.a];
  return kNoTrap;
}

MaybeTrap table_size(Regs& regs, const Cell* pc) {
  regs.fp[pc[1].imm.d] = regs.ctx->instance->tables[pc[1].imm.imm]->elements.size();
  return kNoTrap;
}

MaybeTrap table_grow(Regs& regs, const Cell* pc) {
  TableInstance& table = *regs.ctx->instance->tables[pc[2].word];
  uint64_t init = regs.fp[pc[1].slots.a];
  uint64_t count = address_in(regs.fp[pc[1].slots.b], is_64(table));
  uint64_t old = wplug::grow_table(table, count);
  if (old != UINT64_MAX) {
    MaybeTrap trap = in_pieces(regs, pc[3].word, count, count, kTablePiece, false, [&](uint64_t from, uint64_t n) {
      // Also where it is null: a page that is touched here is not touched for the first time by what has no poll.
      wplug::table_fill(table, old + from, init, n);
    });
    if (trap != kNoTrap) {
      table.elements.shrink(static_cast<size_t>(old));
      return trap;
    }
  }
  regs.fp[pc[1].slots.d] = size_result(old, is_64(table));
  return kNoTrap;
}

}  // namespace

HandlerTable bulk_handlers(IrOp op) {
  switch (op) {
    case IrOp::ref_func: return make_table<OnSlots<ref_func, 2>, 1>();
    case IrOp::table_get: return make_table<OnSlots<table_get, 2>, 1>();
    case IrOp::table_set: return make_table<OnSlots<table_set, 2>, 1>();
    case IrOp::table_size: return make_table<OnSlots<table_size, 2>, 1>();
    case IrOp::table_grow: return make_table<OnSlots<table_grow, 4>, 1>();
    case IrOp::table_fill: return make_table<OnSlots<table_fill, 4>, 1>();
    case IrOp::table_copy: return make_table<OnSlots<table_copy, 4>, 1>();
    case IrOp::table_init: return make_table<OnSlots<table_init, 4>, 1>();
    case IrOp::elem_drop: return make_table<OnSlots<elem_drop, 2>, 1>();
    case IrOp::memory_size: return make_table<OnSlots<memory_size, 2>, 1>();
    case IrOp::memory_grow: return make_table<OnSlots<memory_grow, 2>, 1>();
    case IrOp::memory_fill: return make_table<OnSlots<memory_fill, 4>, 1>();
    case IrOp::memory_copy: return make_table<OnSlots<memory_copy, 4>, 1>();
    case IrOp::memory_init: return make_table<OnSlots<memory_init, 4>, 1>();
    case IrOp::data_drop: return make_table<OnSlots<data_drop, 2>, 1>();
    default: return {};
  }
}

}  // namespace wplug
