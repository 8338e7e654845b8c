// What one plugin writes, cut into lines and bounded, on its way to the log.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wplug/abi.h"

namespace wplug {

// One stream of text of a plugin: log calls, stdout or stderr.
class PluginLog {
 public:
  PluginLog(LogSink* sink, std::string_view plugin) : sink_(sink), plugin_(plugin) {}

  // What may be written during the next call.
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
  void note_complaint(std::string_view text);
  LogSink* sink_;
  std::string plugin_;
  std::string partial_;
  std::string complaint_;
  bool is_panic_ = false;
  size_t left_ = 0;
};

}  // namespace wplug
