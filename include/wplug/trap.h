// Traps: how guest code is stopped, and where it was.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wplug {

class Exception;

enum class TrapKind : uint8_t {
#define WPLUG_TRAP(name, message) name,
#include "wplug/traps.def"
};

// The spec's words for a trap ("integer divide by zero").
std::string_view to_string(TrapKind kind);
// The enumerator's name ("integer_divide_by_zero"), for JSON.
std::string_view trap_name(TrapKind kind);

// One guest frame of a backtrace, innermost first.
struct Frame {
  std::string module;         // the module's name, from its name section or the embedder; may be empty
  std::string function;       // from the name section, else an export's name; may be empty
  uint32_t function_index = 0;
  size_t offset = 0;          // of the instruction, in bytes from the start of the module

  // "module!function @0x1a2b"; `func[12]` stands for a missing name.
  std::string to_string() const;
};

// A trap by value: kind, words, and the frames from innermost to outermost (long ones are cut in the middle).
class Trap {
 public:
  Trap(TrapKind kind, std::string message, std::vector<Frame> backtrace = {})
      : kind_(kind), message_(std::move(message)), backtrace_(std::move(backtrace)) {}
  explicit Trap(TrapKind kind) : Trap(kind, std::string(wplug::to_string(kind))) {}
  // Kind uncaught_exception.
  explicit Trap(Exception exception);

  TrapKind kind() const { return kind_; }
  // The kind's words, or for `host_error` what the host function said.
  const std::string& message() const { return message_; }
  const std::vector<Frame>& backtrace() const { return backtrace_; }
  // What was thrown, for kind uncaught_exception; else null. Lives as long as this trap or a copy of it.
  const Exception* exception() const { return exception_.get(); }

  // The same with another backtrace.
  Trap with_backtrace(std::vector<Frame> backtrace) const;

 private:
  TrapKind kind_;
  std::string message_;
  std::vector<Frame> backtrace_;
  std::shared_ptr<const Exception> exception_;
};

}  // namespace wplug
