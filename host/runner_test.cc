// The order, the errors and the bounds of a run, with stages that need no engine.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>

#include "host/fake_abi_test.h"
#include "wplug/trap.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

class TextSource : public ByteSource {
 public:
  explicit TextSource(std::string text, size_t piece = SIZE_MAX) : text_(std::move(text)), piece_(piece) {}
  Result<size_t> read(std::span<char> buffer, const std::function<bool()>& cancelled) override {
    if (cancelled()) return size_t{0};
    const size_t size = std::min({buffer.size(), text_.size() - at_, piece_});
    std::memcpy(buffer.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }
  size_t handed_out() const { return at_; }

 private:
  std::string text_;
  size_t piece_;
  size_t at_ = 0;
};

class TextSink : public ByteSink {
 public:
  Result<void> write(std::string_view bytes) override {
    text += bytes;
    return {};
  }
  std::string text;
};

struct Outcome {
  std::string output;
  RunTotals totals;
};

Outcome run(std::vector<std::shared_ptr<const Plugin>> stages, std::string input, RunOptions options = {}) {
  TextSource source(std::move(input));
  TextSink sink;
  auto totals = run_records(Pipeline::of("test", std::move(stages)), options, source, sink);
  REQUIRE(totals.ok());
  return {sink.text, std::move(*totals)};
}

RunOptions with_jobs(unsigned jobs, OnError on_error = OnError::emit) {
  RunOptions options;
  options.jobs = jobs;
  options.on_error = on_error;
  return options;
}

std::string numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
  return text;
}

// Traps at the record "13".
Result<ReplyKind> unlucky(std::string_view input, int, CallState&, std::string& text) {
  if (input == "13") return Error(Trap(TrapKind::unreachable));
  text = input;
  return ReplyKind::output;
}

TEST_CASE("records keep their order on any number of threads") {
  const FakeAbi abi([](std::string_view input, int, CallState&, std::string& text) -> Result<ReplyKind> {
    // Work of very different length.
    uint64_t spin = std::hash<std::string_view>()(input) % 2000;
    while (spin-- > 0) text = input;
    text = input;
    return ReplyKind::output;
  });
  const auto plugin = fake_plugin(abi);
  const std::string input = numbers(3000);
  for (const unsigned jobs : {1u, 2u, 3u, 8u}) {
    const Outcome outcome = run({plugin, plugin}, input, with_jobs(jobs));
    CHECK(outcome.output == input);
    CHECK(outcome.totals.records == 3000);
    CHECK(outcome.totals.errors == 0);
    CHECK(outcome.totals.stages.at(1).calls == 3000);
  }
}

TEST_CASE("each stage gets what the one before it made") {
  const FakeAbi wrap([](std::string_view input, int, CallState&, std::string& text) -> Result<ReplyKind> {
    text = "[" + std::string(input) + "]";
    return ReplyKind::output;
  });
  const auto plugin = fake_plugin(wrap);
  CHECK(run({plugin, plugin, plugin}, "1\n2").output == "[[[1]]]\n[[[2]]]\n");
}

TEST_CASE("a failed record becomes an error line in its place and later stages do not see it") {
  const FakeAbi abi(unlucky);
  const FakeAbi after(echo);
  const Outcome outcome = run({fake_plugin(abi, "first"), fake_plugin(after, "second")}, "12\n13\n14\n");
  CHECK(outcome.output ==
        "12\n{\"error\":{\"stage\":\"first\",\"kind\":\"trap\",\"message\":\"unreachable\",\"backtrace\":[]}}\n14\n");
  CHECK(outcome.totals.errors == 1);
  CHECK(outcome.totals.stages.at(0).errors == 1);
  CHECK(outcome.totals.stages.at(1).calls == 2);
}

TEST_CASE("after a trap the instance is replaced, after a refusal it is kept") {
  const FakeAbi abi([](std::string_view input, int call, CallState&, std::string& text) -> Result<ReplyKind> {
    text = std::to_string(call);
    if (input == "\"trap\"") return Error(Trap(TrapKind::unreachable));
    return input == "\"refuse\"" ? ReplyKind::plugin_error : ReplyKind::output;
  });
  const Outcome outcome = run({fake_plugin(abi)}, "1\n\"refuse\"\n1\n\"trap\"\n1\n1\n", with_jobs(1, OnError::skip));
  CHECK(outcome.output == "1\n3\n1\n2\n");
  CHECK(abi.starts == 2);
}

TEST_CASE("bad records are errors of the input and no stage sees them") {
  const FakeAbi abi(echo);
  RunOptions options;
  options.max_record = 100;
  const Outcome outcome = run({fake_plugin(abi)}, "1\n\n  \n{\"a\":\n" + std::string(101, '1') + "\n2", options);
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < outcome.output.size();) {
    const size_t end = outcome.output.find('\n', begin);
    lines.push_back(outcome.output.substr(begin, end - begin));
    begin = end + 1;
  }
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] == "1");
  CHECK(lines[1] == "{\"error\":{\"stage\":null,\"kind\":\"input\",\"message\":\"the record is empty\",\"backtrace\":[]}}");
  CHECK(lines[2] == lines[1]);
  CHECK(lines[3].find("the record is not JSON: byte 5: expected a value") != std::string::npos);
  CHECK(lines[4].find("the record has 101 bytes, the limit is 100") != std::string::npos);
  CHECK(lines[5] == "2");
  CHECK(outcome.totals.stages.at(0).calls == 2);
  CHECK(outcome.totals.errors == 4);
}

