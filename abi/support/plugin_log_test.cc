#include "abi/support/plugin_log.h"

#include <doctest/doctest.h>

#include <vector>

namespace wplug {
namespace {

class Lines : public LogSink {
 public:
  void write(std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

void write(PluginLog& log, std::string_view text) {
  log.write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

TEST_CASE("a stream becomes lines however it is cut") {
  Lines sink;
  PluginLog log(&sink, "p");
  log.begin_call();
  write(log, "on");
  write(log, "e\ntwo\nthr");
  CHECK(sink.lines == std::vector<std::string>{"one", "two"});
  log.flush();
  CHECK(sink.lines.back() == "thr");
}

TEST_CASE("a line without end is cut and not kept") {
  Lines sink;
  PluginLog log(&sink, "p");
  log.begin_call();
  for (int i = 0; i < 1000; ++i) write(log, std::string(1000, 'x'));
  log.flush();
  for (const std::string& line : sink.lines) CHECK(line.size() <= 16'384);
  size_t bytes = 0;
  for (const std::string& line : sink.lines) bytes += line.size();
  CHECK(bytes <= 300'000);
  CHECK(sink.lines.back() == "(what else this call writes is dropped)");
}

TEST_CASE("the next call may write again") {
  Lines sink;
  PluginLog log(&sink, "p");
  log.begin_call();
  for (int i = 0; i < 100; ++i) log.line(std::string(8000, 'x'));
  const size_t before = sink.lines.size();
  log.line("more");
  CHECK(sink.lines.size() == before);
  log.begin_call();
  log.line("more");
  CHECK(sink.lines.back() == "more");
}

TEST_CASE("a panic is the complaint, else the first line that says something") {
  Lines sink;
  PluginLog log(&sink, "p");
  log.begin_call();
  write(log, "\n  \nwarning: low\npanic: boom\n\ngoroutine 1 [running]:\npanic: later\n");
  CHECK(log.complaint() == "panic: boom");
  log.begin_call();
  CHECK(log.complaint() == "");
  write(log, "first\nsecond\n");
  CHECK(log.complaint() == "first");
}

}  // namespace
}  // namespace wplug
