// The sections that declare things: types to start (spec 5.5.4–5.5.11).
#include <utility>

#include "interp/base/concat.h"
#include "interp/decode/module_decoder.h"
#include "interp/decode/types_reader.h"

namespace wplug {

namespace {

constexpr uint8_t kFuncTypeCode = 0x60;
constexpr uint8_t kStructTypeCode = 0x5f;
constexpr uint8_t kArrayTypeCode = 0x5e;
constexpr uint8_t kSubTypeCode = 0x50;
constexpr uint8_t kFinalSubTypeCode = 0x4f;
constexpr uint8_t kRecGroupCode = 0x4e;
constexpr uint8_t kTableWithInit = 0x40;
constexpr uint8_t kLastKind = 4;  // a tag

}  // namespace

bool ModuleDecoder::fits(ByteReader& reader, std::string_view what, size_t have, size_t more, uint32_t limit) {
  if (have + more <= limit) return true;
  return reader.fail(concat(have + more, " ", what, " exceed the limit of ", limit), ErrorKind::limit);
}

uint32_t ModuleDecoder::count(ByteReader& reader, std::string_view what, size_t have, uint32_t limit) {
  const size_t offset = reader.offset();
  const uint32_t count = reader.u32();
  if (count > reader.remaining()) {
    reader.fail_at(offset, concat("unexpected end of section or function: ", count, " ", what, " declared, ",
                                  reader.remaining(), " bytes left"));
    return 0;
  }
  return fits(reader, what, have, count, limit) ? count : 0;
}

std::string_view ModuleDecoder::name(ByteReader& reader) const {
  if (reader.at_end() && reader.offset() < module_.bytes.size()) {
    reader.fail("length out of bounds: the section ends where a name should be");
  }
  return reader.name();
}

// Spec 5.3.11: each entry is a recursion group, most often of one type that needs no brackets.
void ModuleDecoder::type_section(ByteReader& reader) {
  const uint32_t groups = count(reader, "types", 0, type_limit());
  module_.types.reserve(groups);
  module_.rec_groups.reserve(groups);
  for (uint32_t i = 0; i < groups && reader.ok(); ++i) rec_group(reader);
}

void ModuleDecoder::rec_group(ByteReader& reader) {
  const auto begin = static_cast<uint32_t>(module_.types.size());
  uint32_t types = 1;
  if (reader.peek() == kRecGroupCode) {
    reader.skip(1);
    types = count(reader, "types", begin, type_limit());
  } else if (!fits(reader, "types", begin, 1, type_limit())) {
    return;
  }
  for (uint32_t i = 0; i < types && reader.ok(); ++i) sub_type(reader, module_.types.emplace_back());
  module_.rec_groups.push_back({begin, static_cast<uint32_t>(module_.types.size())});
}

void ModuleDecoder::sub_type(ByteReader& reader, SubType& type) {
  const uint8_t code = reader.peek();
  if (code == kSubTypeCode || code == kFinalSubTypeCode) {
    reader.skip(1);
    type.is_final = code == kFinalSubTypeCode;
    const size_t offset = reader.offset();
    const uint32_t supertypes = count(reader, "supertypes", 0, UINT32_MAX);
    if (supertypes > 1) reader.fail_at(offset, "multiple supertypes", ErrorKind::invalid);
    if (supertypes == 1) type.supertype = reader.u32();
  }
  composite_type(reader, type);
}

void ModuleDecoder::composite_type(ByteReader& reader, SubType& type) {
  const size_t offset = reader.offset();
  const uint8_t code = reader.u8();
  switch (code) {
    case kFuncTypeCode:
      type.func.params = result_type(reader, "parameters", limits_.params);
      type.func.results = result_type(reader, "results", limits_.results);
      return;
    case kStructTypeCode: {
      type.kind = CompositeKind::struct_;
      const uint32_t fields = count(reader, "fields", 0, limits_.struct_fields);
      type.fields.reserve(fields);
      for (uint32_t i = 0; i < fields && reader.ok(); ++i) type.fields.push_back(read_field_type(reader));
      return;
    }
    case kArrayTypeCode:
      type.kind = CompositeKind::array;
      type.fields.push_back(read_field_type(reader));
      return;
    default:
      // The code is an s7, of one byte only.
      reader.fail_at(offset, code >= 0x80 ? "integer representation too long"
                                          : concat("malformed definition type ", Hex{code}));
  }
}

std::vector<ValType> ModuleDecoder::result_type(ByteReader& reader, std::string_view what, uint32_t limit) {
  const uint32_t values = count(reader, what, 0, limit);
  std::vector<ValType> types;
  types.reserve(values);
  for (uint32_t i = 0; i < values && reader.ok(); ++i) types.push_back(read_val_type(reader));
  return types;
}

void ModuleDecoder::import_section(ByteReader& reader) {
  const uint32_t imports = count(reader, "imports", 0, limits_.imports);
  module_.imports.reserve(imports);
  for (uint32_t i = 0; i < imports && reader.ok(); ++i) import(reader);
}

void ModuleDecoder::import(ByteReader& reader) {
  ImportDef import;
  import.offset = static_cast<uint32_t>(reader.offset());
  import.module = name(reader);
  import.name = name(reader);
  const size_t offset = reader.offset();
  const uint8_t kind = reader.u8();
  if (kind > kLastKind) {
    reader.fail_at(offset, concat("malformed import kind ", Hex{kind}));
    return;
  }
  import.kind = static_cast<ExternKind>(kind);
  import.index = import_item(reader, import.kind);
  module_.imports.push_back(import);
}

// Reads what an import describes and enters it into the index space of its kind; its index there.
uint32_t ModuleDecoder::import_item(ByteReader& reader, ExternKind kind) {
  switch (kind) {
    case ExternKind::func: {
      FunctionDef function;
      function.type = reader.u32();
      if (fits(reader, "functions", module_.functions.size(), 1, limits_.functions))
        module_.functions.push_back(function);
      return module_.imported_functions++;
    }
    case ExternKind::table: {
      const TableType type = read_table_type(reader);
      if (fits(reader, "tables", module_.tables.size(), 1, limits_.tables)) module_.tables.push_back({type, {}});
      return module_.imported_tables++;
    }
    case ExternKind::memory: {
      const MemoryType type = read_memory_type(reader);
      if (fits(reader, "memories", module_.memories.size(), 1, limits_.memories)) module_.memories.push_back(type);
      return module_.imported_memories++;
    }
    case ExternKind::tag: {
      const TagDef imported = tag(reader);
      if (fits(reader, "tags", module_.tags.size(), 1, limits_.tags)) module_.tags.push_back(imported);
      return module_.imported_tags++;
    }
    default: {
      const GlobalType type = read_global_type(reader);
      if (fits(reader, "globals", module_.globals.size(), 1, limits_.globals)) module_.globals.push_back({type, {}});
      return module_.imported_globals++;
    }
  }
}

void ModuleDecoder::function_section(ByteReader& reader) {
  const size_t imported = module_.functions.size();
  const uint32_t functions = count(reader, "functions", imported, limits_.functions);
  module_.functions.resize(imported + functions);
  for (uint32_t i = 0; i < functions && reader.ok(); ++i) module_.functions[imported + i].type = reader.u32();
}

void ModuleDecoder::table_section(ByteReader& reader) {
  const uint32_t tables = count(reader, "tables", module_.tables.size(), limits_.tables);
  for (uint32_t i = 0; i < tables && reader.ok(); ++i) table(reader, module_.tables.emplace_back());
}

void ModuleDecoder::table(ByteReader& reader, TableDef& table) {
  if (reader.peek() != kTableWithInit) {
    table.type = read_table_type(reader);
    return;
  }
  reader.skip(1);
  if (reader.u8() != 0) reader.fail_at(reader.offset() - 1, "zero byte expected");
  table.type = read_table_type(reader);
  table.init = const_expr(reader);
}

void ModuleDecoder::memory_section(ByteReader& reader) {
  const uint32_t memories = count(reader, "memories", module_.memories.size(), limits_.memories);
  for (uint32_t i = 0; i < memories && reader.ok(); ++i) module_.memories.push_back(read_memory_type(reader));
}

void ModuleDecoder::tag_section(ByteReader& reader) {
  const uint32_t tags = count(reader, "tags", module_.tags.size(), limits_.tags);
  module_.tags.reserve(module_.tags.size() + tags);
  for (uint32_t i = 0; i < tags && reader.ok(); ++i) module_.tags.push_back(tag(reader));
}

// The first byte, an attribute, is for kinds of tags to come (spec 5.3.13).
TagDef ModuleDecoder::tag(ByteReader& reader) {
  const size_t offset = reader.offset();
  const uint8_t attribute = reader.u8();
  if (attribute != 0) reader.fail_at(offset, concat("malformed tag attribute ", Hex{attribute}));
  return {reader.u32()};
}

void ModuleDecoder::global_section(ByteReader& reader) {
  const uint32_t globals = count(reader, "globals", module_.globals.size(), limits_.globals);
  module_.globals.reserve(module_.globals.size() + globals);
  for (uint32_t i = 0; i < globals && reader.ok(); ++i) {
    GlobalDef& global = module_.globals.emplace_back();
    global.type = read_global_type(reader);
    global.init = const_expr(reader);
  }
}

void ModuleDecoder::export_section(ByteReader& reader) {
  const uint32_t exports = count(reader, "exports", 0, limits_.exports);
  module_.exports.reserve(exports);
  for (uint32_t i = 0; i < exports && reader.ok(); ++i) {
    ExportDef& exported = module_.exports.emplace_back();
    exported.name = name(reader);
    const size_t offset = reader.offset();
    const uint8_t kind = reader.u8();
    if (kind > kLastKind) reader.fail_at(offset, concat("malformed export kind ", Hex{kind}));
    exported.kind = static_cast<ExternKind>(kind);
    exported.index = reader.u32();
  }
}

void ModuleDecoder::start_section(ByteReader& reader) { module_.start = reader.u32(); }

void ModuleDecoder::data_count_section(ByteReader& reader) {
  const uint32_t segments = reader.u32();
  if (fits(reader, "data segments", 0, segments, limits_.data_segments)) module_.data_count = segments;
}

}  // namespace wplug
