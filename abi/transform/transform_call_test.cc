// Calls of small plugins, honest and hostile.
#include <doctest/doctest.h>

#include <cstring>
#include <optional>

#include "abi/transform/plugin_bytes_test.h"
#include "wplug/abis.h"
#include "wplug/plugin.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

class FakeHttp : public HttpClient {
 public:
  FakeHttp() { answer(HttpOutcome::ok, 200, "a body of 17 byte"); }
  void answer(HttpOutcome outcome, int status, std::string body, std::string message = "") {
    reply = HttpReply();
    reply.outcome = outcome;
    reply.status = status;
    reply.requests = 1;
    reply.body = std::move(body);
    reply.message = std::move(message);
  }
  HttpReply send(const HttpRequest& request) override {
    urls.emplace_back(request.url);
    HttpReply spent;
    spent.outcome = HttpOutcome::exhausted;
    return request.requests_left == 0 ? spent : reply;
  }
  HttpReply reply;
  std::vector<std::string> urls;
};

class FakeLog : public LogSink {
 public:
  void write(std::string_view plugin, std::string_view text) override {
    lines.push_back(std::string(plugin) + ": " + std::string(text));
  }
  std::vector<std::string> lines;
};

// A plugin loaded and ready, with fake services.
struct Bench {
  explicit Bench(const PluginBytes& bytes, PluginOptions options = {}) {
    const auto engine = Engine::create();
    REQUIRE(engine.ok());
    auto module = Module::compile(*engine, bytes.bytes(), "test");
    REQUIRE_MESSAGE(module.ok(), module.error().to_string());
    options.name = "stage";
    if (!options.limits.timeout) options.limits.timeout = 20s;
    options.limits.memory = uint64_t{4} << 16;
    auto loaded = Plugin::load(*engine, std::move(*module), options, plugin_abis(), {&log, &http, &environment});
    REQUIRE_MESSAGE(loaded.ok(), loaded.error().to_string());
    plugin = *loaded;
    instance = PluginInstance::start(*plugin, failure);
  }

  // The result, or "kind: message".
  std::string call(std::string_view input = "{}") {
    REQUIRE(instance);
    std::string output;
    const auto failed = instance->call(input, output);
    return failed ? std::string(to_string(failed->kind)) + ": " + failed->message : output;
  }
  // The 4 bytes of give_number.
  int32_t number(std::string_view input = "{}") {
    const std::string output = call(input);
    REQUIRE_MESSAGE(output.size() == 4, output);
    int32_t value;
    std::memcpy(&value, output.data(), 4);
    return value;
  }

  FakeLog log;
  FakeHttp http;
  std::map<std::string, std::string> environment;
  std::shared_ptr<const Plugin> plugin;
  Failure failure;
  std::unique_ptr<PluginInstance> instance;
};

// A plugin whose transform is `body`, with host functions 0 log, 1 get_config, 2 http_get, 3 set_header, 4 set_error.
PluginBytes with_host(const Bytes& body, std::string data = "") {
  PluginBytes plugin;
  plugin.imports = {{"env", "log", 2, 0}, {"env", "get_config", 4, 1}, {"host", "http_get", 4, 1},
                    {"wplug", "set_header", 4, 0}, {"env", "set_error", 2, 0}};
  plugin.function("transform").body = body;
  plugin.data = std::move(data);
  return plugin;
}

PluginBytes with_function(const char* name, const Bytes& body) {
  PluginBytes plugin;
  plugin.function(name).body = body;
  return plugin;
}

