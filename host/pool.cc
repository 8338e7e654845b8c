#include "host/pool.h"

#include <algorithm>

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::nanoseconds kFirstWait = std::chrono::milliseconds(10);
constexpr std::chrono::nanoseconds kLongestWait = std::chrono::seconds(10);

}  // namespace

std::optional<Failure> InstancePool::prepare() {
  if (instance_) return std::nullopt;
  if (start_failure_ && Clock::now() < retry_at_) return start_failure_;
  Failure failure;
  const auto begin = Clock::now();
  instance_ = PluginInstance::start(*plugin_, failure);
  if (instance_) {
    start_failure_.reset();
    retry_after_ = std::chrono::nanoseconds(0);
    return std::nullopt;
  }
  const auto end = Clock::now();
  // At least as long as the attempt took, so that failing starts take at most half of the time.
  retry_after_ = std::clamp(std::max<std::chrono::nanoseconds>(2 * retry_after_, end - begin), kFirstWait, kLongestWait);
  retry_at_ = end + retry_after_;
  start_failure_ = std::move(failure);
  return start_failure_;
}

std::optional<Failure> InstancePool::check_health() {
  if (auto failure = prepare()) return failure;
  std::optional<Failure> failure = instance_->health();
  if (failure && !failure->keeps_instance()) discard();
  return failure;
}

std::optional<Failure> InstancePool::call(std::string_view input, std::string& output) {
  ++stats_.calls;
  last_usage_ = Usage();
  last_headers_.clear();
  last_started_ = false;
  // A tenant that has nothing left costs no instance.
  if (const auto& tenant = plugin_->terms().tenant; tenant != nullptr) {
    if (auto why = tenant->refusal()) {
      ++stats_.errors;
      return Failure{FailureKind::policy, std::move(*why), {}};
    }
  }
  const bool was_there = instance_ != nullptr;
  std::optional<Failure> failure = prepare();
  if (!failure) {
    last_started_ = !was_there;
    failure = instance_->call(input, output);
    stats_.latency.add(instance_->duration());
    stats_.instructions += instance_->instructions();
    stats_.usage.add(instance_->usage());
    last_usage_ = instance_->usage();
    last_headers_ = instance_->last_call().headers;
  }
  if (failure) ++stats_.errors;
  const bool in_doubt = failure && !failure->keeps_instance();
  if (in_doubt || plugin_->terms().life == InstanceLife::fresh) discard();
  return failure;
}

void InstancePool::discard() {
  if (instance_) stats_.peak_memory = std::max(stats_.peak_memory, instance_->peak_memory());
  instance_.reset();
}

StageStats InstancePool::stats() const {
  StageStats result = stats_;
  if (instance_) result.peak_memory = std::max(result.peak_memory, instance_->peak_memory());
  return result;
}

}  // namespace wplug
