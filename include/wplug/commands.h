// Commands for plugins: programs of the host, run without a shell.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/capabilities.h"

namespace wplug {

enum class CommandOutcome : uint8_t {
  ok,         // it ran; see the exit code
  denied,     // not granted
  not_found,  // no such program
  failed,     // could not be started
  timed_out,  // and was killed, with all it started
  invalid,    // an empty command, a NUL, a directory that is not there
};

struct CommandRequest {
  std::string command;  // a name, looked for in a fixed path, or an absolute path
  std::vector<std::string> arguments;
  std::string directory;  // empty: /
  std::vector<std::pair<std::string, std::string>> environment;  // all it gets, but a fixed PATH
  std::string input;
  const Policy* policy = nullptr;  // borrowed for the call
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  uint64_t max_output = uint64_t{1} << 20;  // bytes of stdout and of stderr each; what is beyond is thrown away
};

struct CommandReply {
  CommandOutcome outcome = CommandOutcome::failed;
  int exit_code = -1;  // 128 + signal for a program that was killed
  std::string out, err;
  bool truncated = false;
  std::chrono::nanoseconds duration{0};
  std::string message;
};

// Used by any number of threads at once.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  virtual CommandReply run(const CommandRequest& request) = 0;
};

std::unique_ptr<CommandRunner> make_command_runner();

}  // namespace wplug
