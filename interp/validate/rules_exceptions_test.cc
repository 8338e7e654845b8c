// What the suite leaves out of the rules for exceptions, most of all the binary form of the legacy blocks.
#include <doctest/doctest.h>

#include "interp/validate/verdict_test.h"

namespace wplug::test {
namespace {

// Tag 0 carries nothing, tag 1 an i32, tag 2 an i64 and an i32. Function 0 has type () -> results.
std::string body(const Bytes& code, const Bytes& results = {}) {
  ModuleBuilder module;
  module.tag(module.type({}, {}));
  module.tag(module.type({kI32}, {}));
  module.tag(module.type({kI64, kI32}, {}));
  module.func(module.type({}, results), code);
  return words(module);
}

constexpr uint8_t kTry = 0x06, kCatch = 0x07, kThrow = 0x08, kRethrow = 0x09, kThrowRef = 0x0a, kEnd = 0x0b, kDelegate = 0x18,
                  kCatchAll = 0x19, kDrop = 0x1a, kTryTable = 0x1f, kVoid = 0x40;

TEST_CASE("a tag's type must exist and have no results") {
  ModuleBuilder unknown;
  unknown.tag(3);
  CHECK(words(unknown) == "invalid: unknown type 3 (tag 0)");
  ModuleBuilder results;
  results.tag(results.type({}, {kI32}));
  CHECK(words(results) == "invalid: non-empty tag result type: () -> (i32) (tag 0)");
  ModuleBuilder exported;
  exported.tag(exported.type({}, {}));
  exported.export_as("t", kTagKind, 1);
  CHECK(words(exported) == "invalid: unknown tag 1 (export \"t\")");
}

TEST_CASE("more tags than the limit are refused") {
  ModuleBuilder module;
  const uint32_t type = module.type({}, {});
  for (int i = 0; i < 4; ++i) module.tag(type);
  ModuleLimits limits;
  limits.tags = 4;
  CHECK(words(module, limits) == "ok");
  limits.tags = 3;
  CHECK(words(module, limits).starts_with("limit: 4 tags exceed the limit of 3"));
  ModuleBuilder imports;
  const uint32_t nothing = imports.type({}, {});
  for (int i = 0; i < 4; ++i) imports.import_tag("m", "t", nothing);
  CHECK(words(imports, limits).starts_with("limit: 4 tags exceed the limit of 3"));
}

TEST_CASE("the clauses of a try_table name tags and labels around it, which take what they give") {
  CHECK(body({kTryTable, kVoid, 1, 0, 0, 0, kEnd}) == "ok");
  CHECK(body({kTryTable, kVoid, 1, 0, 3, 0, kEnd}) == "invalid: unknown tag 3 (function 0)");
  CHECK(body({kTryTable, kVoid, 1, 2, 1, kEnd}) == "invalid: unknown label 1 (function 0)");
  CHECK(body({kTryTable, kVoid, 1, 0, 1, 0, kEnd}).starts_with("invalid: type mismatch: catch clause gives 1 values"));
  CHECK(body({kTryTable, kVoid, 1, 3, 0, kEnd}).starts_with("invalid: type mismatch: catch clause gives 1 values"));
  CHECK(body({kTryTable, kVoid, 1, 4, 0, kEnd}).starts_with("malformed: malformed catch clause 04"));
  // The label is a block of i64, the tag's value an i32.
  CHECK(body({0x02, kI64, kTryTable, kVoid, 1, 0, 1, 0, kEnd, 0x42, 0, kEnd, kDrop}) ==
        "invalid: type mismatch: try_table expects i64, found i32 (function 0)");
  // Nullable or not: (block (result exnref)) and (block (result (ref exn))) both take an exception.
  CHECK(body({0x02, kExnref, kTryTable, kVoid, 1, 3, 0, kEnd, 0, kEnd, kDrop}) == "ok");
  CHECK(body({0x02, 0x64, kExnref, kTryTable, kVoid, 1, 3, 0, kEnd, 0, kEnd, kDrop}) == "ok");
  CHECK(body({0x02, 0x64, kExnref, 0xd0, kExnref, kEnd, kDrop}).starts_with("invalid: type mismatch"));
}

TEST_CASE("throw takes the tag's values, throw_ref an exception, and nothing comes after") {
  CHECK(body({0x42, 1, 0x41, 2, kThrow, 2}, {kF64}) == "ok");
  CHECK(body({0x41, 2, 0x42, 1, kThrow, 2}).starts_with("invalid: type mismatch: throw expects i32, found i64"));
  CHECK(body({kThrow, 3}) == "invalid: unknown tag 3 (function 0)");
  CHECK(body({0xd0, kExnref, kThrowRef}, {kI32}) == "ok");
  CHECK(body({0xd0, kExternref, kThrowRef}).starts_with("invalid: type mismatch: throw_ref expects exnref"));
}

TEST_CASE("legacy blocks: handlers begin with their tag's values and give what the block gives") {
  CHECK(body({kTry, kI32, 0x41, 1, kCatch, 1, kCatch, 2, kCatchAll, 0x41, 3, kEnd}, {kI32}).starts_with("invalid: type mismatch"));
  CHECK(body({kTry, kI32, 0x41, 1, kCatch, 1, kCatchAll, 0x41, 3, kEnd}, {kI32}) == "ok");
  CHECK(body({kTry, kVoid, kCatch, 3, kEnd}) == "invalid: unknown tag 3 (function 0)");
  CHECK(body({kCatch, 0}) == "malformed: END opcode expected: catch without try (function 0)");
  CHECK(body({kCatchAll}) == "malformed: END opcode expected: catch_all without try (function 0)");
  CHECK(body({kTry, kVoid, kCatchAll, kCatch, 0, kEnd}) == "malformed: END opcode expected: catch without try (function 0)");
  CHECK(body({kTry, kVoid, kCatchAll, kCatchAll, kEnd}) ==
        "malformed: END opcode expected: catch_all without try (function 0)");
  CHECK(body({kTry, kVoid, 0x05, kEnd}) == "malformed: END opcode expected: else without if (function 0)");
}

TEST_CASE("legacy blocks: delegate ends a try without handlers, at a label around it") {
  CHECK(body({kTry, kI32, 0x41, 1, kDelegate, 0}, {kI32}) == "ok");
  CHECK(body({kTry, kVoid, kDelegate, 1}) == "invalid: unknown label 1 (function 0)");
  CHECK(body({kTry, kVoid, kCatch, 0, kDelegate, 0}) ==
        "malformed: END opcode expected: delegate without try (function 0)");
  CHECK(body({kDelegate, 0}) == "malformed: END opcode expected: delegate without try (function 0)");
}

TEST_CASE("legacy blocks: rethrow names a handler around it") {
  CHECK(body({kTry, kVoid, kCatchAll, 0x02, kVoid, kRethrow, 1, kEnd, kEnd}) == "ok");
  CHECK(body({kTry, kVoid, kCatchAll, 0x02, kVoid, kRethrow, 0, kEnd, kEnd}) ==
        "invalid: invalid rethrow label 0 (function 0)");
  CHECK(body({kTry, kVoid, kRethrow, 0, kCatchAll, kEnd}) == "invalid: invalid rethrow label 0 (function 0)");
  CHECK(body({kRethrow, 5}) == "invalid: unknown label 5 (function 0)");
}

}  // namespace
}  // namespace wplug::test
