// The text format through its public door: what is read, what is refused and where, and that what is printed reads
// back.
#include "wplug/text.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include "wplug/engine.h"
#include "wplug/module.h"
#include "wplug/script.h"

namespace wplug {
namespace {

// Uses much of the grammar.
constexpr const char* kSample = R"((module $sample
  (type $pair (struct (field $x i32) (field (mut i64) f32)))
  (rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub final $a (struct (field (ref null $b))))))
  (import "m" "f" (func $imported (param i32) (result i32)))
  (table $t 2 10 funcref)
  (table $u (ref null $a) (elem (ref.null $a)))
  (memory $m i64 1 2)
  (memory $n (data "a\00\ff" "\u{263a}"))
  (global $g (mut f64) (f64.const -0x1.8p-1074))
  (tag $e (param i32))
  (export "run" (func $run))
  (elem $s (table $t) (offset i32.const 0) func $imported $run)
  (elem declare func $run)
  (data $d (memory $n) (i32.const 0) "xyz")
  (func $run (param $x i32) (local $y i64) (local v128 v128)
    block $out
      loop $again (result i32)
        (if (result i32) (i32.eqz (local.get $x)) (then (br $out)) (else i32.const 1))
        (br_if $again)
        local.get $x
      end
      (br_table $out 0 (i32.const 3))
    end
    (block $handler (result i32)
      (try_table (result i32) (catch $e $handler) (catch_all 1) (throw $e (i32.const 7)))) drop
    (i64.store16 $m offset=8 align=1 (i64.const 1) (local.get $y))
    (local.set 2 (v128.const f32x4 1 -0 inf nan:0x200000))
    (drop (struct.get $pair $x (struct.new $pair (i32.const 1) (i64.const 2) (f32.const 0x1p-3))))
    (drop (call_indirect $t (type $sig) (i32.const 1) (i32.const 0)))
    (memory.init $n $d (i32.const 0) (i32.const 0) (i32.const 1))
    (drop (ref.test (ref $b) (ref.null $a))))
  (type $sig (func (param i32) (result i32)))
  (@custom "note" (after func) "bytes"))
)";

std::string refusal(std::string_view text) {
  const auto module = parse_wat(text);
  return module.ok() ? "accepted" : module.error().to_string();
}

std::string print(const std::vector<uint8_t>& module) {
  const auto text = print_wat(module);
  return text.ok() ? *text : text.error().to_string();
}

std::string printed(std::string_view text) {
  const auto module = parse_wat(text);
  return module.ok() ? print(*module) : module.error().to_string();
}

TEST_CASE("what is printed reads back to the same bytes") {
  const auto module = parse_wat(kSample);
  REQUIRE_MESSAGE(module.ok(), module.error().to_string());
  const std::string text = print(*module);
  const auto again = parse_wat(text);
  REQUIRE_MESSAGE(again.ok(), (again.ok() ? "" : again.error().to_string() + "\n" + text));
  CHECK(print(*again) == text);
  CHECK(*again == *module);
}

TEST_CASE("every prefix of a module is refused with a place, and every byte may be cut out") {
  const std::string text = kSample;
  const size_t end = text.rfind(')');
  for (size_t size = 1; size < end; ++size) {
    const auto module = parse_wat(std::string_view(text).substr(0, size));
    REQUIRE_MESSAGE(!module.ok(), size);
    CHECK(module.error().kind() == ErrorKind::malformed);
    CHECK(module.error().place().has_value());
  }
  // Nothing is expected but that it ends.
  for (size_t at = 0; at < end; ++at) (void)parse_wat(text.substr(0, at) + text.substr(at + 1));
}

TEST_CASE("every prefix of a binary module is printed or refused") {
  const auto module = parse_wat(kSample);
  REQUIRE(module.ok());
  size_t refused = 0;
  for (size_t size = 0; size < module->size(); ++size) {
    const std::vector<uint8_t> prefix(module->begin(), module->begin() + static_cast<std::ptrdiff_t>(size));
    const auto text = print_wat(prefix);
    refused += text.ok() ? 0 : 1;
    if (text.ok()) CHECK(parse_wat(*text).ok());
  }
  CHECK(refused > module->size() - 40);
  for (size_t at = 0; at < module->size(); ++at) {
    std::vector<uint8_t> damaged = *module;
    damaged[at] ^= 0x41;
    (void)print_wat(damaged);
    (void)find_code(damaged, at);
  }
}

TEST_CASE("nesting takes no native stack") {
  constexpr size_t kDeep = 1'000'000;
  const auto repeat = [](std::string_view part, size_t times) {
    std::string text;
    for (size_t i = 0; i < times; ++i) text += part;
    return text;
  };
  CHECK(parse_wat("(func " + repeat("(block ", kDeep) + repeat(")", kDeep) + ")").ok());
  CHECK(parse_wat("(func (drop " + repeat("(i32.eqz ", kDeep) + "(i32.const 0)" + repeat(")", kDeep) + "))").ok());
  CHECK(parse_wat("(func " + repeat("loop $l ", kDeep) + "br $l " + repeat("end $l ", kDeep) + ")").ok());
  CHECK(parse_wat(repeat("(; ", kDeep) + repeat(";)", kDeep)).ok());
  CHECK(parse_wat("(@a " + repeat("(", kDeep) + repeat(")", kDeep) + ")").ok());
  CHECK(refusal(repeat("(", kDeep)).starts_with("malformed: unexpected token"));
  CHECK(refusal("(module (func " + repeat("(block ", kDeep)).starts_with("malformed: unexpected token"));
  CHECK(!parse_wast(repeat("(", kDeep)).ok());
  const auto deep = parse_wat("(func " + repeat("(block ", kDeep) + repeat(")", kDeep) + ")");
  CHECK(print_wat(*deep).ok());
}

