// Plugins for tests of the ABI `reglet`, written as text, and the services they are given.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "wplug/abis.h"
#include "wplug/plugin.h"
#include "wplug/text.h"

namespace wplug {

// `text` as the body of a string of the text format.
inline std::string wat_string(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      out += c;
    } else {
      out += {'\\', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

inline std::string packed(uint64_t at, uint64_t length) { return "(i64.const " + std::to_string(at << 32 | length) + ")"; }

// A plugin that sends `request` to `function` when it observes, and gives the answer as the evidence's data. Parts of it
// are replaced where a test wants another one. Texts lie at 1024 (description), 8192 (schema), 16384 (request); evidence
// is put together at 32768; allocate gives memory from 131072 on.
struct RegletText {
  std::string function = "env_get";
  std::string request = "{}";
  std::string description =
      R"({"name":"test","version":"1.2.3","capabilities":[{"kind":"fs","pattern":"read:**"},{"kind":"env","pattern":"*"},)"
      R"({"kind":"network","pattern":"outbound:*"},{"kind":"exec","pattern":"**"},{"kind":"fs","pattern":"write:**"}]})";
  std::string schema = R"({"type":"object"})";
  std::string allocate = "(global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0)))";
  std::string observe;  // empty: what is said above
  std::string initialize;
  std::string more;
  std::string names[3] = {"describe", "schema", "observe"};

  static constexpr std::string_view kHead = "{\"status\":true,\"data\":";

  std::string wrap_answer() const {
    return "(local $answer i64) (local $length i32) (local.set $answer (call $ask " + packed(16384, request.size()) +
           ")) (local.set $length (i32.wrap_i64 (local.get $answer)))"
           "(memory.copy (i32.const " + std::to_string(32768 + kHead.size()) +
           ") (i32.wrap_i64 (i64.shr_u (local.get $answer) (i64.const 32))) (local.get $length))"
           "(i32.store8 (i32.add (i32.const " + std::to_string(32768 + kHead.size()) +
           ") (local.get $length)) (i32.const 125))"
           "(i64.or (i64.const " + std::to_string(uint64_t{32768} << 32) + ") (i64.extend_i32_u (i32.add (i32.const " +
           std::to_string(kHead.size() + 1) + ") (local.get $length))))";
  }
  std::string data(uint64_t at, std::string_view text) const {
    return "(data (i32.const " + std::to_string(at) + ") \"" + wat_string(text) + "\")\n";
  }
  std::string text() const {
    std::string out = "(module (import \"reglet_host\" \"" + function + "\" (func $ask (param i64)" +
                      (function == "log_message" ? "" : " (result i64)") + "))\n"
                      "(import \"reglet_host\" \"log_message\" (func $log (param i64)))\n"
                      "(memory (export \"memory\") 4) (global $next (mut i32) (i32.const 131072))\n"
                      "(func (export \"allocate\") (param i32) (result i32) " + allocate + ")\n"
                      "(func (export \"deallocate\") (param i32 i32))\n"
                      "(func (export \"" + names[0] + "\") (result i64) " + packed(1024, description.size()) + ")\n";
    if (!names[1].empty()) {
      out += "(func (export \"" + names[1] + "\") (result i64) " + packed(8192, schema.size()) + ")\n";
    }
    if (!initialize.empty()) out += "(func (export \"_initialize\") " + initialize + ")\n";
    out += "(func (export \"" + names[2] + "\") (param i32 i32) (result i64) " +
           (observe.empty() ? wrap_answer() : observe) + ")\n";
    return out + more + data(1024, description) + data(8192, schema) + data(16384, request) + data(32768, kHead) + ")";
  }
};

class RecordingLog : public LogSink {
 public:
  void write(std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

// Services that answer what a test put there, and remember what they were asked.
class FakeNetwork : public Network {
 public:
  DnsReply lookup(const DnsQuery& query, const NetworkTerms& terms) override {
    note(terms);
    asked = std::string(query.name) + " " + std::to_string(static_cast<int>(query.type)) + " " +
            std::string(query.nameserver);
    return dns;
  }
  TcpReply connect(const TcpQuery& query, const NetworkTerms& terms) override {
    note(terms);
    asked = std::string(query.host) + " " + std::to_string(query.port) + (query.tls ? " tls" : "");
    return tcp;
  }
  SmtpReply greet(const SmtpQuery& query, const NetworkTerms& terms) override {
    note(terms);
    asked = std::string(query.host) + " " + std::to_string(query.port) + (query.starttls ? " starttls" : "");
    return smtp;
  }
  DnsReply dns;
  TcpReply tcp;
  SmtpReply smtp;
  std::string asked, plugin;
  std::chrono::steady_clock::time_point deadline;

 private:
  void note(const NetworkTerms& terms) {
    plugin = terms.policy->plugin;
    deadline = terms.deadline;
  }
};

class FakeRequests : public HttpClient {
 public:
  HttpReply send(const HttpRequest& request) override {
    asked = std::string(request.method) + " " + std::string(request.url) + " " + std::string(request.body);
    headers = request.headers;
    truncate = request.truncate;
    return reply;
  }
  HttpReply reply;
  HttpHeaders headers;
  std::string asked;
  bool truncate = false;
};

class FakeCommands : public CommandRunner {
 public:
  CommandReply run(const CommandRequest& request) override {
    asked = request.command;
    for (const std::string& argument : request.arguments) asked += " " + argument;
    for (const auto& [name, value] : request.environment) asked += " " + name + "=" + value;
    if (!request.directory.empty()) asked += " in " + request.directory;
    return reply;
  }
  CommandReply reply;
  std::string asked;
};

class FakeFiles : public FileAccess {
 public:
  FileReply read(const Policy&, std::string_view path, uint64_t) override {
    asked = "read " + std::string(path);
    return reply;
  }
  FileReply write(const Policy&, std::string_view path, std::string_view data) override {
    asked = "write " + std::string(path) + " " + std::string(data);
    return reply;
  }
  FileReply reply;
  std::string asked;
};

inline Module compile_text(const Engine& engine, const std::string& text) {
  const auto bytes = parse_wat(text);
  REQUIRE_MESSAGE(bytes.ok(), bytes.error().to_string());
  auto module = Module::compile(engine, *bytes, "test");
  REQUIRE_MESSAGE(module.ok(), module.error().to_string());
  return std::move(*module);
}

// A plugin loaded and ready, with fake services.
struct RegletBench {
  explicit RegletBench(const RegletText& text, PluginOptions options = {}, bool with_services = true) {
    const auto engine = Engine::create();
    REQUIRE(engine.ok());
    options.name = "stage";
    HostServices services;
    services.log = &log;
    services.environment = &environment;
    if (with_services) {
      services.http = &http;
      services.network = &network;
      services.commands = &commands;
      services.files = &files;
    }
    auto loaded = Plugin::load(*engine, compile_text(*engine, text.text()), options, plugin_abis(), services);
    REQUIRE_MESSAGE(loaded.ok(), loaded.error().to_string());
    plugin = *loaded;
    instance = PluginInstance::start(*plugin, failure);
  }

  // The result, or "kind: message".
  std::string call(std::string_view input = "", std::string_view entry = "") {
    if (!instance) return "start: " + std::string(to_string(failure.kind)) + ": " + failure.message;
    std::string output;
    const auto failed = instance->call(input, output, entry);
    return failed ? std::string(to_string(failed->kind)) + ": " + failed->message : output;
  }
  // The host function's answer, out of the evidence.
  std::string answer() {
    const std::string output = call();
    const size_t begin = output.find("\"data\":");
    REQUIRE_MESSAGE(begin != std::string::npos, output);
    return output.substr(begin + 7, output.size() - begin - 8);
  }

  RecordingLog log;
  FakeRequests http;
  FakeNetwork network;
  FakeCommands commands;
  FakeFiles files;
  std::map<std::string, std::string> environment = {{"HOME", "/root"}, {"AWS_REGION", "eu"}};
  std::shared_ptr<const Plugin> plugin;
  Failure failure;
  std::unique_ptr<PluginInstance> instance;
};

inline PluginOptions granting(std::string_view capability) {
  PluginOptions options;
  REQUIRE(options.grants.add(capability).ok());
  return options;
}

}  // namespace wplug
