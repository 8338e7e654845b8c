#include "host/serve/serve_metrics.h"

#include <algorithm>

namespace wplug {

void Timings::add(std::chrono::nanoseconds time) {
  const uint64_t taken = static_cast<uint64_t>(std::max<int64_t>(time.count(), 0));
  const auto end =
      std::find_if(kBuckets.begin(), kBuckets.end(), [taken](uint64_t most) { return taken <= most * 1000; });
  buckets[static_cast<size_t>(end - kBuckets.begin())].add(1);
  nanoseconds.add(taken);
}

void StageCounters::add(const StageCall& call) {
  calls.add(1);
  if (call.started) starts.add(1);
  if (call.failure != nullptr) errors[static_cast<size_t>(call.failure->kind)].add(1);
  instructions.add(call.usage.instructions);
  host_calls.add(call.usage.host_calls);
  http_calls.add(call.usage.http_calls);
  input_bytes.add(call.usage.input_bytes);
  output_bytes.add(call.usage.output_bytes);
  peak_memory.raise_to(call.usage.peak_memory);
  timings.add(call.end - call.begin);
}

StageCounters& PipelineCounters::stage(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<StageCounters>& slot = stages_[name];
  if (!slot) slot = std::make_unique<StageCounters>();
  return *slot;
}

}  // namespace wplug
