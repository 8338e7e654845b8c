#include <doctest/doctest.h>

#include "wplug/pipeline.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

PipelineConfig parse(std::string_view text) {
  auto config = parse_pipeline(text, "dir/p.toml");
  REQUIRE_MESSAGE(config.ok(), config.error().message());
  return std::move(*config);
}

std::string complaint(std::string_view text) {
  const auto config = parse_pipeline(text, "p.toml");
  return config.ok() ? "accepted" : config.error().message();
}

// A file with one stage that has these lines.
std::string stage(const std::string& lines) { return "[[stage]]\nname = \"a\"\nplugin = \"a.wasm\"\n" + lines; }

bool begins(const std::string& text, const std::string& beginning) {
  INFO(text);
  return text.starts_with(beginning);
}

TEST_CASE("the file of the documentation is read") {
  const PipelineConfig config = parse(R"(
name = "orders"

[limits]
timeout = "50ms"
memory = "1MiB"
fuel = 0
http_calls = 0
host_calls = 10_000

[[stage]]
name = "validator"
plugin = "plugins/validator.wasm"
entry = "validate"
config = { required = ["user_id"] }
limits = { memory = "10MiB" }
grants = { http = ["api.example.com"], fs_read = ["/srv/data/**"], env = ["AWS_*"], exec = [] }
)");
  CHECK(config.name == "orders");
  CHECK(config.directory == "dir");
  REQUIRE(config.stages.size() == 1);
  const StageConfig& only = config.stages[0];
  CHECK(only.plugin == "plugins/validator.wasm");
  CHECK(only.options.name == "validator");
  CHECK(only.options.entry == "validate");
  CHECK(only.options.config.at("required") == "[\"user_id\"]");
  CHECK(only.options.limits.memory == uint64_t{10} << 20);
  CHECK(only.options.limits.timeout == 50ms);
  CHECK(only.options.limits.host_calls == 10'000);
  CHECK(!only.options.limits.stack);
  const std::vector<Capability>& granted = only.options.grants.list();
  REQUIRE(granted.size() == 3);
  CHECK(granted[0].to_string() == "http:api.example.com");
  CHECK(granted[1].to_string() == "fs:read:/srv/data/**");
  CHECK(granted[2].to_string() == "env:AWS_*");
  CHECK(granted[0].location == "dir/p.toml:17:20");
  CHECK(only.location == "dir/p.toml:11:1");
}

TEST_CASE("limits of the file are the defaults of its stages, wherever they stand") {
  const PipelineConfig config = parse(stage("limits = { fuel = 5 }\n") + "[limits]\ntimeout = \"1s\"\nfuel = 7\n");
  CHECK(config.stages[0].options.limits.timeout == 1s);
  CHECK(config.stages[0].options.limits.fuel == 5);
  CHECK(!config.stages[0].options.limits.memory);
}

TEST_CASE("without grants nothing is granted") {
  CHECK(parse(stage("")).stages[0].options.grants.empty());
}

TEST_CASE("grants may be one list of capabilities in full") {
  const Grants grants = parse(stage("grants = [\"fs:read:/srv/**\", \"exec:git log **\"]\n")).stages[0].options.grants;
  REQUIRE(grants.list().size() == 2);
  CHECK(grants.list()[1].to_string() == "exec:git log **");
  CHECK(begins(complaint(stage("grants = [\"disk\"]\n")), "p.toml:4:11: grants: \"disk\" is no capability"));
}

TEST_CASE("grants stand in the order of the file") {
  const Grants grants =
      parse(stage("[stage.grants]\nnetwork = [\"db:5432\"]\nexec = [\n  \"git log **\",\n  \"date\",\n]\n"
                  "http = [\"b.example\", \"a.example\"]\n"))
          .stages[0]
          .options.grants;
  std::string all;
  for (const Capability& grant : grants.list()) all += grant.to_string() + " " + grant.location + "\n";
  CHECK(all ==
        "network:outbound:db:5432 dir/p.toml:5:12\nexec:git log ** dir/p.toml:7:3\nexec:date dir/p.toml:8:3\n"
        "http:b.example dir/p.toml:10:9\nhttp:a.example dir/p.toml:10:22\n");
}

TEST_CASE("of several mistakes the first of the file is told") {
  CHECK(begins(complaint(stage("zzz = 1\nlimits = { memory = \"1MiB\", fuel = -1, cpu = 1 }\n")), "p.toml:4:1: "));
  CHECK(begins(complaint(stage("limits = { memory = \"1MiB\", fuel = -1, cpu = 1 }\nabi = 5\n")), "p.toml:4:36: "));
}

TEST_CASE("configured values become JSON text") {
  const auto config = parse(stage(R"(
[stage.config]
text = "a \"b\" \\ é \t"
whole = 9007199254740993
half = 0.5
tenth = 0.1
large = 1e300
yes = true
list = [1, "x", []]
table = { k = { deep = [1] }, "a b" = 2 }
day = 2024-02-29
)")).stages[0].options.config;
  CHECK(config.at("text") == R"("a \"b\" \\ é \u0009")");
  CHECK(config.at("whole") == "9007199254740993");
  CHECK(config.at("half") == "0.5");
  CHECK(config.at("tenth") == "0.1");
  CHECK(config.at("large") == "1e+300");
  CHECK(config.at("yes") == "true");
  CHECK(config.at("list") == "[1,\"x\",[]]");
  CHECK(config.at("table").find(R"("k":{"deep":[1]})") != std::string::npos);
  CHECK(config.at("day") == "\"2024-02-29\"");
}

TEST_CASE("unknown keys are named with their place, and the key that was meant") {
  CHECK(begins(complaint(stage("memroy = 1\n")), "p.toml:4:1: unknown key \"memroy\" in [[stage]]"));
  CHECK(begins(complaint(stage("limits = { memroy = \"1MiB\" }\n")),
               "p.toml:4:12: unknown key \"memroy\" in limits; did you mean memory?"));
  CHECK(begins(complaint("nam = 1\n"), "p.toml:1:1: unknown key \"nam\" in the file; did you mean name?"));
  CHECK(begins(complaint(stage("grants = { internet = [] }\n")), "p.toml:4:12: unknown key \"internet\" in grants; known: "));
  CHECK(begins(complaint("[limitz]\n"), "p.toml:1:"));
}

TEST_CASE("wrong types say what was expected and what is there") {
  CHECK(complaint(stage("entry = 7\n")) == "p.toml:4:9: entry must be a string, not integer");
  CHECK(complaint(stage("limits = { timeout = 50 }\n")) == "p.toml:4:22: timeout must be a string, not integer");
  CHECK(complaint(stage("limits = { fuel = \"x\" }\n")) == "p.toml:4:19: fuel must be a number, not string");
  CHECK(complaint(stage("limits = { fuel = 1.5 }\n")) == "p.toml:4:19: fuel must be a number, not floating-point");
  CHECK(begins(complaint(stage("grants = { http = \"*\" }\n")), "p.toml:4:19: grants.http must be an array of strings"));
  CHECK(begins(complaint(stage("grants = { http = [1] }\n")), "p.toml:4:20: grants.http[] must be a string"));
  CHECK(begins(complaint(stage("limits = 1\n")), "p.toml:4:10: limits must be a table"));
  CHECK(begins(complaint("[stage]\nname = \"a\"\n"), "p.toml:1:1: stages are written [[stage]]"));
}

TEST_CASE("impossible values are refused with their place") {
  CHECK(begins(complaint(stage("limits = { timeout = \"soon\" }\n")), "p.toml:4:22: timeout: \"soon\" is not a duration"));
  CHECK(begins(complaint(stage("limits = { memory = \"8GiB\" }\n")), "p.toml:4:21: memory must lie between 64KiB and 4GiB"));
  CHECK(begins(complaint(stage("limits = { memory = 0 }\n")), "p.toml:4:21: memory must lie between"));
  CHECK(begins(complaint(stage("limits = { fuel = -1 }\n")), "p.toml:4:19: fuel must not be negative"));
  CHECK(begins(complaint(stage("grants = { http = [\"https://x\"] }\n")), "p.toml:4:20: grants.http: \"http:https://x\" grants nothing"));
  CHECK(begins(complaint(stage("grants = { fs_read = [\"data/**\"] }\n")), "p.toml:4:23: grants.fs_read: \"fs:read:data/**\" grants nothing: it must be an absolute"));
  CHECK(begins(complaint(stage("config = { x = nan }\n")), "p.toml:4:16: JSON has no number for nan"));
  CHECK(begins(complaint(stage("entry = \"\"\n")), "p.toml:4:9: entry must not be empty"));
  CHECK(begins(complaint(stage("entry = \"a\\u0000b\"\n")), "p.toml:4:9: entry has a NUL"));
}

TEST_CASE("a stage needs a name of its own and a plugin") {
  CHECK(begins(complaint("name = \"x\"\n"), "p.toml:1:1: there is no [[stage]]"));
  CHECK(begins(complaint("[[stage]]\nplugin = \"a.wasm\"\n"), "p.toml:1:1: the stage has no name"));
  CHECK(begins(complaint("[[stage]]\nname = \"a\"\n"), "p.toml:1:1: the stage has no plugin"));
  CHECK(begins(complaint(stage("") + stage("")), "p.toml:5:8: there are two stages \"a\""));
}

TEST_CASE("what is not TOML names its place") {
  CHECK(begins(complaint("name = \"a\nb\"\n"), "p.toml:1:10: "));
  CHECK(begins(complaint("name = = 1"), "p.toml:1:8: "));
  CHECK(begins(complaint(std::string_view("name = \"\xff\"", 11)), "p.toml:1:"));
}

TEST_CASE("every prefix of a file is read or refused in one line") {
  const std::string text = stage("entry = \"e\"\nconfig = { a = [1, 2.5, \"x\"] }\nlimits = { timeout = \"1s\" }\n");
  for (size_t size = 0; size < text.size(); ++size) {
    const auto config = parse_pipeline(std::string_view(text).substr(0, size), "p.toml");
    CAPTURE(size);
    if (!config.ok()) CHECK(config.error().message().find('\n') == std::string::npos);
  }
}

TEST_CASE("what is to be masked is read from the file and from stages, lists together") {
  const PipelineConfig config = parse(R"(
[redact]
builtin = true
patterns = ["a"]
hash = true
salt = "s"
[[stage]]
name = "a"
plugin = "a.wasm"
redact = { patterns = ["b"], paths = ["x.y"], values_from_config = ["k"], outputs = false, hash = false }
[[stage]]
name = "b"
plugin = "a.wasm"
)");
  const RedactionConfig& a = config.stages[0].redaction;
  CHECK(a.builtin);
  CHECK(a.patterns == std::vector<std::string>{"a", "b"});
  CHECK(a.paths == std::vector<std::string>{"x.y"});
  CHECK(a.values_from_config == std::vector<std::string>{"k"});
  CHECK(a.outputs == false);
  CHECK(!a.hash);
  CHECK(a.salt == "s");
  const RedactionConfig& b = config.stages[1].redaction;
  CHECK(b.patterns == std::vector<std::string>{"a"});
  CHECK(b.hash);
  CHECK(!b.outputs);
  CHECK(!parse(stage("")).stages[0].redaction.configured());
  CHECK(begins(complaint("[redact]\nbuiltin = 1\n" + stage("")), "p.toml:2:11: builtin must be true or false"));
  CHECK(begins(complaint("[redact]\npattern = []\n" + stage("")), "p.toml:2:1: unknown key \"pattern\" in [redact]; did you mean patterns?"));
}

TEST_CASE("tenants have budgets, and one that is not there is named with those that are") {
  const PipelineConfig config = parse("[tenant.a]\ncalls = 10\ntime = \"2s\"\n[tenant.b]\n" + stage(""));
  REQUIRE(config.tenants.size() == 2);
  const auto account = tenant_account(config, "a");
  REQUIRE(account.ok());
  CHECK((*account)->name() == "a");
  CHECK((*account)->budget().calls == 10);
  CHECK((*account)->budget().time == 2s);
  CHECK(!(*account)->budget().fuel);
  const auto missing = tenant_account(config, "c");
  REQUIRE(!missing.ok());
  CHECK(missing.error().message() == "there is no [tenant.c], there is: a, b");
  CHECK(begins(complaint("[tenant.a]\ncall = 1\n" + stage("")), "p.toml:2:1: unknown key \"call\" in [tenant.a]"));
}

TEST_CASE("where each value of a stage's configuration stands is known") {
  const PipelineConfig config = parse(stage("[stage.config]\nn = 1\nlist = [1,\n  { \"a/b\" = 2 }]\n"));
  const auto& locations = config.stages[0].config_locations;
  CHECK(locations.at("/n") == "dir/p.toml:5:1");
  CHECK(locations.at("/list") == "dir/p.toml:6:1");
  CHECK(locations.at("/list/1/a~1b") == "dir/p.toml:7:5");
}

}  // namespace
}  // namespace wplug
