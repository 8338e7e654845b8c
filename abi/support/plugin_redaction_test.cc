// Where the redactor acts, and where it does not.
#include <doctest/doctest.h>

#include "abi/support/plugin_log.h"
#include "host/fake_abi_test.h"
#include "host/pattern_services.h"

namespace wplug {
namespace {

class Lines : public LogSink {
 public:
  void write(std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

std::shared_ptr<const Redactor> redactor(std::optional<bool> outputs = std::nullopt) {
  // Links the services into the tests.
  REQUIRE(wplug_pattern_services() != nullptr);
  RedactionConfig config;
  config.builtin = true;
  config.paths = {"pin"};
  config.outputs = outputs;
  auto made = Redactor::create(config);
  REQUIRE_MESSAGE(made.ok(), made.error().message());
  return *made;
}

void write(PluginLog& log, std::string_view text) {
  log.write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

TEST_CASE("secrets do not reach the log, in lines, in streams in pieces, and in the complaint") {
  Lines sink;
  const auto masks = redactor();
  PluginLog log(&sink, "p", nullptr, masks.get());
  log.begin_call();
  log.line("password=hunter22 here");
  write(log, "panic: pass");
  write(log, "word=hunter22 there\nrest");
  log.flush();
  CHECK(sink.lines == std::vector<std::string>{"password=[REDACTED] here", "panic: password=[REDACTED] there", "rest"});
  CHECK(log.complaint() == "panic: password=[REDACTED] there");
}

TEST_CASE("a private key is masked when it comes as many messages, and ends with the call") {
  Lines sink;
  const auto masks = redactor();
  PluginLog log(&sink, "p", nullptr, masks.get());
  log.begin_call();
  for (const char* line : {"a", "-----BEGIN PRIVATE KEY-----", "abc", "-----END PRIVATE KEY-----", "b",
                           "-----BEGIN PRIVATE KEY-----", "def"}) {
    log.line(line);
  }
  log.flush();
  CHECK(sink.lines == std::vector<std::string>{"a", "[REDACTED]", "b", "[REDACTED]"});
  log.begin_call();
  log.line("def");
  CHECK(sink.lines.back() == "def");
}

TEST_CASE("several streams share one budget") {
  Lines sink;
  LogBudget budget{100, 0};
  PluginLog one(&sink, "p", &budget), two(&sink, "p", &budget);
  one.line(std::string(50, 'x'));
  two.line(std::string(50, 'y'));
  two.line("z");
  CHECK(sink.lines == std::vector<std::string>{std::string(50, 'x'), std::string(34, 'y'), "(16 bytes more)",
                                               "(what else this call writes is dropped)"});
  CHECK(budget.written == 84);
}

class ReportAbi : public FakeAbi {
 public:
  using FakeAbi::FakeAbi;
  bool redacts_output() const override { return true; }
};

Result<ReplyKind> leak(std::string_view input, int, CallState& state, std::string& text) {
  text = R"({"pin":1234,"note":"password=hunter22"})";
  if (input == "refuse") {
    text = "the password=hunter22 is wrong";
    return ReplyKind::plugin_error;
  }
  if (input == "break") {
    state.diagnostics = "password=hunter22";
    return Error(ErrorKind::host, "broken");
  }
  return ReplyKind::output;
}

std::string result(const PluginAbi& abi, std::optional<bool> outputs, std::string_view input) {
  const auto plugin = fake_plugin(static_cast<const FakeAbi&>(abi), "p", {},
                                  [&](PluginOptions& options) { options.redactor = redactor(outputs); });
  Failure failure;
  const auto instance = PluginInstance::start(*plugin, failure);
  std::string output;
  const auto failed = instance->call(input, output);
  return failed ? failed->message : output;
}

TEST_CASE("failures are masked") {
  CHECK(result(FakeAbi(leak), std::nullopt, "refuse") == "the password=[REDACTED] is wrong");
  CHECK(result(FakeAbi(leak), std::nullopt, "break") == "broken: password=[REDACTED]");
}

TEST_CASE("results are masked when the configuration says so, else when the ABI does") {
  const std::string plain = R"({"pin":1234,"note":"password=hunter22"})";
  const std::string masked = R"({"pin":"[REDACTED]","note":"password=[REDACTED]"})";
  CHECK(result(FakeAbi(leak), std::nullopt, "{}") == plain);
  CHECK(result(FakeAbi(leak), true, "{}") == masked);
  CHECK(result(ReportAbi(leak), std::nullopt, "{}") == masked);
  CHECK(result(ReportAbi(leak), false, "{}") == plain);
}

}  // namespace
}  // namespace wplug
