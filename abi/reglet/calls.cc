#include "abi/reglet/calls.h"

#include <algorithm>

#include "abi/reglet/timestamp.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);

}  // namespace

Json with_error(Json answer, const RegletProblem& problem, std::string_view message) {
  Json error = Json::object();
  error.set("message", message).set("type", problem.type).set("code", problem.code);
  if (problem.is_timeout) error.set("is_timeout", true);
  if (problem.is_not_found) error.set("is_not_found", true);
  answer.set("error", std::move(error));
  return answer;
}

Json without_service(Json answer, const RegletCall& call, std::string_view what) {
  return with_error(std::move(answer), reglet_problem::kDenied,
                    "plugin \"" + call.policy().plugin + "\": this host has no " + std::string(what) + " for plugins");
}

Clock::time_point sooner(Clock::time_point deadline, int64_t milliseconds) {
  if (milliseconds <= 0) return deadline;
  const auto wait = std::min<int64_t>(milliseconds, kLongest.count());
  return std::min(deadline, Clock::now() + std::chrono::milliseconds(wait));
}

RequestEnd request_end(const Json& request, Clock::time_point latest) {
  RequestEnd end{latest};
  const Json* context = request.find_any_case("context");
  if (context == nullptr) return end;
  const auto member = [context](std::string_view key) {
    const Json* value = context->find_any_case(key);
    return value == nullptr ? Json() : *value;
  };
  end.cancelled = member("canceled").boolean().value_or(false);
  end.deadline = sooner(latest, member("timeout_ms").integer().value_or(0));
  const Json deadline = member("deadline");
  const auto at = parse_timestamp(deadline.string().value_or(""));
  // Go's zero time stands for none.
  if (!at || *at < WallTime(std::chrono::milliseconds(0))) return end;
  const auto left = (*at - wall_time_now()).count();
  end.deadline = left <= 0 ? std::min(end.deadline, Clock::now()) : sooner(end.deadline, left);
  return end;
}

}  // namespace wplug
