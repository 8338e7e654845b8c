// Where virtual registers are live.
//
// Positions are twice the Ir index: 2i where instruction i reads, 2i + 1 where it writes. A virtual register occupies the positions
// of its segments, ends included. What has all its accesses in one basic block has one segment from the first to the last. Others get
// exact segments: from every use that a block begins with, the blocks before it are followed back until a definition, so the work is
// proportional to the result. Exact they must be for temporaries and merges too: one that a br_if fills and that is then popped, or that
// both arms of an if use, is dead for a while, and other values have its home slot meanwhile.
//
// A local is often several values that have nothing to do with each other, as compilers give one local to all that fit. Segments between
// which no way leads are webs; all webs but one become virtual registers of their own, with the same home, so that each can be allocated by
// itself. Locals that are alive at a handler stay whole.
//
// An instruction that may throw to a handler ends its block. Between these blocks and the handlers stands one node for each try block,
// which leads to its handlers and to the try block around it, so that there are no more edges than instructions and handlers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "interp/lower/ir.h"

namespace wplug {

struct Segment {
  uint32_t begin;
  uint32_t end;  // inclusive
};

struct Liveness {
  std::vector<Segment> segments;         // grouped by virtual register, ascending
  std::vector<uint32_t> first_segment;   // by virtual register, one more at the end
  std::vector<uint32_t> live_in;         // locals live at the entry
  std::vector<bool> at_handler;          // by virtual register: alive where a handler begins; empty without try blocks
  bool complete = false;                 // false: the function is too large to analyse within the budget

  std::span<const Segment> of(uint32_t vreg) const {
    return {segments.data() + first_segment[vreg], segments.data() + first_segment[vreg + 1]};
  }
};

// Renames the webs of locals in `function`.
Liveness find_liveness(IrFunction& function);

// How often an instruction is thought to run: eight times for each loop around it, up to five.
inline double loop_weight(uint8_t depth) { return static_cast<double>(uint64_t{1} << (3 * std::min<uint8_t>(depth, 5))); }

// Calls f(vreg) for each virtual register that an instruction reads.
template <class F>
void for_each_use(const Ir& ir, F f) {
  if (ir.a < kImmediate) f(ir.a);
  if (ir.b < kImmediate) f(ir.b);
  if (ir.c < kImmediate && !is_indirect_call(ir.op)) f(ir.c);
}

}  // namespace wplug
