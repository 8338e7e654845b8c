// Making objects, and arrays as a whole. Operands are in consecutive slots from pc[1].imm.d on, where the result goes
// too; the type is at pc[2], and pc[3] has the count for exact fuel (low) and a segment or length (high).
//
// The operands stay in their slots until the object is made, so that a collection finds them.
#include <algorithm>

#include "interp/exec/handlers.h"
#include "interp/exec/pieces.h"
#include "interp/store/references.h"

namespace wplug {
namespace {

using numeric::kNoTrap;
using numeric::MaybeTrap;

constexpr uint64_t kBytesPerUnit = 8;          // one unit of fuel
constexpr uint64_t kStructBytesPerUnit = 64;   // of a structure, whose fields have been paid for but for defaults
constexpr uint64_t kPiece = 64 << 10;          // elements between polls

bool in_bounds(uint64_t at, uint64_t count, uint64_t size) { return count <= size && at <= size - count; }

Slot* operands(Regs& regs, const Cell* pc) { return regs.fp + pc[1].imm.d; }
const CanonicalType* type_of(const Cell* pc) { return static_cast<const CanonicalType*>(pc[2].pointer); }
uint32_t segment_of(const Cell* pc) { return pc[3].half.high; }

// The whole frame is in use as far as the collector is concerned.
FrameRoots roots_of(const Regs& regs, const Cell* pc) {
  return {regs.fp + pc[1].imm.imm, {regs.r, static_cast<size_t>(kIntRegisters)}};
}

HeapObject* new_array(Regs& regs, const Cell* pc, uint32_t length, MaybeTrap& trap) {
  return regs.ctx->store->heap.new_array(type_of(pc), length, roots_of(regs, pc), trap);
}

// Charges for `count` elements and does work(at, n) on them in pieces.
template <class Work>
MaybeTrap each_piece(Regs& regs, const Cell* pc, const CanonicalType& array, uint64_t count, bool backward, Work work) {
  return in_pieces(regs, pc[3].half.low, count, count * array.size / kBytesPerUnit, kPiece, backward, work);
}

void fill(HeapObject& array, uint64_t at, uint64_t count, const Slot* value) {
  const uint32_t size = array.type->size;
  uint8_t* to = array.bytes() + at * size;
  for (uint64_t i = 0; i < count; ++i) std::memcpy(to + i * size, value, size);
}

MaybeTrap struct_new(Regs& regs, const Cell* pc) {
  MaybeTrap trap = kNoTrap;
  const CanonicalType* type = type_of(pc);
  HeapObject* object = regs.ctx->store->heap.new_structure(type, roots_of(regs, pc), trap);
  if (object == nullptr) return trap;
  const Slot* value = operands(regs, pc);
  for (const FieldLayout& field : type->fields) {
    write_field(object->bytes() + field.offset, field.type, value);
    value += field.type.type.slots();
  }
  *operands(regs, pc) = ref_of(object);
  return kNoTrap;
}

MaybeTrap struct_new_default(Regs& regs, const Cell* pc) {
  MaybeTrap trap = kNoTrap;
  const CanonicalType* type = type_of(pc);
  HeapObject* object = regs.ctx->store->heap.new_structure(type, roots_of(regs, pc), trap);
  if (object == nullptr) return trap;
  *operands(regs, pc) = ref_of(object);
  return in_pieces(regs, pc[3].half.low, 1, type->size / kStructBytesPerUnit, 1, false, [](uint64_t, uint64_t) {});
}

MaybeTrap array_new(Regs& regs, const Cell* pc) {
  MaybeTrap trap = kNoTrap;
  Slot* base = operands(regs, pc);
  const uint32_t length = static_cast<uint32_t>(base[type_of(pc)->fields[0].type.type.slots()]);
  HeapObject* array = new_array(regs, pc, length, trap);
  if (array == nullptr) return trap;
  trap = each_piece(regs, pc, *array->type, length, false, [&](uint64_t at, uint64_t n) { fill(*array, at, n, base); });
  *base = ref_of(array);
  return trap;
}

MaybeTrap array_new_default(Regs& regs, const Cell* pc) {
  MaybeTrap trap = kNoTrap;
  Slot* base = operands(regs, pc);
  const uint32_t length = static_cast<uint32_t>(base[0]);
  HeapObject* array = new_array(regs, pc, length, trap);
  if (array == nullptr) return trap;
  *base = ref_of(array);
  return each_piece(regs, pc, *array->type, length, false, [](uint64_t, uint64_t) {});
}

MaybeTrap array_new_fixed(Regs& regs, const Cell* pc) {
  MaybeTrap trap = kNoTrap;
  const uint32_t length = segment_of(pc);
  HeapObject* array = new_array(regs, pc, length, trap);
  if (array == nullptr) return trap;
  const Slot* value = operands(regs, pc);
  const FieldType& element = array->type->fields[0].type;
  for (uint32_t i = 0; i < length; ++i) {
    write_field(array->bytes() + uint64_t{i} * array->type->size, element, value);
    value += element.type.slots();
  }
  *operands(regs, pc) = ref_of(array);
  return kNoTrap;
}

// The bytes of a data segment that elements from `from` on, `count` of them, are in; null out of bounds.
const uint8_t* data_bytes(const InstanceImpl& instance, uint32_t segment, uint64_t from, uint64_t bytes) {
  const ByteRange& range = instance.code->def.data[segment].bytes;
  const uint64_t size = instance.dropped_data[segment] ? 0 : range.size();
  if (!in_bounds(from, bytes, size)) return nullptr;
  return instance.code->def.bytes.data() + range.begin + from;
}

bool element_in_bounds(const InstanceImpl& instance, uint32_t segment, uint64_t from, uint64_t count) {
  return in_bounds(from, count, instance.dropped_elements[segment] ? 0 : instance.code->def.elements[segment].size());
}

void copy_elements(InstanceImpl& instance, uint32_t segment, uint64_t from, HeapObject& array, uint64_t to, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    array.slots()[to + i] = element_value(instance, segment, static_cast<uint32_t>(from + i));
  }
}

MaybeTrap array_new_data(Regs& regs, const Cell* pc) {
  Slot* base = operands(regs, pc);
  const uint32_t from = static_cast<uint32_t>(base[0]), length = static_cast<uint32_t>(base[1]);
  const uint64_t size = type_of(pc)->size;
  const uint8_t* source = data_bytes(*regs.ctx->instance, segment_of(pc), from, length * size);
  if (source == nullptr) return numeric::trap(TrapKind::out_of_bounds_memory_access);
  MaybeTrap trap = kNoTrap;
  HeapObject* array = new_array(regs, pc, length, trap);
  if (array == nullptr) return trap;
  *base = ref_of(array);
  return each_piece(regs, pc, *array->type, length, false, [&](uint64_t at, uint64_t n) {
    std::memcpy(array->bytes() + at * size, source + at * size, n * size);
  });
}

MaybeTrap array_new_elem(Regs& regs, const Cell* pc) {
  Slot* base = operands(regs, pc);
  InstanceImpl& instance = *regs.ctx->instance;
  const uint32_t from = static_cast<uint32_t>(base[0]), length = static_cast<uint32_t>(base[1]);
  if (!element_in_bounds(instance, segment_of(pc), from, length)) {
    return numeric::trap(TrapKind::out_of_bounds_table_access);
  }
  MaybeTrap trap = kNoTrap;
  HeapObject* array = new_array(regs, pc, length, trap);
  if (array == nullptr) return trap;
  *base = ref_of(array);
  return each_piece(regs, pc, *array->type, length, false, [&](uint64_t at, uint64_t n) {
    copy_elements(instance, segment_of(pc), from + at, *array, at, n);
  });
}

MaybeTrap array_fill(Regs& regs, const Cell* pc) {
  const Slot* base = operands(regs, pc);
  if (base[0] == 0) return numeric::trap(TrapKind::null_array_reference);
  HeapObject& array = *object_of(base[0]);
  const uint32_t at = static_cast<uint32_t>(base[1]);
  const uint32_t count = static_cast<uint32_t>(base[2 + array.type->fields[0].type.type.slots()]);
  if (!in_bounds(at, count, array.length)) return numeric::trap(TrapKind::out_of_bounds_array_access);
  return each_piece(regs, pc, *array.type, count, false,
                    [&](uint64_t from, uint64_t n) { fill(array, at + from, n, base + 2); });
}

MaybeTrap array_copy(Regs& regs, const Cell* pc) {
  const Slot* base = operands(regs, pc);
  if (base[0] == 0 || base[2] == 0) return numeric::trap(TrapKind::null_array_reference);
  HeapObject& to = *object_of(base[0]);
  const HeapObject& from = *object_of(base[2]);
  const uint32_t d = static_cast<uint32_t>(base[1]), s = static_cast<uint32_t>(base[3]);
  const uint32_t count = static_cast<uint32_t>(base[4]);
  if (!in_bounds(d, count, to.length) || !in_bounds(s, count, from.length)) {
    return numeric::trap(TrapKind::out_of_bounds_array_access);
  }
  const uint64_t size = to.type->size;
  return each_piece(regs, pc, *to.type, count, &to == &from && d > s, [&](uint64_t at, uint64_t n) {
    std::memmove(to.bytes() + (d + at) * size, from.bytes() + (s + at) * size, n * size);
  });
}

MaybeTrap array_init_data(Regs& regs, const Cell* pc) {
  const Slot* base = operands(regs, pc);
  if (base[0] == 0) return numeric::trap(TrapKind::null_array_reference);
  HeapObject& array = *object_of(base[0]);
  const uint32_t to = static_cast<uint32_t>(base[1]), from = static_cast<uint32_t>(base[2]);
  const uint32_t count = static_cast<uint32_t>(base[3]);
  if (!in_bounds(to, count, array.length)) return numeric::trap(TrapKind::out_of_bounds_array_access);
  const uint64_t size = array.type->size;
  const uint8_t* source = data_bytes(*regs.ctx->instance, segment_of(pc), from, count * size);
  if (source == nullptr) return numeric::trap(TrapKind::out_of_bounds_memory_access);
  return each_piece(regs, pc, *array.type, count, false, [&](uint64_t at, uint64_t n) {
    std::memcpy(array.bytes() + (to + at) * size, source + at * size, n * size);
  });
}

MaybeTrap array_init_elem(Regs& regs, const Cell* pc) {
  const Slot* base = operands(regs, pc);
  if (base[0] == 0) return numeric::trap(TrapKind::null_array_reference);
  HeapObject& array = *object_of(base[0]);
  InstanceImpl& instance = *regs.ctx->instance;
  const uint32_t to = static_cast<uint32_t>(base[1]), from = static_cast<uint32_t>(base[2]);
  const uint32_t count = static_cast<uint32_t>(base[3]);
  if (!in_bounds(to, count, array.length)) return numeric::trap(TrapKind::out_of_bounds_array_access);
  if (!element_in_bounds(instance, segment_of(pc), from, count)) {
    return numeric::trap(TrapKind::out_of_bounds_table_access);
  }
  return each_piece(regs, pc, *array.type, count, false, [&](uint64_t at, uint64_t n) {
    copy_elements(instance, segment_of(pc), from + at, array, to + at, n);
  });
}

// Vectors take two slots, and have no handlers with operands in registers here.

MaybeTrap struct_get_v128(Regs& regs, const Cell* pc) {
  Slot* base = operands(regs, pc);
  if (base[0] == 0) return numeric::trap(TrapKind::null_structure_reference);
  std::memcpy(base, object_of(base[0])->bytes() + type_of(pc)->fields[segment_of(pc)].offset, 16);
  return kNoTrap;
}

MaybeTrap struct_set_v128(Regs& regs, const Cell* pc) {
  const Slot* base = operands(regs, pc);
  if (base[0] == 0) return numeric::trap(TrapKind::null_structure_reference);
  std::memcpy(object_of(base[0])->bytes() + type_of(pc)->fields[segment_of(pc)].offset, base + 1, 16);
  return kNoTrap;
}

// The bytes of the element of an array of vectors that the first two operands name.
uint8_t* vector_element(const Slot* base, MaybeTrap& trap) {
  trap = numeric::trap(TrapKind::null_array_reference);
  if (base[0] == 0) return nullptr;
  HeapObject& array = *object_of(base[0]);
  const uint32_t index = static_cast<uint32_t>(base[1]);
  trap = index < array.length ? kNoTrap : numeric::trap(TrapKind::out_of_bounds_array_access);
  return array.bytes() + uint64_t{index} * 16;
}

MaybeTrap array_get_v128(Regs& regs, const Cell* pc) {
  MaybeTrap trap = kNoTrap;
  const uint8_t* element = vector_element(operands(regs, pc), trap);
  if (trap == kNoTrap) std::memcpy(operands(regs, pc), element, 16);
  return trap;
}

MaybeTrap array_set_v128(Regs& regs, const Cell* pc) {
  MaybeTrap trap = kNoTrap;
  uint8_t* element = vector_element(operands(regs, pc), trap);
  if (trap == kNoTrap) std::memcpy(element, operands(regs, pc) + 2, 16);
  return trap;
}

}  // namespace