TEST_CASE("a result that is not JSON is an error of its stage, and one on several lines becomes one line") {
  const FakeAbi abi([](std::string_view input, int, CallState&, std::string& text) -> Result<ReplyKind> {
    text = input == "1" ? "{]" : "{\n \"a\":\r\n1}\n";
    return ReplyKind::output;
  });
  const Outcome outcome = run({fake_plugin(abi)}, "1\n2\n");
  CHECK(outcome.output ==
        "{\"error\":{\"stage\":\"stage\",\"kind\":\"output\",\"message\":\"the result is not JSON: byte 1: expected a string "
        "as the key\",\"backtrace\":[]}}\n{  \"a\":  1} \n");
  CHECK(outcome.totals.stages.at(0).errors == 1);
  CHECK(abi.starts == 1);
}

TEST_CASE("skip leaves failed records out and counts them") {
  const FakeAbi abi(unlucky);
  for (const unsigned jobs : {1u, 4u}) {
    const Outcome outcome = run({fake_plugin(abi)}, numbers(100), with_jobs(jobs, OnError::skip));
    CHECK(outcome.output.find("\n12\n14\n") != std::string::npos);
    CHECK(outcome.totals.records == 100);
    CHECK(outcome.totals.errors == 1);
  }
}

TEST_CASE("stop writes what came before the first failure and nothing behind it") {
  const FakeAbi abi(unlucky);
  for (const unsigned jobs : {1u, 4u}) {
    const Outcome outcome = run({fake_plugin(abi, "s")}, numbers(5000), with_jobs(jobs, OnError::stop));
    CHECK(outcome.output == numbers(13));
    REQUIRE(outcome.totals.stopped_by);
    CHECK(outcome.totals.stopped_by->stage == "s");
    CHECK(outcome.totals.stopped_at == 14);
    CHECK(outcome.totals.records == 14);
  }
}

TEST_CASE("a stage that cannot be started ends the run before a record is read") {
  FakeAbi abi(echo);
  const auto plugin = fake_plugin(abi, "bad");
  abi.start_error = Error(Trap(TrapKind::unreachable));
  for (const unsigned jobs : {1u, 4u}) {
    TextSource source("1\n");
    TextSink sink;
    const auto totals = run_records(Pipeline::of("test", {plugin}), with_jobs(jobs), source, sink);
    REQUIRE(totals.ok());
    REQUIRE(totals->stopped_by);
    CHECK(totals->stopped_by->stage == "bad");
    CHECK(totals->stopped_at == 0);
    CHECK(source.handed_out() == 0);
    CHECK(sink.text.empty());
  }
}

TEST_CASE("an output that cannot be written ends the run with its error") {
  class FullSink : public ByteSink {
    Result<void> write(std::string_view) override { return Error(ErrorKind::host, "disk is full"); }
  };
  const FakeAbi abi(echo);
  const auto pipeline = Pipeline::of("test", {fake_plugin(abi)});
  for (const unsigned jobs : {1u, 4u}) {
    TextSource source(numbers(100'000), 1000);
    FullSink sink;
    const auto totals = run_records(pipeline, with_jobs(jobs), source, sink);
    REQUIRE(!totals.ok());
    CHECK(totals.error().message() == "disk is full");
    CHECK(source.handed_out() < 200'000);
  }
}

TEST_CASE("reading stops while the oldest record is stuck, however fast the others are") {
  class WatchedSource : public TextSource {
   public:
    using TextSource::TextSource;
    Result<size_t> read(std::span<char> buffer, const std::function<bool()>& cancelled) override {
      auto got = TextSource::read(buffer, cancelled);
      position = handed_out();
      return got;
    }
    std::atomic<size_t> position{0};
  };
  const std::string input = numbers(200'000);
  WatchedSource source(input, 8);
  size_t read_meanwhile = 0;
  // The first record takes until nothing more is read: either the ring is full or the input has ended.
  const FakeAbi abi([&](std::string_view record, int, CallState&, std::string& text) -> Result<ReplyKind> {
    text = record;
    if (record != "0") return ReplyKind::output;
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable never;
    do {
      read_meanwhile = source.position;
      never.wait_for(lock, 50ms);
    } while (read_meanwhile != source.position);
    return ReplyKind::output;
  });
  TextSink sink;
  const auto totals = run_records(Pipeline::of("test", {fake_plugin(abi)}), with_jobs(3), source, sink);
  REQUIRE(totals.ok());
  CHECK(sink.text == input);
  CHECK(read_meanwhile < 20'000);
}

TEST_CASE("progress is told while records go through") {
  int told = 0;
  RunOptions options;
  options.progress = [&told](const RunTotals& so_far) {
    ++told;
    CHECK(so_far.records > 0);
  };
  const auto begin = std::chrono::steady_clock::now();
  const FakeAbi abi([&](std::string_view input, int, CallState&, std::string& text) -> Result<ReplyKind> {
    text = input;
    // The last record comes late enough for a report.
    while (input == "99" && std::chrono::steady_clock::now() - begin < 250ms) {
    }
    return ReplyKind::output;
  });
  run({fake_plugin(abi)}, numbers(100), options);
  CHECK(told >= 1);
}

}  // namespace
}  // namespace wplug
