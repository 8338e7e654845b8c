#include <doctest/doctest.h>

#include "wplug/pipeline.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;

TEST_CASE("quantiles of nothing are zero") {
  const LatencyHistogram histogram;
  CHECK(histogram.quantile(0.5) == 0ns);
  CHECK(histogram.max() == 0ns);
}

TEST_CASE("quantiles are within three percent above the true value") {
  LatencyHistogram histogram;
  for (int i = 1; i <= 100'000; ++i) histogram.add(std::chrono::nanoseconds(i * 10));
  for (const double fraction : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    CAPTURE(fraction);
    const double truth = fraction * 1'000'000;
    const double found = static_cast<double>(histogram.quantile(fraction).count());
    CHECK(found >= truth * 0.999);
    CHECK(found <= truth * 1.032);
  }
  CHECK(histogram.max() == 1ms);
}

TEST_CASE("small latencies are exact and the largest is never exceeded") {
  LatencyHistogram histogram;
  for (const int ns : {3, 3, 3, 31, 1000}) histogram.add(std::chrono::nanoseconds(ns));
  CHECK(histogram.quantile(0.5) == 3ns);
  CHECK(histogram.quantile(0.8) == 31ns);
  CHECK(histogram.quantile(0.99) == 1000ns);
}

TEST_CASE("extreme latencies have a bucket") {
  LatencyHistogram histogram;
  histogram.add(std::chrono::nanoseconds(-5));
  histogram.add(std::chrono::nanoseconds(INT64_MAX));
  CHECK(histogram.quantile(0.1) == 0ns);
  CHECK(histogram.quantile(1) == std::chrono::nanoseconds(INT64_MAX));
}

TEST_CASE("merged statistics count everything once") {
  StageStats a, b;
  a.calls = 3, a.errors = 1, a.instructions = 10, a.peak_memory = 100;
  b.calls = 4, b.errors = 0, b.instructions = 20, b.peak_memory = 50;
  a.latency.add(10ns);
  b.latency.add(30ns);
  a.merge(b);
  CHECK(a.calls == 7);
  CHECK(a.errors == 1);
  CHECK(a.instructions == 30);
  CHECK(a.peak_memory == 100);
  CHECK(a.latency.quantile(1) == 30ns);
  CHECK(a.latency.quantile(0.5) == 10ns);
}

}  // namespace
}  // namespace wplug
