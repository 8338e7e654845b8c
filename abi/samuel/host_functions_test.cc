#include "abi/samuel/host_functions.h"

#include "abi/support/plugin_bench_test.h"

namespace wplug {
namespace {

// A plugin whose run is `body` and leaves an i32; `data` lies at 0, "output" at 1024, samuel_alloc gives 4096.
std::string plugin(const std::string& body, const std::string& data = "", const std::string& alloc = "i32.const 4096") {
  return R"((module
    (import "samuel" "log" (func $log (param i32 i32 i32 i32)))
    (import "samuel" "fs_read" (func $fs_read (param i32 i32) (result i64)))
    (import "samuel" "fs_write" (func $fs_write (param i32 i32 i32 i32) (result i32)))
    (import "samuel" "exec" (func $exec (param i32 i32) (result i32)))
    (import "samuel" "net_outbound" (func $net (param i32 i32 i32 i32) (result i32)))
    (import "samuel" "config_get" (func $config (param i32 i32) (result i64)))
    (import "samuel" "callback" (func $callback (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $size (mut i32) (i32.const -1))
    (func (export "samuel_alloc") (param i32) (result i32) local.get 0 global.set $size )" +
         alloc + ")\n(data (i32.const 0) \"" + data + "\") (data (i32.const 1024) \"output\")\n" +
         "(func (export \"run\") (result i32) " + body + "))";
}

std::string number(size_t value) { return "(i32.const " + std::to_string(value) + ")"; }
// The call of a function with texts (at, length).
std::string call(const std::string& function, std::initializer_list<int64_t> arguments) {
  std::string text = "(call $" + function;
  for (const int64_t argument : arguments) text += " (i32.const " + std::to_string(argument) + ")";
  return text + ")";
}
// Gives back what the function put where samuel_alloc said, and the pointer as the entry's result.
std::string show(const std::string& call_text) {
  return "(local $at i32) (local.set $at (i32.wrap_i64 " + call_text +
         ")) (drop (call $callback (i32.const 1024) (i32.const 6) (local.get $at) (select (global.get $size) "
         "(i32.const 0) (local.get $at)))) (local.get $at)";
}

TEST_CASE("log lines have their level") {
  PluginBench bench(plugin(call("log", {0, 4, 4, 5}) + call("log", {0, 0, 4, 5}) + number(0), "infohello"));
  CHECK(bench.call() == "0");
  CHECK(bench.log.lines == std::vector<std::string>{"[info] hello", "hello"});
}

TEST_CASE("a file that is granted is read into what samuel_alloc gives") {
  PluginBench bench(plugin(show(call("fs_read", {0, 6})), "/srv/a"), granted({"fs:read:/srv/**"}));
  bench.files.files["/srv/a"] = "contents";
  CHECK(bench.call() == "contents");
}

TEST_CASE("a file that is not granted, not there or too large is 0") {
  PluginBench denied(plugin(call("fs_read", {0, 6}) + "i32.wrap_i64", "/srv/a"));
  denied.files.files["/srv/a"] = "contents";
  CHECK(denied.call() == "0");
  CHECK(denied.log.has("fs:read:/srv/a"));
  PluginBench missing(plugin(call("fs_read", {0, 6}) + "i32.wrap_i64", "/srv/a"), granted({"fs:read:/srv/**"}));
  CHECK(missing.call() == "0");
  CHECK(missing.log.has("there is no such file"));
  PluginOptions options = granted({"fs:read:/srv/**"});
  options.limits.response = 4;
  PluginBench large(plugin(call("fs_read", {0, 6}) + "i32.wrap_i64", "/srv/a"), options);
  large.files.files["/srv/a"] = "12345";
  CHECK(large.call() == "0");
  large.files.files["/srv/a"] = "1234";
  CHECK(large.call() == "4096");
}

TEST_CASE("without samuel_alloc, or when it has nothing, reading gives 0") {
  PluginOptions options = granted({"fs:read:/srv/**"});
  PluginBench nothing(plugin(call("fs_read", {0, 6}) + "i32.wrap_i64", "/srv/a", "i32.const 0"), options);
  nothing.files.files["/srv/a"] = "x";
  CHECK(nothing.call() == "0");
  PluginBench none(R"((module (import "samuel" "fs_read" (func $read (param i32 i32) (result i64)))
    (memory (export "memory") 1) (data (i32.const 0) "/srv/a")
    (func (export "run") (result i64) (call $read (i32.const 0) (i32.const 6)))))", options);
  none.files.files["/srv/a"] = "x";
  CHECK(none.call() == "0");
}

TEST_CASE("a samuel_alloc that lies or traps ends the call") {
  PluginOptions options = granted({"fs:read:/srv/**"});
  for (const char* at : {"i32.const 65535", "i32.const 65536", "i32.const -1", "i32.const -8"}) {
    CAPTURE(at);
    PluginBench bench(plugin(call("fs_read", {0, 6}) + "i32.wrap_i64", "/srv/a", at), options);
    bench.files.files["/srv/a"] = "contents";
    CHECK(bench.call().starts_with("invalid_pointer: invalid pointer from plugin: "));
  }
  PluginBench trap(plugin(call("fs_read", {0, 6}) + "i32.wrap_i64", "/srv/a", "unreachable"), options);
  trap.files.files["/srv/a"] = "contents";
  CHECK(trap.call() == "trap: unreachable");
}

TEST_CASE("fs_write tells ok, failed and denied apart") {
  const PluginOptions options = granted({"fs:write:/srv/**"});
  PluginBench ok(plugin(call("fs_write", {0, 6, 8, 4}), "/srv/a--body"), options);
  CHECK(ok.call() == "0");
  CHECK(ok.files.files["/srv/a"] == "body");
  PluginBench failed(plugin(call("fs_write", {0, 9, 9, 4}), "/srv/fullbody"), options);
  CHECK(failed.call() == "1");
  PluginBench denied(plugin(call("fs_write", {0, 6, 8, 4}), "/etc/a--body"), options);
  CHECK(denied.call() == "2");
  CHECK(denied.log.has("fs:write:/etc/a"));
  CHECK(denied.files.files.empty());
  PluginBench read_only(plugin(call("fs_write", {0, 6, 8, 4}), "/srv/a--body"), granted({"fs:read:/srv/**"}));
  CHECK(read_only.call() == "2");
}

TEST_CASE("a command runs without a shell and gives its exit code") {
  PluginBench bench(plugin(call("exec", {0, 18}), "tool 'a b' $HOME ;"), granted({"exec:tool"}));
  bench.commands.reply.outcome = CommandOutcome::ok;
  bench.commands.reply.exit_code = 42;
  bench.commands.reply.out = "printed\n";
  CHECK(bench.call() == "42");
  REQUIRE(bench.commands.requests.size() == 1);
  CHECK(bench.commands.requests[0].command == "tool");
  CHECK(bench.commands.requests[0].arguments == std::vector<std::string>{"a b", "$HOME", ";"});
  CHECK(bench.commands.requests[0].environment.empty());
  CHECK(bench.log.lines == std::vector<std::string>{"printed"});
}

TEST_CASE("exec is denied without any grant, and refused for what is not on the list") {
  PluginBench denied(plugin(call("exec", {0, 4}), "tool"));
  CHECK(denied.call() == "2");
  for (const char* command : {"toolx", "/usr/bin/tool", "tool --evil"}) {
    CAPTURE(command);
    const std::string text = command;
    PluginBench refused(plugin(call("exec", {0, static_cast<int64_t>(text.size())}), text), granted({"exec:tool --good"}));
    CHECK(refused.call() == "3");
    CHECK(refused.commands.requests.empty());
  }
}

TEST_CASE("a command that cannot be started, or is none, has failed") {
  for (const CommandOutcome outcome : {CommandOutcome::not_found, CommandOutcome::failed, CommandOutcome::timed_out,
                                       CommandOutcome::invalid}) {
    PluginBench bench(plugin(call("exec", {0, 4}), "tool"), granted({"exec:tool"}));
    bench.commands.reply.outcome = outcome;
    bench.commands.reply.message = "because";
    CHECK(bench.call() == "1");
    CHECK(bench.log.has("because"));
  }
  for (const char* text : {"", "   ", "tool 'open", "\\\"open"}) {
    const std::string command = text;
    PluginBench bench(plugin(call("exec", {0, static_cast<int64_t>(command.size())}), command), granted({"exec:tool"}));
    CHECK(bench.call() == "1");
    CHECK(bench.commands.requests.empty());
  }
}

TEST_CASE("words are split at blanks and kept together by quotes") {
  using Words = std::vector<std::string>;
  CHECK(split_command("a b  c") == Words{"a", "b", "c"});
  CHECK(split_command(" a\t\n") == Words{"a"});
  CHECK(split_command("a 'b c' \"d 'e'\"") == Words{"a", "b c", "d 'e'"});
  CHECK(split_command("a '' b") == Words{"a", "", "b"});
  CHECK(split_command("x'y z'w") == Words{"xy zw"});
  CHECK(split_command("a \\' b'") == Words{"a", "\\ b"});
  CHECK(split_command("$(a) `b` | > &") == Words{"$(a)", "`b`", "|", ">", "&"});
  CHECK(split_command("") == Words{});
  CHECK(!split_command("'a"));
}

struct NetRow {
  const char* host;
  const char* connection;  // empty: none is tried
  const char* code;
};

TEST_CASE("hosts are names or addresses with a port, 443 without") {
  for (const NetRow& row : {NetRow{"example:80", "example 80 ", "0"}, NetRow{"example", "example 443 ", "0"},
                            NetRow{"[::1]:80", "::1 80 ", "0"}, NetRow{"[::1]", "::1 443 ", "0"}, NetRow{"::1", "::1 443 ", "0"},
                            NetRow{"example:", "", "1"}, NetRow{"example:0", "", "1"}, NetRow{"example:65536", "", "1"},
                            NetRow{"example:80x", "", "1"}, NetRow{":80", "", "1"}, NetRow{"", "", "1"},
                            NetRow{"other:80", "", "2"}}) {
    CAPTURE(row.host);
    const std::string host = row.host;
    PluginBench bench(plugin(call("net", {0, static_cast<int64_t>(host.size()), 0, 0}), host),
                      granted({"network:outbound:example", "network:outbound:[::1]"}));
    bench.network.reply.outcome = NetworkOutcome::ok;
    bench.network.reply.connected = true;
    CHECK(bench.call() == row.code);
    const std::vector<std::string> none;
    CHECK(bench.network.connections == (*row.connection == '\0' ? none : std::vector<std::string>{row.connection}));
  }
}

TEST_CASE("net_outbound tells failed, denied and refused apart") {
  const auto answer = [](NetworkOutcome outcome, PluginOptions options) {
    PluginBench bench(plugin(call("net", {0, 7, 7, 4}), "examplebody"), std::move(options));
    bench.network.reply.outcome = outcome;
    bench.network.reply.connected = outcome == NetworkOutcome::ok;
    const std::string code = bench.call();
    if (outcome == NetworkOutcome::ok && code == "0") {
      CHECK(bench.network.connections == std::vector<std::string>{"example 443 body"});
    }
    return code;
  };
  const PluginOptions options = granted({"network:outbound:example:443"});
  CHECK(answer(NetworkOutcome::ok, options) == "0");
  for (const NetworkOutcome outcome : {NetworkOutcome::failed, NetworkOutcome::not_found, NetworkOutcome::timed_out,
                                       NetworkOutcome::invalid}) {
    CHECK(answer(outcome, options) == "1");
  }
  CHECK(answer(NetworkOutcome::ok, {}) == "2");
  CHECK(answer(NetworkOutcome::denied, options) == "3");
  PluginOptions spent = options;
  spent.limits.http_calls = 0;
  CHECK(answer(NetworkOutcome::ok, spent) == "3");
}

TEST_CASE("config_get gives texts as they are, other values as JSON, and the call's input") {
  PluginOptions options;
  options.config = {{"text", "\"a \\\"b\\\"\""}, {"list", "[1,2]"}, {"input", "\"configured\""}};
  PluginBench text(plugin(show(call("config", {0, 4})), "text"), options);
  CHECK(text.call() == "a \"b\"");
  PluginBench list(plugin(show(call("config", {0, 4})), "list"), options);
  CHECK(list.call() == "[1,2]");
  PluginBench missing(plugin(call("config", {0, 3}) + "i32.wrap_i64", "text"), options);
  CHECK(missing.call() == "0");
  PluginBench input(plugin(show(call("config", {0, 5})), "input"), options);
  CHECK(input.call("{\"id\":1}") == "{\"id\":1}");
  CHECK(input.call() == "configured");
}

TEST_CASE("a callback reaches the function that the host registered") {
  PluginBench bench(plugin(call("callback", {0, 4, 4, 7}), "donepayload"));
  CHECK(bench.call() == "1");
  std::string seen;
  bench.callbacks["done"] = [&seen](std::string_view plugin, std::string_view payload) {
    seen = std::string(plugin) + " " + std::string(payload);
    return 77u;
  };
  CHECK(bench.call() == "77");
  CHECK(seen == "plugin payload");
}

TEST_CASE("the callback output is the call's result, for this call and not too long") {
  PluginOptions options;
  options.limits.output = 7;
  PluginBench bench(plugin("(if (i32.eqz (global.get $size)) (then (return (i32.const 5)))) (global.set $size (i32.const 0)) " +
                           call("callback", {1024, 6, 0, 7}), "{\\\"a\\\":1}"), options);
  CHECK(bench.call() == "{\"a\":1}");
  CHECK(bench.call() == "5");
  PluginBench large(plugin(call("callback", {1024, 6, 0, 8}), "12345678"), options);
  CHECK(large.call() == "1");
}

TEST_CASE("pointers outside the memory end the call, whatever the function") {
  for (const std::string& body :
       {call("log", {65530, 7, 0, 0}) + number(0), call("log", {0, 0, -1, 1}) + number(0), call("fs_read", {1, -1}) + "i32.wrap_i64",
        call("fs_read", {65536, 1}) + "i32.wrap_i64", call("fs_write", {0, 4, 65535, 2}), call("fs_write", {-4, 8, 0, 0}),
        call("exec", {65530, 7}), call("exec", {0, -1}), call("net", {65530, 7, 0, 0}), call("net", {0, 7, -1, -1}),
        call("config", {-8, 16}) + "i32.wrap_i64", call("callback", {65536, 1, 0, 0}), call("callback", {1024, 6, 65530, 7})}) {
    CAPTURE(body);
    PluginBench bench(plugin(body, "example"), granted({"exec:example", "network:outbound:example", "fs:read:/**", "fs:write:/**"}));
    CHECK(bench.call().starts_with("invalid_pointer: invalid pointer from plugin: "));
    CHECK(bench.commands.requests.empty());
    CHECK(bench.network.connections.empty());
  }
}

TEST_CASE("spent host calls are a code, and end a call of log") {
  PluginOptions options = granted({"exec:example", "network:outbound:example", "fs:write:/**", "fs:read:/**"});
  options.limits.host_calls = 0;
  CHECK(PluginBench(plugin(call("fs_read", {0, 1}) + "i32.wrap_i64", "/"), options).call() == "0");
  CHECK(PluginBench(plugin(call("fs_write", {0, 1, 0, 0}), "/"), options).call() == "1");
  CHECK(PluginBench(plugin(call("exec", {0, 7}), "example"), options).call() == "1");
  CHECK(PluginBench(plugin(call("net", {0, 7, 0, 0}), "example"), options).call() == "3");
  CHECK(PluginBench(plugin(call("config", {0, 1}) + "i32.wrap_i64", "a"), options).call() == "0");
  CHECK(PluginBench(plugin(call("callback", {1024, 6, 0, 0})), options).call() == "1");
  CHECK(PluginBench(plugin(call("log", {0, 0, 0, 0}) + number(0)), options).call().starts_with("policy: limits.host_calls is spent"));
}

TEST_CASE("every way to write a function's name is the same function") {
  struct Name {
    const char *module, *name;
  };
  for (const Name& name : {Name{"samuel", "config_get"}, Name{"samuel", "config.get"}, Name{"samuel", "samuel.config.get"},
                           Name{"samuel.config", "get"}, Name{"env", "samuel.config.get"}}) {
    CAPTURE(name.module);
    CAPTURE(name.name);
    PluginOptions options;
    options.config["k"] = "1";
    PluginBench bench("(module (import \"" + std::string(name.module) + "\" \"" + name.name +
                      "\" (func $get (param i32 i32) (result i64))) (memory (export \"memory\") 1) (data (i32.const 0) \"k\")"
                      "(func (export \"samuel_alloc\") (param i32) (result i32) i32.const 64)"
                      "(func (export \"run\") (result i64) (call $get (i32.const 0) (i32.const 1))))", options);
    CHECK(bench.call() == "64");
  }
  CHECK(samuel_capability("samuel", "fs_read") == "fs:read");
  CHECK(!samuel_capability("env", "fs_read"));
  CHECK(!samuel_capability("samuel", "read"));
}

TEST_CASE("the zero value denies everything") {
  PluginBench bench("(module (import \"samuel\" \"exec\" (func $exec (param i32 i32) (result i32)))"
                    "(import \"samuel\" \"net_outbound\" (func $net (param i32 i32 i32 i32) (result i32)))"
                    "(import \"samuel\" \"fs_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
                    "(memory (export \"memory\") 1) (data (i32.const 0) \"/bin/ls\")"
                    "(func (export \"run\") (result i32 i32 i32) (call $exec (i32.const 0) (i32.const 7))"
                    "(call $net (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 0))"
                    "(call $write (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 1))))");
  CHECK(bench.call() == "[2,2,2]");
}

}  // namespace
}  // namespace wplug
