#include "spec-tests/runner/spec.h"

#include <doctest/doctest.h>

#include <sstream>

#include "spec-tests/runner/session.h"
#include "spec-tests/runner/test_support.h"

namespace wplug::spec {
namespace {

const char* const kModule = R"("type":"module","line":1,"filename":"t.0.wasm","module_type":"binary")";

std::string invoke(const std::string& field, int a, int b) {
  return R"("action":{"type":"invoke","field":")" + field + R"(","args":[{"type":"i32","value":")" + std::to_string(a) +
         R"("},{"type":"i32","value":")" + std::to_string(b) + R"("}]})";
}

std::string returns(int line, const std::string& action, int result) {
  return R"("type":"assert_return","line":)" + std::to_string(line) + "," + action +
         R"(,"expected":[{"type":"i32","value":")" + std::to_string(result) + R"("}])";
}

// A folder with the arithmetic module as t.0.wasm and a script of the commands.
struct World {
  TempFolder folder;
  SpecOptions options;

  explicit World(const std::vector<std::string>& commands, const std::string& script = "t.json") {
    folder.write("t.0.wasm", arithmetic_module());
    folder.write("importing.wasm", importing_module());
    folder.write("references.wasm", reference_module());
    folder.write("broken.wasm", std::string("\0asm\2\0\0\0", 8));
    options.paths = {folder.write(script, script_of(commands))};
  }

  FileReport run() const {
    auto report = run_scripts(options);
    REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().message()));
    REQUIRE(report->files.size() == 1);
    return report->files[0];
  }
};

TEST_CASE("messages match when one begins with the other") {
  CHECK(message_matches("type mismatch", "type mismatch"));
  CHECK(message_matches("type mismatch", "type mismatch: i32.add expects i32"));
  CHECK(message_matches("uninitialized element 7", "uninitialized element"));
  CHECK(message_matches("type mismatch: instruction requires [i32] but stack has []", "type mismatch: throw expects i32"));
  CHECK_FALSE(message_matches("type mismatch: instruction requires [i32] but stack has []", "unknown type"));
  CHECK_FALSE(message_matches("type mismatched", "type mismatch"));
  CHECK_FALSE(message_matches("uninitialized elements", "uninitialized element"));
  CHECK_FALSE(message_matches("type mismatch", "unknown type"));
  CHECK_FALSE(message_matches("type mismatch", ""));
  CHECK_FALSE(message_matches("", "type mismatch"));
}

TEST_CASE("right results pass and wrong ones fail with both values") {
  const std::string add = invoke("add", 2, 3);
  const FileReport report = World({kModule, returns(2, add, 5), returns(3, add, 6)}).run();
  CHECK(report.passed == 2);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].line == 3);
  CHECK(report.failures[0].command == "assert_return");
  CHECK(report.failures[0].message == "invoke \"add\": expected i32 6, got i32 5");
}

TEST_CASE("a trap must be the one that is expected") {
  const std::string divide = invoke("div", 1, 0);
  const std::string line = R"("type":"assert_trap","line":)", overflow = R"(,"text":"integer overflow")";
  const FileReport report =
      World({kModule, line + "2," + divide + R"(,"text":"integer divide by zero")", line + "3," + divide + overflow,
             line + "4," + invoke("div", 1, 1) + overflow, returns(5, divide, 0)})
          .run();
  CHECK(report.passed == 2);
  REQUIRE(report.failures.size() == 3);
  CHECK(report.failures[0].message.find("integer divide by zero") != std::string::npos);
  CHECK(report.failures[1].message == "invoke \"div\": expected trap: integer overflow; got i32 1");
}

