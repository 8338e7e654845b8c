// Reads instructions one by one, immediates by the opcode table's column. Used by the validator on hostile bytes and by the
// lowering and the evaluator of constant expressions on validated ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "interp/base/byte_reader.h"
#include "interp/decode/types_reader.h"
#include "interp/wasm/opcode.h"
#include "wplug/types.h"

namespace wplug {

// One instruction. Which members count says info(op).immediates; see ImmediateKind.
struct Instruction {
  Op op = Op::nop;
  uint32_t offset = 0;  // of the opcode, from the start of the module
  uint32_t index = 0;
  uint32_t index2 = 0;
  uint32_t align = 0;
  uint64_t value = 0;
  ValType type;
  BlockType block;
};

class InstructionReader {
 public:
  // Reads from `reader`'s position on. The reader outlives this.
  explicit InstructionReader(ByteReader& reader) : reader_(reader) {}

  // Reads one instruction. False on malformed bytes; the reader then holds the error.
  bool next(Instruction& instruction);

  // The labels of the last br_table, without its default (that is in `index`). Valid until the next call of next().
  std::span<const uint32_t> labels() const { return labels_; }

 private:
  ByteReader& reader_;
  std::vector<uint32_t> labels_;
};

}  // namespace wplug
