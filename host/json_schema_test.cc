// Schemas of plugins: what they say is wrong with a configuration, and what is wrong with them.
#include <doctest/doctest.h>

#include "host/config_schema.h"
#include "host/fake_abi_test.h"
#include "host/pattern_services.h"

namespace wplug {
namespace {

// "fine", "POINTER: WHAT", or the error.
std::string verdict(std::string_view schema, std::string_view json) {
  REQUIRE(wplug_pattern_services() != nullptr);
  auto problem = validate_json(schema, json);
  if (!problem.ok()) return "error: " + problem.error().message();
  return *problem ? (*problem)->pointer + ": " + (*problem)->what : "fine";
}

constexpr std::string_view kServer = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/server",
  "$ref": "#/$defs/Server",
  "$defs": {"Server": {"type": "object", "required": ["host"], "additionalProperties": false, "properties": {
    "host": {"type": "string", "pattern": "^[a-z.]+$", "minLength": 2},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "mode": {"enum": ["fast", "safe"]},
    "peers": {"type": "array", "items": {"$ref": "https://example.com/server#/$defs/Server"}}}}}})";

TEST_CASE("a configuration that the schema allows is fine") {
  CHECK(verdict(kServer, R"({"host":"a.b","port":80,"mode":"safe","peers":[{"host":"cc"}]})") == "fine");
  CHECK(verdict("true", "{}") == "fine");
  CHECK(verdict("{}", R"({"any":1})") == "fine");
}

TEST_CASE("what is wrong is said with its place and what was expected") {
  CHECK(verdict(kServer, R"({"host":"ab","port":"80"})") == "/port: must be integer, not string");
  CHECK(verdict(kServer, R"({"port":80})") == ": needs the key \"host\"");
  CHECK(verdict(kServer, R"({"host":"ab","prot":80})") == "/prot: is unknown; known: host, mode, peers, port");
  CHECK(verdict(kServer, R"({"host":"ab","mode":"slow"})") == "/mode: must be one of \"fast\" or \"safe\"");
  CHECK(verdict(kServer, R"({"host":"ab","peers":[{"host":"cd"},{"host":"X1"}]})") ==
        "/peers/1/host: does not match the pattern \"^[a-z.]+$\"");
  CHECK(verdict(kServer, R"({"host":"ab","port":70000})").starts_with("/port: expected number less than or equal to 65535"));
}

TEST_CASE("keys that match a pattern are held against its schema") {
  constexpr std::string_view schema = R"({"patternProperties": {"^n_": {"type": "integer"}, "/~": {"type": "string"}},
    "properties": {"n_max": {"maximum": 5}}, "additionalProperties": false})";
  CHECK(verdict(schema, R"({"n_a":1,"n_max":5,"/~":"x"})") == "fine");
  CHECK(verdict(schema, R"({"n_a":"1"})") != "fine");
  CHECK(verdict(schema, R"({"n_max":6})") != "fine");
  CHECK(verdict(schema, R"({"n_max":"1"})") != "fine");
  CHECK(verdict(schema, R"({"/~":1})") != "fine");
  CHECK(verdict(schema, R"({"other":1})") == "/other: is unknown; known: n_max");
}

TEST_CASE("a message names the value as it is written in the pipeline file") {
  const ConfigProblem problem{"/servers/0/a~1b", "must be integer"};
  CHECK(problem.message() == "config.servers[0].a/b: must be integer");
  CHECK(ConfigProblem{"", "needs the key \"x\""}.message() == "config: needs the key \"x\"");
}

