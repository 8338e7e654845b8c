// Where exceptions go that are thrown in a function: the try blocks of ir.h by cells. Beside the code, so that code in a try block runs as any other;
// only unwinding reads it (exec/unwind.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "interp/lower/ir.h"

namespace wplug {

struct UnwindTable {
  static constexpr uint16_t kNoSlot = 0xffff;

  // Cells from `begin` to the next region's are in try block `block`, or in none (kNoTry).
  struct Region {
    uint32_t begin;
    uint32_t block;
  };
  struct Block {
    uint32_t parent;  // or kNoTry
    uint32_t first;   // its handlers
    uint32_t count;
  };
  struct Handler {
    uint32_t tag;     // of the module, or kAnyTag
    uint32_t target;  // cell to go on at
    uint32_t credit;  // instructions that count as not settled there (emit.cc)
    uint16_t values;  // first slot of the exception's values; kNoSlot: not wanted
    uint16_t ref;     // slot of the exception; kNoSlot: not wanted
  };

  std::vector<Region> regions;  // ascending
  std::vector<Block> blocks;
  std::vector<Handler> handlers;

  // The innermost try block around a cell, or kNoTry.
  uint32_t block_at(uint32_t cell) const;
  // One line for each region and handler, for the printer.
  std::string to_string() const;
};

// Null when the function has no handlers. `starts`: the first cell of each Ir (emit.h).
std::unique_ptr<const UnwindTable> make_unwind_table(const IrFunction& function, const std::vector<uint32_t>& starts,
                                                     bool metering);

}  // namespace wplug
