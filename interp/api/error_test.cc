#include "wplug/error.h"

#include <doctest/doctest.h>

#include <set>

#include "wplug/trap.h"
#include "wplug/types.h"

namespace wplug {
namespace {

TEST_CASE("an error prints its kind, its message and the offset where there is one") {
  CHECK(Error(ErrorKind::malformed, "bad byte", 12).to_string() == "malformed: bad byte (at byte 12)");
  CHECK(Error(ErrorKind::link, "no such import").to_string() == "link: no such import");
  CHECK(Error(ErrorKind::malformed, "x", 0).offset() == 0u);
  CHECK_FALSE(Error(ErrorKind::malformed, "x").offset().has_value());
}

TEST_CASE("an error of a trap has the trap, its words, and shares it with its copies") {
  const Error error{Trap(TrapKind::integer_overflow, "integer overflow", {Frame{"m", "f", 3, 26}})};
  CHECK(error.kind() == ErrorKind::trap);
  CHECK(error.message() == "integer overflow");
  CHECK(error.to_string() == "trap: integer overflow");
  const Error copy = error;
  REQUIRE(copy.trap() != nullptr);
  CHECK(copy.trap() == error.trap());
  CHECK(copy.trap()->kind() == TrapKind::integer_overflow);
  CHECK(copy.trap()->backtrace().size() == 1);
  CHECK(Error(ErrorKind::host, "x").trap() == nullptr);
}

TEST_CASE("an error of a guest's exit has its code") {
  const Error error = Error::guest_exit(-3);
  CHECK(error.kind() == ErrorKind::exit);
  CHECK(error.exit_code() == -3);
  CHECK(error.message() == "guest exited with code -3");
}

TEST_CASE("every error kind and every trap has a name of its own") {
  std::set<std::string_view> kinds;
  for (int i = 0; i <= static_cast<int>(ErrorKind::misuse); ++i) kinds.insert(to_string(static_cast<ErrorKind>(i)));
  CHECK(kinds.size() == static_cast<size_t>(ErrorKind::misuse) + 1);
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(TrapKind::host_error); ++i) names.insert(trap_name(static_cast<TrapKind>(i)));
  CHECK(names.size() == static_cast<size_t>(TrapKind::host_error) + 1);
  CHECK(to_string(TrapKind::out_of_bounds_memory_access) == "out of bounds memory access");
  CHECK(trap_name(TrapKind::out_of_bounds_memory_access) == "out_of_bounds_memory_access");
}

TEST_CASE("a frame prints module, function and offset, or the index for a missing name") {
  CHECK(Frame{"calc", "add", 3, 0x1a2b}.to_string() == "calc!add @0x1a2b");
  CHECK(Frame{"", "add", 3, 0}.to_string() == "add @0x0");
  CHECK(Frame{"calc", "", 12, 0xf}.to_string() == "calc!func[12] @0xf");
}

TEST_CASE("types print as the text format has them") {
  CHECK(ValType::i32().to_string() == "i32");
  CHECK(ValType::i64().to_string() == "i64");
  CHECK(ValType::f32().to_string() == "f32");
  CHECK(ValType::f64().to_string() == "f64");
  CHECK(ValType::v128().to_string() == "v128");
  CHECK(ValType::funcref().to_string() == "funcref");
  CHECK(ValType::externref().to_string() == "externref");
  CHECK(ValType::ref(HeapKind::none, true).to_string() == "nullref");
  CHECK(ValType::ref(HeapKind::struct_, true).to_string() == "structref");
  CHECK(ValType::ref(HeapKind::func, false).to_string() == "(ref func)");
  CHECK(ValType::ref_to(3, true).to_string() == "(ref null 3)");
  CHECK(ValType::ref_to(4, false).to_string() == "(ref 4)");
  CHECK(FuncType{{ValType::i32(), ValType::f64()}, {ValType::i64()}}.to_string() == "(i32, f64) -> (i64)");
  CHECK(FuncType{}.to_string() == "() -> ()");
}

TEST_CASE("extern types print their kind and type") {
  ExternType type;
  CHECK(type.to_string() == "function () -> ()");
  type.kind = ExternKind::table;
  type.table = {ValType::externref(), {1, 5}};
  CHECK(type.to_string() == "table 1 5 externref");
  type.kind = ExternKind::memory;
  type.memory.limits.min = 3;
  CHECK(type.to_string() == "memory 3");
  type.memory.limits = {1, 2, true, true};
  CHECK(type.to_string() == "memory i64 1 2 shared");
  type.memory = {{0, 9}, 0};
  CHECK(type.to_string() == "memory 0 9 (pagesize 1)");
  type.kind = ExternKind::global;
  type.global = {ValType::f32(), true};
  CHECK(type.to_string() == "global (mut f32)");
  type.global.is_mutable = false;
  CHECK(type.to_string() == "global f32");
}

}  // namespace
}  // namespace wplug
