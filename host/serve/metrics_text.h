// Counters in the text format of Prometheus, version 0.0.4.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/serve/serve_metrics.h"

namespace wplug {

using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

class MetricsText {
 public:
  // Samples that follow belong to it. `type`: counter, gauge or histogram.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(uint64_t value, const MetricLabels& labels = {});
  void sample_real(double value, const MetricLabels& labels = {});
  // Seconds; `timings` of several threads are one histogram.
  void histogram(const std::vector<const Timings*>& timings, const MetricLabels& labels);
  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, const MetricLabels& labels, std::string_view more, std::string_view value);
  std::string text_;
  std::string family_;
};

}  // namespace wplug
