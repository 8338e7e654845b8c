// What one plugin writes, cut into lines and bounded, on its way to the log.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "wplug/abi.h"

namespace wplug {

// What the streams of a plugin may write in one call, and have written.
struct LogBudget {
  uint64_t left = 0;
  uint64_t written = 0;
};

// One stream of text of a plugin: log calls, stdout or stderr.
class PluginLog {
 public:
  // Takes from `budget`, which its owner fills before each call; without one, each call may write 256 KiB. `redactor` may
  // be null; what is borrowed outlives this.
  PluginLog(LogSink* sink, std::string_view plugin, LogBudget* budget = nullptr, const Redactor* redactor = nullptr);

  void begin_call();
  // Bytes of a stream; whole lines go out, the rest waits.
  void write(std::span<const uint8_t> bytes);
  // One message, whatever is in it.
  void line(std::string_view text);
  // What waits for its line end.
  void flush();
  // The line that best says what went wrong in this call: a panic's, else the first that is not blank.
  const std::string& complaint() const { return complaint_; }

 private:
  // Bytes and messages are two texts to the redactor.
  struct Redaction {
    explicit Redaction(const Redactor& redactor) : bytes(redactor), messages(redactor) {}
    RedactorStream bytes, messages;
  };
  void note_complaint(std::string_view text);
  void cut(std::string_view text);
  void flush_partial();
  void emit(std::string_view text);
  LogBudget& budget() { return shared_ != nullptr ? *shared_ : own_; }
  LogSink* sink_;
  LogBudget* shared_;
  LogBudget own_;
  std::unique_ptr<Redaction> redaction_;
  std::string plugin_;
  std::string partial_;
  std::string complaint_;
  bool is_panic_ = false;
};

}  // namespace wplug
