#include "interp/validate/validator.h"

#include <doctest/doctest.h>

#include <string>

#include "interp/validate/verdict_test.h"

namespace wplug::test {
namespace {

ModuleDef validated(const Bytes& bytes) {
  Result<ModuleDef> module = decode_module(bytes, {});
  REQUIRE(module.ok());
  const Result<void> valid = validate_module(*module, {});
  if (!valid.ok()) FAIL(valid.error().to_string());
  return std::move(module).value();
}

std::string global_of(uint8_t type, const Bytes& init) {
  ModuleBuilder module;
  module.import_global("m", "constant", kI32, false);
  module.import_global("m", "variable", kI32, true);
  module.global(kI64, false, i64_const(1));
  module.global(type, false, init);
  return words(module);
}

TEST_CASE("types of functions must exist") {
  ModuleBuilder imported;
  imported.import_func("m", "f", 1);
  CHECK(verdict(imported.build()) == "invalid: unknown type 1 (function 0) (at byte 11)");
  ModuleBuilder defined;
  defined.type({}, {});
  defined.func(7, {});
  CHECK(words(defined) == "invalid: unknown type 7 (function 0)");
}

TEST_CASE("memories have at most 65536 pages and a maximum not below the minimum") {
  auto memory = [](const Bytes& limits) {
    ModuleBuilder module;
    module.memory(limits);
    return words(module);
  };
  CHECK(memory(limits(65536)) == "ok");
  CHECK(memory(limits(65537)) == "invalid: memory size must be at most 65536 pages (4GiB), found 65537 (memory 0)");
  CHECK(memory(limits(0, 65537)) == "invalid: memory size must be at most 65536 pages (4GiB), found 65537 (memory 0)");
  CHECK(memory({0, 0x80, 0x80, 0x80, 0x80, 0x10}) ==
        "invalid: memory size must be at most 65536 pages (4GiB), found 4294967296 (memory 0)");
  CHECK(memory(limits(2, 1)) == "invalid: size minimum must not be greater than maximum: 2 and 1 (memory 0)");
  ModuleBuilder two;
  two.import_memory("m", "m", limits(1));
  two.memory(limits(1));
  CHECK(words(two) == "ok");
}

TEST_CASE("a memory's most pages follow from its addresses and its page size, and a shared one has a maximum") {
  auto memory = [](const Bytes& limits) {
    ModuleBuilder module;
    module.memory(limits);
    return words(module);
  };
  const Bytes two_to_48 = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40};
  const Bytes largest = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  CHECK(memory(Bytes{4} + two_to_48) == "ok");
  CHECK(memory(Bytes{4} + largest) ==
        "invalid: memory size must be at most 281474976710656 pages, found 18446744073709551615 (memory 0)");
  CHECK(memory(Bytes{8} + leb(UINT32_MAX) + Bytes{0}) == "ok");
  CHECK(memory({8, 0x80, 0x80, 0x80, 0x80, 0x10, 0}) ==
        "invalid: memory size must be at most 4294967295 pages, found 4294967296 (memory 0)");
  CHECK(memory(Bytes{12} + largest + Bytes{0}) == "ok");
  CHECK(memory({2, 1}) == "invalid: shared memory must have maximum (memory 0)");
  CHECK(memory({3, 1, 1}) == "ok");
}

TEST_CASE("an atomic access has its natural alignment, and its memory need not be shared") {
  auto atomic = [](const Bytes& code) {
    ModuleBuilder module;
    module.memory(limits(1));
    module.func(module.type({}, {}), code);
    return words(module);
  };
  CHECK(atomic({0x41, 0, 0xfe, 0x10, 2, 0, 0x1a}) == "ok");
  CHECK(atomic({0x41, 0, 0xfe, 0x10, 1, 0, 0x1a}) ==
        "invalid: atomic alignment must be natural: i32.atomic.load has 2**1 (function 0)");
  CHECK(atomic({0x41, 0, 0xfe, 0x10, 3, 0, 0x1a}) ==
        "invalid: atomic alignment must be natural: i32.atomic.load has 2**3 (function 0)");
}

TEST_CASE("tables have at most 2^32 - 1 elements and an initial value of their type from imported globals") {
  auto table = [](const Bytes& item) {
    ModuleBuilder module;
    module.import_global("m", "g", kFuncref, false);
    module.global(kFuncref, false, ref_null(kFuncref));
    module.item(4, item);
    return words(module);
  };
  CHECK(table(Bytes{kFuncref} + limits(UINT32_MAX)) == "ok");
  CHECK(table({kFuncref, 0, 0x80, 0x80, 0x80, 0x80, 0x10}) ==
        "invalid: table size must be at most 4294967295, found 4294967296 (table 0)");
  CHECK(table(Bytes{kExternref} + limits(4, 3)) ==
        "invalid: size minimum must not be greater than maximum: 4 and 3 (table 0)");
  CHECK(table(Bytes{0x40, 0, kFuncref} + limits(1) + global_get(0)) == "ok");
  CHECK(table(Bytes{0x40, 0, kFuncref} + limits(1) + global_get(1)) == "invalid: unknown global 1 (table 0)");
  CHECK(table(Bytes{0x40, 0, kExternref} + limits(1) + ref_null(kFuncref)) ==
        "invalid: type mismatch: end expects externref, found funcref (table 0)");
}

TEST_CASE("constant expressions are of their type, and constant") {
  CHECK(global_of(kI32, i32_const(1)) == "ok");
  CHECK(global_of(kI32, global_get(0)) == "ok");
  CHECK(global_of(kI64, global_get(2)) == "ok");
  CHECK(global_of(kF32, {0x43, 0, 0, 0, 0, 0x0b}) == "ok");
  CHECK(global_of(kF64, {0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b}) == "ok");
  CHECK(global_of(kExternref, ref_null(kExternref)) == "ok");
  // i32: 2 * (constant + 3) - 1
  CHECK(global_of(kI32, {0x41, 2, 0x23, 0, 0x41, 3, 0x6a, 0x6c, 0x41, 1, 0x6b, 0x0b}) == "ok");
  CHECK(global_of(kI64, {0x42, 2, 0x42, 3, 0x7c, 0x42, 3, 0x7d, 0x42, 3, 0x7e, 0x0b}) == "ok");

  CHECK(global_of(kI32, i64_const(1)) == "invalid: type mismatch: end expects i32, found i64 (global 3)");
  CHECK(global_of(kI32, {0x0b}) == "invalid: type mismatch: end expects i32, found nothing (global 3)");
  CHECK(global_of(kI32, {0x41, 1, 0x41, 1, 0x0b}) ==
        "invalid: type mismatch: 1 values too many at the end of a block (global 3)");
  CHECK(global_of(kI32, {0x41, 1, 0x6a, 0x0b}) ==
        "invalid: type mismatch: i32.add expects i32, found nothing (global 3)");
  CHECK(global_of(kI32, global_get(1)) == "invalid: constant expression required: global 1 is mutable (global 3)");
  CHECK(global_of(kI32, global_get(3)) == "invalid: unknown global 3 (global 3)");
  CHECK(global_of(kI32, {0x41, 1, 0x01, 0x0b}) ==
        "invalid: constant expression required: nop is not constant (global 3)");
  CHECK(global_of(kI32, {0x41, 4, 0x41, 2, 0x6d, 0x0b}) ==
        "invalid: constant expression required: i32.div_s is not constant (global 3)");
  CHECK(global_of(kFuncref, ref_func(0)) == "invalid: unknown function 0 (global 3)");
}

TEST_CASE("exports name things that exist, each by a name of its own") {
  auto exported = [](uint8_t kind, uint32_t index) {
    ModuleBuilder module;
    module.func(module.type({}, {}), {});
    module.export_as("first", kFuncKind, 0);
    module.export_as("x", kind, index);
    return words(module);
  };
  CHECK(exported(kFuncKind, 0) == "ok");
  CHECK(exported(kFuncKind, 1) == "invalid: unknown function 1 (export \"x\")");
  CHECK(exported(kTableKind, 0) == "invalid: unknown table 0 (export \"x\")");
  CHECK(exported(kMemoryKind, 0) == "invalid: unknown memory 0 (export \"x\")");
  CHECK(exported(kGlobalKind, 0) == "invalid: unknown global 0 (export \"x\")");
  ModuleBuilder twice;
  twice.memory(limits(1));
  twice.export_as("a", kMemoryKind, 0);
  twice.export_as("b", kMemoryKind, 0);
  CHECK(words(twice) == "ok");
  twice.export_as("a", kMemoryKind, 0);
  CHECK(words(twice) == "invalid: duplicate export name \"a\"");
}

TEST_CASE("the start function exists and takes and gives nothing") {
  auto started = [](uint32_t function) {
    ModuleBuilder module;
    module.func(module.type({}, {}), {});
    module.func(module.type({kI32}, {}), {});
    module.start(function);
    return words(module);
  };
  CHECK(started(0) == "ok");
  CHECK(started(1) == "invalid: start function 1 must be of type () -> (), found (i32) -> ()");
  CHECK(started(2) == "invalid: unknown function 2 (start)");
}

TEST_CASE("element segments fit their table, and their functions exist") {
  auto element = [](const Bytes& item) {
    ModuleBuilder module;
    module.func(module.type({}, {}), {});
    module.table(kFuncref, limits(1));
    module.table(kExternref, limits(1));
    module.global(kI32, false, i32_const(0));
    module.item(9, item);
    return words(module);
  };
  CHECK(element(Bytes{0} + global_get(0) + vec({0})) == "ok");
  CHECK(element(Bytes{0} + i32_const(0) + vec({0, 1})) == "invalid: unknown function 1 (elem segment 0)");
  CHECK(element(Bytes{0} + i64_const(0) + vec({0})) ==
        "invalid: type mismatch: end expects i32, found i64 (elem segment 0)");
  CHECK(element(Bytes{2, 5} + i32_const(0) + Bytes{0} + vec({0})) == "invalid: unknown table 5 (elem segment 0)");
  CHECK(element(Bytes{2, 1} + i32_const(0) + Bytes{0} + vec({0})) ==
        "invalid: type mismatch: table of externref, elements of (ref func) (elem segment 0)");
  CHECK(element(Bytes{5, kExternref} + leb(1) + ref_func(0)) ==
        "invalid: type mismatch: end expects externref, found (ref 0) (elem segment 0)");
  CHECK(element(Bytes{5, kFuncref} + leb(1) + ref_func(3)) == "invalid: unknown function 3 (elem segment 0)");
  CHECK(element(Bytes{3, 0} + vec({9})) == "invalid: unknown function 9 (elem segment 0)");
}

TEST_CASE("active data segments have a memory and an offset of its address type") {
  ModuleBuilder none;
  none.data(i32_const(0), "x");
  CHECK(words(none) == "invalid: unknown memory 0 (data segment 0)");
  ModuleBuilder passive;
  passive.passive_data("x");
  CHECK(words(passive) == "ok");
  ModuleBuilder wide;
  wide.memory(limits(1));
  wide.passive_data("x");
  wide.data(i64_const(0), "x");
  CHECK(words(wide) == "invalid: type mismatch: end expects i32, found i64 (data segment 1)");
}

TEST_CASE("functions are declared by exports, element segments and constant expressions, and by nothing else") {
  ModuleBuilder module;
  module.type({}, {});
  for (int i = 0; i < 7; ++i) module.func(0, {});
  module.func(0, {0x10, 6});  // a call does not declare
  module.start(5);            // nor does the start section
  module.export_as("f", kFuncKind, 0);
  module.global(kFuncref, false, ref_func(1));
  module.item(9, Bytes{3, 0} + vec({2}));
  module.item(9, Bytes{5, kFuncref} + leb(1) + ref_func(3));
  module.item(4, Bytes{0x40, 0, kFuncref} + limits(1) + ref_func(4));
  const ModuleDef def = validated(module.build());
  const bool expected[] = {true, true, true, true, true, false, false, false};
  for (size_t i = 0; i < 8; ++i) {
    CAPTURE(i);
    CHECK(def.functions[i].declared == expected[i]);
  }
}

TEST_CASE("a declared function may be referred to in bodies before and after the declaration") {
  auto reference = [](bool declare) {
    ModuleBuilder module;
    module.func(module.type({}, {}), {0xd2, 1, 0x1a});
    module.func(0, {});
    if (declare) module.item(9, Bytes{3, 0} + vec({1}));
    return words(module);
  };
  CHECK(reference(true) == "ok");
  CHECK(reference(false) == "invalid: undeclared function reference 1 (function 0)");
}

TEST_CASE("a hundred thousand functions, exports and types are validated") {
  ModuleBuilder module;
  constexpr uint32_t kMany = 100'000;
  for (uint32_t i = 0; i < kMany; ++i) {
    module.type(Bytes(i % 4, kI32), {});
    module.func(i, {0x10, 0});
    module.export_as("the function of number " + std::to_string(i), kFuncKind, i);
  }
  CHECK(words(module) == "ok");
  module.export_as("the function of number 5", kFuncKind, 9);
  CHECK(words(module) == "invalid: duplicate export name \"the function of number 5\"");
}

}  // namespace
}  // namespace wplug::test
