#include "host/serve/metrics_text.h"

#include <doctest/doctest.h>

namespace wplug {
namespace {

using namespace std::chrono_literals;

TEST_CASE("samples are written as Prometheus reads them") {
  MetricsText text;
  text.family("a_total", "counter", "Of a.");
  text.sample(3);
  text.sample(4, {{"x", "one"}, {"y", "quo\"te \\ and\nline"}});
  text.sample_real(0.5);
  CHECK(text.take() ==
        "# HELP a_total Of a.\n# TYPE a_total counter\na_total 3\n"
        "a_total{x=\"one\",y=\"quo\\\"te \\\\ and\\nline\"} 4\na_total 0.5\n");
}

TEST_CASE("a histogram has the sum of all threads in rising buckets") {
  Timings one, other;
  one.add(1us);
  one.add(10us);  // an upper end belongs to its bucket
  other.add(11us);
  other.add(1h);
  MetricsText text;
  text.family("t", "histogram", "Of t.");
  text.histogram({&one, &other}, {{"p", "q"}});
  const std::string all = text.take();
  CHECK(all.find("t_bucket{p=\"q\",le=\"1e-05\"} 2\n") != std::string::npos);
  CHECK(all.find("t_bucket{p=\"q\",le=\"2.5e-05\"} 3\n") != std::string::npos);
  CHECK(all.find("t_bucket{p=\"q\",le=\"10\"} 3\n") != std::string::npos);
  CHECK(all.find("t_bucket{p=\"q\",le=\"+Inf\"} 4\n") != std::string::npos);
  CHECK(all.find("t_sum{p=\"q\"} 3600.000022\n") != std::string::npos);
  CHECK(all.find("t_count{p=\"q\"} 4\n") != std::string::npos);
}

TEST_CASE("a stage's counters stay when it is asked for again") {
  PipelineCounters counters;
  StageCall call;
  const Failure failure{FailureKind::timeout, "slow", {}};
  call.failure = &failure;
  call.started = true;
  call.usage.peak_memory = 100;
  counters.stage("s").add(call);
  call.failure = nullptr;
  call.usage.peak_memory = 50;
  counters.stage("s").add(call);
  size_t stages = 0;
  counters.for_stages([&](const std::string& name, const StageCounters& stage) {
    ++stages;
    CHECK(name == "s");
    CHECK(stage.calls.value() == 2);
    CHECK(stage.starts.value() == 2);
    CHECK(stage.peak_memory.value() == 100);
    CHECK(stage.errors[static_cast<size_t>(FailureKind::timeout)].value() == 1);
  });
  CHECK(stages == 1);
}

}  // namespace
}  // namespace wplug
