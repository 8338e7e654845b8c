#include "wplug/plugin.h"

#include <doctest/doctest.h>

#include "host/fake_abi_test.h"
#include "wplug/trap.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

std::optional<Failure> call_once(FakeAbi::Behaviour behaviour, LimitSettings limits = {}) {
  const FakeAbi abi(std::move(behaviour));
  const auto plugin = fake_plugin(abi, "stage", limits);
  Failure failure;
  const auto instance = PluginInstance::start(*plugin, failure);
  REQUIRE(instance);
  std::string output;
  return instance->call("in", output);
}

FakeAbi::Behaviour failing(Error error) {
  return [error](std::string_view, int, CallState&, std::string&) -> Result<ReplyKind> { return error; };
}

TEST_CASE("a reply becomes the call's output") {
  const FakeAbi abi([](std::string_view input, int, CallState&, std::string& text) -> Result<ReplyKind> {
    text = std::string(input) + "!";
    return ReplyKind::output;
  });
  const auto plugin = fake_plugin(abi);
  Failure failure;
  const auto instance = PluginInstance::start(*plugin, failure);
  std::string output = "old";
  CHECK(!instance->call("hello", output));
  CHECK(output == "hello!");
}

TEST_CASE("a refusal keeps the instance and its text is the message") {
  const auto failure = call_once([](std::string_view, int, CallState&, std::string& text) -> Result<ReplyKind> {
    text = "missing user_id";
    return ReplyKind::plugin_error;
  });
  REQUIRE(failure);
  CHECK(failure->kind == FailureKind::plugin);
  CHECK(failure->message == "missing user_id");
  CHECK(failure->keeps_instance());
}

TEST_CASE("a trap has the spec's words and its backtrace, innermost first") {
  const Trap trap(TrapKind::unreachable, "unreachable", {{"m", "inner", 1, 0x10}, {"m", "outer", 2, 0x20}});
  const auto failure = call_once(failing(Error(trap)));
  REQUIRE(failure);
  CHECK(failure->kind == FailureKind::trap);
  CHECK(failure->message == "unreachable");
  CHECK(failure->backtrace == std::vector<std::string>{"m!inner @0x10", "m!outer @0x20"});
  CHECK(!failure->keeps_instance());
}

TEST_CASE("limits that were met are kinds of their own and name the limit") {
  LimitSettings limits;
  limits.timeout = 250ms;
  limits.fuel = 5'000'000;
  const auto timeout = call_once(failing(Error(Trap(TrapKind::deadline_exceeded))), limits);
  CHECK(timeout->kind == FailureKind::timeout);
  CHECK(timeout->message == "took longer than 250ms");
  const auto fuel = call_once(failing(Error(Trap(TrapKind::out_of_fuel))), limits);
  CHECK(fuel->kind == FailureKind::fuel);
  CHECK(fuel->message == "executed more than 5,000,000 instructions");
}

TEST_CASE("an exit shows its code and what the plugin wrote about it") {
  const auto failure = call_once([](std::string_view, int, CallState& state, std::string&) -> Result<ReplyKind> {
    state.diagnostics = "panic: boom";
    return Error::guest_exit(2);
  });
  CHECK(failure->kind == FailureKind::exit);
  CHECK(failure->message == "exited with code 2: panic: boom");
}

TEST_CASE("a failure after refused memory is one of memory") {
  const PluginLimits limits;
  CallState state;
  for (const Error& error : {Error(Trap(TrapKind::unreachable)), Error::guest_exit(2), Error(ErrorKind::host, "malloc returned 0")}) {
    const Failure failure = failure_of(error, limits, 3, state);
    CHECK(failure.kind == FailureKind::memory);
    CHECK(failure.message.starts_with("was refused memory beyond its limit of 1MiB, then: "));
    CHECK(failure_of(error, limits, 0, state).kind != FailureKind::memory);
  }
  // A timeout stays a timeout.
  CHECK(failure_of(Error(Trap(TrapKind::deadline_exceeded)), limits, 3, state).kind == FailureKind::timeout);
}