TEST_CASE("a rejected module must be rejected for the right reason") {
  const std::string broken = R"("filename":"broken.wasm","module_type":"binary")";
  const FileReport report =
      World({R"("type":"assert_malformed","line":1,"text":"unknown binary version",)" + broken,
             R"("type":"assert_malformed","line":2,"text":"magic header not detected",)" + broken,
             R"("type":"assert_invalid","line":3,"text":"unknown binary version",)" + broken,
             R"("type":"assert_malformed","line":4,"text":"x","filename":"t.0.wasm","module_type":"binary")"})
          .run();
  CHECK(report.passed == 1);
  REQUIRE(report.failures.size() == 3);
  CHECK(report.failures[2].message == "expected malformed: x; got a module");
}

TEST_CASE("registered modules can be imported, missing names cannot") {
  const std::string importing = R"("filename":"importing.wasm","module_type":"binary")";
  const FileReport report =
      World({R"("type":"assert_unlinkable","line":1,"text":"unknown import",)" + importing, kModule,
             R"("type":"register","line":2,"as":"math")", R"("type":"module","line":3,"name":"I",)" + importing,
             returns(4,
                     R"("action":{"type":"invoke","module":"I","field":"sum","args":[{"type":"i32","value":"40"},)"
                     R"({"type":"i32","value":"2"}]})",
                     42),
             R"("type":"assert_unlinkable","line":5,"text":"unknown import",)" + importing})
          .run();
  CHECK(report.passed == 5);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].line == 5);
}

TEST_CASE("globals can be read") {
  const std::string get = R"("action":{"type":"get","field":"g"})";
  const FileReport report = World({kModule, returns(2, get, 42), returns(3, get, 43),
                                   returns(4, R"("action":{"type":"get","field":"none"})", 42)})
                                .run();
  CHECK(report.passed == 2);
  CHECK(report.failed == 2);
}

TEST_CASE("references go in and come back") {
  const std::string id = R"("type":"assert_return","line":2,"action":{"type":"invoke","field":"id","args":[)";
  const FileReport report =
      World({R"("type":"module","line":1,"filename":"references.wasm")",
             id + R"({"type":"externref","value":"9"}]},"expected":[{"type":"externref","value":"9"}])",
             id + R"({"type":"refnull"}]},"expected":[{"type":"externref","value":"null"}])",
             R"("type":"assert_return","line":3,"action":{"type":"invoke","field":"host"},)"
             R"("expected":[{"type":"refnull"}])",
             id + R"({"type":"externref","value":"9"}]},"expected":[{"type":"externref","value":"8"}])"})
          .run();
  CHECK(report.passed == 4);
  CHECK(report.failed == 1);
}

TEST_CASE("definitions are instantiated by name") {
  const FileReport report = World({R"("type":"module_definition","line":1,"name":"D","filename":"t.0.wasm")",
                                   R"("type":"module_instance","line":2,"instance":"A","module":"D")",
                                   returns(3, R"("action":{"type":"get","module":"A","field":"g"})", 42),
                                   R"("type":"module_instance","line":4,"instance":"B","module":"none")"})
                                .run();
  CHECK(report.passed == 3);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].message == "no module $none");
}

TEST_CASE("commands fail when their module is missing and never fall back to an older one") {
  const FileReport report =
      World({kModule, R"("type":"module","line":2,"filename":"broken.wasm")", returns(3, invoke("add", 2, 3), 5)})
          .run();
  CHECK(report.passed == 1);
  REQUIRE(report.failures.size() == 2);
  CHECK(report.failures[1].message == "the module of line 2 is missing");
}

TEST_CASE("text modules run like binary ones") {
  World world({R"("type":"module","line":1,"filename":"t.0.wat","module_type":"text")",
               returns(2, invoke("add", 2, 3), 5),
               R"("type":"assert_malformed","line":3,"text":"unknown operator",)"
               R"("filename":"t.1.wat","module_type":"text")"});
  world.folder.write("t.0.wat",
                     "(func (export \"add\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))");
  world.folder.write("t.1.wat", "(func (i32.foo))");
  CHECK(world.run().passed == 3);
  world.folder.write("t.1.wat", "(func)");
  CHECK(world.run().failures.at(0).message.find("got a module") != std::string::npos);
}