TEST_CASE("a record goes in and comes out") {
  Bench bench({});
  for (const std::string& record : {std::string("{\"a\":1}"), std::string("1"), std::string(60'000, '7'), std::string()}) {
    CHECK(bench.call(record) == record);
  }
}

TEST_CASE("a result of 0 and a set_error are refusals") {
  Bench zero(with_function("transform", i32_const(0)));
  CHECK(zero.call() == "plugin: transform returned 0 and set no error");
  Bench error(with_host(call(4, {0, 7}) + i32_const(0), "no user"));
  CHECK(error.call() == "plugin: no user");
  Bench both(with_host(call(4, {0, 7}) + kEcho, "no user"));
  CHECK(both.call() == "plugin: no user");
}

TEST_CASE("an error of one call is forgotten in the next") {
  // Refuses records of more than two bytes.
  Bench bench(with_host(Bytes{0x20, 0x01} + i32_const(2) + Bytes{0x4b, 0x04, 0x40} + call(4, {0, 3}) + Bytes{0x0b} + kEcho, "big"));
  CHECK(bench.call("123") == "plugin: big");
  CHECK(bench.call("12") == "12");
}

TEST_CASE("pointers and lengths outside the memory are the plugin's fault") {
  struct Row {
    int64_t at, length;
  };
  for (const Row& row : {Row{65536, 1}, Row{65535, 2}, Row{1, 65536}, Row{0xffffffff, 1}, Row{0xffffffff, 0xffffffff}, Row{16, 0xffffffff}}) {
    CAPTURE(row.at);
    CAPTURE(row.length);
    Bench bench(with_function("transform", give(row.at, row.length)));
    CHECK(bench.call().starts_with("invalid_pointer: invalid pointer from plugin: transform returned "));
  }
  Bench edge(with_function("transform", give(65535, 1)));
  CHECK(edge.call().size() == 1);
  Bench empty(with_function("transform", give(65536, 0)));
  CHECK(empty.call() == "");
}

TEST_CASE("malloc's lies are found before anything is written") {
  for (const int64_t at : {65535ll, 65536ll, 0xffffffffll, 0xfffffffell}) {
    CAPTURE(at);
    Bench bench(with_function("malloc", i32_const(at)));
    CHECK(bench.call().starts_with("invalid_pointer: invalid pointer from plugin: malloc gave 2 bytes at "));
  }
  Bench null(with_function("malloc", i32_const(0)));
  CHECK(null.call() == "plugin: malloc(2) returned 0");
  CHECK(Bench(with_function("malloc", kUnreachable)).call() == "trap: unreachable");
  CHECK(Bench(with_function("free", kUnreachable)).call() == "trap: unreachable");
  CHECK(Bench(with_function("get_output_len", kUnreachable)).call() == "trap: unreachable");
}

TEST_CASE("host functions refuse pointers outside the memory") {
  const Bytes drop = {0x1a};
  for (const Bytes& body :
       {call(0, {65530, 7}), call(0, {-1, 1}), call(4, {1, -1}), call(3, {0, 1, 65536, 1}), call(3, {-8, 16, 0, 1}),
        call(1, {65535, 2, 0, 8}) + drop, call(1, {0, 3, 65530, 7}) + drop, call(1, {0, 3, -1, -1}) + drop,
        call(2, {-4, 8, 0, 8}) + drop, call(2, {0, 3, 65536, 1}) + drop}) {
    PluginOptions options;
    options.config["key"] = "\"a value that is longer than the memory left\"";
    Bench bench(with_host(body + kEcho, "key"), options);
    const std::string result = bench.call();
    CAPTURE(result);
    CHECK(result.starts_with("invalid_pointer: invalid pointer from plugin: "));
    CHECK(bench.http.urls.empty());
  }
  Bench empty_url(with_host(give_number(call(2, {0, 0, 0, 8}))));
  CHECK(empty_url.number() == -6);
}

TEST_CASE("get_config gives the size of the value and as much of it as fits") {
  PluginOptions options;
  options.config["key"] = "\"12345678\"";
  Bench fits(with_host(call(1, {0, 3, 100, 64}) + Bytes{0x24, 0x00} + i32_const(100), "key"), options);
  CHECK(fits.call() == "\"12345678\"");
  Bench cut(with_host(give_number(call(1, {0, 3, 2048, 4})), "key"), options);
  CHECK(cut.number() == 10);
  Bench prefix(with_host(call(1, {0, 3, 100, 4}) + Bytes{0x1a} + give(100, 6), "key"), options);
  CHECK(prefix.call() == std::string("\"123\0\0", 6));
  Bench size_only(with_host(give_number(call(1, {0, 3, 65536, 0})), "key"), options);
  CHECK(size_only.number() == 10);
  Bench missing(with_host(give_number(call(1, {0, 2, 100, 64})), "key"), options);
  CHECK(missing.number() == -1);
}

TEST_CASE("http_get gives a body or the code of what went wrong") {
  PluginOptions options;
  options.limits.http_calls = 1;
  Bench bench(with_host(give_number(call(2, {0, 9, 100, 64})), "http://h/"), options);
  CHECK(bench.number() == 17);
  CHECK(bench.http.urls == std::vector<std::string>{"http://h/"});
  for (const auto& [status, code] : std::map<int, int32_t>{{404, -1}, {410, -1}, {500, -4}, {302, -4}}) {
    bench.http.answer(HttpOutcome::ok, status, "a body");
    CHECK(bench.number() == code);
  }
  const std::map<HttpOutcome, int32_t> codes = {{HttpOutcome::denied, -2},    {HttpOutcome::exhausted, -3},
                                                {HttpOutcome::failed, -4},    {HttpOutcome::timed_out, -5},
                                                {HttpOutcome::invalid, -6}};
  for (const auto& [outcome, code] : codes) {
    bench.http.answer(outcome, 0, "", "because");
    CHECK(bench.number() == code);
    CHECK(bench.log.lines.back() == "stage: http_get http://h/: because");
  }
}

TEST_CASE("a body that did not fit is asked for again without another request") {
  PluginOptions options;
  options.limits.http_calls = 1;
  const Bytes ask = call(2, {0, 9, 100, 4}) + Bytes{0x1a};
  Bench bench(with_host(ask + call(2, {0, 9, 100, 64}) + Bytes{0x24, 0x00} + i32_const(100), "http://h/"), options);
  CHECK(bench.call() == "a body of 17 byte");
  CHECK(bench.http.urls.size() == 1);
  // The next call asks again.
  CHECK(bench.call() == "a body of 17 byte");
  CHECK(bench.http.urls.size() == 2);
}

TEST_CASE("a second request beyond the budget is exhausted, and the budget is for one call") {
  PluginOptions options;
  options.limits.http_calls = 1;
  Bench bench(with_host(call(2, {0, 9, 100, 64}) + Bytes{0x1a} + give_number(call(2, {0, 9, 100, 64})), "http://h/"), options);
  CHECK(bench.number() == -3);
  CHECK(bench.number() == -3);
  CHECK(bench.http.urls.size() == 4);
}

TEST_CASE("headers are kept and those with line ends are refused") {
  Bench good(with_host(call(3, {0, 6, 8, 4}) + kEcho, "x-kind: test"));
  CHECK(good.call() == "{}");
  REQUIRE(good.instance->last_call().headers.size() == 1);
  CHECK(good.instance->last_call().headers[0] == std::pair<std::string, std::string>("x-kind", "test"));
  Bench value(with_host(call(3, {0, 1, 1, 4}) + kEcho, std::string("ka\r\nb")));
  CHECK(value.call().starts_with("plugin: set_header: the value of k "));
  Bench name(with_host(call(3, {0, 3, 3, 1}) + kEcho, "a\nbv"));
  CHECK(name.call().starts_with("plugin: set_header: the name "));
  Bench many(with_host(Bytes{0x03, 0x40} + call(3, {0, 1, 0, 1}) + Bytes{0x0c, 0x00, 0x0b} + kEcho, "k"));
  CHECK(many.call().starts_with("policy: "));
}

TEST_CASE("a plugin that goes on calling after its budget is stopped") {
  PluginOptions options;
  options.limits.host_calls = 3;
  Bench three(with_host(call(0, {0, 2}) + call(0, {0, 2}) + call(0, {0, 2}) + kEcho, "hi"), options);
  CHECK(three.call() == "{}");
  CHECK(three.log.lines.size() == 3);
  CHECK(three.call() == "{}");
  Bench four(with_host(call(0, {0, 2}) + call(0, {0, 2}) + call(0, {0, 2}) + call(0, {0, 2}) + kEcho, "hi"), options);
  CHECK(four.call() == "policy: limits.host_calls is spent: more than 3 calls of host functions");
  Bench config(with_host(call(0, {0, 2}) + call(0, {0, 2}) + call(0, {0, 2}) + give_number(call(1, {0, 2, 100, 4})), "hi"), options);
  CHECK(config.number() == -3);
}

TEST_CASE("what a plugin logs in one call is bounded") {
  // 60,000 bytes a message, for as long as the budget lasts.
  Bench bench(with_host(Bytes{0x03, 0x40} + call(0, {0, 60'000}) + Bytes{0x0c, 0x00, 0x0b} + kEcho));
  CHECK(bench.call().starts_with("policy: "));
  size_t bytes = 0;
  for (const std::string& line : bench.log.lines) bytes += line.size();
  CHECK(bytes < 300'000);
  CHECK(bench.log.lines.back() == "stage: (what else this call writes is dropped)");
}

TEST_CASE("loops, traps and spent fuel are kinds of their own") {
  PluginOptions options;
  options.limits.timeout = 60ms;
  CHECK(Bench(with_function("transform", kForever), options).call() == "timeout: took longer than 60ms");
  options.limits.timeout = 20s;
  options.limits.fuel = 10'000;
  CHECK(Bench(with_function("transform", kForever), options).call() == "fuel: executed more than 10,000 instructions");
  CHECK(Bench(with_function("transform", kUnreachable)).call() == "trap: unreachable");
}

TEST_CASE("a trap after refused memory is one of memory") {
  // memory.grow by 100 pages, dropped, then unreachable.
  Bench bench(with_function("transform", i32_const(100) + Bytes{0x40, 0x00, 0x1a, 0x00}));
  CHECK(bench.call() == "memory: was refused memory beyond its limit of 256KiB, then: unreachable");
}

TEST_CASE("_initialize runs once before the first call, and its failure is one of starting") {
  PluginBytes plugin;
  plugin.functions.push_back({"_initialize", 0, 0, set_length(Bytes{0x23, 0x00} + i32_const(1) + Bytes{0x6a})});
  plugin.function("transform").body = give_number({0x23, 0x00});
  CHECK(Bench(plugin).number() == 1);
  plugin.function("_initialize").body = kUnreachable;
  Bench bench(plugin);
  CHECK(!bench.instance);
  CHECK(bench.failure.kind == FailureKind::trap);
  CHECK(bench.failure.message == "the plugin could not be started: unreachable");
}

TEST_CASE("a start that never ends is stopped") {
  PluginBytes plugin;
  plugin.functions.push_back({"_initialize", 0, 0, {0x03, 0x40, 0x0c, 0x00, 0x0b}});
  PluginOptions options;
  options.limits.start_timeout = 60ms;
  Bench bench(plugin, options);
  CHECK(!bench.instance);
  CHECK(bench.failure.message == "the plugin could not be started: took longer than 60ms");
}

TEST_CASE("a plugin that needs more memory than its limit is refused when it is loaded") {
  PluginBytes bytes;
  bytes.memory_pages = 17;
  const auto engine = Engine::create();
  auto module = Module::compile(*engine, bytes.bytes(), "test");
  REQUIRE(module.ok());
  const auto loaded = Plugin::load(*engine, std::move(*module), {}, plugin_abis(), {});
  REQUIRE(!loaded.ok());
  CHECK(loaded.error().kind() == ErrorKind::limit);
  CHECK(loaded.error().message() == "needs 1088KiB of memory to start and limits.memory is 1MiB: raise it");
}

}  // namespace
}  // namespace wplug
