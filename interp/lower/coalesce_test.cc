// Copies that are not made, and pairs of instructions that are one: the result is the same without registers, and code is shorter.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "interp/api/fixtures_test.h"
#include "interp/lower/ir.h"
#include "wplug/text.h"

namespace wplug::test {
namespace {

struct Run {
  std::vector<Value> results;
  std::vector<std::string> operations;  // as they lie in the code of all functions that ran
};

// What the export "f" of a module gives for `arguments`.
Run run(std::string_view text, std::vector<Value> arguments, bool registers) {
  Config config;
  config.register_allocation = registers;
  config.count_dispatches = true;
  World world({}, config);
  Module module = must(Module::compile(world.engine, must(parse_wat(text))));
  Instance instance = must(Instance::create(world.store, module, {}));
  Func f = *instance.get_func("f");
  Run run;
  run.results.resize(f.type().results.size());
  must(f.call(arguments, run.results));
  for (const DispatchCount& each : module.dispatch_counts()) run.operations.push_back(each.operation);
  return run;
}

size_t count(const Run& run, std::string_view part) {
  size_t n = 0;
  for (const std::string& operation : run.operations) n += contains(operation, part);
  return n;
}

// The first result, which must not depend on registers.
Run run_both(std::string_view text, const std::vector<Value>& arguments) {
  Run with = run(text, arguments, true), without = run(text, arguments, false);
  REQUIRE(with.results.size() == without.results.size());
  for (size_t i = 0; i < with.results.size(); ++i) CHECK(with.results[i].bits() == without.results[i].bits());
  return with;
}

TEST_CASE("the result of a call is read where the call left it") {
  Run done = run_both(R"((module
    (func $g (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func (export "f") (param i32) (result i32) (local i32 i32)
      (local.set 1 (call $g (local.get 0)))
      (local.set 2 (i32.const 5))
      (i32.sub (local.get 1) (local.get 2)))))", {Value::i32(7)});
  CHECK(done.results[0].i32() == 16);
  // The argument, and no copy of the result. Builds without registers keep all copies.
  if (kIntRegisters > 0) CHECK(count(done, "move") <= 2);
}

TEST_CASE("two names of one value in a loop are one") {
  Run done = run_both(R"((module
    (func (export "f") (param i32) (result i32) (local i32 i32)
      (loop $l
        (local.set 1 (local.tee 2 (i32.add (local.get 1) (i32.const 8))))
        (br_if $l (i32.lt_u (local.get 1) (local.get 0))))
      (i32.add (local.get 2) (i32.const -8)))))", {Value::i32(100)});
  CHECK(done.results[0].i32() == 96);
}

TEST_CASE("values that several ways leave in a label's places survive copies of what lies there in between") {
  // The results of the function are filled by the branch and by falling through; between lies a use of their slots.
  const char* text = R"((module
    (func (export "f") (param i32 f64) (result f64 f32 f64) (local f32)
      (if (i32.eqz (local.get 0)) (then
        (return (f64.const 0.1) (local.get 2) (local.get 1))))
      (f64.const -0)
      (local.get 2)
      (f64.copysign (local.get 1) (f64.const -1)))))";
  Run first = run_both(text, {Value::i32(0), Value::f64(4.5)});
  CHECK(first.results[2].f64() == 4.5);
  Run second = run_both(text, {Value::i32(1), Value::f64(4.5)});
  CHECK(second.results[1].bits() == 0);
  CHECK(second.results[2].f64() == -4.5);
}

TEST_CASE("an operand that waits in its slot over other ways is not overwritten on its own") {
  // The branch leaves local 1 where the address lies; further on a copy of local 2 is to lie there.
  const char* text = R"((module (memory 1 1 shared)
    (func (export "f") (param i32 i64) (result i64) (local i32)
      (block $out (result i64)
        (i32.and (local.get 0) (i32.const 8))
        (block (result i64)
          (drop (br_if $out (local.get 1) (i32.eq (local.get 0) (i32.const 77))))
          (i64.extend_i32_u (local.tee 2 (i32.wrap_i64 (i64.add (local.get 1) (i64.const 3))))))
        (i64.atomic.store)
        (local.get 2)
        (local.get 2)
        (if (result i64) (i32.const 1) (then (local.set 2 (i32.const 5)) (i64.const 100)) (else (i64.const 7)))
        (drop)
        (i32.add)
        (i64.extend_i32_u)))))";
  CHECK(run_both(text, {Value::i32(8), Value::i64(30)}).results[0].i64() == 66);
  CHECK(run_both(text, {Value::i32(77), Value::i64(30)}).results[0].i64() == 30);
}

TEST_CASE("an if without else that gives its parameters back keeps them on both ways") {
  const char* text = R"((module
    (func (export "f") (param i32) (result i32)
      (i32.const 1) (i32.const 2)
      (if (param i32 i32) (result i32 i32) (local.get 0) (then))
      (i32.add))))";
  CHECK(run_both(text, {Value::i32(0)}).results[0].i32() == 3);
  CHECK(run_both(text, {Value::i32(1)}).results[0].i32() == 3);
}

TEST_CASE("a value that is written while its copy is wanted stays apart") {
  const char* text = R"((module
    (func (export "f") (param i32) (result i32) (local i32)
      (local.set 1 (local.get 0))
      (loop $l
        (local.set 0 (i32.add (local.get 0) (i32.const 3)))
        (br_if $l (i32.lt_s (local.get 0) (i32.const 20))))
      (i32.sub (local.get 0) (local.get 1)))))";
  CHECK(run_both(text, {Value::i32(2)}).results[0].i32() == 18);
}

TEST_CASE("a bit is tested by one instruction") {
  const char* text = R"((module
    (func (export "f") (param i32 i64) (result i32)
      (if (i32.and (local.get 0) (i32.const 4)) (then (return (i32.const 1))))
      (if (i32.eqz (i32.and (local.get 0) (i32.const 2))) (then (return (i32.const 2))))
      (if (i64.ne (i64.and (local.get 1) (i64.const -8)) (i64.const 0)) (then (return (i32.const 3))))
      (if (i64.eqz (i64.and (local.get 1) (i64.const 1))) (then (return (i32.const 4))))
      (i32.const 5))))";
  const auto f = [&](int32_t a, int64_t b) { return run_both(text, {Value::i32(a), Value::i64(b)}).results[0].i32(); };
  CHECK(f(4, 0) == 1);
  CHECK(f(0, 0) == 2);
  CHECK(f(2, int64_t{1} << 40) == 3);
  CHECK(f(2, 6) == 4);
  CHECK(f(2, 1) == 5);
  CHECK(count(run_both(text, {Value::i32(2), Value::i64(1)}), "_and") == 0);
}

TEST_CASE("a loop's step and its end are one instruction where its counter is in a register") {
  const char* text = R"((module
    (func (export "f") (param i32) (result i32) (local i32 i32)
      (loop $l
        (local.set 2 (i32.add (local.get 2) (i32.mul (local.get 1) (local.get 1))))
        (br_if $l (i32.ne (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
      (local.get 2))))";
  Run done = run_both(text, {Value::i32(10)});
  CHECK(done.results[0].i32() == 285);
  if (kIntRegisters > 1) CHECK(count(done, "add_br_if") == 1);
}

}  // namespace
}  // namespace wplug::test
