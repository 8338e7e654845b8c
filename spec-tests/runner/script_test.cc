#include "spec-tests/runner/script.h"

#include <doctest/doctest.h>

#include "spec-tests/runner/test_support.h"

namespace wplug::spec {
namespace {

Script parse_one(const std::string& command) {
  auto script = parse_script(script_of({command}));
  REQUIRE_MESSAGE(script.ok(), (script.ok() ? "" : script.error().message()));
  REQUIRE(script->commands.size() == 1);
  return std::move(*script);
}

Command invoke_with(const std::string& args, const std::string& expected) {
  return parse_one(R"("type":"assert_return","line":5,"action":{"type":"invoke","field":"f","args":[)" + args +
                   R"(]},"expected":[)" + expected + "]")
      .commands[0];
}

void check_broken(const std::string& command) {
  const auto script = parse_script(script_of({command}));
  REQUIRE_MESSAGE(!script.ok(), command);
  CHECK(script.error().kind() == ErrorKind::malformed);
  CHECK(script.error().message().starts_with("command 0"));
}

TEST_CASE("a module command names its file and its script name") {
  const Script script =
      parse_one(R"("type":"module","line":7,"name":"M","filename":"t.0.wasm","module_type":"binary")");
  CHECK(script.source == "t.wast");
  const Command& command = script.commands[0];
  CHECK(command.kind == CommandKind::module);
  CHECK(command.line == 7);
  CHECK(command.name == "M");
  CHECK(command.file == "t.0.wasm");
  CHECK(!command.is_text);
}

TEST_CASE("a text module is read from its text, also where there is a binary of it") {
  const char* text_only = R"("type":"module","line":1,"filename":"t.0.wat","module_type":"text")";
  CHECK(parse_one(text_only).commands[0].is_text);
  CHECK(parse_one(std::string(text_only) + R"(,"binary_filename":"t.0.wasm")").commands[0].file == "t.0.wat");
}

TEST_CASE("a script in text gives the commands that its JSON has") {
  const auto script = parse_text_script(R"wast((module $M (func (export "f") (param f32) (result f32) (local.get 0)))
(register "m" $M)
(assert_return (invoke $M "f"
  (f32.const -0x1.8p1)) (f32.const nan:canonical))
(assert_return (get "v") (either (v128.const i16x8 1 2 3 4 5 6 7 -8) (ref.extern 3) (ref.null)))
(assert_trap (module (func $f unreachable) (start $f)) "unreachable")
(assert_malformed (module quote "(func (i32.foo))") "unknown operator")
(module definition $D)
(module instance $I $D)
)wast");
  REQUIRE_MESSAGE(script.ok(), script.error().to_string());
  const std::vector<Command>& commands = script->commands;
  REQUIRE(commands.size() == 8);
  CHECK(commands[0].name == "M");
  CHECK(commands[0].module->size() > 8);
  CHECK(commands[1].as == "m");
  CHECK(commands[2].line == 3);
  CHECK(commands[2].action.to_string() == "invoke \"f\" of $M");
  CHECK(commands[2].action.args[0].bits() == 0xc0400000);
  CHECK(commands[2].expected[0].to_string() == "f32 nan:canonical");
  CHECK(commands[3].action.kind == ActionKind::get);
  CHECK(commands[3].expected[0].to_string() == "either(v128 1 2 3 4 5 6 7 65528, externref 3, null)");
  CHECK(commands[4].type == "assert_uninstantiable");
  REQUIRE(!commands[5].module.ok());
  CHECK(commands[5].module.error().message() == "unknown operator i32.foo");
  CHECK(commands[6].kind == CommandKind::module_definition);
  CHECK(commands[7].as == "I");
  CHECK(commands[7].name == "D");
}

TEST_CASE("a script in text that is none says where") {
  CHECK(parse_text_script("(module)\n(assert_retrun)").error().to_string() ==
        "malformed: unknown operator assert_retrun (at 2:2)");
  CHECK(parse_text_script("(invoke \"f\" (ref.func))").error().place()->column == 22);
  CHECK(!parse_text_script("(assert_return (invoke \"f\")").ok());
  CHECK(!parse_text_script("(assert_malformed (invoke \"f\") \"x\")").ok());
}

TEST_CASE("arguments keep their bits") {
  const Command command = invoke_with(
      R"({"type":"i32","value":"4294967295"},{"type":"i64","value":"-1"},{"type":"f32","value":"2143289344"},)"
      R"({"type":"externref","value":"7"},{"type":"funcref","value":"null"},{"type":"refnull"},)"
      R"({"type":"v128","lane_type":"i8","value":["1","-1","0","0","0","0","0","0",)"
      R"("9","0","0","0","0","0","0","255"]})",
      "");
  const std::vector<Value>& args = command.action.args;
  REQUIRE(args.size() == 7);
  CHECK(args[0].i32() == -1);
  CHECK(args[1].i64() == -1);
  CHECK(args[2].type() == ValType::f32());
  CHECK(args[2].bits() == 0x7fc0'0000);
  CHECK(args[3].ref() == Ref::host(7));
  CHECK(args[4].type() == ValType::funcref());
  CHECK(args[4].ref().is_null());
  CHECK(args[5].ref().is_null());
  CHECK(args[6].bits(0) == 0xff01);
  CHECK(args[6].bits(1) == 0xff00'0000'0000'0009);
}

TEST_CASE("expected values become patterns") {
  const Command command = invoke_with(
      "", R"({"type":"f32","value":"nan:canonical"},{"type":"f64","value":"nan:arithmetic"},{"type":"externref"},)"
          R"({"type":"nullref"},{"type":"either","values":[{"type":"i32","value":"1"},{"type":"i32","value":"2"}]},)"
          R"({"type":"i64"},{"type":"externref","value":"0"},{"type":"v128"})");
  REQUIRE(command.expected.size() == 8);
  CHECK(command.expected[0].lanes[0].nan == NanClass::canonical);
  CHECK(command.expected[1].lanes[0].nan == NanClass::arithmetic);
  CHECK(command.expected[2].kind == PatternKind::any_ref);
  CHECK(command.expected[3].kind == PatternKind::null_ref);
  CHECK(command.expected[4].alternatives.size() == 2);
  CHECK(command.expected[5].kind == PatternKind::any);
  CHECK(command.expected[6].kind == PatternKind::host_ref);
  CHECK(command.expected[7].kind == PatternKind::any);
}

TEST_CASE("registrations and instances have their names") {
  const Script registration = parse_one(R"("type":"register","line":1,"name":"M","as":"lib")");
  CHECK(registration.commands[0].name == "M");
  CHECK(registration.commands[0].as == "lib");
  const Script instance = parse_one(R"("type":"module_instance","line":1,"instance":"I","module":"M")");
  CHECK(instance.commands[0].name == "M");
  CHECK(instance.commands[0].as == "I");
}

TEST_CASE("an unknown command is kept, a broken one is an error with its line") {
  CHECK(parse_one(R"("type":"frobnicate","line":1)").commands[0].kind == CommandKind::unknown);
  for (const char* broken : {
           R"("line":3)",
           R"("type":"module","line":"x")",
           R"("type":"module","line":3,"filename":"../t.wasm")",
           R"("type":"module","line":3,"filename":"/etc/t.wasm")",
           R"("type":"action","line":3,"action":{"type":"fly"})",
       }) {
    check_broken(broken);
  }
}

TEST_CASE("an argument that is no value is an error") {
  for (const char* broken :
       {R"({"type":"i32","value":"x"})", R"({"type":"i32","value":"4294967296"})", R"({"type":"i32"})",
        R"({"type":"i32","value":"-2147483649"})", R"({"type":"f32","value":"nan:canonical"})",
        R"({"type":"i7","value":"1"})", R"({"type":"i8","value":"1"})", R"({"type":"externref"})",
        R"({"type":"v128","lane_type":"i64","value":["1"]})", R"({"type":"v128","lane_type":"i9","value":["1"]})"}) {
    check_broken(std::string(R"("type":"action","line":3,"action":{"type":"invoke","field":"f","args":[)") + broken +
                 "]}");
  }
}

TEST_CASE("JSON that is no script is told from a broken script") {
  CHECK(parse_script("{}").error().kind() == ErrorKind::misuse);
  CHECK(parse_script("[1]").error().kind() == ErrorKind::misuse);
  CHECK(parse_script("{\"commands\": [").error().kind() == ErrorKind::malformed);
  CHECK(parse_script("").error().kind() == ErrorKind::malformed);
  CHECK(load_script("/nonexistent.json").error().kind() == ErrorKind::host);
}

TEST_CASE("a script cut at every byte is an error") {
  const std::string whole =
      script_of({R"("type":"assert_return","line":1,"action":{"type":"invoke","field":"f","args":[)"
                 R"({"type":"v128","lane_type":"i64","value":["1","2"]}]},"expected":[{"type":"f32","value":"7"}])"});
  REQUIRE(parse_script(whole).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    CHECK_FALSE(parse_script(std::string_view(whole).substr(0, length)).ok());
  }
}

TEST_CASE("either does not nest, so depth is bounded") {
  const auto script =
      parse_script(script_of({R"("type":"assert_return","line":1,"action":{"type":"invoke","field":"f"},"expected":)"
                              R"([{"type":"either","values":[{"type":"either","values":[]}]}])"}));
  CHECK(!script.ok());
}

}  // namespace
}  // namespace wplug::spec