TEST_CASE("what is not a schema is refused") {
  CHECK(verdict("{", "{}").starts_with("error: it is not JSON: "));
  CHECK(verdict("[]", "{}").starts_with("error: is not a JSON Schema: "));
  CHECK(verdict(R"({"type": "strnig"})", "{}").starts_with("error: is not a JSON Schema: "));
  CHECK(verdict(R"({"properties": 5})", "{}").starts_with("error: is not a JSON Schema: "));
  CHECK(verdict(R"({"$ref": "https://example.com/other"})", "{}").starts_with("error: is not a JSON Schema: "));
  CHECK(verdict(R"({"$ref": "#/nowhere"})", "{}").starts_with("error: is not a JSON Schema: "));
}

TEST_CASE("schemas that would run without end are refused before they run") {
  for (const char* schema :
       {R"({"$ref":"#"})", R"({"allOf":[{"$ref":"#"}]})", R"({"anyOf":[{"not":{"$ref":"#/definitions/a"}}],"definitions":{"a":{"$ref":"#"}}})",
        R"({"if":{"$ref":"#"}})", R"({"dependencies":{"a":{"$ref":"#"}}})", R"({"definitions":{"a b":{"$ref":"#/definitions/a%20b"}},"$ref":"#/definitions/a%20b"})"}) {
    CAPTURE(schema);
    CHECK(verdict(schema, R"({"a":1})") == "error: refers to itself without end");
  }
  CHECK(verdict(R"({"properties":{"a":{"$ref":"#"}}})", R"({"a":{"a":{}}})") == "fine");
}

TEST_CASE("schemas that fan out are refused, and so are long chains, deep ones and large ones") {
  std::string fan = R"({"allOf":[{"$ref":"#/definitions/d0"}],"definitions":{)";
  std::string chain = R"({"$ref":"#/definitions/d0","definitions":{)";
  for (int i = 0; i < 200; ++i) {
    const std::string next = R"({"$ref":"#/definitions/d)" + std::to_string(i + 1) + "\"}";
    if (i < 30) fan += "\"d" + std::to_string(i) + "\":{\"allOf\":[" + next + "," + next + "]},";
    chain += "\"d" + std::to_string(i) + "\":" + next + ",";
  }
  CHECK(verdict(fan + R"("d30":{}}})", "{}") == "error: has too many ways for one value to be looked at");
  CHECK(verdict(chain + R"("d200":{}}})", "{}") == "error: has references over more than 100 steps");
  std::string deep = "{}";
  for (int i = 0; i < 150; ++i) deep = R"({"not":)" + deep + "}";
  CHECK(verdict(deep, "{}") == "error: it is nested too deep");
  CHECK(verdict("\"" + std::string(2 << 20, 'x') + "\"", "{}") == "error: it has more than 1 MiB");
}

TEST_CASE("a pattern that backtracks without end elsewhere takes linear time") {
  CHECK(verdict(R"({"properties":{"a":{"pattern":"^(a+)+$"}}})", "{\"a\":\"" + std::string(50'000, 'a') + "!\"}") != "fine");
  // What RE2 has not is not checked.
  CHECK(verdict(R"({"properties":{"a":{"pattern":"(?=x)y"}}})", R"({"a":"z"})") == "fine");
}

class DescribedAbi : public FakeAbi {
 public:
  explicit DescribedAbi(std::string schema) : FakeAbi(echo), schema_(std::move(schema)) {}
  std::vector<std::string> operations(const Module&) const override { return {"schema"}; }
  Result<std::unique_ptr<AbiInstance>> instantiate(Store&, const Module&, const PluginTerms&, const HostServices&,
                                                   CallState&) const override {
    ++starts;
    return std::unique_ptr<AbiInstance>(new Instance(schema_));
  }

 private:
  class Instance : public AbiInstance {
   public:
    explicit Instance(const std::string& schema) : schema_(schema) {}
    Result<ReplyKind> call(std::string_view, std::string_view, CallState&, std::string&) override { return ReplyKind::output; }
    Result<ReplyKind> describe(CallState&, PluginDescription& description, std::string& text) override {
      description.schema = schema_;
      if (schema_ != "fail") return ReplyKind::output;
      text = "out of order";
      return ReplyKind::plugin_error;
    }

   private:
    const std::string& schema_;
  };
  std::string schema_;
};

TEST_CASE("a plugin's configuration is held against the schema it gives") {
  const DescribedAbi abi(R"({"properties":{"n":{"type":"integer"}}})");
  const auto with = [&](const char* json) {
    return fake_plugin(abi, "p", {}, [json](PluginOptions& options) { options.config["n"] = json; });
  };
  auto problem = check_config(*with("1"));
  REQUIRE(problem.ok());
  CHECK(!*problem);
  problem = check_config(*with("\"one\""));
  REQUIRE(problem.ok());
  REQUIRE(*problem);
  CHECK((*problem)->message() == "config.n: must be integer, not string");
}

TEST_CASE("a broken schema and a plugin that gives none are told apart") {
  const DescribedAbi broken("{\"type\":7}");
  auto problem = check_config(*fake_plugin(broken));
  REQUIRE(!problem.ok());
  CHECK(problem.error().message().starts_with("the schema that the plugin gives of its configuration: is not a JSON Schema"));
  const DescribedAbi silent("fail");
  problem = check_config(*fake_plugin(silent));
  REQUIRE(!problem.ok());
  CHECK(problem.error().message().find("out of order") != std::string::npos);
  const DescribedAbi none("");
  problem = check_config(*fake_plugin(none));
  REQUIRE(problem.ok());
  CHECK(!*problem);
}

TEST_CASE("a plugin whose ABI has no schema is not started to be asked") {
  const FakeAbi abi(echo);
  auto problem = check_config(*fake_plugin(abi));
  REQUIRE(problem.ok());
  CHECK(!*problem);
  CHECK(abi.starts == 0);
}

}  // namespace
}  // namespace wplug
