// What the host functions of the ABI `reglet` do: each takes a request and gives an answer, both JSON objects.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "abi/support/plugin_context.h"
#include "host/json_document.h"

namespace wplug {

// One request being served.
struct RegletCall {
  PluginContext& context;
  const Json& request;
  // The earlier of the call's own and what the request's `context` says.
  std::chrono::steady_clock::time_point deadline;

  const Policy& policy() const { return context.terms().policy; }
  const PluginLimits& limits() const { return context.terms().limits; }
  const HostServices& services() const { return context.services(); }
};

// `error` of an answer, as the plugins' SDK reads it. `type` is one of network, timeout, config, panic, capability,
// validation, internal; `code` tells programs more.
struct RegletProblem {
  std::string_view type;
  std::string_view code;
  bool is_timeout = false;
  bool is_not_found = false;
};
namespace reglet_problem {
inline constexpr RegletProblem kDenied{"capability", "denied"};
inline constexpr RegletProblem kExhausted{"capability", "exhausted"};
inline constexpr RegletProblem kTimedOut{"timeout", "timed_out", true, false};
inline constexpr RegletProblem kCancelled{"timeout", "cancelled"};
inline constexpr RegletProblem kInvalid{"validation", "invalid"};
inline constexpr RegletProblem kNetworkFailed{"network", "failed"};
inline constexpr RegletProblem kNameNotFound{"network", "not_found", false, true};
inline constexpr RegletProblem kFailed{"internal", "failed"};
inline constexpr RegletProblem kNotFound{"internal", "not_found", false, true};
}  // namespace reglet_problem

// `answer` with its error.
Json with_error(Json answer, const RegletProblem& problem, std::string_view message);
// For a service this host has not: nothing of that kind is allowed.
Json without_service(Json answer, const RegletCall& call, std::string_view what);

// When a request ends: what its `context` says of deadline, timeout and cancellation, bounded by `latest`.
struct RequestEnd {
  std::chrono::steady_clock::time_point deadline;
  bool cancelled = false;
};
RequestEnd request_end(const Json& request, std::chrono::steady_clock::time_point latest);
// `deadline`, or `milliseconds` from now when that is earlier; 0 and less are no timeout.
std::chrono::steady_clock::time_point sooner(std::chrono::steady_clock::time_point deadline, int64_t milliseconds);

// One function for each row of functions.def.
namespace reglet_calls {
Json dns_lookup(RegletCall& call);
Json http_request(RegletCall& call);
Json tcp_connect(RegletCall& call);
Json smtp_connect(RegletCall& call);
Json net_connect(RegletCall& call);
Json exec_command(RegletCall& call);
Json exec_run(RegletCall& call);
Json fs_read(RegletCall& call);
Json fs_write(RegletCall& call);
Json env_get(RegletCall& call);
void log_message(RegletCall& call);
}  // namespace reglet_calls

}  // namespace wplug
