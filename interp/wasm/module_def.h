// A module as decoded: the spec's abstract syntax (section 2.5), with bodies and segments left in the bytes.
// Index spaces hold imported things first, as the spec has it. Names and payloads point into the module's bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wplug/types.h"

namespace wplug {

// A range of the module's bytes, as offsets.
struct ByteRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t size() const { return end - begin; }
};

// The bytes of a constant expression, its `end` included.
using ConstExpr = ByteRange;

struct ImportDef {
  std::string_view module;
  std::string_view name;
  ExternKind kind = ExternKind::func;
  uint32_t index = 0;  // in the index space of its kind
  uint32_t offset = 0;
};

struct ExportDef {
  std::string_view name;
  ExternKind kind = ExternKind::func;
  uint32_t index = 0;
};

struct FunctionDef {
  uint32_t type = 0;  // index into types
  ByteRange body;     // local declarations and instructions; empty for an imported function
  bool declared = false;  // may be the operand of ref.func (spec 3.5.5, `refs`)
};

struct TableDef {
  TableType type;
  std::optional<ConstExpr> init;
};

struct GlobalDef {
  GlobalType type;
  ConstExpr init;  // empty for an imported global
};

// A tag: the values that an exception of it carries are the parameters of its function type.
struct TagDef {
  uint32_t type = 0;  // index into types
};

enum class SegmentMode : uint8_t { active, passive, declarative };

struct ElementDef {
  SegmentMode mode = SegmentMode::passive;
  ValType type = ValType::funcref();
  uint32_t table = 0;
  ConstExpr offset;
  // Exactly one of the two is used; indices where the binary has indices.
  std::vector<uint32_t> functions;
  std::vector<ConstExpr> expressions;
  bool uses_expressions = false;
  bool allocates = false;  // an expression makes objects, so that each is evaluated once
  uint32_t size() const {
    return static_cast<uint32_t>(uses_expressions ? expressions.size() : functions.size());
  }
};

struct DataDef {
  SegmentMode mode = SegmentMode::passive;
  uint32_t memory = 0;
  ConstExpr offset;
  ByteRange bytes;
};

struct CustomDef {
  std::string_view name;
  ByteRange payload;
};

struct SectionDef {
  uint8_t id = 0;
  ByteRange payload;
  std::string_view custom_name;
};

// The name section (spec appendix A.5.3); a damaged one is ignored from the damage on.
struct NameSection {
  std::string_view module;
  std::unordered_map<uint32_t, std::string_view> functions;
};

// Types that may refer to each other (spec 2.3.12): `begin` up to, not including, `end`.
struct RecGroup {
  uint32_t begin = 0;
  uint32_t end = 0;
};

struct ModuleDef {
  std::span<const uint8_t> bytes;  // the whole module; owned elsewhere
  std::vector<SubType> types;      // their indices, and those of all ValTypes here, are the module's
  std::vector<RecGroup> rec_groups;
  std::vector<ImportDef> imports;
  std::vector<FunctionDef> functions;
  std::vector<TableDef> tables;
  std::vector<MemoryType> memories;
  std::vector<TagDef> tags;
  std::vector<GlobalDef> globals;
  std::vector<ExportDef> exports;
  std::optional<uint32_t> start;
  std::vector<ElementDef> elements;
  std::vector<DataDef> data;
  std::optional<uint32_t> data_count;
  std::vector<CustomDef> customs;
  std::vector<SectionDef> sections;

  uint32_t imported_functions = 0;
  uint32_t imported_tables = 0;
  uint32_t imported_memories = 0;
  uint32_t imported_tags = 0;
  uint32_t imported_globals = 0;

  const FuncType& function_type(uint32_t function) const { return types[functions[function].type].func; }
  const FuncType& tag_type(uint32_t tag) const { return types[tags[tag].type].func; }
};

}  // namespace wplug
