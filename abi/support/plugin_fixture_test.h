// A plugin from text under test: loaded with every ABI there is, started, called.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wplug/abis.h"
#include "wplug/plugin.h"
#include "wplug/text.h"

namespace wplug {

inline Module compile_text(const Engine& engine, std::string_view text) {
  auto bytes = parse_wat(text);
  REQUIRE_MESSAGE(bytes.ok(), bytes.error().to_string());
  auto module = Module::compile(engine, std::move(*bytes), "test");
  REQUIRE_MESSAGE(module.ok(), module.error().to_string());
  return std::move(*module);
}

inline Engine test_engine() {
  auto engine = Engine::create();
  REQUIRE(engine.ok());
  return std::move(*engine);
}

class CollectedLog : public LogSink {
 public:
  void write(std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

// Answers every request with what it is set to, and remembers it.
class CannedHttp : public HttpClient {
 public:
  HttpReply send(const HttpRequest& request) override {
    asked = std::string(request.method) + " " + std::string(request.url) + " " + std::string(request.body);
    for (const auto& [name, value] : request.headers) asked += " " + name + "=" + value;
    return reply;
  }
  HttpReply reply;
  std::string asked;
};

// One plugin at work; `failure` has what went wrong last.
class PluginUnderTest {
 public:
  explicit PluginUnderTest(std::string_view text, PluginOptions options = {}, std::string_view abi = {})
      : engine(test_engine()) {
    services.log = &log;
    services.http = &http;
    if (options.name.empty()) options.name = "test";
    auto loaded = Plugin::load(engine, compile_text(engine, text), std::move(options), plugin_abis(), services, abi);
    if (!loaded.ok()) {
      complaint = loaded.error().message();
      return;
    }
    plugin = std::move(*loaded);
    start();
  }

  void start() {
    Failure failed;
    instance = PluginInstance::start(*plugin, failed);
    if (!instance) complaint = failed.message;
  }

  // The result; what failed, as "kind: message", when there is none.
  std::string call(std::string_view input = {}, std::string_view entry = {}) {
    if (!instance) return "not started: " + complaint;
    std::string output;
    const auto failed = instance->call(input, output, entry);
    if (!failed) return output;
    // As the host does: an instance in doubt is not called again.
    if (!failed->keeps_instance()) start();
    return std::string(to_string(failed->kind)) + ": " + failed->message;
  }

  Engine engine;
  CollectedLog log;
  CannedHttp http;
  HostServices services;
  std::shared_ptr<const Plugin> plugin;
  std::unique_ptr<PluginInstance> instance;
  std::string complaint;  // why it was not loaded or started
};

}  // namespace wplug
