// Reads instructions one by one, immediates by the opcode table's column. Used by the validator on hostile bytes and by
// the lowering and the evaluator of constant expressions on validated ones.
#pragma once

#include <array>
#include <cstddef>
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
  uint64_t value2 = 0;
  ValType type;
  ValType type2;
  BlockType block;
};

// A clause of try_table (spec 5.4.1).
struct CatchClause {
  enum class Kind : uint8_t { catch_, catch_ref, catch_all, catch_all_ref };
  Kind kind = Kind::catch_all;
  uint32_t tag = 0;  // of catch_ and catch_ref
  uint32_t label = 0;
};

namespace detail {

// What an opcode byte of its own, without prefix, stands for.
//
// Most instructions in a module have no immediate, or one LEB128 of one byte, or a memarg of two: their length is known
// from the opcode alone once the bytes after it are seen to be of that kind, which `expected` and `mask` test for all
// of them at once. So reading them takes one branch that is nearly always the same; unpredictable ones are what
// decoding spends its time on.
struct OpcodeRow {
  Op op = Op::nop;
  ImmediateKind immediates = ImmediateKind::none;
  bool exists = false;
  uint8_t short_size = 0;      // bytes of the short form's immediates
  uint32_t expected = kNever;  // short form: the two bytes after the opcode are these in the bits of `mask`
  uint32_t mask = kNever;

  static constexpr uint32_t kNever = 0x10000;  // a bit that two bytes do not have
};

constexpr OpcodeRow make_opcode_row(Op op, ImmediateKind immediates) {
  switch (immediates) {
    case ImmediateKind::none: return {op, immediates, true, 0, 0, 0};
    case ImmediateKind::label:
    case ImmediateKind::func:
    case ImmediateKind::local:
    case ImmediateKind::global:
    case ImmediateKind::table:
    case ImmediateKind::memory:
    case ImmediateKind::tag:
    case ImmediateKind::type:
    case ImmediateKind::i32:
    case ImmediateKind::i64: return {op, immediates, true, 1, 0, 0x0080};
    case ImmediateKind::memarg: return {op, immediates, true, 2, 0, 0x80c0};
    case ImmediateKind::block_type: return {op, immediates, true, 1, 0x40, 0x00ff};
    default: return {op, immediates, true, 0, OpcodeRow::kNever, OpcodeRow::kNever};
  }
}

constexpr std::array<OpcodeRow, 256> make_opcode_rows() {
  std::array<OpcodeRow, 256> rows{};
  for (size_t i = 0; i < kOpCount; ++i) {
    if (kOpInfo[i].prefix == 0) rows[kOpInfo[i].code] = make_opcode_row(static_cast<Op>(i), kOpInfo[i].immediates);
  }
  return rows;
}

inline constexpr std::array<OpcodeRow, 256> kOpcodeRows = make_opcode_rows();

}  // namespace detail

// Reads an opcode without its immediates. False: it is illegal, and the reader holds the error.
bool read_opcode(ByteReader& reader, Op& op);

class InstructionReader {
 public:
  // Reads from `reader`'s position on. The reader outlives this.
  explicit InstructionReader(ByteReader& reader) : reader_(reader) {}

  // Reads one instruction. False on malformed bytes; the reader then holds the error.
  bool next(Instruction& instruction) { return next_short(instruction) || next_any(instruction); }

  // The labels of the last br_table, without its default (that is in `index`). Valid until the next call of next().
  std::span<const uint32_t> labels() const { return labels_; }
  // The clauses of the last try_table. Valid until the next call of next().
  std::span<const CatchClause> catches() const { return catches_; }

 private:
  // Reads an instruction in its short form. False: it is another one, and nothing has happened.
  bool next_short(Instruction& instruction);
  bool next_any(Instruction& instruction);

  ByteReader& reader_;
  std::vector<uint32_t> labels_;
  std::vector<CatchClause> catches_;
};

inline bool InstructionReader::next_short(Instruction& in) {
  if (reader_.remaining() < 3) return false;
  const uint8_t* at = reader_.cursor();
  const detail::OpcodeRow& row = detail::kOpcodeRows[*at];
  const unsigned first = at[1];
  const unsigned second = at[2];
  if ((((first | second << 8) ^ row.expected) & row.mask) != 0) return false;
  const bool is_memarg = row.immediates == ImmediateKind::memarg;
  in.op = row.op;
  in.offset = static_cast<uint32_t>(reader_.offset());
  in.index = is_memarg ? 0 : first;
  in.align = first;
  in.value = is_memarg ? uint64_t{second} : static_cast<uint64_t>(static_cast<int64_t>(first ^ 0x40) - 0x40);
  in.block.kind = BlockType::Kind::empty;
  reader_.move_to(at + 1 + row.short_size);
  return true;
}

}  // namespace wplug
