// Cell: one 8-byte word of internal code.
#pragma once

#include <cstdint>

namespace wplug {

// The first word of an instruction is its handler's address; the words after it are read as the handler's shape says (ir_ops.def).
union Cell {
  const void* handler;
  const void* pointer;
  uint64_t word;
  struct {
    uint16_t d, a, b, c;
  } slots;
  struct {
    uint16_t d, a;
    uint32_t imm;
  } imm;
  struct {
    int32_t target;  // in cells, from the start of the branch instruction
    int32_t charge;  // instructions that a taken branch settles
  } branch;
  struct {
    uint16_t base, params;
    int32_t charge;
  } call;
  struct {
    uint32_t low, high;
  } half;
};
static_assert(sizeof(Cell) == 8);

}  // namespace wplug
