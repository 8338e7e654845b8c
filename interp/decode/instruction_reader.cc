#include "interp/decode/instruction_reader.h"

#include <algorithm>
#include <array>

#include "interp/base/concat.h"

namespace wplug {

namespace {

constexpr uint32_t highest_code(uint8_t prefix) {
  uint32_t highest = 0;
  for (const OpInfo& info : kOpInfo) {
    if (info.prefix == prefix) highest = std::max(highest, info.code);
  }
  return highest;
}

struct Row {
  Op op = Op::nop;
  ImmediateKind immediates = ImmediateKind::none;
  bool exists = false;
};

template <uint8_t prefix, size_t size = highest_code(prefix) + 1>
constexpr std::array<Row, size> make_rows() {
  std::array<Row, size> rows{};
  for (size_t i = 0; i < kOpCount; ++i) {
    if (kOpInfo[i].prefix == prefix) rows[kOpInfo[i].code] = {static_cast<Op>(i), kOpInfo[i].immediates, true};
  }
  return rows;
}

// By code after the prefix. A code without a row is an illegal opcode.
constexpr auto kRowsFb = make_rows<0xfb>();
constexpr auto kRowsFc = make_rows<0xfc>();
constexpr auto kRowsFd = make_rows<0xfd>();
constexpr auto kRowsFe = make_rows<0xfe>();

std::span<const Row> rows_of(uint8_t prefix) {
  switch (prefix) {
    case 0xfb: return kRowsFb;
    case 0xfc: return kRowsFc;
    case 0xfd: return kRowsFd;
    case 0xfe: return kRowsFe;
    default: return {};
  }
}

// Every row must be reachable: a new prefix needs a table here.
constexpr bool all_rows_reachable() {
  for (const OpInfo& info : kOpInfo) {
    if (info.prefix != 0 && (info.prefix < 0xfb || info.prefix > 0xfe)) return false;
    if (info.prefix == 0 && info.code > 0xff) return false;
  }
  return true;
}
static_assert(all_rows_reachable());

// The row of an instruction of more than one opcode byte, `prefix` read already.
Row prefixed_row(ByteReader& reader, uint8_t prefix, size_t offset) {
  const std::span<const Row> rows = rows_of(prefix);
  if (rows.empty()) {
    reader.fail_at(offset, concat("illegal opcode ", Hex{prefix}));
    return {};
  }
  const uint32_t code = reader.u32();
  if (code < rows.size() && rows[code].exists) return rows[code];
  reader.fail_at(offset, concat("illegal opcode ", Hex{prefix}, " ", Hex{code}));
  return {};
}

// Spec 5.4.7: bits 0–5 are the alignment, bit 6 says that a memory index follows.
void read_memarg(ByteReader& reader, Instruction& instruction) {
  const size_t offset = reader.offset();
  const uint32_t flags = reader.u32();
  if (flags >= 0x80) reader.fail_at(offset, concat("malformed memop flags ", Hex{flags}));
  instruction.align = flags & 0x3f;
  instruction.index = (flags & 0x40) != 0 ? reader.u32() : 0;
  instruction.value = reader.u64();
}

void read_label_table(ByteReader& reader, Instruction& instruction, std::vector<uint32_t>& labels) {
  labels.clear();
  const uint32_t count = reader.u32();
  if (count > reader.remaining()) {
    reader.fail(concat("unexpected end of section or function: br_table of ", count, " labels, ", reader.remaining(),
                       " bytes left"));
    return;
  }
  labels.reserve(count);
  for (uint32_t i = 0; i < count && reader.ok(); ++i) labels.push_back(reader.u32());
  instruction.index = reader.u32();
}

// Spec 5.4.1: bit 0 says that the first type may be null, bit 1 the second.
void read_cast_branch(ByteReader& reader, Instruction& instruction) {
  const size_t offset = reader.offset();
  const uint8_t flags = reader.u8();
  if (flags > 3) reader.fail_at(offset, concat("malformed br_on_cast flags ", Hex{flags}));
  instruction.index = reader.u32();
  instruction.type = read_heap_type(reader).with_null((flags & 1) != 0);
  instruction.type2 = read_heap_type(reader).with_null((flags & 2) != 0);
}

void read_catches(ByteReader& reader, std::vector<CatchClause>& catches) {
  catches.clear();
  const uint32_t count = reader.u32();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const size_t offset = reader.offset();
    const uint8_t kind = reader.u8();
    if (kind > 3) {
      reader.fail_at(offset, concat("malformed catch clause ", Hex{kind}));
      return;
    }
    CatchClause& clause = catches.emplace_back();
    clause.kind = static_cast<CatchClause::Kind>(kind);
    if (kind < 2) clause.tag = reader.u32();
    clause.label = reader.u32();
  }
}

void read_zero_byte(ByteReader& reader) {
  const size_t offset = reader.offset();
  if (reader.u8() != 0) reader.fail_at(offset, "zero byte expected");
}

void read_select_types(ByteReader& reader, Instruction& instruction) {
  instruction.index = reader.u32();
  for (uint32_t i = 0; i < instruction.index && reader.ok(); ++i) {
    const ValType type = read_val_type(reader);
    if (i == 0) instruction.type = type;
  }
}

}  // namespace

