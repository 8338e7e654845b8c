// What decoder.cc, sections.cc and segments.cc share: the decoding of one module.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "interp/base/byte_reader.h"
#include "interp/wasm/module_def.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

class ModuleDecoder {
 public:
  ModuleDecoder(std::span<const uint8_t> bytes, const ModuleLimits& limits);

  // Decodes the whole module. Call once.
  Result<void> run();
  ModuleDef& module() { return module_; }

 private:
  // Functions that read the payload of a section (or a part) record what is wrong in the section's reader.
  using SectionReader = void (ModuleDecoder::*)(ByteReader&);
  struct SectionKind;
  static const SectionKind* kind_of(uint8_t id);

  void header();
  void section();
  void known_section(ByteReader& payload, const SectionKind& kind, size_t id_offset);
  void check_lengths();
  // The first malformed thing in the bodies read so far, for when something after them is malformed: the earliest error
  // is the one to report, and bodies are otherwise read by the validator.
  Result<void> scan_bodies() const;

  void custom_section(ByteReader& reader);
  void type_section(ByteReader& reader);
  void import_section(ByteReader& reader);
  void function_section(ByteReader& reader);
  void table_section(ByteReader& reader);
  void memory_section(ByteReader& reader);
  void tag_section(ByteReader& reader);
  void global_section(ByteReader& reader);
  void export_section(ByteReader& reader);
  void start_section(ByteReader& reader);
  void element_section(ByteReader& reader);
  void data_count_section(ByteReader& reader);
  void code_section(ByteReader& reader);
  void data_section(ByteReader& reader);

  void rec_group(ByteReader& reader);
  void sub_type(ByteReader& reader, SubType& type);
  void composite_type(ByteReader& reader, SubType& type);
  // A ValType has room for so many indices.
  uint32_t type_limit() const { return std::min(limits_.types, ValType::kMostTypeIndex); }
  std::vector<ValType> result_type(ByteReader& reader, std::string_view what, uint32_t limit);
  void import(ByteReader& reader);
  uint32_t import_item(ByteReader& reader, ExternKind kind);
  void table(ByteReader& reader, TableDef& table);
  static TagDef tag(ByteReader& reader);
  void element(ByteReader& reader, ElementDef& element);
  void element_kind(ByteReader& reader);
  void element_items(ByteReader& reader, ElementDef& element);
  void data_segment(ByteReader& reader, DataDef& data);

  // How many things of at least one byte each follow. Zero, with the error recorded, when the section is too short for
  // them or when with the `have` that are there already they are more than `limit`.
  uint32_t count(ByteReader& reader, std::string_view what, size_t have, uint32_t limit);
  static bool fits(ByteReader& reader, std::string_view what, size_t have, size_t more, uint32_t limit);
  std::string_view name(ByteReader& reader) const;
  // The range of a constant expression, whose instructions are well-formed but not checked otherwise.
  static ConstExpr const_expr(ByteReader& reader);

  ModuleLimits limits_;
  ByteReader reader_;
  ModuleDef module_;
  uint8_t last_order_ = 0;  // of the last section that is not a custom one
  size_t code_count_ = 0;
  size_t data_segments_ = 0;
};

}  // namespace wplug