TEST_CASE("a call that does not end fails at its deadline") {
  World world({kModule, R"("type":"action","line":2,"action":{"type":"invoke","field":"spin"})",
               returns(3, invoke("add", 2, 3), 5)});
  world.options.timeout = std::chrono::milliseconds(20);
  const FileReport report = world.run();
  CHECK(report.passed == 2);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].message.find("deadline exceeded") != std::string::npos);
}

TEST_CASE("expected failures are skipped, and must fail") {
  World world({kModule, returns(2, invoke("add", 2, 3), 6), returns(3, invoke("add", 2, 3), 5)}, "own.json");
  world.folder.write("list", "unrelated.wast:1 x\n");
  world.options.expected_failures = world.folder.path() + "/list";
  CHECK(world.run().failed == 1);
  // A script outside the suite is named by its file as given, with the ending of its source.
  world.options.paths = {world.folder.path()};
  world.folder.write("list", "own.wast:2 adds wrong\n");
  const FileReport listed = world.run();
  CHECK(listed.failed == 0);
  CHECK(listed.passed == 2);
  CHECK(listed.skips.at("expected failure: adds wrong") == 1);
  world.folder.write("list", "own.wast:2-3 adds wrong\nown.wast:9 nothing there\n");
  const FileReport wrong = world.run();
  REQUIRE(wrong.failures.size() == 2);
  CHECK(wrong.failures[0].message == "passes but is listed as an expected failure (adds wrong)");
  CHECK(wrong.failures[1].line == 9);
}

TEST_CASE("scripts of features that are missing are skipped by name unless asked for") {
  World world({kModule, returns(2, invoke("add", 2, 3), 5)}, "json/proposals/custom-descriptors/binary/binary.json");
  world.folder.write("json/proposals/custom-descriptors/binary/t.0.wasm", arithmetic_module());
  const FileReport skipped = world.run();
  CHECK(skipped.skipped == 2);
  CHECK(skipped.skips.at("needs custom descriptors") == 2);
  world.options.unsupported = true;
  CHECK(world.run().passed == 2);
}

TEST_CASE("a folder's files are named relative to it and other JSON is left alone") {
  World world({kModule}, "sub/t.json");
  world.folder.write("sub/t.0.wasm", arithmetic_module());
  world.folder.write("notes.json", "{}");
  world.options.paths = {world.folder.path()};
  CHECK(world.run().file == "sub/t.json");
}

TEST_CASE("the exit code tells passed, failed and nothing to run apart") {
  World world({kModule, returns(2, invoke("add", 2, 3), 5)});
  std::ostringstream out, err;
  CHECK(run_spec(world.options, out, err) == 0);
  CHECK(out.str().find("1 files: 2 passed, 0 failed\n") != std::string::npos);
  world.folder.write("t.json", script_of({returns(2, invoke("add", 2, 3), 5)}));
  CHECK(run_spec(world.options, out, err) == 1);
  CHECK(err.str().empty());
  world.options.paths = {world.folder.path() + "/none.json"};
  CHECK(run_spec(world.options, out, err) == 65);
  CHECK(err.str().find("none.json") != std::string::npos);
  const TempFolder empty;
  world.options.paths = {empty.path()};
  CHECK(run_spec(world.options, out, err) == 65);
  world.options.paths = {empty.write("t.wast", "(module (func (export \"f\")))\n(assert_return (invoke \"f\"))")};
  out.str("");
  CHECK(run_spec(world.options, out, err) == 0);
  CHECK(out.str().find("t.wast: 2 passed, 0 failed\n") != std::string::npos);
  empty.write("t.wast", "(module (func))\n(assert_return)");
  out.str("");
  CHECK(run_spec(world.options, out, err) == 1);
  CHECK(out.str().find("unexpected token ) (at 2:15)") != std::string::npos);
}

}  // namespace
}  // namespace wplug::spec
