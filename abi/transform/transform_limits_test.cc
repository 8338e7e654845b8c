// Each limit, hit by a plugin in the text format: the kind of failure, its message, and what the host does then.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "wplug/abis.h"
#include "wplug/plugin.h"
#include "wplug/text.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

class Lines : public LogSink {
 public:
  void write(std::string_view plugin, std::string_view text) override {
    lines.push_back(std::string(plugin) + ": " + std::string(text));
  }
  std::vector<std::string> lines;
};

// A plugin whose transform is `body`; it may use $log, the table $t and the function $deep.
std::string plugin_text(const std::string& body) {
  return R"((module
    (import "env" "log" (func $log (param i32 i32)))
    (import "env" "http_get" (func $http_get (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (table $t 1 funcref)
    (global $length (mut i32) (i32.const 2))
    (data (i32.const 0) "0123456789password=hunter22 is a long text, with something to mask in it.")
    (func (export "malloc") (param i32) (result i32) (i32.const 1024))
    (func (export "free") (param i32))
    (func (export "get_output_len") (result i32) (global.get $length))
    (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
    (func (export "transform") (param $at i32) (param $size i32) (result i32) (local $n i32)
      )" + body + "))";
}

struct Bench {
  explicit Bench(const std::string& body, PluginOptions options = {}) {
    const auto engine = Engine::create();
    REQUIRE(engine.ok());
    auto bytes = parse_wat(plugin_text(body));
    REQUIRE_MESSAGE(bytes.ok(), bytes.error().to_string());
    auto module = Module::compile(*engine, std::move(*bytes), "test");
    REQUIRE_MESSAGE(module.ok(), module.error().to_string());
    options.name = "stage";
    if (!options.limits.timeout) options.limits.timeout = 60s;
    auto loaded = Plugin::load(*engine, std::move(*module), options, plugin_abis(), {&log});
    REQUIRE_MESSAGE(loaded.ok(), loaded.error().to_string());
    plugin = *loaded;
    Failure failure;
    instance = PluginInstance::start(*plugin, failure);
    REQUIRE_MESSAGE(instance, failure.message);
  }
  std::string call(std::string_view input = "{}") {
    std::string output;
    const auto failed = instance->call(input, output);
    return failed ? std::string(to_string(failed->kind)) + ": " + failed->message : output;
  }
  Lines log;
  std::shared_ptr<const Plugin> plugin;
  std::unique_ptr<PluginInstance> instance;
};

constexpr const char* kForever = "(loop $l (br $l)) (i32.const 0)";
// Logs 10 bytes, again and again.
constexpr const char* kTalk =
    "(loop $l (call $log (i32.const 0) (i32.const 10)) (local.set $n (i32.add (local.get $n) (i32.const 1)))"
    "(br_if $l (i32.lt_u (local.get $n) (i32.const 100)))) (local.get $at)";
// Computes for a while, then logs once.
constexpr const char* kLate =
    "(loop $l (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $l (i32.lt_u (local.get $n) (i32.const 5000000))))"
    "(call $log (i32.const 0) (i32.const 10)) (call $log (i32.const 0) (i32.const 10)) (local.get $at)";
constexpr const char* kLateAndSilent =
    "(loop $l (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $l (i32.lt_u (local.get $n) (i32.const 5000000))))"
    "(local.get $at)";

PluginOptions limited(auto change) {
  PluginOptions options;
  change(options.limits);
  return options;
}

TEST_CASE("limits.timeout ends a call") {
  CHECK(Bench(kForever, limited([](LimitSettings& l) { l.timeout = 20ms; })).call() == "timeout: took longer than 20ms");
}

TEST_CASE("limits.fuel ends a call") {
  CHECK(Bench(kForever, limited([](LimitSettings& l) { l.fuel = 1000; })).call() ==
        "fuel: executed more than 1,000 instructions");
}

TEST_CASE("limits.stack ends a recursion") {
  Bench bench("(call $deep (i32.const 0))", limited([](LimitSettings& l) { l.stack = 64 << 10; }));
  CHECK(bench.call() == "trap: call stack exhausted");
}

TEST_CASE("limits.memory is where memory.grow says no") {
  Bench bench("(if (i32.eq (memory.grow (i32.const 10)) (i32.const -1)) (then unreachable)) (local.get $at)",
              limited([](LimitSettings& l) { l.memory = 4 << 16; }));
  CHECK(bench.call().starts_with("memory: was refused memory beyond its limit of 256KiB, then: "));
}

TEST_CASE("limits.table_elements is where table.grow says no") {
  const char* body = "(global.set $length (i32.const 1)) (i32.store8 (i32.const 2048) (select (i32.const 48) (i32.const 49)"
                     " (i32.eq (table.grow $t (ref.null func) (i32.const 50)) (i32.const -1)))) (i32.const 2048)";
  CHECK(Bench(body, limited([](LimitSettings& l) { l.table_elements = 51; })).call() == "1");
  CHECK(Bench(body, limited([](LimitSettings& l) { l.table_elements = 50; })).call() == "0");
}

TEST_CASE("limits.host_calls ends a call that goes on") {
  CHECK(Bench(kTalk, limited([](LimitSettings& l) { l.host_calls = 7; })).call() ==
        "policy: limits.host_calls is spent: more than 7 calls of host functions");
}

TEST_CASE("limits.log drops what is too much, and the call goes on") {
  Bench bench(kTalk, limited([](LimitSettings& l) { l.log = 100; }));
  CHECK(bench.call("{}") == "{}");
  // Each line costs 16 bytes more than it has.
  CHECK(bench.log.lines == std::vector<std::string>{"stage: 0123456789", "stage: 0123456789", "stage: 0123456789",
                                                    "stage: 0123456789", "stage: (what else this call writes is dropped)"});
  CHECK(bench.instance->usage().log_bytes == 40);
  bench.log.lines.clear();
  CHECK(bench.call("{}") == "{}");
  CHECK(bench.log.lines.size() == 5);
}

TEST_CASE("limits.output refuses a result before it is copied, and the instance stays") {
  Bench bench("(global.set $length (i32.const 100000)) (i32.const 16)",
              limited([](LimitSettings& l) { l.output = 1000; }));
  std::string output = "untouched";
  for (int i = 0; i < 2; ++i) {
    const auto failed = bench.instance->call("{}", output);
    REQUIRE(failed);
    CHECK(failed->kind == FailureKind::output);
    CHECK(failed->message == "the result has 100000 bytes, limits.output is 1000 bytes");
    CHECK(failed->keeps_instance());
    CHECK(output.size() < 1000);
  }
}

TEST_CASE("limits.soft_timeout is warned about once, before what the plugin does after it") {
  Bench bench(kLate, limited([](LimitSettings& l) { l.soft_timeout = 1us; }));
  CHECK(bench.call() == "{}");
  REQUIRE(bench.log.lines.size() == 3);
  CHECK(bench.log.lines[0] == "stage: took longer than 1us (limits.soft_timeout), going on");
  CHECK(bench.log.lines[2] == "stage: 0123456789");
}

TEST_CASE("limits.soft_timeout is warned about while a plugin computes, in each call") {
  Bench bench(kLateAndSilent, limited([](LimitSettings& l) { l.soft_timeout = 1us; }));
  const std::string warning = "stage: took longer than 1us (limits.soft_timeout), going on";
  CHECK(bench.call() == "{}");
  CHECK(bench.log.lines == std::vector<std::string>{warning});
  CHECK(bench.call() == "{}");
  CHECK(bench.log.lines == std::vector<std::string>{warning, warning});
}

TEST_CASE("a plugin that loops is warned of before limits.timeout ends it") {
  Bench bench(kForever, limited([](LimitSettings& l) {
                l.soft_timeout = 1ms;
                l.timeout = 30ms;
              }));
  CHECK(bench.call() == "timeout: took longer than 30ms");
  CHECK(bench.log.lines == std::vector<std::string>{"stage: took longer than 1ms (limits.soft_timeout), going on"});
}

TEST_CASE("limits.soft_timeout that is not below limits.timeout says nothing more") {
  Bench bench(kForever, limited([](LimitSettings& l) { l.soft_timeout = l.timeout = 10ms; }));
  CHECK(bench.call() == "timeout: took longer than 10ms");
  CHECK(bench.log.lines.empty());
}

TEST_CASE("nobody is warned of a call within limits.soft_timeout, or without one") {
  for (const auto soft : {0s, 3600s}) {
    Bench bench(kTalk, limited([soft](LimitSettings& l) { l.soft_timeout = soft; }));
    CHECK(bench.call() == "{}");
    CHECK(bench.log.lines.size() == 100);
  }
}

TEST_CASE("a call gets no more instructions than its tenant has left, and the next one none") {
  Budget budget;
  budget.fuel = 100'000;
  PluginOptions options;
  options.tenant = std::make_shared<Account>("acme", budget);
  Bench bench(kForever, options);
  const std::string spent = "policy: tenant \"acme\" has spent its budget of instructions: fuel = 100,000";
  CHECK(bench.call() == spent);
  CHECK(options.tenant->usage().instructions == 100'000);
  CHECK(bench.call() == spent);
  CHECK(options.tenant->usage().calls == 1);
}

TEST_CASE("the plugin's own limit of instructions is not its tenant's") {
  Budget budget;
  budget.fuel = 100'000;
  PluginOptions options;
  options.limits.fuel = 500;
  options.tenant = std::make_shared<Account>("acme", budget);
  CHECK(Bench(kForever, options).call() == "fuel: executed more than 500 instructions");
}

TEST_CASE("a call gets no more time than its tenant has left") {
  Budget budget;
  budget.time = 20ms;
  PluginOptions options;
  options.tenant = std::make_shared<Account>("acme", budget);
  CHECK(Bench(kForever, options).call() ==
        "policy: tenant \"acme\" has spent its budget of wall clock of all calls together: time = \"20ms\"");
}

TEST_CASE("usage has what a call did") {
  Bench bench("(global.set $length (local.get $size))" + std::string(kTalk));
  CHECK(bench.call("{\"a\":1}") == "{\"a\":1}");
  const Usage& usage = bench.instance->usage();
  CHECK(usage.calls == 1);
  CHECK(usage.errors == 0);
  CHECK(usage.host_calls == 100);
  CHECK(usage.log_bytes == 1000);
  CHECK(usage.input_bytes == 7);
  CHECK(usage.output_bytes == 7);
  CHECK(usage.instructions == bench.instance->instructions());
  CHECK(usage.peak_memory == uint64_t{128} << 10);
  CHECK(bench.plugin->account().usage().instructions == usage.instructions);
}

}  // namespace
}  // namespace wplug
