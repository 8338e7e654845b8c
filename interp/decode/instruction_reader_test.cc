#include "interp/decode/instruction_reader.h"

#include <doctest/doctest.h>

#include <bit>
#include <string>
#include <vector>

#include "interp/api/module_builder.h"
#include "interp/base/concat.h"

namespace wplug::test {
namespace {

// Reads one instruction, once with nothing after it and once with bytes after it that must not matter: next to the end
// and far from it are different paths. The instruction, or none with `error` set.
struct Read {
  Instruction instruction;
  std::vector<uint32_t> labels;
  std::string error;
};

// The members that count for an instruction's kind of immediates.
std::string counting(const Instruction& in) {
  switch (info(in.op).immediates) {
    case ImmediateKind::none: return "";
    case ImmediateKind::block_type: {
      const bool has_value = in.block.kind == BlockType::Kind::value;
      const bool has_index = in.block.kind == BlockType::Kind::type_index;
      return has_value ? in.block.value.to_string() : has_index ? concat("type ", in.block.type_index) : "empty";
    }
    case ImmediateKind::type_table:
    case ImmediateKind::table_table:
    case ImmediateKind::elem_table:
    case ImmediateKind::data_memory:
    case ImmediateKind::memory_memory: return concat(in.index, " ", in.index2);
    case ImmediateKind::memarg: return concat(in.index, " ", in.align, " ", in.value);
    case ImmediateKind::i32:
    case ImmediateKind::i64:
    case ImmediateKind::f32:
    case ImmediateKind::f64: return concat(in.value);
    case ImmediateKind::select_types: return concat(in.index, " ", in.index == 0 ? "" : in.type.to_string());
    case ImmediateKind::heap_type: return in.type.to_string();
    default: return concat(in.index);
  }
}

Read read(const Bytes& code) {
  Read reads[2];
  for (int i = 0; i < 2; ++i) {
    const Bytes bytes = i == 0 ? code : code + Bytes(20, 0xff);
    ByteReader reader(bytes, 1000);
    InstructionReader instructions(reader);
    if (instructions.next(reads[i].instruction)) {
      CHECK(reader.offset() == 1000 + code.size());
      CHECK(reads[i].instruction.offset == 1000);
    } else {
      reads[i].error = concat(reader.error().message(), " @", *reader.error().offset());
    }
    reads[i].labels.assign(instructions.labels().begin(), instructions.labels().end());
  }
  CHECK(reads[0].error == reads[1].error);
  if (reads[0].error.empty()) CHECK(counting(reads[0].instruction) == counting(reads[1].instruction));
  return reads[0];
}

std::string error_of(const Bytes& code) {
  const Bytes& bytes = code;
  ByteReader reader(bytes);
  InstructionReader instructions(reader);
  Instruction instruction;
  if (instructions.next(instruction)) return concat("read ", info(instruction.op).text);
  return reader.error().message();
}

// Some immediates of each kind: their bytes, in a short and a long form.
std::vector<Bytes> examples(ImmediateKind kind) {
  const Bytes wide = {0x85, 0x82, 0x00};  // 261
  switch (kind) {
    case ImmediateKind::none: return {{}};
    case ImmediateKind::block_type: return {{0x40}, {kI64}, {kFuncref}, {0x00}, {0x83, 0x00}};
    case ImmediateKind::label_table: return {{0, 1}, Bytes{2, 3} + wide + Bytes{4}};
    case ImmediateKind::label:
    case ImmediateKind::func:
    case ImmediateKind::local:
    case ImmediateKind::global:
    case ImmediateKind::table:
    case ImmediateKind::elem:
    case ImmediateKind::data:
    case ImmediateKind::tag:
    case ImmediateKind::type:
    case ImmediateKind::memory: return {{5}, wide};
    case ImmediateKind::type_table:
    case ImmediateKind::table_table:
    case ImmediateKind::elem_table:
    case ImmediateKind::data_memory:
    case ImmediateKind::type_field:
    case ImmediateKind::type_type:
    case ImmediateKind::type_data:
    case ImmediateKind::type_elem:
    case ImmediateKind::type_count:
    case ImmediateKind::memory_memory: return {{5, 6}, wide + Bytes{6}};
    case ImmediateKind::memarg: return {{2, 5}, Bytes{3} + wide, Bytes{0x41, 7} + wide, {0x82, 0x00, 0x05}};
    case ImmediateKind::i32:
    case ImmediateKind::i64: return {{0x3f}, {0x40}, {0xc0, 0xbb, 0x78}};
    case ImmediateKind::f32: return {{1, 2, 3, 4}};
    case ImmediateKind::f64: return {{1, 2, 3, 4, 5, 6, 7, 8}};
    case ImmediateKind::select_types: return {{1, kI32}, {0}, {2, kF64, kExternref}};
    case ImmediateKind::heap_type: return {{kFuncref}, {kExternref}};
    case ImmediateKind::cast_branch: return {{3, 5, kFuncref, kExternref}};
    case ImmediateKind::try_table: return {{0x40, 0}, Bytes{kI64, 4, 0, 5, 6, 1} + wide + Bytes{6, 2, 7, 3, 8}};
    case ImmediateKind::memarg_lane: return {{2, 5, 1}, Bytes{0x41, 7} + wide + Bytes{15}};
    case ImmediateKind::lane: return {{5}};
    case ImmediateKind::lanes:
    case ImmediateKind::v128: return {Bytes(16, 3)};
    case ImmediateKind::zero_byte: return {{0}};
  }
  return {};
}

TEST_CASE("every instruction of the table is read with each form of its immediates, and every cut of it is an error") {
  for (size_t i = 0; i < kOpCount; ++i) {
    const OpInfo& row = kOpInfo[i];
    CAPTURE(row.text);
    Bytes code = row.prefix == 0 ? Bytes{} : Bytes{row.prefix};
    code = code + (row.prefix == 0 ? Bytes{static_cast<uint8_t>(row.code)} : leb(row.code));
    REQUIRE_FALSE(examples(row.immediates).empty());
    for (const Bytes& immediates : examples(row.immediates)) {
      const Bytes whole = code + immediates;
      const Read result = read(whole);
      CHECK(result.error.empty());
      CHECK(result.instruction.op == static_cast<Op>(i));
      for (size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
        CHECK(error_of(cut).starts_with("unexpected end of section or function"));
      }
    }
  }
}

TEST_CASE("indices, offsets and constants have the values that the bytes say") {
  CHECK(read({0x20, 5}).instruction.index == 5);
  CHECK(read({0x20, 0x85, 0x82, 0x00}).instruction.index == 261);
  CHECK(read({0x10, 0xff, 0xff, 0xff, 0xff, 0x0f}).instruction.index == UINT32_MAX);
  CHECK(static_cast<int64_t>(read({0x41, 0x7f}).instruction.value) == -1);
  CHECK(static_cast<int64_t>(read({0x41, 0x3f}).instruction.value) == 63);
  CHECK(static_cast<int64_t>(read({0x41, 0x40}).instruction.value) == -64);
  CHECK(static_cast<int64_t>(read({0x41, 0x80, 0x80, 0x80, 0x80, 0x78}).instruction.value) == INT32_MIN);
  CHECK(static_cast<int64_t>(read(Bytes{0x42} + signed_leb(INT64_MIN)).instruction.value) == INT64_MIN);
  CHECK(read({0x43, 0x00, 0x00, 0x80, 0x3f}).instruction.value == std::bit_cast<uint32_t>(1.0f));
  CHECK(read({0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f}).instruction.value == std::bit_cast<uint64_t>(1.0));
}

TEST_CASE("clauses, casts, lanes and vectors have the values that the bytes say") {
  const Bytes code = {0x1f, 0x40, 4, 0, 5, 6, 1, 7, 8, 2, 9, 3, 10};
  ByteReader reader(code);
  InstructionReader instructions(reader);
  Instruction in;
  REQUIRE(instructions.next(in));
  REQUIRE(instructions.catches().size() == 4);
  CHECK(instructions.catches()[0].kind == CatchClause::Kind::catch_);
  CHECK(instructions.catches()[1].tag == 7);
  CHECK(instructions.catches()[1].label == 8);
  CHECK(instructions.catches()[3].kind == CatchClause::Kind::catch_all_ref);
  CHECK(instructions.catches()[3].label == 10);
  CHECK(error_of({0x1f, 0x40, 1, 4, 0}) == "malformed catch clause 04");

  const Instruction cast = read({0xfb, 0x18, 1, 5, kFuncref, kExternref}).instruction;
  CHECK(cast.index == 5);
  CHECK(cast.type == ValType::funcref());
  CHECK(cast.type2 == ValType::externref().with_null(false));
  CHECK(error_of({0xfb, 0x18, 4, 5, kFuncref, kFuncref}) == "malformed br_on_cast flags 04");

  const Instruction vector = read({0xfd, 0x0c, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}).instruction;
  CHECK(vector.value == 0x0807060504030201u);
  CHECK(vector.value2 == 0x100f0e0d0c0b0a09u);
  CHECK(read({0xfd, 0x15, 7}).instruction.index == 7);
  CHECK(read({0xfd, 0x54, 0, 5, 9}).instruction.index2 == 9);
  CHECK(error_of({0xfe, 0x03, 1}) == "zero byte expected");
}

TEST_CASE("a memarg has alignment, offset, and a memory where bit 6 says so") {
  const Instruction simple = read({0x28, 2, 7}).instruction;
  CHECK(simple.align == 2);
  CHECK(simple.value == 7);
  CHECK(simple.index == 0);
  const Instruction far = read({0x29, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}).instruction;
  CHECK(far.value == UINT64_MAX);
  const Instruction other = read({0x28, 0x41, 9, 4}).instruction;
  CHECK(other.align == 1);
  CHECK(other.index == 9);
  CHECK(other.value == 4);
  CHECK(error_of({0x28, 0x80, 0x01, 0x00}) == "malformed memop flags 80");
  CHECK(error_of({0x28, 0x80, 0x02, 0x00}) == "malformed memop flags 0100");
}

TEST_CASE("two indices come in the order of the binary format") {
  const Instruction indirect = read({0x11, 3, 4}).instruction;
  CHECK(indirect.index == 3);
  CHECK(indirect.index2 == 4);
  const Instruction init = read({0xfc, 8, 5, 6}).instruction;
  CHECK(init.op == Op::memory_init);
  CHECK(init.index == 5);
  CHECK(init.index2 == 6);
}

TEST_CASE("block types are nothing, a value or a type by index") {
  CHECK(read({0x02, 0x40}).instruction.block.kind == BlockType::Kind::empty);
  const BlockType value = read({0x03, kF32}).instruction.block;
  CHECK(value.kind == BlockType::Kind::value);
  CHECK(value.value == ValType::f32());
  const BlockType index = read({0x04, 0xc0, 0x00}).instruction.block;
  CHECK(index.kind == BlockType::Kind::type_index);
  CHECK(index.type_index == 64);
  CHECK(read({0x02, 0xff, 0xff, 0xff, 0xff, 0x0f}).instruction.block.type_index == UINT32_MAX);
  CHECK(error_of({0x02, 0xff, 0x7f}) == "malformed block type");
  CHECK(error_of({0x02, 0x41}) == "malformed value type 41");
}

TEST_CASE("a br_table has its labels and its default, and no more labels than bytes") {
  const Read table = read({0x0e, 3, 0, 2, 1, 5});
  CHECK(table.labels == std::vector<uint32_t>{0, 2, 1});
  CHECK(table.instruction.index == 5);
  CHECK(error_of({0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}) ==
        "unexpected end of section or function: br_table of 4294967295 labels, 1 bytes left");
}

TEST_CASE("a typed select says how many types it has") {
  const Instruction one = read({0x1c, 1, kExternref}).instruction;
  CHECK(one.index == 1);
  CHECK(one.type == ValType::externref());
  CHECK(read({0x1c, 0}).instruction.index == 0);
  CHECK(read({0x1c, 2, kF64, kI32}).instruction.index == 2);
}

TEST_CASE("an illegal opcode is named in hexadecimal, with its code where it has a prefix") {
  CHECK(error_of({0xff}) == "illegal opcode ff");
  CHECK(error_of({0x16, 0x40}) == "illegal opcode 16");
  CHECK(error_of({0xfd, 0x9a, 0x01}) == "illegal opcode fd 9a");
  CHECK(error_of({0xfd, 0x94, 0x02}) == "illegal opcode fd 0114");
  CHECK(error_of({0xfb, 0x1f}) == "illegal opcode fb 1f");
  CHECK(error_of({0xfc, 0x12}) == "illegal opcode fc 12");
  CHECK(error_of({0xfe, 0x04}) == "illegal opcode fe 04");
  CHECK(error_of({0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f}) == "illegal opcode fc ffffffff");
  CHECK(error_of({0xfc, 0x80, 0x00}) == "read i32.trunc_sat_f32_s");
}

TEST_CASE("exactly the bytes without a row are illegal opcodes") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    bool has_row = byte >= 0xfb && byte <= 0xfe;
    for (const OpInfo& row : kOpInfo) has_row |= row.prefix == 0 && row.code == byte;
    CAPTURE(byte);
    CHECK(error_of(Bytes{static_cast<uint8_t>(byte)} + Bytes(20, 0)).starts_with("illegal opcode") == !has_row);
  }
}

}  // namespace
}  // namespace wplug::test
