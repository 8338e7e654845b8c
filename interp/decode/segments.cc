// The sections that hold contents: elements, code, data (spec 5.5.12–5.5.14), and constant expressions.
#include <algorithm>
#include <utility>

#include "interp/base/concat.h"
#include "interp/decode/instruction_reader.h"
#include "interp/decode/module_decoder.h"
#include "interp/decode/types_reader.h"

namespace wplug {

ConstExpr ModuleDecoder::const_expr(ByteReader& reader) {
  const size_t begin = reader.offset();
  InstructionReader instructions(reader);
  Instruction instruction;
  // Blocks are not constant, but the validator is to say so: here they only must not hide where the expression ends.
  for (size_t depth = 1; depth > 0;) {
    if (!instructions.next(instruction)) return {};
    if (instruction.op == Op::end || (instruction.op == Op::delegate && depth > 1)) --depth;
    if (opens_block(instruction.op)) ++depth;
    if (instruction.op == Op::else_ && depth == 1) {
      reader.fail_at(instruction.offset, "END opcode expected");
      return {};
    }
  }
  return {static_cast<uint32_t>(begin), static_cast<uint32_t>(reader.offset())};
}

void ModuleDecoder::element_section(ByteReader& reader) {
  const uint32_t segments = count(reader, "element segments", 0, limits_.element_segments);
  module_.elements.reserve(segments);
  for (uint32_t i = 0; i < segments && reader.ok(); ++i) element(reader, module_.elements.emplace_back());
}

// The kind's bits (spec 5.5.12): 0 passive or declarative; 1 explicit table index, or declarative; 2 expressions.
void ModuleDecoder::element(ByteReader& reader, ElementDef& element) {
  const size_t offset = reader.offset();
  const uint32_t kind = reader.u32();
  if (kind > 7) {
    reader.fail_at(offset, concat("malformed elements segment kind ", kind));
    return;
  }
  const bool is_active = (kind & 1) == 0;
  const bool is_explicit = (kind & 2) != 0;
  element.mode = is_active ? SegmentMode::active : is_explicit ? SegmentMode::declarative : SegmentMode::passive;
  element.uses_expressions = (kind & 4) != 0;
  if (!element.uses_expressions) element.type = ValType::ref(HeapKind::func, false);
  if (is_active) {
    if (is_explicit) element.table = reader.u32();
    element.offset = const_expr(reader);
  }
  if (!is_active || is_explicit) {
    if (element.uses_expressions) {
      element.type = read_ref_type(reader);
    } else {
      element_kind(reader);
    }
  }
  element_items(reader, element);
}

void ModuleDecoder::element_kind(ByteReader& reader) {
  const size_t offset = reader.offset();
  const uint8_t kind = reader.u8();
  if (kind != 0) reader.fail_at(offset, concat("malformed element kind ", Hex{kind}));
}

void ModuleDecoder::element_items(ByteReader& reader, ElementDef& element) {
  const uint32_t items = count(reader, "elements", 0, UINT32_MAX);
  if (element.uses_expressions) {
    // An expression has two bytes at least; a longer list reserves no more than what can be there.
    element.expressions.reserve(std::min<size_t>(items, reader.remaining() / 2));
    for (uint32_t i = 0; i < items && reader.ok(); ++i) element.expressions.push_back(const_expr(reader));
  } else {
    element.functions.reserve(items);
    for (uint32_t i = 0; i < items && reader.ok(); ++i) element.functions.push_back(reader.u32());
  }
}

void ModuleDecoder::code_section(ByteReader& reader) {
  const uint32_t bodies = reader.u32();
  code_count_ = bodies;
  const size_t declared = module_.functions.size() - module_.imported_functions;
  for (uint32_t i = 0; i < bodies && reader.ok(); ++i) {
    const size_t size_offset = reader.offset();
    const uint32_t size = reader.u32();
    if (size > limits_.function_size) {
      reader.fail_at(size_offset,
                     concat("function ", module_.imported_functions + i, " of ", size, " bytes exceeds the limit of ",
                            limits_.function_size),
                     ErrorKind::limit);
    }
    const auto begin = static_cast<uint32_t>(reader.offset());
    reader.skip(size);
    // More bodies than functions are an error, found at the end of the module.
    if (reader.ok() && i < declared) module_.functions[module_.imported_functions + i].body = {begin, begin + size};
  }
}

Result<void> ModuleDecoder::scan_bodies() const {
  for (const FunctionDef& function : module_.functions) {
    ByteReader reader(module_.bytes, function.body.begin, function.body.end);
    if (reader.at_end()) continue;
    const uint32_t groups = reader.u32();
    for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
      (void)reader.u32();
      (void)read_val_type(reader);
    }
    InstructionReader instructions(reader);
    Instruction instruction;
    while (!reader.at_end() && instructions.next(instruction)) {
    }
    WPLUG_TRY(reader.result());
  }
  return {};
}

void ModuleDecoder::data_section(ByteReader& reader) {
  const uint32_t segments = count(reader, "data segments", 0, limits_.data_segments);
  data_segments_ = segments;
  module_.data.reserve(segments);
  for (uint32_t i = 0; i < segments && reader.ok(); ++i) data_segment(reader, module_.data.emplace_back());
}

void ModuleDecoder::data_segment(ByteReader& reader, DataDef& data) {
  const size_t offset = reader.offset();
  const uint32_t kind = reader.u32();
  if (kind > 2) {
    reader.fail_at(offset, concat("malformed data segment kind ", kind));
    return;
  }
  data.mode = kind == 1 ? SegmentMode::passive : SegmentMode::active;
  if (kind == 2) data.memory = reader.u32();
  if (kind != 1) data.offset = const_expr(reader);
  const uint32_t size = reader.u32();
  const auto begin = static_cast<uint32_t>(reader.offset());
  reader.skip(size);
  data.bytes = {begin, begin + size};
}

}  // namespace wplug