TEST_CASE("a host function's failure is the host's, or one of policy when a budget was spent") {
  CallState state;
  const Error error(Trap(TrapKind::host_error, "limits.host_calls is spent"));
  CHECK(failure_of(error, {}, 0, state).kind == FailureKind::host);
  state.over_budget = true;
  CHECK(failure_of(error, {}, 0, state).kind == FailureKind::policy);
}

TEST_CASE("each call has its own budget and deadline") {
  const FakeAbi abi([](std::string_view, int, CallState& state, std::string& text) -> Result<ReplyKind> {
    text = std::to_string(state.host_calls_left) + " " + std::to_string(state.headers.size());
    state.host_calls_left = 0;
    state.headers.emplace_back("a", "b");
    CHECK(state.deadline > std::chrono::steady_clock::now() + 30s);
    return ReplyKind::output;
  });
  LimitSettings limits;
  limits.host_calls = 7;
  limits.timeout = 60s;
  const auto plugin = fake_plugin(abi, "stage", limits);
  Failure failure;
  const auto instance = PluginInstance::start(*plugin, failure);
  for (int i = 0; i < 2; ++i) {
    std::string output;
    CHECK(!instance->call("", output));
    CHECK(output == "7 0");
  }
  CHECK(instance->last_call().headers.size() == 1);
}

TEST_CASE("limits.soft_timeout is warned about at the end when nothing noticed it before") {
  class Lines : public LogSink {
   public:
    void write(std::string_view, std::string_view text) override { lines.emplace_back(text); }
    std::vector<std::string> lines;
  };
  Lines log;
  const FakeAbi abi([](std::string_view, int, CallState& state, std::string&) -> Result<ReplyKind> {
    while (std::chrono::steady_clock::now() < state.soft_deadline) {
    }
    return ReplyKind::output;
  });
  LimitSettings limits;
  limits.soft_timeout = 1ms;
  HostServices services;
  services.log = &log;
  const auto plugin = fake_plugin(abi, "stage", limits, {}, services);
  Failure failure;
  const auto instance = PluginInstance::start(*plugin, failure);
  std::string output;
  CHECK(!instance->call("", output));
  REQUIRE(log.lines.size() == 1);
  CHECK(log.lines[0].starts_with("took "));
  CHECK(log.lines[0].ends_with(", longer than 1ms (limits.soft_timeout)"));
}

TEST_CASE("a start that fails says so") {
  FakeAbi abi(echo);
  const auto plugin = fake_plugin(abi);
  abi.start_error = Error(Trap(TrapKind::deadline_exceeded));
  Failure failure;
  CHECK(!PluginInstance::start(*plugin, failure));
  CHECK(failure.kind == FailureKind::timeout);
  CHECK(failure.message == "the plugin could not be started: took longer than 5s");
}

TEST_CASE("kinds have stable names and exit codes") {
  CHECK(to_string(FailureKind::invalid_pointer) == "invalid_pointer");
  CHECK(exit_code(FailureKind::plugin) == 1);
  CHECK(exit_code(FailureKind::policy) == 77);
  CHECK(exit_code(FailureKind::timeout) == 124);
  CHECK(exit_code(FailureKind::fuel) == 125);
  CHECK(exit_code(FailureKind::trap) == 134);
  CHECK(exit_code(FailureKind::memory) == 137);
}

TEST_CASE("an unknown ABI is refused by name") {
  const FakeAbi abi(echo);
  const auto engine = Engine::create();
  auto module = Module::compile(*engine, std::vector<uint8_t>{0, 'a', 's', 'm', 1, 0, 0, 0});
  const PluginAbi* const abis[] = {&abi};
  const auto plugin = Plugin::load(*engine, *module, {}, abis, {}, "extism");
  REQUIRE(!plugin.ok());
  CHECK(plugin.error().message() == "abi \"extism\" is unknown, there is: fake");
  CHECK(!Plugin::load(*engine, *module, {}, {}, {}).ok());
}

}  // namespace
}  // namespace wplug