HandlerTable object_handlers(IrOp op) {
  switch (op) {
    case IrOp::struct_new: return make_table<OnSlots<struct_new, 4>, 1>();
    case IrOp::struct_new_default: return make_table<OnSlots<struct_new_default, 4>, 1>();
    case IrOp::array_new: return make_table<OnSlots<array_new, 4>, 1>();
    case IrOp::array_new_default: return make_table<OnSlots<array_new_default, 4>, 1>();
    case IrOp::array_new_fixed: return make_table<OnSlots<array_new_fixed, 4>, 1>();
    case IrOp::array_new_data: return make_table<OnSlots<array_new_data, 4>, 1>();
    case IrOp::array_new_elem: return make_table<OnSlots<array_new_elem, 4>, 1>();
    case IrOp::array_fill: return make_table<OnSlots<array_fill, 4>, 1>();
    case IrOp::array_copy: return make_table<OnSlots<array_copy, 4>, 1>();
    case IrOp::array_init_data: return make_table<OnSlots<array_init_data, 4>, 1>();
    case IrOp::array_init_elem: return make_table<OnSlots<array_init_elem, 4>, 1>();
    case IrOp::struct_get_v128: return make_table<OnSlots<struct_get_v128, 4>, 1>();
    case IrOp::struct_set_v128: return make_table<OnSlots<struct_set_v128, 4>, 1>();
    case IrOp::array_get_v128: return make_table<OnSlots<array_get_v128, 4>, 1>();
    case IrOp::array_set_v128: return make_table<OnSlots<array_set_v128, 4>, 1>();
    default: return {};
  }
}

}  // namespace wplug