bool read_opcode(ByteReader& reader, Op& op) {
  const size_t offset = reader.offset();
  const uint8_t byte = reader.u8();
  const detail::OpcodeRow& plain = detail::kOpcodeRows[byte];
  op = plain.exists ? plain.op : prefixed_row(reader, byte, offset).op;
  return reader.ok();
}

bool InstructionReader::next_any(Instruction& in) {
  const size_t offset = reader_.offset();
  in.offset = static_cast<uint32_t>(offset);
  const uint8_t byte = reader_.u8();
  const detail::OpcodeRow& plain = detail::kOpcodeRows[byte];
  const Row row = plain.exists ? Row{plain.op, plain.immediates, true} : prefixed_row(reader_, byte, offset);
  in.op = row.op;
  switch (row.immediates) {
    case ImmediateKind::none: break;
    case ImmediateKind::block_type: in.block = read_block_type(reader_); break;
    case ImmediateKind::label:
    case ImmediateKind::func:
    case ImmediateKind::local:
    case ImmediateKind::global:
    case ImmediateKind::table:
    case ImmediateKind::elem:
    case ImmediateKind::data:
    case ImmediateKind::tag:
    case ImmediateKind::type:
    case ImmediateKind::memory: in.index = reader_.u32(); break;
    case ImmediateKind::type_field:
    case ImmediateKind::type_type:
    case ImmediateKind::type_data:
    case ImmediateKind::type_elem:
    case ImmediateKind::type_count:
    case ImmediateKind::type_table:
    case ImmediateKind::table_table:
    case ImmediateKind::elem_table:
    case ImmediateKind::data_memory:
    case ImmediateKind::memory_memory:
      in.index = reader_.u32();
      in.index2 = reader_.u32();
      break;
    case ImmediateKind::label_table: read_label_table(reader_, in, labels_); break;
    case ImmediateKind::memarg: read_memarg(reader_, in); break;
    case ImmediateKind::i32: in.value = static_cast<uint64_t>(int64_t{reader_.s32()}); break;
    case ImmediateKind::i64: in.value = static_cast<uint64_t>(reader_.s64()); break;
    case ImmediateKind::f32: in.value = reader_.f32_bits(); break;
    case ImmediateKind::f64: in.value = reader_.f64_bits(); break;
    case ImmediateKind::select_types: read_select_types(reader_, in); break;
    case ImmediateKind::heap_type: in.type = read_heap_type(reader_); break;
    case ImmediateKind::cast_branch: read_cast_branch(reader_, in); break;
    case ImmediateKind::try_table:
      in.block = read_block_type(reader_);
      read_catches(reader_, catches_);
      break;
    case ImmediateKind::memarg_lane:
      read_memarg(reader_, in);
      in.index2 = reader_.u8();
      break;
    case ImmediateKind::lane: in.index = reader_.u8(); break;
    case ImmediateKind::lanes:
    case ImmediateKind::v128:
      in.value = reader_.f64_bits();
      in.value2 = reader_.f64_bits();
      break;
    case ImmediateKind::zero_byte: read_zero_byte(reader_); break;
  }
  return reader_.ok();
}

}  // namespace wplug
