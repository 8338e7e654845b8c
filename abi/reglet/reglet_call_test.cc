// Calls of small plugins, honest and hostile.
#include <doctest/doctest.h>

#include "abi/reglet/reglet_plugin_test.h"
#include "host/base64.h"
#include "host/json_document.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

RegletText asking(std::string function, std::string request) {
  RegletText text;
  text.function = std::move(function);
  text.request = std::move(request);
  return text;
}

Json error_in(const std::string& answer) {
  const auto json = parse_json(answer);
  REQUIRE_MESSAGE(json.ok(), answer);
  const Json* error = json->find("error");
  REQUIRE_MESSAGE(error != nullptr, answer);
  return *error;
}

std::string type_and_code(const std::string& answer) {
  const Json error = error_in(answer);
  std::string text = std::string(error.string_of("type")) + "/" + std::string(error.string_of("code"));
  if (error.boolean_of("is_timeout")) text += " timeout";
  if (error.boolean_of("is_not_found")) text += " not found";
  return text;
}

TEST_CASE("dns_lookup gives records, or what went wrong") {
  RegletBench bench(asking("dns_lookup", R"({"hostname":"h.test","type":"txt","nameserver":"127.0.0.1:5353"})"));
  bench.network.dns = {NetworkOutcome::ok, {"one", "two"}, {}, ""};
  CHECK(bench.answer() == R"({"records":["one","two"]})");
  CHECK(bench.network.asked == "h.test 4 127.0.0.1:5353");
  CHECK(bench.network.plugin == "stage");
  bench.network.dns = {NetworkOutcome::ok, {}, {{"mx.test", 10}}, ""};
  CHECK(bench.answer() == R"({"mx_records":[{"host":"mx.test","pref":10}]})");
  const std::pair<NetworkOutcome, const char*> problems[] = {{NetworkOutcome::denied, "capability/denied"},
                                                             {NetworkOutcome::not_found, "network/not_found not found"},
                                                             {NetworkOutcome::failed, "network/failed"},
                                                             {NetworkOutcome::timed_out, "timeout/timed_out timeout"},
                                                             {NetworkOutcome::invalid, "validation/invalid"}};
  for (const auto& [outcome, wanted] : problems) {
    bench.network.dns = {outcome, {}, {}, "because"};
    const std::string answer = bench.answer();
    CHECK(type_and_code(answer) == wanted);
    CHECK(error_in(answer).string_of("message") == "because");
  }
}

TEST_CASE("dns_lookup refuses what it cannot ask for") {
  CHECK(type_and_code(RegletBench(asking("dns_lookup", R"({"type":"A"})")).answer()) == "validation/invalid");
  CHECK(type_and_code(RegletBench(asking("dns_lookup", R"({"hostname":"h","type":"SOA"})")).answer()) ==
        "validation/invalid");
}

