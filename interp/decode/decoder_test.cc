#include "interp/decode/decoder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "interp/validate/verdict_test.h"

namespace wplug::test {
namespace {

ModuleDef decode(const Bytes& bytes) {
  Result<ModuleDef> module = decode_module(bytes, {});
  if (!module.ok()) FAIL(module.error().to_string());
  return std::move(module).value();
}

Bytes slice(const ModuleDef& module, ByteRange range) {
  return {module.bytes.begin() + range.begin, module.bytes.begin() + range.end};
}

Bytes module_of(const Bytes& sections) { return header() + sections; }

TEST_CASE("a module with something in every section comes out as it went in") {
  const Bytes bytes = full_module();
  const ModuleDef module = decode(bytes);
  CHECK(module.types.size() == 2);
  CHECK(module.types[1].func == FuncType{{ValType::i32(), ValType::i32()}, {ValType::i32()}});

  REQUIRE(module.imports.size() == 4);
  CHECK(module.imports[1].module == "env");
  CHECK(module.imports[1].name == "t");
  CHECK(module.imports[1].kind == ExternKind::table);
  CHECK(module.imports[1].index == 0);
  CHECK(bytes[module.imports[1].offset] == 3);  // the length of "env"
  CHECK(module.imported_functions == 1);
  CHECK(module.imported_tables == 1);
  CHECK(module.imported_memories == 1);
  CHECK(module.imported_globals == 1);

  REQUIRE(module.functions.size() == 3);
  CHECK(module.functions[0].body.size() == 0);
  CHECK(module.functions[1].type == 1);
  CHECK(bytes[module.functions[1].body.end - 1] == 0x0b);
  CHECK(slice(module, module.functions[1].body).size() == 30);
  CHECK(module.function_type(2) == FuncType{});

  REQUIRE(module.tables.size() == 4);
  CHECK(module.tables[0].type == TableType{ValType::funcref(), {1, 20}});
  CHECK(module.tables[2].type == TableType{ValType::funcref(), {3, 4}});
  CHECK(slice(module, module.tables[2].init.value()) == ref_null(kFuncref));
  CHECK_FALSE(module.tables[3].init.has_value());
  CHECK(module.tables[3].type.element == ValType::externref());

  CHECK(module.memories == std::vector<MemoryType>{{{1, 2}}});
  REQUIRE(module.globals.size() == 4);
  CHECK(module.globals[1].type == GlobalType{ValType::i64(), true});
  CHECK(slice(module, module.globals[1].init) == i64_const(-5));
  CHECK(slice(module, module.globals[3].init) == ref_func(1));

  REQUIRE(module.exports.size() == 2);
  CHECK(module.exports[1].name == "a name: \xc3\xa9");
  CHECK(module.exports[1].kind == ExternKind::global);
  CHECK(module.exports[1].index == 2);
  CHECK(module.start == 2u);
  CHECK(module.data_count == 3u);
}

TEST_CASE("element segments of all eight kinds come out as the spec has them") {
  const Bytes bytes = full_module();
  const ModuleDef module = decode(bytes);
  REQUIRE(module.elements.size() == 8);
  const SegmentMode a = SegmentMode::active, p = SegmentMode::passive, d = SegmentMode::declarative;
  const SegmentMode modes[] = {a, p, a, d, a, p, a, d};
  const uint32_t tables[] = {0, 0, 1, 0, 0, 0, 3, 0};
  const uint32_t sizes[] = {2, 1, 1, 2, 1, 2, 1, 0};
  for (size_t i = 0; i < 8; ++i) {
    CAPTURE(i);
    CHECK(module.elements[i].mode == modes[i]);
    CHECK(module.elements[i].table == tables[i]);
    CHECK(module.elements[i].size() == sizes[i]);
    CHECK(module.elements[i].uses_expressions == (i >= 4));
    CHECK(module.elements[i].type == (i >= 6 ? ValType::externref() : ValType::ref(HeapKind::func, i >= 4)));
  }
  CHECK(module.elements[0].functions == std::vector<uint32_t>{0, 1});
  CHECK(slice(module, module.elements[0].offset) == i32_const(1));
  CHECK(slice(module, module.elements[5].expressions[1]) == ref_func(2));
  CHECK(slice(module, module.elements[6].offset) == global_get(0));
}

TEST_CASE("data segments of all three kinds come out as the spec has them") {
  const Bytes bytes = full_module();
  const ModuleDef module = decode(bytes);
  REQUIRE(module.data.size() == 3);
  CHECK(module.data[0].mode == SegmentMode::active);
  CHECK(slice(module, module.data[0].offset) == i32_const(8));
  CHECK(text("active") == Bytes{6} + slice(module, module.data[0].bytes));
  CHECK(module.data[1].mode == SegmentMode::passive);
  CHECK(module.data[2].mode == SegmentMode::active);
  CHECK(slice(module, module.data[2].offset) == global_get(0));
  CHECK(module.data[2].bytes.size() == 8);
}

TEST_CASE("custom sections and the order of all sections are kept") {
  const Bytes bytes =
      header() + section(0, text("first") + Bytes{9}) + section(1, {0}) + section(0, text("")) + section(5, {0});
  const ModuleDef module = decode(bytes);
  REQUIRE(module.customs.size() == 2);
  CHECK(module.customs[0].name == "first");
  CHECK(slice(module, module.customs[0].payload) == Bytes{9});
  CHECK(module.customs[1].payload.size() == 0);
  REQUIRE(module.sections.size() == 4);
  CHECK(module.sections[0].custom_name == "first");
  CHECK(module.sections[0].payload.begin == 10);
  CHECK(module.sections[1].id == 1);
  CHECK(module.sections[3].id == 5);
  CHECK(module.sections[3].payload.end == bytes.size());
}

TEST_CASE("what is not a module is told from a module cut short") {
  CHECK(verdict({}) == "malformed: unexpected end: a module has 8 bytes at least, this has 0 (at byte 0)");
  CHECK(verdict({0, 'a', 's', 'm', 1}) ==
        "malformed: unexpected end: a module has 8 bytes at least, this has 5 (at byte 5)");
  CHECK(verdict({'(', 'm', 'o', 'd', 'u', 'l', 'e', ')'}) == "malformed: magic header not detected (at byte 0)");
  CHECK(verdict({0, 'a', 's', 'm', 13, 0, 1, 0}) == "malformed: unknown binary version 0d 00 01 00 (at byte 4)");
  CHECK(verdict(header()) == "ok");
}

TEST_CASE("sections of unknown ids, out of order, twice, too long or too short are named") {
  CHECK(verdict(module_of({14, 0})) == "malformed: malformed section id 14 (at byte 8)");
  CHECK(words(module_of({14, 1, 0})) == "malformed: malformed section id 14");
  CHECK(verdict(module_of({2, 1, 0, 1, 1, 0})) ==
        "malformed: unexpected content after last section: section 1 is out of order or there twice (at byte 11)");
  CHECK(words(module_of({7, 1, 0, 7, 1, 0})) ==
        "malformed: unexpected content after last section: section 7 is out of order or there twice");
  CHECK(words(module_of({10, 1, 0, 12, 1, 0})) ==
        "malformed: unexpected content after last section: section 12 is out of order or there twice");
  CHECK(verdict(module_of({12, 1, 0, 10, 1, 0, 11, 1, 0})) == "ok");
  CHECK(verdict(module_of({5, 1, 0, 13, 1, 0, 6, 1, 0})) == "ok");
  CHECK(words(module_of({13, 1, 0, 5, 1, 0})) ==
        "malformed: unexpected content after last section: section 5 is out of order or there twice");
  CHECK(words(module_of({6, 1, 0, 13, 1, 0})) ==
        "malformed: unexpected content after last section: section 13 is out of order or there twice");
  CHECK(verdict(module_of({1, 9, 0})) == "malformed: length out of bounds: section of 9 bytes, 1 left (at byte 9)");
  CHECK(words(module_of({1, 3, 0, 7, 7})) == "malformed: section size mismatch: 2 bytes left over in section 1");
  CHECK(words(module_of({0, 0})) == "malformed: unexpected end: a custom section without a name");
  CHECK(words(module_of({0, 2, 5, 'x'})) == "malformed: length out of bounds: name of 5 bytes, 1 left");
}

TEST_CASE("types are read by their codes, and codes of nothing are malformed") {
  auto type = [](uint8_t code) { return words(module_of(section(1, {1, 0x60, 1, code, 0}))); };
  CHECK(type(0x7b) == "ok");
  CHECK(type(0x6e) == "ok");
  CHECK(type(kExnref) == "ok");
  CHECK(type(0x50) == "malformed: malformed value type 50");
  CHECK(type(0x6f) == "ok");
  CHECK(words(module_of(section(1, {1, 0x5f, 0}))) == "ok");
  CHECK(words(module_of(section(1, {1, 0x5f, 1, 0x79, 0}))) == "malformed: malformed value type 79");
  CHECK(words(module_of(section(1, {1, 0x5e, 0x78, 2}))) == "malformed: malformed mutability 02");
  CHECK(words(module_of(section(1, {1, 0x4e, 2, 0x60, 0, 0}))) ==
        "malformed: unexpected end of section or function");
  CHECK(words(module_of(section(1, {1, 0x50, 2, 0, 0, 0x60, 0, 0}))) == "invalid: multiple supertypes");
  CHECK(words(module_of(section(1, {1, 0x40, 0}))) == "malformed: malformed definition type 40");
  CHECK(words(module_of(section(1, {1, 0xe0, 0x7f, 0, 0}))) == "malformed: integer representation too long");
  CHECK(words(module_of(section(4, {1, kI32, 0, 0}))) == "malformed: malformed reference type 7f");
}

TEST_CASE("limits say by their flags whether there is a maximum, sharing, 64 bits, a page size") {
  const auto memory = [](const Bytes& limits) { return decode(module_of(section(5, Bytes{1} + limits))).memories[0]; };
  CHECK(memory({0, 1}) == MemoryType{{1, std::nullopt, false, false}});
  CHECK(memory({3, 1, 2}) == MemoryType{{1, 2, false, true}});
  CHECK(memory({4, 0x80, 0x80, 0x80, 0x80, 0x10}) == MemoryType{{uint64_t{1} << 32, std::nullopt, true, false}});
  CHECK(memory({8, 1, 0}) == MemoryType{{1, std::nullopt, false, false}, 0});
  CHECK(memory({15, 1, 2, 16}) == MemoryType{{1, 2, true, true}, 16});
  const ModuleDef tables = decode(module_of(section(4, {1, kFuncref, 5, 1, 2})));
  CHECK(tables.tables[0].type.limits == Limits{1, 2, true, false});

  CHECK(words(module_of(section(5, {1, 0x10, 0}))) == "malformed: malformed limits flags 10");
  CHECK(words(module_of(section(5, {1, 8}))) == "malformed: malformed limits flags 08: no limits follow");
  CHECK(words(module_of(section(5, {1, 8, 1, 64}))) == "malformed: invalid custom page size: 2**64");
  CHECK(words(module_of(section(5, {1, 8, 1, 63}))) ==
        "invalid: invalid custom page size: 9223372036854775808, not 1 or 65536 (memory 0)");
  CHECK(words(module_of(section(4, {1, kFuncref, 3, 0, 1}))) == "malformed: malformed limits flags 03");
  CHECK(words(module_of(section(4, {1, kFuncref, 8, 0, 1}))) == "malformed: malformed limits flags 08");
}

TEST_CASE("the nullable references of typed references that 2.0 has as well are taken in their long form") {
  const ModuleDef module = decode(module_of(section(4, {2, 0x63, 0x70, 0, 1, 0x63, 0x6f, 0, 1})));
  CHECK(module.tables[0].type.element == ValType::funcref());
  CHECK(module.tables[1].type.element == ValType::externref());
  const ModuleDef concrete = decode(module_of(section(1, {1, 0x60, 0, 0}) + section(4, {1, 0x64, 0x05, 0, 1})));
  CHECK(concrete.tables[0].type.element == ValType::ref_to(5, false));
  CHECK(words(module_of(section(4, {1, 0x63, 0x45, 0, 1}))) == "malformed: malformed heap type 45");
  CHECK(words(module_of(section(4, {1, 0x63, 0x80, 0x7f, 0, 1}))) ==
        "malformed: integer representation of a heap type is negative");
}

TEST_CASE("malformed parts of imports, exports, globals and segments have the spec's words") {
  CHECK(words(module_of(section(2, {1, 0, 0, 5}))) == "malformed: malformed import kind 05");
  CHECK(words(module_of(section(2, {1, 0, 0, 4, 1, 0}))) == "malformed: malformed tag attribute 01");
  CHECK(words(module_of(section(13, {1, 2, 0}))) == "malformed: malformed tag attribute 02");
  CHECK(words(module_of(section(2, {1, 1, 0x80, 0, 0, 0}))) == "malformed: malformed UTF-8 encoding");
  CHECK(words(module_of(section(7, {1, 0, 9, 0}))) == "malformed: malformed export kind 09");
  CHECK(words(module_of(section(6, {1, kI32, 2, 0x41, 0, 0x0b}))) == "malformed: malformed mutability 02");
  CHECK(words(module_of(section(9, {1, 8}))) == "malformed: malformed elements segment kind 8");
  CHECK(words(module_of(section(9, {1, 1, 1, 0}))) == "malformed: malformed element kind 01");
  CHECK(words(module_of(section(11, {1, 3, 0}))) == "malformed: malformed data segment kind 3");
  CHECK(words(module_of(section(4, {1, 0x40, 1, 0x70, 0, 0, 0xd0, 0x70, 0x0b}))) == "malformed: zero byte expected");
}

TEST_CASE("a constant expression must end, whatever is in it") {
  auto global = [](const Bytes& code) { return words(module_of(section(6, Bytes{1, kI32, 0} + code))); };
  CHECK(global({0x41, 0}) == "malformed: unexpected end of section or function");
  CHECK(global({0x05}) == "malformed: END opcode expected");
  CHECK(global({0x02, 0x40, 0x0b}) == "malformed: unexpected end of section or function");
  CHECK(global({0xf3}) == "malformed: illegal opcode f3");
  CHECK(global({0x02, 0x40, 0x0b, 0x0b}) == "invalid: constant expression required: block is not constant (global 0)");
}

TEST_CASE("functions, bodies and data segments must be as many as announced") {
  const Bytes types = section(1, {1, 0x60, 0, 0});
  const Bytes body = {2, 0, 0x0b};
  CHECK(words(module_of(types + section(3, {1, 0}))) ==
        "malformed: function and code section have inconsistent lengths: 1 and 0");
  CHECK(words(module_of(section(10, Bytes{1} + body))) ==
        "malformed: function and code section have inconsistent lengths: 0 and 1");
  CHECK(words(module_of(types + section(3, {1, 0}) + section(10, Bytes{2} + body + body))) ==
        "malformed: function and code section have inconsistent lengths: 1 and 2");
  CHECK(words(module_of(section(12, {1}))) ==
        "malformed: data count and data section have inconsistent lengths: 1 and 0");
  CHECK(words(module_of(section(12, {0}) + section(11, {1, 1, 0}))) ==
        "malformed: data count and data section have inconsistent lengths: 0 and 1");
  CHECK(words(module_of(section(12, {0}))) == "ok");
}

TEST_CASE("the earliest error wins, also one in a body before a section that is malformed") {
  const Bytes types = section(1, {1, 0x60, 0, 0});
  const Bytes bad_body = section(3, {1, 0}) + section(10, {1, 3, 0, 0xff, 0x0b});
  CHECK(verdict(module_of(types + bad_body + Bytes{99, 0})) == "malformed: illegal opcode ff (at byte 23)");
  CHECK(words(module_of(types + section(3, {1, 0}) + section(10, {1, 2, 0, 0x0b}) + Bytes{99, 0})) ==
        "malformed: malformed section id 99");
}

TEST_CASE("a count larger than the section is refused before anything is allocated for it") {
  for (uint8_t id : {1, 2, 3, 4, 5, 6, 7, 9, 11}) {
    CAPTURE(id);
    const std::string said = words(module_of(section(id, {0xff, 0xff, 0xff, 0xff, 0x0f})));
    CHECK(said.starts_with("malformed: unexpected end of section or function: 4294967295 "));
  }
  CHECK(words(module_of(section(9, {1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}))) ==
        "malformed: unexpected end of section or function: 4294967295 elements declared, 0 bytes left");
  CHECK(words(module_of(section(11, {1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f}))) ==
        "malformed: unexpected end of section or function: 4294967295 bytes wanted, 0 left");
}

TEST_CASE("every limit of ModuleLimits on sections is held") {
  const Bytes bytes = full_module();
  CHECK(words(bytes) == "ok");
  auto limited = [&bytes](auto member, auto value) {
    ModuleLimits limits;
    limits.*member = value;
    return words(bytes, limits);
  };
  CHECK(limited(&ModuleLimits::module_size, bytes.size()) == "ok");
  CHECK(limited(&ModuleLimits::module_size, 100u) ==
        "limit: module of " + std::to_string(bytes.size()) + " bytes exceeds the limit of 100");
  CHECK(limited(&ModuleLimits::function_size, 34u) == "limit: function 2 of 35 bytes exceeds the limit of 34");
  CHECK(limited(&ModuleLimits::types, 1u) == "limit: 2 types exceed the limit of 1");
  CHECK(limited(&ModuleLimits::functions, 3u) == "ok");
  CHECK(limited(&ModuleLimits::functions, 2u) == "limit: 3 functions exceed the limit of 2");
  CHECK(limited(&ModuleLimits::functions, 0u) == "limit: 1 functions exceed the limit of 0");
  CHECK(limited(&ModuleLimits::imports, 3u) == "limit: 4 imports exceed the limit of 3");
  CHECK(limited(&ModuleLimits::exports, 1u) == "limit: 2 exports exceed the limit of 1");
  CHECK(limited(&ModuleLimits::globals, 3u) == "limit: 4 globals exceed the limit of 3");
  CHECK(limited(&ModuleLimits::globals, 0u) == "limit: 1 globals exceed the limit of 0");
  CHECK(limited(&ModuleLimits::data_segments, 2u) == "limit: 3 data segments exceed the limit of 2");
  CHECK(limited(&ModuleLimits::element_segments, 7u) == "limit: 8 element segments exceed the limit of 7");
  CHECK(limited(&ModuleLimits::tables, 3u) == "limit: 4 tables exceed the limit of 3");
  CHECK(limited(&ModuleLimits::tables, 0u) == "limit: 1 tables exceed the limit of 0");
  CHECK(limited(&ModuleLimits::memories, 0u) == "limit: 1 memories exceed the limit of 0");
  CHECK(limited(&ModuleLimits::params, 1u) == "limit: 2 parameters exceed the limit of 1");
  CHECK(limited(&ModuleLimits::results, 0u) == "limit: 1 results exceed the limit of 0");
}

TEST_CASE("sections are not without number") {
  Bytes bytes = header();
  for (int i = 0; i < 100'001; ++i) bytes.insert(bytes.end(), {0, 1, 0});
  CHECK(words(bytes) == "limit: more sections than the limit of 100000");
}

TEST_CASE("a module cut at any byte is an error, unless the cut leaves whole sections that make a module") {
  const Bytes bytes = full_module();
  REQUIRE(words(bytes) == "ok");
  std::vector<size_t> whole = {8};
  for (const SectionDef& section : decode(bytes).sections) {
    // Between functions and code, and between data count and data, something is missing.
    if (section.id != 3 && section.id != 12) whole.push_back(section.payload.end);
  }
  size_t accepted = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of the exact size, so that the address sanitizer sees what is read past it.
    const std::string said = verdict(Bytes(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)));
    const bool is_whole = std::find(whole.begin(), whole.end(), size) != whole.end();
    CAPTURE(size);
    if (said == "ok") {
      CHECK(is_whole);
      ++accepted;
    } else {
      CHECK(said.find("at byte") != std::string::npos);
    }
  }
  CHECK(accepted == 4);  // the header; types; imports; and all but the custom section
}

TEST_CASE("a module with any byte changed to anything is decoded or refused") {
  const Bytes bytes = full_module();
  size_t refused = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    Bytes changed = bytes;
    for (unsigned value = 0; value < 256; ++value) {
      changed[at] = static_cast<uint8_t>(value);
      refused += verdict(changed) != "ok";
    }
  }
  CHECK(refused > bytes.size() * 100);
}

}  // namespace
}  // namespace wplug::test
