#include "interp/validate/function_validator.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "interp/base/concat.h"
#include "interp/validate/verdict_test.h"

namespace wplug::test {
namespace {

// What bodies find around them. Types: 0 () -> (), 1 (i32) -> (i32), 2 (i32 i64) -> (f32 f64), 3 () -> (i32 i32).
// Functions: 0 and up of these types, imported; 4 is the one under test. Tables: funcref, externref. Globals: constant
// i32, mutable f64. Segments: elements of funcref, of externref; data 0.
ModuleBuilder surroundings() {
  ModuleBuilder module;
  module.type({}, {});
  module.type({kI32}, {kI32});
  module.type({kI32, kI64}, {kF32, kF64});
  module.type({}, {kI32, kI32});
  for (uint32_t type = 0; type < 4; ++type) module.import_func("m", "f", type);
  module.table(kFuncref, limits(1));
  module.table(kExternref, limits(1));
  module.memory(limits(1));
  module.global(kI32, false, i32_const(0));
  module.global(kF64, true, {0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b});
  module.item(9, Bytes{1, 0} + vec({0}));
  module.item(9, Bytes{5, kExternref} + leb(0));
  module.data_count(1);
  module.passive_data("x");
  return module;
}

// The verdict on a function of a type with `params` and `results` and `code`, without its end, for a body.
std::string body(const Bytes& params, const Bytes& results, const Bytes& code, const ModuleLimits& limits = {}) {
  ModuleBuilder module = surroundings();
  module.func(module.type(params, results), code);
  std::string said = words(module, limits);
  const size_t where = said.find(" (function 4)");
  return where == std::string::npos ? said : said.substr(0, where);
}

std::string body(const Bytes& code) { return body({}, {}, code); }

// Constants of types, and instructions by name.
Bytes constant(ValType type) {
  static const std::map<uint32_t, Bytes> kConstants = {{ValType::i32().bits(), {0x41, 1}},
                                                       {ValType::i64().bits(), {0x42, 1}},
                                                       {ValType::f32().bits(), {0x43, 0, 0, 0, 0}},
                                                       {ValType::f64().bits(), {0x44, 0, 0, 0, 0, 0, 0, 0, 0}},
                                                       {ValType::v128().bits(), Bytes{0xfd, 0x0c} + Bytes(16, 0)}};
  return kConstants.at(type.bits());
}

constexpr ValType kNumbers[] = {ValType::i32(), ValType::i64(), ValType::f32(), ValType::f64(), ValType::v128()};
const Bytes kOne = {0x41, 1};  // i32.const 1
const Bytes kDrop = {0x1a};
const Bytes kUnreachable = {0x00};
const Bytes kEnd = {0x0b};

Bytes simple_code(size_t row) {
  const OpInfo& op = kOpInfo[row];
  Bytes code = op.prefix == 0 ? Bytes{static_cast<uint8_t>(op.code)} : Bytes{op.prefix} + leb(op.code);
  switch (op.immediates) {
    case ImmediateKind::memarg: return code + Bytes{kSignatures[row].access_log2, 0};
    case ImmediateKind::memarg_lane: return code + Bytes{kSignatures[row].access_log2, 0, 0};
    case ImmediateKind::lane:
    case ImmediateKind::zero_byte: return code + Bytes{0};
    case ImmediateKind::lanes:
    case ImmediateKind::v128: return code + Bytes(16, 0);
    case ImmediateKind::i32:
    case ImmediateKind::i64: return code + Bytes{0};
    case ImmediateKind::f32: return code + Bytes(4, 0);
    case ImmediateKind::f64: return code + Bytes(8, 0);
    default: return code;
  }
}

TEST_CASE("every simple instruction takes its operand types and no others, and gives its result type") {
  size_t checked = 0;
  for (size_t row = 0; row < kOpCount; ++row) {
    const Signature& rule = kSignatures[row];
    if (rule.is_special || !Features::all().has(kOpInfo[row].feature)) continue;
    CAPTURE(kOpInfo[row].text);
    ++checked;
    Bytes operands;
    for (size_t i = 0; i < rule.operands; ++i) operands = operands + constant(rule.operand[i]);
    const Bytes after = rule.results == 1 ? kDrop : Bytes{};
    const Bytes code = simple_code(row);
    CHECK(body(operands + code + after) == "ok");
    // Unreachable code has operands of any type, as many as wanted.
    CHECK(body(kUnreachable + code + after) == "ok");
    for (size_t wrong = 0; wrong < rule.operands; ++wrong) {
      for (ValType type : kNumbers) {
        Bytes other;
        for (size_t i = 0; i < rule.operands; ++i) other = other + constant(i == wrong ? type : rule.operand[i]);
        const std::string expected = concat("invalid: type mismatch: ", kOpInfo[row].text, " expects ",
                                            rule.operand[wrong].to_string(), ", found ", type.to_string());
        CHECK(body(other + code + after) == (type == rule.operand[wrong] ? "ok" : expected));
      }
    }
    if (rule.operands > 0) {
      const std::string nothing = concat("invalid: type mismatch: ", kOpInfo[row].text, " expects ",
                                         rule.operand[0].to_string(), ", found nothing");
      Bytes short_by_one;
      for (size_t i = 1; i < rule.operands; ++i) short_by_one = short_by_one + constant(rule.operand[i]);
      CHECK(body(short_by_one + code + after) == nothing);
      // Operands below an open block do not count.
      CHECK(body(constant(rule.operand[0]) + Bytes{0x02, 0x40} + short_by_one + code + after + kEnd + kDrop) ==
            nothing);
    }
    for (ValType type : kNumbers) {
      const bool fits = rule.results == 1 && rule.result == type;
      const auto letter = static_cast<uint8_t>(type.bits());
      CHECK((body({}, {letter}, operands + code) == "ok") == fits);
    }
  }
  CHECK(checked > 150);
}

TEST_CASE("accesses are aligned at most naturally, to a memory that exists, within 32 bits of offset") {
  const std::map<std::string_view, unsigned> natural = {
      {"i32.load", 2},     {"i64.load", 3},     {"f32.load", 2},     {"f64.load", 3},     {"i32.load8_s", 0},
      {"i32.load8_u", 0},  {"i32.load16_s", 1}, {"i32.load16_u", 1}, {"i64.load8_s", 0},  {"i64.load8_u", 0},
      {"i64.load16_s", 1}, {"i64.load16_u", 1}, {"i64.load32_s", 2}, {"i64.load32_u", 2}, {"i32.store", 2},
      {"i64.store", 3},    {"f32.store", 2},    {"f64.store", 3},    {"i32.store8", 0},   {"i32.store16", 1},
      {"i64.store8", 0},   {"i64.store16", 1},  {"i64.store32", 2}};
  size_t seen = 0;
  for (size_t row = 0; row < kOpCount; ++row) {
    if (kOpInfo[row].immediates != ImmediateKind::memarg || kOpInfo[row].prefix != 0) continue;
    ++seen;
    CAPTURE(kOpInfo[row].text);
    const auto code = static_cast<uint8_t>(kOpInfo[row].code);
    const unsigned log2 = natural.at(kOpInfo[row].text);
    const Bytes after = kSignatures[row].results == 1 ? kDrop : Bytes{};
    CHECK(body(kUnreachable + Bytes{code, static_cast<uint8_t>(log2), 0} + after) == "ok");
    for (unsigned align : {log2 + 1, 31u, 63u}) {
      CHECK(body(kUnreachable + Bytes{code, static_cast<uint8_t>(align), 0} + after) ==
            concat("invalid: alignment must not be larger than natural: ", kOpInfo[row].text, " has 2**", align));
    }
    CHECK(body(kUnreachable + Bytes{code, 0x40, 1, 0} + after) == "invalid: unknown memory 1");
    CHECK(body(kUnreachable + Bytes{code, 0, 0xff, 0xff, 0xff, 0xff, 0x0f} + after) == "ok");
    CHECK(body(kUnreachable + Bytes{code, 0, 0x80, 0x80, 0x80, 0x80, 0x10} + after) ==
          concat("invalid: offset out of range: 4294967296 in ", kOpInfo[row].text));
  }
  CHECK(seen == natural.size());
  ModuleBuilder no_memory;
  no_memory.func(no_memory.type({}, {}), kOne + Bytes{0x28, 2, 0} + kDrop);
  CHECK(words(no_memory) == "invalid: unknown memory 0 (function 0)");
}

TEST_CASE("a body gives exactly the results of its type") {
  CHECK(body({kI32}, {kI32}, {0x20, 0}) == "ok");
  CHECK(body({kI32}, {kI64}, {0x20, 0}) == "invalid: type mismatch: end expects i64, found i32");
  CHECK(body({}, {kI32}, {}) == "invalid: type mismatch: end expects i32, found nothing");
  CHECK(body(kOne) == "invalid: type mismatch: 1 values too many at the end of a block");
  CHECK(body({}, {kI32, kI64}, kOne + Bytes{0x42, 1}) == "ok");
  CHECK(body({}, {kI32, kI64}, Bytes{0x42, 1} + kOne) == "invalid: type mismatch: end expects i64, found i32");
  CHECK(body({}, {kI32}, kUnreachable) == "ok");
  CHECK(body({}, {kI32}, kUnreachable + kOne + kOne) ==
        "invalid: type mismatch: 1 values too many at the end of a block");
}

TEST_CASE("blocks and loops take parameters, give results, and hide what is below them") {
  CHECK(body(Bytes{0x02, 0x40} + kEnd) == "ok");
  CHECK(body(Bytes{0x02, kI32} + kOne + kEnd + kDrop) == "ok");
  CHECK(body(Bytes{0x02, kI32} + kEnd + kDrop) == "invalid: type mismatch: end expects i32, found nothing");
  CHECK(body(kOne + Bytes{0x02, 0x01} + kEnd + kDrop) == "ok");
  CHECK(body(Bytes{0x02, 0x01} + kEnd + kDrop) == "invalid: type mismatch: block expects i32, found nothing");
  CHECK(body(kOne + Bytes{0x42, 1, 0x03, 0x02, 0x00} + kEnd + kDrop + kDrop) == "ok");
  CHECK(body(Bytes{0x42, 1} + kOne + Bytes{0x03, 0x02, 0x00} + kEnd + kDrop + kDrop) ==
        "invalid: type mismatch: loop expects i64, found i32");
  CHECK(body(kOne + Bytes{0x02, 0x40} + kDrop + kEnd) == "invalid: type mismatch: drop expects a value, found none");
  CHECK(body({0x02, 0x09, 0x0b}) == "invalid: unknown type 9");
}

TEST_CASE("both arms of an if give its results, and an if without else must not change the stack") {
  CHECK(body(kOne + Bytes{0x04, 0x40, 0x05} + kEnd) == "ok");
  CHECK(body(kOne + Bytes{0x04, kI32} + kOne + Bytes{0x05} + kOne + kEnd + kDrop) == "ok");
  CHECK(body(kOne + Bytes{0x04, kI32} + kOne + Bytes{0x05, 0x42, 0} + kEnd + kDrop) ==
        "invalid: type mismatch: end expects i32, found i64");
  CHECK(body(kOne + Bytes{0x04, kI32, 0x05} + kOne + kEnd + kDrop) ==
        "invalid: type mismatch: else expects i32, found nothing");
  CHECK(body(kOne + Bytes{0x04, kI32} + kOne + kEnd + kDrop) ==
        "invalid: type mismatch: if without else must give back what it takes");
  CHECK(body(kOne + kOne + Bytes{0x04, 0x01} + kEnd + kDrop) == "ok");
  CHECK(body(Bytes{0x42, 0, 0x04, 0x40} + kEnd) == "invalid: type mismatch: if expects i32, found i64");
  // The second arm starts with the parameters again, reachable again.
  CHECK(body(kOne + kOne + Bytes{0x04, 0x01, 0x00, 0x05, 0x45} + kEnd + kDrop) == "ok");
  CHECK(body(kOne + Bytes{0x04, 0x40, 0x00, 0x05} + kDrop + kEnd) ==
        "invalid: type mismatch: drop expects a value, found none");
}

TEST_CASE("malformed nesting is malformed, not invalid") {
  CHECK(body({0x05}) == "malformed: END opcode expected: else without if");
  CHECK(body(kOne + Bytes{0x04, 0x40, 0x05, 0x05} + kEnd) == "malformed: END opcode expected: else without if");
  CHECK(body(kEnd + Bytes{0x01}) == "malformed: section size mismatch: 2 bytes after the end of function 4");
  CHECK(body({0xff}) == "malformed: illegal opcode ff");
  const Bytes types = header() + section(1, {1, 0x60, 0, 0}) + section(3, {2, 0, 0});
  const Bytes good = {2, 0, 0x0b}, open = {2, 0, 0x01};
  CHECK(words(types + section(10, Bytes{2} + open + good)) ==
        "malformed: END opcode expected: function 0 ends with 1 blocks open");
  CHECK(words(types + section(10, Bytes{2} + good + open)) ==
        "malformed: unexpected end of section or function: function 1 ends with 1 blocks open");
  CHECK(words(types + section(10, Bytes{2} + good + open) + section(11, {0})) ==
        "malformed: section size mismatch: function 1 ends with 1 blocks open");
}

TEST_CASE("branches carry the types of their label, and what follows is unreachable") {
  CHECK(body(Bytes{0x02, kI32} + kOne + Bytes{0x0c, 0} + kEnd + kDrop) == "ok");
  CHECK(body(Bytes{0x02, kI32, 0x0c, 0} + kEnd + kDrop) == "invalid: type mismatch: br expects i32, found nothing");
  CHECK(body(Bytes{0x0c, 0, 0x6a, 0x1a}) == "ok");
  CHECK(body({0x0c, 1}) == "invalid: unknown label 1");
  // A loop's label takes its parameters, not its results.
  CHECK(body(Bytes{0x03, kI32, 0x0c, 0} + kEnd + kDrop) == "ok");
  CHECK(body(kOne + Bytes{0x03, 0x01, 0x0c, 0} + kEnd + kDrop) == "ok");
  CHECK(body(kOne + Bytes{0x03, 0x01} + kDrop + Bytes{0x0c, 0} + kEnd + kDrop) ==
        "invalid: type mismatch: br expects i32, found nothing");
  CHECK(body({}, {kI32}, kOne + Bytes{0x0f}) == "ok");
  CHECK(body({}, {kI32}, Bytes{0x0f}) == "invalid: type mismatch: return expects i32, found nothing");
  // Values below what a branch takes are dropped.
  CHECK(body({}, {kI32}, Bytes{0x42, 0} + kOne + Bytes{0x0f}) == "ok");
}

TEST_CASE("br_if leaves the label's types on the stack, also in unreachable code") {
  CHECK(body(Bytes{0x02, kI32} + kOne + kOne + Bytes{0x0d, 0} + kEnd + kDrop) == "ok");
  CHECK(body(Bytes{0x02, kI32} + kOne + Bytes{0x42, 0, 0x0d, 0} + kEnd + kDrop) ==
        "invalid: type mismatch: br_if expects i32, found i64");
  CHECK(body(Bytes{0x02, kI32} + kOne + Bytes{0x0d, 0} + kEnd + kDrop) ==
        "invalid: type mismatch: br_if expects i32, found nothing");
  CHECK(body(Bytes{0x02, kI32, 0x00, 0x0d, 0, 0x45} + kEnd + kDrop) == "ok");
  CHECK(body(Bytes{0x02, kI32, 0x00, 0x0d, 0, 0x50} + kEnd + kDrop) ==
        "invalid: type mismatch: i64.eqz expects i64, found i32");
}

TEST_CASE("the labels of br_table agree in number and fit what is there") {
  const Bytes two_blocks = {0x02, kI32, 0x02, kI32};
  const Bytes close = kEnd + kEnd + kDrop;
  CHECK(body(two_blocks + kOne + kOne + Bytes{0x0e, 2, 0, 1, 0} + close) == "ok");
  CHECK(body(two_blocks + kOne + kOne + Bytes{0x0e, 2, 0, 2, 1} + close) ==
        "invalid: type mismatch: br_table: label 2 takes 0 values, the default 1");
  CHECK(body(two_blocks + kOne + kOne + Bytes{0x0e, 1, 7, 1} + close) == "invalid: unknown label 7");
  CHECK(body(two_blocks + kOne + kOne + Bytes{0x0e, 1, 1, 7} + close) == "invalid: unknown label 7");
  CHECK(body(two_blocks + kOne + Bytes{0x0e, 1, 1, 0} + close) ==
        "invalid: type mismatch: br_table expects i32, found nothing");
  CHECK(body(two_blocks + Bytes{0x42, 0, 0x0e, 0, 0} + close) ==
        "invalid: type mismatch: br_table expects i32, found i64");
  const Bytes differing = {0x02, kI64, 0x02, kI32};
  CHECK(body(differing + kOne + kOne + Bytes{0x0e, 1, 1, 0} + close) ==
        "invalid: type mismatch: br_table expects i64, found i32");
  // In unreachable code one operand of any type may serve labels of different types, as long as they agree in number.
  CHECK(body(differing + Bytes{0x00} + kOne + Bytes{0x0e, 1, 1, 0} + Bytes{0x0b, 0x1a, 0x42, 0} + kEnd + kDrop) ==
        "ok");
  CHECK(body(differing + Bytes{0x00, 0x41, 1} + kOne + Bytes{0x0e, 1, 1, 0} + close) ==
        "invalid: type mismatch: br_table expects i64, found i32");
}

TEST_CASE("calls take parameters and give results") {
  CHECK(body({0x10, 0}) == "ok");
  CHECK(body(kOne + Bytes{0x42, 1, 0x10, 2} + kDrop + kDrop) == "ok");
  CHECK(body(Bytes{0x42, 1} + kOne + Bytes{0x10, 2} + kDrop + kDrop) ==
        "invalid: type mismatch: call expects i64, found i32");
  CHECK(body(Bytes{0x10, 1} + kDrop) == "invalid: type mismatch: call expects i32, found nothing");
  CHECK(body(Bytes{0x10, 3, 0x6a} + kDrop) == "ok");
  CHECK(body({0x10, 9}) == "invalid: unknown function 9");
  CHECK(body(kUnreachable + Bytes{0x10, 2, 0x8c}) == "invalid: type mismatch: f32.neg expects f32, found f64");
}

TEST_CASE("indirect calls go through a table of functions") {
  CHECK(body(kOne + Bytes{0x11, 0, 0}) == "ok");
  CHECK(body(kOne + kOne + Bytes{0x11, 1, 0} + kDrop) == "ok");
  CHECK(body(Bytes{0x42, 0, 0x11, 0, 0}) == "invalid: type mismatch: call_indirect expects i32, found i64");
  CHECK(body(kOne + Bytes{0x11, 9, 0}) == "invalid: unknown type 9");
  CHECK(body(kOne + Bytes{0x11, 0, 9}) == "invalid: unknown table 9");
  CHECK(body(kOne + Bytes{0x11, 0, 1}) ==
        "invalid: type mismatch: call_indirect expects a table of funcref, found externref");
}

TEST_CASE("tail calls give the caller's results, and what follows is unreachable") {
  CHECK(body({}, {kI32}, kOne + Bytes{0x12, 1, 0x42, 0, 0x1a}) == "ok");
  CHECK(body({}, {kI64}, kOne + Bytes{0x12, 1}) ==
        "invalid: type mismatch: return_call of (i32) -> (i32) in a function of () -> (i64)");
  CHECK(body({}, {kI32}, Bytes{0x12, 1}) == "invalid: type mismatch: return_call expects i32, found nothing");
  CHECK(body({}, {kI32}, kOne + kOne + Bytes{0x13, 1, 0}) == "ok");
  CHECK(body(kOne + kOne + Bytes{0x13, 1, 0}) ==
        "invalid: type mismatch: return_call_indirect of (i32) -> (i32) in a function of () -> ()");
  CHECK(body({}, {kI32}, kOne + kOne + Bytes{0x13, 1, 1}) ==
        "invalid: type mismatch: return_call_indirect expects a table of funcref, found externref");
}

TEST_CASE("select chooses between two numbers of one type, or of the type it names") {
  CHECK(body(kOne + kOne + kOne + Bytes{0x1b} + kDrop) == "ok");
  CHECK(body(kOne + Bytes{0x42, 0} + kOne + Bytes{0x1b} + kDrop) ==
        "invalid: type mismatch: select expects i32, found i64");
  CHECK(body(Bytes{0xd0, kFuncref, 0xd0, kFuncref} + kOne + Bytes{0x1b} + kDrop) ==
        "invalid: type mismatch: select without a type has references");
  CHECK(body(Bytes{0xd0, kFuncref, 0xd0, kFuncref} + kOne + Bytes{0x1c, 1, kFuncref} + kDrop) == "ok");
  CHECK(body(Bytes{0xd0, kFuncref, 0xd0, kExternref} + kOne + Bytes{0x1c, 1, kFuncref} + kDrop) ==
        "invalid: type mismatch: select expects funcref, found externref");
  CHECK(body(kOne + kOne + kOne + Bytes{0x1c, 0} + kDrop) == "invalid: invalid result arity: select of 0 values");
  CHECK(body(kOne + kOne + kOne + Bytes{0x1c, 2, kI32, kI32} + kDrop) ==
        "invalid: invalid result arity: select of 2 values");
  // One known operand gives the type in unreachable code; none leaves it open.
  CHECK(body(kUnreachable + Bytes{0x42, 0} + kOne + Bytes{0x1b, 0x45} + kDrop) ==
        "invalid: type mismatch: i32.eqz expects i32, found i64");
  CHECK(body(kUnreachable + Bytes{0x1b, 0x45} + kDrop) == "ok");
  CHECK(body(kUnreachable + Bytes{0x1b, 0xd1} + kDrop) == "ok");
}

TEST_CASE("locals are the parameters and what the body declares") {
  CHECK(body({kI32, kF64}, {kF64}, {0x20, 1}) == "ok");
  CHECK(body({kI32}, {}, kOne + Bytes{0x22, 0, 0x21, 0}) == "ok");
  CHECK(body({kI64}, {}, kOne + Bytes{0x21, 0}) == "invalid: type mismatch: local.set expects i64, found i32");
  CHECK(body({kI64}, {}, kOne + Bytes{0x22, 0} + kDrop) == "invalid: type mismatch: local.tee expects i64, found i32");
  CHECK(body({kI32}, {}, {0x20, 1, 0x1a}) == "invalid: unknown local 1");
  CHECK(body({kI32}, {}, {0x21, 1}) == "invalid: unknown local 1");
  CHECK(body({kI32}, {}, {0x22, 1}) == "invalid: unknown local 1");
}

TEST_CASE("globals are read, and set where they may be") {
  CHECK(body(Bytes{0x23, 0} + kDrop) == "ok");
  CHECK(body({0x23, 1, 0x24, 1}) == "ok");
  CHECK(body(kOne + Bytes{0x24, 0}) == "invalid: immutable global 0");
  CHECK(body(kOne + Bytes{0x24, 1}) == "invalid: type mismatch: global.set expects f64, found i32");
  CHECK(body(Bytes{0x23, 2} + kDrop) == "invalid: unknown global 2");
  CHECK(body(kOne + Bytes{0x24, 2}) == "invalid: unknown global 2");
}

TEST_CASE("references are null, of functions, and asked whether they are null") {
  CHECK(body(Bytes{0xd0, kExternref, 0xd1} + kDrop) == "ok");
  CHECK(body(kOne + Bytes{0xd1} + kDrop) == "invalid: type mismatch: ref.is_null expects a reference, found i32");
  CHECK(body(Bytes{0xd2, 0, 0xd1} + kDrop) == "ok");
  CHECK(body(Bytes{0xd2, 3} + kDrop) == "invalid: undeclared function reference 3");
  CHECK(body(Bytes{0xd2, 77} + kDrop) == "invalid: unknown function 77");
}

TEST_CASE("table instructions take the table's element type") {
  const Bytes null_func = {0xd0, kFuncref}, null_extern = {0xd0, kExternref};
  CHECK(body(kOne + Bytes{0x25, 1, 0xd1} + kDrop) == "ok");
  CHECK(body(kOne + null_func + Bytes{0x26, 0}) == "ok");
  CHECK(body(kOne + null_extern + Bytes{0x26, 0}) ==
        "invalid: type mismatch: table.set expects funcref, found externref");
  CHECK(body(Bytes{0xfc, 16, 1} + kDrop) == "ok");
  CHECK(body(null_extern + kOne + Bytes{0xfc, 15, 1} + kDrop) == "ok");
  CHECK(body(null_func + kOne + Bytes{0xfc, 15, 1} + kDrop) ==
        "invalid: type mismatch: table.grow expects externref, found funcref");
  CHECK(body(kOne + null_func + kOne + Bytes{0xfc, 17, 0}) == "ok");
  CHECK(body(kOne + kOne + kOne + Bytes{0xfc, 17, 0}) ==
        "invalid: type mismatch: table.fill expects funcref, found i32");
  const Bytes three = kOne + kOne + kOne;
  CHECK(body(three + Bytes{0xfc, 14, 0, 0}) == "ok");
  CHECK(body(three + Bytes{0xfc, 14, 0, 1}) == "invalid: type mismatch: table.copy expects funcref, found externref");
  CHECK(body(three + Bytes{0xfc, 12, 0, 0}) == "ok");
  CHECK(body(three + Bytes{0xfc, 12, 1, 0}) == "invalid: type mismatch: table.init expects funcref, found externref");
  CHECK(body(kOne + kOne + Bytes{0xfc, 12, 0, 0}) == "invalid: type mismatch: table.init expects i32, found nothing");
  CHECK(body({0xfc, 13, 1}) == "ok");
  for (uint8_t op : {0x25, 0x26}) CHECK(body(kUnreachable + Bytes{op, 5}) == "invalid: unknown table 5");
  for (uint8_t op : {15, 16, 17}) CHECK(body(kUnreachable + Bytes{0xfc, op, 5}) == "invalid: unknown table 5");
  CHECK(body(three + Bytes{0xfc, 14, 0, 5}) == "invalid: unknown table 5");
  CHECK(body(three + Bytes{0xfc, 14, 5, 0}) == "invalid: unknown table 5");
  CHECK(body(three + Bytes{0xfc, 12, 0, 5}) == "invalid: unknown table 5");
  CHECK(body(three + Bytes{0xfc, 12, 5, 0}) == "invalid: unknown elem segment 5");
  CHECK(body({0xfc, 13, 5}) == "invalid: unknown elem segment 5");
}

TEST_CASE("memory instructions take i32 and a memory and segment that exist") {
  const Bytes three = kOne + kOne + kOne, wrong = kOne + Bytes{0x42, 0} + kOne;
  CHECK(body(Bytes{0x3f, 0} + kDrop) == "ok");
  CHECK(body(kOne + Bytes{0x40, 0} + kDrop) == "ok");
  CHECK(body(Bytes{0x42, 0, 0x40, 0} + kDrop) == "invalid: type mismatch: memory.grow expects i32, found i64");
  CHECK(body(three + Bytes{0xfc, 11, 0}) == "ok");
  CHECK(body(wrong + Bytes{0xfc, 11, 0}) == "invalid: type mismatch: memory.fill expects i32, found i64");
  CHECK(body(three + Bytes{0xfc, 10, 0, 0}) == "ok");
  CHECK(body(wrong + Bytes{0xfc, 10, 0, 0}) == "invalid: type mismatch: memory.copy expects i32, found i64");
  CHECK(body(three + Bytes{0xfc, 8, 0, 0}) == "ok");
  CHECK(body(wrong + Bytes{0xfc, 8, 0, 0}) == "invalid: type mismatch: memory.init expects i32, found i64");
  CHECK(body({0xfc, 9, 0}) == "ok");
  CHECK(body(Bytes{0x3f, 1} + kDrop) == "invalid: unknown memory 1");
  CHECK(body(kOne + Bytes{0x40, 1} + kDrop) == "invalid: unknown memory 1");
  CHECK(body(three + Bytes{0xfc, 11, 1}) == "invalid: unknown memory 1");
  CHECK(body(three + Bytes{0xfc, 10, 0, 1}) == "invalid: unknown memory 1");
  CHECK(body(three + Bytes{0xfc, 10, 1, 0}) == "invalid: unknown memory 1");
  CHECK(body(three + Bytes{0xfc, 8, 0, 1}) == "invalid: unknown memory 1");
  CHECK(body(three + Bytes{0xfc, 8, 1, 0}) == "invalid: unknown data segment 1");
  CHECK(body({0xfc, 9, 1}) == "invalid: unknown data segment 1");
}

TEST_CASE("instructions on data segments need the data count section, and without it are malformed") {
  for (const Bytes& code : {Bytes{0x00, 0xfc, 8, 0, 0}, Bytes{0xfc, 9, 0}}) {
    ModuleBuilder module;
    module.memory(limits(1));
    module.passive_data("x");
    module.func(module.type({}, {}), code);
    const std::string said = words(module);
    CHECK(said.starts_with("malformed: data count section required by "));
    module.data_count(1);
    CHECK(words(module) == "ok");
  }
}

TEST_CASE("every special instruction has a rule") {
  for (size_t row = 0; row < kOpCount; ++row) {
    if (!kSignatures[row].is_special) continue;
    CAPTURE(kOpInfo[row].text);
    // Plenty of zeros for immediates; whatever comes out, it is not that there is no rule.
    const Bytes code = kOpInfo[row].prefix == 0 ? Bytes{static_cast<uint8_t>(kOpInfo[row].code)}
                                                : Bytes{kOpInfo[row].prefix} + leb(kOpInfo[row].code);
    CHECK(body(kUnreachable + code + Bytes(4, 0)).find("without a rule") == std::string::npos);
  }
}

TEST_CASE("locals come in runs, and a run of any length costs no more than its bytes") {
  auto locals = [](const Bytes& declarations, const Bytes& code, const ModuleLimits& limits = {}) {
    ModuleBuilder module;
    module.func_body(module.type({kI32}, {}), declarations + code + kEnd);
    return words(module, limits);
  };
  const Bytes runs = Bytes{4} + leb(1000) + Bytes{kI64, 0, kF32} + leb(2000) + Bytes{kI64} + leb(46999) + Bytes{kF64};
  CHECK(locals(runs, {}) == "ok");
  auto get = [&](uint32_t index, uint8_t check) { return locals(runs, Bytes{0x20} + leb(index) + Bytes{check, 0x1a}); };
  CHECK(get(0, 0x45) == "ok");                                                                   // i32.eqz
  for (uint32_t index : {1u, 127u, 128u, 1000u, 1001u, 3000u}) CHECK(get(index, 0x50) == "ok");  // i64.eqz
  for (uint32_t index : {3001u, 49999u}) CHECK(get(index, 0x9a) == "ok");                        // f64.neg
  CHECK(get(3000, 0x9a) == "invalid: type mismatch: f64.neg expects f64, found i64 (function 0)");
  CHECK(get(50000, 0x9a) == "invalid: unknown local 50000 (function 0)");
  CHECK(locals(Bytes{1} + leb(50000) + Bytes{kI32}, {}) == "limit: too many locals: 50001 exceed the limit of 50000");
  ModuleLimits small;
  small.locals = 5;
  CHECK(locals({1, 4, kI32}, {}, small) == "ok");
  CHECK(locals({1, 5, kI32}, {}, small) == "limit: too many locals: 6 exceed the limit of 5");
  const Bytes most = {0xff, 0xff, 0xff, 0xff, 0x0f};
  CHECK(locals(Bytes{1} + most + Bytes{kI32}, {}) == "malformed: too many locals: 4294967296");
  CHECK(locals(Bytes{2} + most + Bytes{kI32} + most + Bytes{kI32}, {}) == "malformed: too many locals: 8589934591");
  CHECK(locals({1, 1, 0x40}, {}) == "malformed: malformed value type 40");
}

TEST_CASE("a frame is locals, three slots and the highest stack, held to the limit") {
  ModuleLimits limits;
  limits.frame_slots = 10;
  auto frame = [&limits](const Bytes& params, const Bytes& code) { return body(params, {}, code, limits); };
  const Bytes five = kOne + kOne + kOne + kOne + kOne, drop_five = Bytes(5, 0x1a);
  CHECK(frame({kI32, kI32}, five + drop_five) == "ok");
  CHECK(frame({kI32, kI32, kI32}, five + drop_five) == "limit: frame of 11 slots exceeds the limit of 10");
  CHECK(frame(Bytes(7, kI64), {}) == "ok");
  CHECK(frame(Bytes(8, kI64), {}) == "limit: frame of 11 slots exceeds the limit of 10");
  // Again and again to the same height is no higher; nested blocks are on top of what is below them.
  CHECK(frame({kI32, kI32}, five + drop_five + five + drop_five) == "ok");
  CHECK(frame({kI32}, five + Bytes{0x02, 0x40} + kOne + kDrop + kEnd + drop_five) == "ok");
  CHECK(frame({kI32, kI32}, five + Bytes{0x02, 0x40} + kOne + kDrop + kEnd + drop_five) ==
        "limit: frame of 11 slots exceeds the limit of 10");
  CHECK(frame({kI32, kI32}, Bytes{0x00} + five + Bytes{0x00}) == "ok");
}

TEST_CASE("calls of many results cannot make the operand stack large") {
  ModuleBuilder module;
  const uint32_t many = module.type({}, Bytes(1000, kI64));
  module.import_func("m", "f", many);
  Bytes calls;
  for (int i = 0; i < 100'000; ++i) calls.insert(calls.end(), {0x10, 0});
  module.func(module.type({}, {}), calls + kUnreachable);
  CHECK(words(module) == "limit: frame of 65003 slots exceeds the limit of 65000 (function 1)");
}

TEST_CASE("large bodies are validated: a million instructions, a million labels, nesting without end") {
  Bytes adds = kOne;
  for (int i = 0; i < 500'000; ++i) adds.insert(adds.end(), {0x41, 1, 0x6a});
  CHECK(body(adds + kDrop) == "ok");

  constexpr uint32_t kLabels = 1'000'000;
  Bytes table = kOne + Bytes{0x0e} + leb(kLabels);
  for (uint32_t i = 0; i < kLabels; ++i) table.push_back(static_cast<uint8_t>(i % 2));
  CHECK(body(Bytes{0x02, 0x40} + table + Bytes{0} + kEnd) == "ok");
  CHECK(body(Bytes{0x02, 0x40} + table + Bytes{2} + kEnd) == "invalid: unknown label 2");

  Bytes nested;
  for (int i = 0; i < 1'000'000; ++i) nested.insert(nested.end(), {0x02, 0x40});
  CHECK(body(nested + Bytes(1'000'000, 0x0b)) == "ok");
  CHECK(body(nested + Bytes(999'999, 0x0b)) == "malformed: section size mismatch: function 4 ends with 1 blocks open");
}

TEST_CASE("locals past the parameters kept near are found, wherever parameters end") {
  for (uint32_t params : {0u, 127u, 128u, 129u, 300u}) {
    ModuleBuilder module;
    const uint32_t type = module.type(Bytes(params, kF32), {});
    auto get = [](uint32_t index, uint8_t check) { return Bytes{0x20} + leb(index) + Bytes{check, 0x1a}; };
    Bytes code = Bytes{2, 1, kI64} + leb(200) + Bytes{kF64} + get(params, 0x50) + get(params + 1, 0x9a);
    code = code + get(params + 200, 0x9a);
    if (params > 0) code = code + get(0, 0x8c) + get(params - 1, 0x8c);
    module.func_body(type, code + kEnd);
    CHECK(words(module) == "ok");
  }
}

TEST_CASE("a hundred thousand functions of a thousand parameters and results are validated by what their bodies are") {
  ModuleBuilder module;
  const uint32_t wide = module.type(Bytes(1000, kI64), Bytes(1000, kI64));
  for (int i = 0; i < 100'000; ++i) module.func(wide, kUnreachable);
  CHECK(words(module) == "ok");
}

TEST_CASE("a br_table into many blocks of many values does not check a block twice") {
  // 500 blocks of 1,000 results, each named by 1,000 labels: with a check for each label, 5 * 10^8 comparisons.
  ModuleBuilder module;
  const uint32_t wide = module.type({}, Bytes(1000, kI32));
  constexpr uint32_t kBlocks = 500, kLabels = 500'000;
  Bytes code;
  for (uint32_t i = 0; i < kBlocks; ++i) code = std::move(code) + Bytes{0x02} + leb(wide);
  for (int i = 0; i < 1001; ++i) code.insert(code.end(), {0x41, 0});
  code = std::move(code) + Bytes{0x0e} + leb(kLabels);
  for (uint32_t i = 0; i < kLabels; ++i) code = std::move(code) + leb(i % kBlocks);
  code = std::move(code) + Bytes{0};
  for (uint32_t i = 0; i < kBlocks; ++i) code.push_back(0x0b);
  module.func(wide, code);
  CHECK(words(module) == "ok");
}

}  // namespace
}  // namespace wplug::test