TEST_CASE("http_request sends method, headers and body and gives status, headers and body") {
  RegletBench bench(asking("http_request", R"({"method":"POST","url":"http://h/","headers":{"A":["1","2"]},"body":"aGk="})"));
  bench.http.reply.outcome = HttpOutcome::ok;
  bench.http.reply.status = 201;
  bench.http.reply.headers = {{"X", "1"}, {"Y", "2"}, {"X", "3"}};
  bench.http.reply.body = "yes";
  CHECK(bench.answer() == R"({"status_code":201,"headers":{"X":["1","3"],"Y":["2"]},"body":"eWVz"})");
  CHECK(bench.http.asked == "POST http://h/ hi");
  CHECK(bench.http.headers == HttpHeaders{{"A", "1"}, {"A", "2"}});
  CHECK(bench.http.truncate);
  bench.http.reply.truncated = true;
  CHECK(bench.answer().find("\"body_truncated\":true") != std::string::npos);
  const std::pair<HttpOutcome, const char*> problems[] = {{HttpOutcome::denied, "capability/denied"},
                                                          {HttpOutcome::exhausted, "capability/exhausted"},
                                                          {HttpOutcome::failed, "network/failed"},
                                                          {HttpOutcome::timed_out, "timeout/timed_out timeout"},
                                                          {HttpOutcome::invalid, "validation/invalid"}};
  for (const auto& [outcome, wanted] : problems) {
    bench.http.reply.outcome = outcome;
    CHECK(type_and_code(bench.answer()) == wanted);
  }
}

TEST_CASE("http_request refuses bodies that are not base64 and headers that are no texts") {
  CHECK(type_and_code(RegletBench(asking("http_request", R"({"url":"http://h/","body":"?"})")).answer()) ==
        "validation/invalid");
  RegletBench bench(asking("http_request", R"({"url":"http://h/","headers":{"A":[1]}})"));
  CHECK(type_and_code(bench.answer()) == "validation/invalid");
  CHECK(bench.http.asked.empty());
}

TEST_CASE("tcp_connect tells how a server answers") {
  RegletBench bench(asking("tcp_connect", R"({"host":"::1","port":"443","tls":true})"));
  TcpReply& reply = bench.network.tcp;
  reply.outcome = NetworkOutcome::ok;
  reply.connected = true;
  reply.remote_address = "[::1]:443";
  reply.response_time = 12ms;
  reply.tls.version = "TLS 1.3";
  reply.tls.not_after = "2030-01-01T00:00:00Z";
  CHECK(bench.answer() == R"({"connected":true,"address":"[::1]:443","remote_addr":"[::1]:443","response_time_ms":12,)"
                          R"("tls":true,"tls_version":"TLS 1.3","tls_cert_not_after":"2030-01-01T00:00:00Z"})");
  CHECK(bench.network.asked == "::1 443 tls");
  reply.outcome = NetworkOutcome::timed_out;
  const std::string answer = bench.answer();
  CHECK(type_and_code(answer) == "timeout/timed_out timeout");
  CHECK(answer.starts_with("{\"connected\":false,"));
}

TEST_CASE("a port is a number from 1 to 65535, as a text or not") {
  for (const char* port : {"0", "65536", "-1", "\"\"", "\"80x\"", "\"0\"", "null", "1.5", "99999999999999999999"}) {
    for (const char* function : {"tcp_connect", "net_connect", "smtp_connect"}) {
      RegletBench bench(asking(function, std::string(R"({"host":"h","port":)") + port + "}"));
      CHECK(type_and_code(bench.answer()) == "validation/invalid");
      CHECK(bench.network.asked.empty());
    }
  }
  RegletBench bench(asking("net_connect", R"({"host":"h","port":25})"));
  bench.network.tcp.outcome = NetworkOutcome::ok;
  bench.network.tcp.connected = true;
  CHECK(bench.answer() == R"({"connected":true,"address":"h:25"})");
}

TEST_CASE("smtp_connect gives the banner") {
  RegletBench bench(asking("smtp_connect", R"({"host":"mail","port":"25","starttls":true})"));
  bench.network.smtp.outcome = NetworkOutcome::ok;
  bench.network.smtp.connected = true;
  bench.network.smtp.banner = "220 hello";
  CHECK(bench.answer() ==
        R"({"connected":true,"address":"mail:25","banner":"220 hello","response_time_ms":0,"tls":false})");
  CHECK(bench.network.asked == "mail 25 starttls");
}

TEST_CASE("exec_command runs a program with arguments, directory and environment") {
  RegletBench bench(asking("exec_command", R"({"command":"ls","args":["-l","x y"],"dir":"/tmp","env":["A=b=c"]})"));
  CommandReply& reply = bench.commands.reply;
  reply.outcome = CommandOutcome::ok;
  reply.exit_code = 3;
  reply.out = "out\xff";
  reply.err = "err";
  reply.duration = 5ms;
  CHECK(bench.answer() == "{\"stdout\":\"out\xef\xbf\xbd\",\"stderr\":\"err\",\"exit_code\":3,\"duration_ms\":5}");
  CHECK(bench.commands.asked == "ls -l x y A=b=c in /tmp");
  reply.outcome = CommandOutcome::timed_out;
  const std::string answer = bench.answer();
  CHECK(type_and_code(answer) == "timeout/timed_out timeout");
  CHECK(answer.find("\"is_timeout\":true}") != std::string::npos);
  reply.outcome = CommandOutcome::denied;
  CHECK(type_and_code(bench.answer()) == "capability/denied");
  reply.outcome = CommandOutcome::not_found;
  CHECK(type_and_code(bench.answer()) == "internal/not_found not found");
}

TEST_CASE("commands that are not well formed are not run") {
  for (const char* request : {R"({"args":[]})", R"({"command":"ls","args":"-l"})", R"({"command":"ls","args":[1]})",
                              R"({"command":"ls","env":["A"]})", R"({"command":"ls","env":["=b"]})"}) {
    RegletBench bench(asking("exec_command", request));
    CHECK(type_and_code(bench.answer()) == "validation/invalid");
    CHECK(bench.commands.asked.empty());
  }
  RegletBench run(asking("exec_run", R"({"command":"true","args":[]})"));
  run.commands.reply.outcome = CommandOutcome::ok;
  run.commands.reply.exit_code = 0;
  CHECK(run.answer() == R"({"stdout":"","stderr":"","exit_code":0})");
}

TEST_CASE("fs_read and fs_write carry bytes as base64") {
  RegletBench read(asking("fs_read", R"({"path":"/etc/hosts"})"));
  read.files.reply = {FileOutcome::ok, std::string("\0\xff", 2), ""};
  CHECK(read.answer() == R"({"data":"AP8="})");
  CHECK(read.files.asked == "read /etc/hosts");
  for (const auto& [outcome, wanted] : {std::pair{FileOutcome::denied, "capability/denied"},
                                        std::pair{FileOutcome::not_found, "internal/not_found not found"},
                                        std::pair{FileOutcome::too_large, "validation/too_large"},
                                        std::pair{FileOutcome::failed, "internal/failed"},
                                        std::pair{FileOutcome::invalid, "validation/invalid"}}) {
    read.files.reply.outcome = outcome;
    CHECK(type_and_code(read.answer()) == wanted);
  }
  RegletBench write(asking("fs_write", R"({"path":"/tmp/x","data":"aGk="})"));
  write.files.reply.outcome = FileOutcome::ok;
  CHECK(write.answer() == "{}");
  CHECK(write.files.asked == "write /tmp/x hi");
  RegletBench text(asking("fs_write", R"({"path":"/tmp/x","data":"plain text"})"));
  CHECK(type_and_code(text.answer()) == "validation/invalid");
  CHECK(text.files.asked.empty());
}

TEST_CASE("env_get gives what is granted and declared") {
  RegletText text = asking("env_get", R"({"name":"AWS_REGION"})");
  CHECK(RegletBench(text, granting("env:AWS_*")).answer() == R"({"value":"eu","found":true})");
  const Json denied = error_in(RegletBench(text).answer());
  CHECK(denied.string_of("type") == "capability");
  CHECK(denied.string_of("message") ==
        "plugin \"stage\" may not env:AWS_REGION: grants.env = [\"AWS_REGION\"] would allow it");
  text.description = R"({"name":"test"})";
  CHECK(error_in(RegletBench(text, granting("env:AWS_*")).answer()).string_of("message") ==
        "plugin \"stage\" may not env:AWS_REGION: it is granted, but the plugin does not declare it");
  const RegletText missing = asking("env_get", R"({"name":"AWS_NONE"})");
  CHECK(RegletBench(missing, granting("env:AWS_*")).answer() == R"({"value":"","found":false})");
}

TEST_CASE("a service that this host does not have is one that is denied") {
  for (const auto& [function, request] :
       {std::pair{"dns_lookup", R"({"hostname":"h"})"}, std::pair{"tcp_connect", R"({"host":"h","port":"1"})"},
        std::pair{"smtp_connect", R"({"host":"h","port":"1"})"}, std::pair{"net_connect", R"({"host":"h","port":"1"})"},
        std::pair{"http_request", R"({"url":"http://h/"})"}, std::pair{"exec_command", R"({"command":"ls"})"},
        std::pair{"exec_run", R"({"command":"ls"})"}, std::pair{"fs_read", R"({"path":"/x"})"},
        std::pair{"fs_write", R"({"path":"/x","data":""})"}}) {
    RegletBench bench(asking(function, request), {}, false);
    CHECK(type_and_code(bench.answer()) == "capability/denied");
  }
}

TEST_CASE("a request's context ends it sooner, never later") {
  const auto deadline_of = [](const std::string& context) {
    PluginOptions options;
    options.limits.timeout = 60s;
    RegletBench bench(asking("dns_lookup", R"({"hostname":"h","context":)" + context + "}"), options);
    const auto begin = std::chrono::steady_clock::now();
    (void)bench.answer();
    return bench.network.deadline - begin;
  };
  CHECK(deadline_of("{}") > 59s);
  CHECK(deadline_of("null") > 59s);
  CHECK(deadline_of(R"({"timeout_ms":30000})") < 50s);
  CHECK(deadline_of(R"({"timeout_ms":9223372036854775807})") < 61s + 60s);
  CHECK(deadline_of(R"({"timeout_ms":-5,"deadline":"0001-01-01T00:00:00Z"})") > 59s);
  CHECK(deadline_of(R"({"deadline":"2200-01-01T00:00:00Z","timeout_ms":20000})") < 40s);
}

TEST_CASE("a request whose deadline is over or that was cancelled reaches no service") {
  RegletBench late(asking("dns_lookup", R"({"hostname":"h","context":{"deadline":"2001-02-03T04:05:06Z"}})"));
  CHECK(type_and_code(late.answer()) == "timeout/timed_out timeout");
  CHECK(late.network.asked.empty());
  for (const char* key : {"Canceled", "canceled"}) {
    RegletBench cancelled(asking("fs_read", std::string(R"({"path":"/x","context":{")") + key + "\":true}}"));
    CHECK(type_and_code(cancelled.answer()) == "timeout/cancelled");
    CHECK(cancelled.files.asked.empty());
  }
}

TEST_CASE("a request that is no JSON object is answered with an error") {
  for (const std::string& request : {std::string(), std::string("x"), std::string("[]"), std::string("{\"a\":1,\"a\":2}"),
                                     std::string(5000, '[')}) {
    RegletBench bench(asking("dns_lookup", request));
    CHECK(type_and_code(bench.answer()) == "validation/invalid");
    CHECK(bench.network.asked.empty());
  }
}

TEST_CASE("log lines have level, message and attributes") {
  RegletText text = asking("log_message", R"({"level":"WARN","message":"low disk","attrs":[{"key":"free","type":"int64",)"
                                          R"("value":"12"},{"key":"on","type":"string","value":"a b"}]})");
  text.observe = "(call $ask " + packed(16384, text.request.size()) + ") " + packed(0, 0);
  RegletBench bench(text);
  CHECK(bench.call() == "plugin: observe returned nothing");
  CHECK(bench.log.lines == std::vector<std::string>{"WARN low disk free=12 on=\"a b\""});
  text.request = "{";
  text.observe = "(call $ask " + packed(16384, 1) + ") " + packed(0, 0);
  RegletBench broken(text);
  CHECK(broken.call() == "plugin: observe returned nothing");
  CHECK(broken.log.lines == std::vector<std::string>{"log_message: what the plugin gave is not JSON"});
}

TEST_CASE("a plugin that goes on calling after its budget gets errors, and logging then ends it") {
  PluginOptions options = granting("env:*");
  options.limits.host_calls = 1;
  RegletText text = asking("env_get", R"({"name":"HOME"})");
  CHECK(RegletBench(text, options).answer() == R"({"value":"/root","found":true})");
  options.limits.host_calls = 0;
  CHECK(type_and_code(RegletBench(text, options).answer()) == "capability/exhausted");
  text.observe = "(call $log " + packed(16384, text.request.size()) + ") " + packed(0, 0);
  CHECK(RegletBench(text, options).call().starts_with("policy: limits.host_calls is spent"));
}

TEST_CASE("pointers outside the memory are the plugin's error") {
  // Memory: 4 pages, 262144 bytes.
  for (const auto& [at, length] : {std::pair<uint64_t, uint64_t>{262144, 1}, {262140, 5}, {0xffffffff, 0xffffffff},
                                   {1, 0xffffffff}, {0xffffffff, 1}}) {
    RegletText text;
    text.observe = "(call $ask " + packed(at, length) + ")";
    RegletBench request(text);
    CHECK(request.call().starts_with("invalid_pointer: invalid pointer from plugin: env_get was given "));
    text.observe = packed(at, length);
    RegletBench result(text);
    CHECK(result.call().starts_with("invalid_pointer: invalid pointer from plugin: observe gave "));
  }
}

TEST_CASE("an allocate that gives nothing or a place outside is the plugin's error") {
  RegletText text;
  text.allocate = "(i32.const 0)";
  CHECK(RegletBench(text).call() == "host: allocate(2) returned 0, for the configuration");
  text.allocate = "(i32.const -1)";
  CHECK(RegletBench(text).call().starts_with("invalid_pointer: invalid pointer from plugin: allocate gave 2 bytes at "));
  // Honest for the configuration, not for the answer.
  text.more = "(global $count (mut i32) (i32.const 0))";
  text.allocate = "(global.set $count (i32.add (global.get $count) (i32.const 1)))"
                  "(if (result i32) (i32.eq (global.get $count) (i32.const 1)) (then (i32.const 131072)) (else (i32.const 262143)))";
  CHECK(RegletBench(text).call().starts_with("invalid_pointer: invalid pointer from plugin: allocate gave "));
  text.allocate = "(global.set $count (i32.add (global.get $count) (i32.const 1)))"
                  "(if (result i32) (i32.eq (global.get $count) (i32.const 1)) (then (i32.const 131072)) (else (unreachable)))";
  CHECK(RegletBench(text).call().starts_with("trap: unreachable"));
}

TEST_CASE("an allocate that grows the memory moves nothing that the host still holds") {
  RegletText text = asking("env_get", R"({"name":"HOME"})");
  // Each allocation grows by 64 pages and lies in the new part.
  text.allocate = "(i32.mul (memory.grow (i32.const 64)) (i32.const 65536))";
  CHECK(RegletBench(text, granting("env:HOME")).answer() == R"({"value":"/root","found":true})");
}

TEST_CASE("an allocate that calls host functions does not go round in circles") {
  RegletText text;
  text.allocate = "(drop (call $ask " + packed(16384, 2) + ")) (i32.const 131072)";
  CHECK(RegletBench(text).call() == "host: the plugin's allocate called env_get, whose answer needs it");
  // Logging needs no answer.
  text.allocate = "(call $log " + packed(16384, 2) + ") (i32.const 131072)";
  RegletBench logging(text);
  CHECK(type_and_code(logging.answer()) == "validation/invalid");
  CHECK(logging.log.lines.size() == 2);
}

TEST_CASE("host functions work while the plugin starts") {
  RegletText text;
  text.request = R"({"level":"INFO","message":"up"})";
  text.initialize = "(call $log " + packed(16384, text.request.size()) + ") (drop (call $ask " +
                    packed(16384, text.request.size()) + "))";
  RegletBench bench(text);
  CHECK(type_and_code(bench.answer()) == "validation/invalid");
  // Once to be asked what it is, once to work.
  CHECK(bench.log.lines == std::vector<std::string>{"INFO up", "INFO up"});
}

TEST_CASE("evidence that is not usable is the plugin's error") {
  for (const auto& [evidence, wanted] :
       {std::pair<std::string, std::string>{"x", "plugin: the evidence is not JSON"},
        {"[]", "plugin: the evidence is no JSON object"},
        {"{}", "plugin: the evidence has no status"},
        {std::string(3000, '[') + std::string(3000, ']'), "plugin: the evidence JSON is nested more than 200 deep"}}) {
    RegletText text;
    text.request = evidence;
    text.observe = packed(16384, evidence.size());
    CHECK(RegletBench(text).call() == wanted);
  }
  PluginOptions options;
  options.limits.output = 300;
  RegletText text;
  text.observe = packed(16384, 301);
  CHECK(RegletBench(text, options).call() == "plugin: observe returned 301 bytes, limits.output is 300");
}

TEST_CASE("what is observed is the configuration with the record over it") {
  RegletText text;
  // Gives the configuration back as raw text would be: as evidence, since it has a status.
  text.observe = "(i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))";
  PluginOptions options;
  options.config["status"] = "true";
  options.config["timestamp"] = "\"t\"";
  options.config["data"] = "{\"a\":1}";
  RegletBench bench(text, options);
  CHECK(bench.call() == R"({"status":true,"timestamp":"t","data":{"a":1}})");
  CHECK(bench.call(R"( {"data":{"b":2.50}})") == R"({"status":true,"timestamp":"t","data":{"b":2.50}})");
  CHECK(bench.call("{}") == R"({"status":true,"timestamp":"t","data":{"a":1}})");
  CHECK(bench.call("[1]") == "plugin: what is to be observed must be a JSON object of configuration values");
  CHECK(bench.call("{\"a\"") == "plugin: what is to be observed is not JSON");
}

TEST_CASE("describe and schema are operations") {
  RegletText text;
  text.description = R"({ "name" : "test" , "version" : "1" })";
  text.schema = "\"" + base64_encode(R"({"type": "object"})") + "\"";
  RegletBench bench(text);
  CHECK(bench.call("", "describe") == R"({"name":"test","version":"1"})");
  CHECK(bench.call("", "schema") == R"({"type":"object"})");
  CHECK(bench.call("", "destroy").starts_with("plugin: a reglet plugin has no \"destroy\""));
  Failure failure;
  const PluginDescription* description = bench.plugin->description(failure);
  REQUIRE(description != nullptr);
  CHECK(description->name == "test");
  CHECK(description->schema == R"({"type":"object"})");
}

TEST_CASE("a plugin with _manifest and _observe is used the same way") {
  RegletText text = asking("env_get", R"({"name":"HOME"})");
  text.names[0] = "_manifest";
  text.names[1] = "";
  text.names[2] = "_observe";
  text.description = R"({"name":"m","capabilities":{"env":{"vars":["HOME"]}},"config_schema":{"type":"object"}})";
  RegletBench bench(text, granting("env:HOME"));
  CHECK(bench.answer() == R"({"value":"/root","found":true})");
  CHECK(bench.call("", "schema") == R"({"type":"object"})");
}

TEST_CASE("a plugin that cannot say what it is does not start") {
  RegletText text;
  text.description = R"({"name":"test","min_host_version":"9.0.0"})";
  CHECK(RegletBench(text).call() ==
        "start: plugin: the plugin could not be asked what it is: plugin needs host version 9.0.0, this host does what "
        "reglet 0.3.5 does");
  text.description = "{}";
  CHECK(RegletBench(text).call().ends_with("describe gives no name"));
  text.description = R"({"Status":false,"Error":{"Message":"no luck"}})";
  CHECK(RegletBench(text).call().ends_with("describe says: no luck"));
}

}  // namespace
}  // namespace wplug
