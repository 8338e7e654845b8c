#include "tools/wplug/console.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>
#include <unistd.h>

#include "host/log.h"
#include "wplug/trap.h"

extern char** environ;

namespace wplug {
namespace {

int exit_code(TrapKind kind) {
  switch (kind) {
    case TrapKind::out_of_fuel:
      return kExitFuel;
    case TrapKind::deadline_exceeded:
    case TrapKind::interrupted:
      return kExitTimeout;
    case TrapKind::memory_limit:
      return kExitMemory;
    default:
      return kExitTrap;
  }
}

}  // namespace

void say_error(std::string_view message) {
  const char* const red = is_fancy_terminal(STDERR_FILENO) ? "\x1b[31m" : "";
  const char* const plain = *red != '\0' ? "\x1b[0m" : "";
  fmt::print(stderr, "{}wplug:{} {}\n", red, plain, printable(message));
}

void say_backtrace(const std::vector<std::string>& frames) {
  for (size_t i = 0; i < frames.size(); ++i) fmt::print(stderr, "  {:2}: {}\n", i, printable(frames[i]));
}

int usage_error(std::string_view command, std::string_view message) {
  std::string help(command);
  if (!help.empty()) help += ' ';
  say_error(fmt::format("{}{}; see wplug {}--help", command.empty() ? "" : std::string(command) + ": ", message, help));
  return kExitUsage;
}

int exit_code(const Error& error) {
  if (error.trap() != nullptr) return exit_code(error.trap()->kind());
  if (error.kind() == ErrorKind::limit) return kExitMemory;
  if (error.kind() == ErrorKind::policy) return kExitPolicy;
  return error.kind() == ErrorKind::exit ? std::clamp(error.exit_code() & 0xff, 1, 255) : kExitBadInput;
}

std::string place_in(std::string_view file, const Error& error) {
  const auto place = error.place();
  return place ? fmt::format("{}:{}:{}", file, place->line, place->column) : std::string(file);
}

int report(std::string_view about, const Error& error) {
  std::string line = place_in(about, error);
  if (error.trap() != nullptr) {
    line += fmt::format(": trap: {}", error.trap()->message());
  } else {
    line += (line.empty() ? "" : ": ") + error.message();
    if (error.offset() && !error.place()) line += fmt::format(" (at offset {:#x})", *error.offset());
  }
  say_error(line);
  if (error.trap() != nullptr) {
    std::vector<std::string> frames;
    for (const Frame& frame : error.trap()->backtrace()) frames.push_back(frame.to_string());
    say_backtrace(frames);
  }
  return exit_code(error);
}

int report(std::string_view about, const Failure& failure) {
  say_error(fmt::format("{}: {}: {}", about, to_string(failure.kind), failure.message));
  say_backtrace(failure.backtrace);
  return exit_code(failure.kind);
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0) result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

bool is_fancy_terminal(int fd) {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return ::isatty(fd) == 1 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace wplug
