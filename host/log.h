// The log of a command: a line on a descriptor for each line a plugin writes.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "wplug/abi.h"

namespace wplug {

// "[stage] text", one write a line. What could steer a terminal is escaped.
class FdLog : public LogSink {
 public:
  explicit FdLog(int fd) : fd_(fd) {}
  void write(std::string_view plugin, std::string_view text) override;

 private:
  std::mutex mutex_;
  int fd_;
};

// `text` with control characters as \x1b and what is not UTF-8 as U+FFFD.
std::string printable(std::string_view text);

}  // namespace wplug
