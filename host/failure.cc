// From what stopped a call to what the user reads.
#include "host/units.h"
#include "wplug/plugin.h"
#include "wplug/trap.h"

namespace wplug {
namespace {

struct FailureRow {
  std::string_view name;
  int exit_code;
  int status;
  bool keeps_instance;
};

constexpr FailureRow kRows[] = {
#define WPLUG_FAILURE(name, exit_code, status, keeps_instance, meaning) {#name, exit_code, status, keeps_instance},
#include "wplug/failures.def"
};

const FailureRow& row(FailureKind kind) { return kRows[static_cast<size_t>(kind)]; }

std::vector<std::string> lines_of(const std::vector<Frame>& backtrace) {
  std::vector<std::string> lines;
  for (const Frame& frame : backtrace) lines.push_back(frame.to_string());
  return lines;
}

FailureKind kind_of(const Trap& trap, uint64_t denials, const CallState& state) {
  switch (trap.kind()) {
    case TrapKind::deadline_exceeded:
      return FailureKind::timeout;
    case TrapKind::out_of_fuel:
      return FailureKind::fuel;
    case TrapKind::memory_limit:
      return FailureKind::memory;
    case TrapKind::host_error:
      return state.over_budget ? FailureKind::policy : FailureKind::host;
    default:
      return denials > 0 ? FailureKind::memory : FailureKind::trap;
  }
}

FailureKind kind_of(const Error& error, uint64_t denials, const CallState& state) {
  if (error.trap() != nullptr) return kind_of(*error.trap(), denials, state);
  if (error.kind() == ErrorKind::limit || denials > 0) return FailureKind::memory;
  if (error.kind() == ErrorKind::link) return FailureKind::link;
  return error.kind() == ErrorKind::exit ? FailureKind::exit : FailureKind::host;
}

// What the engine said, and what the plugin wrote about it (a Go panic says why on stderr).
std::string cause_of(const Error& error, const CallState& state) {
  std::string cause = error.kind() == ErrorKind::exit ? "exited with code " + std::to_string(error.exit_code())
                      : error.trap() != nullptr       ? error.trap()->message()
                                                      : error.message();
  if (!state.diagnostics.empty()) cause += ": " + state.diagnostics;
  return cause;
}

}  // namespace

std::string_view to_string(FailureKind kind) { return row(kind).name; }
int exit_code(FailureKind kind) { return row(kind).exit_code; }
int http_status(FailureKind kind) { return row(kind).status; }
bool Failure::keeps_instance() const { return row(kind).keeps_instance; }

Failure failure_of(const Error& error, const PluginLimits& limits, uint64_t denials, const CallState& state) {
  Failure failure;
  failure.kind = kind_of(error, denials, state);
  switch (failure.kind) {
    case FailureKind::timeout:
      failure.message = "took longer than " + format_duration(limits.timeout);
      break;
    case FailureKind::fuel:
      failure.message = "executed more than " + format_count(limits.fuel) + " instructions";
      break;
    case FailureKind::memory:
      failure.message = cause_of(error, state);
      if (denials > 0) {
        failure.message = "was refused memory beyond its limit of " + format_size(limits.memory) + ", then: " +
                          failure.message;
      }
      break;
    default:
      failure.message = cause_of(error, state);
  }
  if (error.trap() != nullptr) failure.backtrace = lines_of(error.trap()->backtrace());
  return failure;
}

}  // namespace wplug
