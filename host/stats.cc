#include <algorithm>
#include <bit>

#include "wplug/pipeline.h"

namespace wplug {

// Bucket b < 32 holds the latency b itself; from there each power of two is cut into 32 equal buckets.
size_t LatencyHistogram::bucket_of(uint64_t nanoseconds) {
  constexpr uint64_t kSub = uint64_t{1} << kSubBits;
  if (nanoseconds < kSub) return static_cast<size_t>(nanoseconds);
  const int shift = std::bit_width(nanoseconds) - 1 - kSubBits;
  const uint64_t within = (nanoseconds >> shift) - kSub;
  return static_cast<size_t>((static_cast<uint64_t>(shift + 1) << kSubBits) + within);
}

uint64_t LatencyHistogram::bucket_end(size_t bucket) {
  constexpr uint64_t kSub = uint64_t{1} << kSubBits;
  if (bucket < kSub) return bucket;
  const int shift = static_cast<int>(bucket >> kSubBits) - 1;
  const uint64_t within = (bucket & (kSub - 1)) + kSub;
  return ((within + 1) << shift) - 1;
}

void LatencyHistogram::add(std::chrono::nanoseconds latency) {
  const uint64_t nanoseconds = static_cast<uint64_t>(std::max<int64_t>(latency.count(), 0));
  ++counts_[bucket_of(nanoseconds)];
  ++total_;
  max_ = std::max(max_, nanoseconds);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds LatencyHistogram::quantile(double fraction) const {
  // The rank, from 1, of the value that is asked for.
  const uint64_t rank = std::max<uint64_t>(1, static_cast<uint64_t>(fraction * static_cast<double>(total_) + 0.999999));
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::chrono::nanoseconds(std::min(bucket_end(i), max_));
  }
  return std::chrono::nanoseconds(max_);
}

void StageStats::merge(const StageStats& other) {
  calls += other.calls;
  errors += other.errors;
  instructions += other.instructions;
  peak_memory = std::max(peak_memory, other.peak_memory);
  latency.merge(other.latency);
  usage.add(other.usage);
}

}  // namespace wplug
