#include "wplug/account.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "host/fake_abi_test.h"

namespace wplug {
namespace {

using std::chrono::milliseconds;

TEST_CASE("usage adds up, but for the peak") {
  Usage total, one;
  one.calls = 1;
  one.time = milliseconds(2);
  one.peak_memory = 100;
  total.add(one);
  one.peak_memory = 50;
  total.add(one);
  CHECK(total.calls == 2);
  CHECK(total.time == milliseconds(4));
  CHECK(total.peak_memory == 100);
  CHECK(total.to_json() == R"({"calls":2,"errors":0,"instructions":0,"host_calls":0,"http_calls":0,"log_bytes":0,)"
                           R"("input_bytes":0,"output_bytes":0,"time_us":4000,"peak_memory":100})");
}

TEST_CASE("an account loses nothing when many threads add to it") {
  Account account;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&account, i] {
      for (int n = 0; n < 10'000; ++n) {
        Usage usage;
        usage.calls = 1;
        usage.instructions = 3;
        usage.peak_memory = static_cast<uint64_t>(i * 10'000 + n);
        account.add(usage);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(account.usage().calls == 40'000);
  CHECK(account.usage().instructions == 120'000);
  CHECK(account.usage().peak_memory == 39'999);
}

TEST_CASE("a budget of calls is never overdrawn, by any number of threads") {
  Budget budget;
  budget.calls = 1000;
  Account account("acme", budget);
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) allowed += account.begin_call() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(allowed == 1000);
  CHECK(account.usage().calls == 1000);
  CHECK(account.begin_call() == "tenant \"acme\" has spent its budget of calls of plugins: calls = 1,000");
}

TEST_CASE("each budget is refused by its name once it is spent") {
  Budget budget;
  budget.fuel = 10;
  budget.http_calls = 2;
  budget.time = milliseconds(5);
  const auto refusal_after = [&](auto change) {
    Account account("t", budget);
    Usage used;
    change(used);
    account.add(used);
    return account.refusal().value_or("none");
  };
  CHECK(refusal_after([](Usage& u) { u.instructions = 9; }) == "none");
  CHECK(refusal_after([](Usage& u) { u.instructions = 10; }) == "tenant \"t\" has spent its budget of instructions: fuel = 10");
  CHECK(refusal_after([](Usage& u) { u.http_calls = 2; }) ==
        "tenant \"t\" has spent its budget of requests to the network: http_calls = 2");
  CHECK(refusal_after([](Usage& u) { u.time = milliseconds(6); }) ==
        "tenant \"t\" has spent its budget of wall clock of all calls together: time = \"5ms\"");
}

TEST_CASE("what is left of a budget is never less than nothing") {
  Budget budget;
  budget.fuel = 10;
  Account account("t", budget);
  Usage used;
  used.instructions = 4;
  account.add(used);
  CHECK(account.left().fuel == 6);
  account.add(used);
  account.add(used);
  CHECK(account.left().fuel == 0);
  CHECK(!account.left().calls);
}

std::shared_ptr<const Plugin> plugin_of(const FakeAbi& abi, std::shared_ptr<Account> tenant, LimitSettings limits = {}) {
  return fake_plugin(abi, "stage", limits, [&](PluginOptions& options) { options.tenant = std::move(tenant); });
}

TEST_CASE("calls are counted by the plugin and by its tenant") {
  const FakeAbi abi([](std::string_view input, int, CallState& state, std::string& text) -> Result<ReplyKind> {
    state.host_calls_left -= 3;
    state.log_bytes = 7;
    text = "12345";
    return input == "bad" ? ReplyKind::plugin_error : ReplyKind::output;
  });
  const auto tenant = std::make_shared<Account>("acme");
  const auto plugin = plugin_of(abi, tenant);
  Failure failure;
  const auto instance = PluginInstance::start(*plugin, failure);
  REQUIRE(instance);
  std::string output;
  CHECK(!instance->call("abc", output));
  CHECK(instance->usage().input_bytes == 3);
  CHECK(instance->usage().output_bytes == 5);
  CHECK(instance->call("bad", output));
  CHECK(instance->usage().output_bytes == 0);
  for (const Usage& usage : {plugin->account().usage(), tenant->usage()}) {
    CHECK(usage.calls == 2);
    CHECK(usage.errors == 1);
    CHECK(usage.host_calls == 6);
    CHECK(usage.log_bytes == 14);
    CHECK(usage.input_bytes == 6);
    CHECK(usage.output_bytes == 5);
    CHECK(usage.time.count() > 0);
  }
}

TEST_CASE("a spent tenant is refused before the plugin sees anything") {
  int calls = 0;
  const FakeAbi abi([&calls](std::string_view input, int n, CallState& state, std::string& text) {
    ++calls;
    return echo(input, n, state, text);
  });
  Budget budget;
  budget.calls = 2;
  const auto plugin = plugin_of(abi, std::make_shared<Account>("acme", budget));
  Failure failure;
  const auto instance = PluginInstance::start(*plugin, failure);
  std::string output;
  CHECK(!instance->call("1", output));
  CHECK(!instance->call("1", output));
  const auto refused = instance->call("1", output);
  REQUIRE(refused);
  CHECK(refused->kind == FailureKind::policy);
  CHECK(exit_code(refused->kind) == 77);
  CHECK(refused->message == "tenant \"acme\" has spent its budget of calls of plugins: calls = 2");
  CHECK(calls == 2);
  CHECK(plugin->account().usage().calls == 2);
}

TEST_CASE("a call gets no more requests and no more time than its tenant has left") {
  uint64_t http = 0;
  std::chrono::steady_clock::time_point deadline;
  const FakeAbi abi([&](std::string_view, int, CallState& state, std::string& text) -> Result<ReplyKind> {
    http = state.http_calls_left;
    deadline = state.deadline;
    state.http_calls_left -= 1;
    text = "1";
    return ReplyKind::output;
  });
  Budget budget;
  budget.http_calls = 5;
  budget.time = std::chrono::hours(1);
  LimitSettings limits;
  limits.http_calls = 100;
  limits.timeout = std::chrono::nanoseconds(0);
  const auto tenant = std::make_shared<Account>("acme", budget);
  const auto plugin = plugin_of(abi, tenant, limits);
  Failure failure;
  const auto instance = PluginInstance::start(*plugin, failure);
  std::string output;
  CHECK(!instance->call("1", output));
  CHECK(http == 5);
  CHECK(deadline != std::chrono::steady_clock::time_point::max());
  CHECK(!instance->call("1", output));
  CHECK(http == 4);
  CHECK(tenant->usage().http_calls == 2);
}

}  // namespace
}  // namespace wplug