TEST_CASE("mistakes are told in the spec's words, with their place") {
  CHECK(refusal("(module\n  (func (i32.foo)))") == "malformed: unknown operator i32.foo (at 2:10)");
  CHECK(refusal("(func (i32.const 4294967296))") == "malformed: constant out of range: 4294967296 (at 1:18)");
  CHECK(refusal("(func (br $l))") == "malformed: unknown label $l (at 1:11)");
  CHECK(refusal("(func $f) (func $f)") == "malformed: duplicate func $f (at 1:17)");
  CHECK(refusal("(func) (import \"\" \"\" (func))") == "malformed: import after function definition (at 1:9)");
  CHECK(refusal("(func block $a end $b)") == "malformed: mismatching label $b (at 1:20)");
  CHECK(refusal("(func (export \"\\ff\"))") == "malformed: malformed UTF-8 encoding (at 1:15)");
  CHECK(refusal("(func \"\nx\")") == "malformed: unclosed string (at 1:7)");
  CHECK(refusal("(func) )") == "malformed: unexpected token ) (at 1:8)");
  CHECK(refusal("(func") == "malformed: unexpected token: the text ends (at 1:6)");
  CHECK(refusal("(func \xff)") == "malformed: malformed UTF-8 encoding (at 1:7)");
  CHECK(refusal("(module quote \"(func)\\n(foo)\")") == "malformed: unknown operator foo (at 2:2)");
}

TEST_CASE("type uses find the first equal type or add one at the end") {
  CHECK(printed("(func (param i32)) (type $t (func)) (func) (func (param i32)) (func (result i64))") ==
        "(module\n"
        "  (type $t (;0;) (func))\n"
        "  (type (;1;) (func (param i32)))\n"
        "  (type (;2;) (func (result i64)))\n"
        "  (func (;0;) (type 1) (param i32))\n"
        "  (func (;1;) (type $t))\n"
        "  (func (;2;) (type 1) (param i32))\n"
        "  (func (;3;) (type 2) (result i64))\n"
        ")\n");
  // Members of a larger group, and types that are not final, stand for no other.
  CHECK(printed("(rec (type (func)) (type (func))) (type (sub (func))) (func)").find("(func (;0;) (type 3))") !=
        std::string::npos);
}

TEST_CASE("annotations become custom sections, and stand in their places") {
  CHECK(printed("(module (@name \"a b\") (func $f (@name \"g\")))") ==
        "(module $\"a b\"\n  (type (;0;) (func))\n  (func $g (;0;) (type 0))\n)\n");
  CHECK(refusal("(func (@name \"f\") (@name \"g\"))").starts_with("malformed: @name annotation: multiple"));
  CHECK(refusal("(func (nop (@custom \"x\")))") == "malformed: misplaced @custom annotation (at 1:12)");
  CHECK(printed("(@custom \"x\" (before first) \"\\00y\")") ==
        "(module\n  (@custom \"x\" (before first) \"\\00y\")\n)\n");
}

TEST_CASE("a name that two things have is left out of the text") {
  const auto module = parse_wat("(func $a (@name \"x\")) (func $b (@name \"x\")) (func $c call $a)");
  REQUIRE(module.ok());
  const std::string text = print(*module);
  CHECK(text.find("$x") == std::string::npos);
  CHECK(text.find("call 0") != std::string::npos);
  CHECK(text.find("(func $c (;2;)") != std::string::npos);
}

TEST_CASE("an instruction is found by its offset") {
  const auto module = parse_wat("(func $f (param $x i32) nop local.get $x f32.const 1.5 i32.add drop)");
  REQUIRE(module.ok());
  const auto engine = Engine::create();
  REQUIRE(engine.ok());
  const auto valid = Module::validate(*engine, *module);
  REQUIRE(!valid.ok());
  CHECK(valid.error().message() == "type mismatch: i32.add expects i32, found f32 (function 0 $f)");
  const auto place = find_code(*module, *valid.error().offset());
  REQUIRE(place.ok());
  CHECK(place->function == 0);
  CHECK(place->function_name == "f");
  CHECK(place->instruction == "i32.add");
  CHECK(place->before == std::vector<std::string>{"nop", "local.get $x", "f32.const 1.5"});
  CHECK(place->offset == *valid.error().offset());
  CHECK(find_code(*module, 0).error().kind() == ErrorKind::misuse);
  CHECK(find_code(*module, module->size()).error().kind() == ErrorKind::misuse);
}

}  // namespace
}  // namespace wplug
