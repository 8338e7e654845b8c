// A plugin from text, loaded with services that tests look into.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "wplug/abis.h"
#include "wplug/plugin.h"
#include "wplug/text.h"

namespace wplug {

class FakeLog : public LogSink {
 public:
  void write(std::string_view, std::string_view text) override { lines.emplace_back(text); }
  bool has(std::string_view part) const {
    for (const std::string& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }
  std::vector<std::string> lines;
};

class FakeFiles : public FileAccess {
 public:
  FileReply read(const Policy& policy, std::string_view path, uint64_t max_bytes) override {
    const Decision decision = authorize(policy, {CapabilityKind::fs_read, path});
    if (!decision.allowed) return {FileOutcome::denied, "", decision.reason};
    const auto found = files.find(path);
    if (found == files.end()) return {FileOutcome::not_found, "", "there is no such file"};
    if (found->second.size() > max_bytes) return {FileOutcome::too_large, "", "is too large"};
    return {FileOutcome::ok, found->second, ""};
  }
  FileReply write(const Policy& policy, std::string_view path, std::string_view data) override {
    const Decision decision = authorize(policy, {CapabilityKind::fs_write, path});
    if (!decision.allowed) return {FileOutcome::denied, "", decision.reason};
    if (path.ends_with("/full")) return {FileOutcome::failed, "", "no space"};
    files[std::string(path)] = data;
    return {FileOutcome::ok, "", ""};
  }
  std::map<std::string, std::string, std::less<>> files;
};

class FakeCommands : public CommandRunner {
 public:
  CommandReply run(const CommandRequest& request) override {
    requests.push_back(request);
    return reply;
  }
  CommandReply reply;
  std::vector<CommandRequest> requests;
};

class FakeNetwork : public Network {
 public:
  DnsReply lookup(const DnsQuery&, const NetworkTerms&) override { return {}; }
  SmtpReply greet(const SmtpQuery&, const NetworkTerms&) override { return {}; }
  TcpReply connect(const TcpQuery& query, const NetworkTerms&) override {
    connections.push_back(std::string(query.host) + " " + std::to_string(query.port) + " " + std::string(query.body));
    return reply;
  }
  TcpReply reply;
  std::vector<std::string> connections;
};

struct PluginBench {
  explicit PluginBench(std::string_view text, PluginOptions options = {}, std::string_view abi = {}) {
    const auto engine = Engine::create();
    REQUIRE(engine.ok());
    const auto bytes = parse_wat(text);
    REQUIRE_MESSAGE(bytes.ok(), bytes.error().to_string());
    auto module = Module::compile(*engine, *bytes, "test");
    REQUIRE_MESSAGE(module.ok(), module.error().to_string());
    options.name = "plugin";
    if (!options.limits.timeout) options.limits.timeout = std::chrono::seconds(20);
    HostServices services;
    services.log = &log;
    services.files = &files;
    services.commands = &commands;
    services.network = &network;
    services.callbacks = &callbacks;
    auto loaded = Plugin::load(*engine, std::move(*module), options, plugin_abis(), services, abi);
    if (!loaded.ok()) {
      failure.message = loaded.error().message();
      return;
    }
    plugin = *loaded;
    instance = PluginInstance::start(*plugin, failure);
  }

  // The result, or "kind: message".
  std::string call(std::string_view input = "", std::string_view entry = "") {
    REQUIRE_MESSAGE(instance, failure.message);
    std::string output;
    const auto failed = instance->call(input, output, entry);
    return failed ? std::string(to_string(failed->kind)) + ": " + failed->message : output;
  }

  FakeLog log;
  FakeFiles files;
  FakeCommands commands;
  FakeNetwork network;
  PluginCallbacks callbacks;
  std::shared_ptr<const Plugin> plugin;
  Failure failure;  // of loading or starting
  std::unique_ptr<PluginInstance> instance;
};

inline PluginOptions granted(std::initializer_list<const char*> capabilities) {
  PluginOptions options;
  for (const char* capability : capabilities) REQUIRE(options.grants.add(capability).ok());
  return options;
}

}  // namespace wplug
