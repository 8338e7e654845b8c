#include "host/serve/metrics_text.h"

#include <charconv>

namespace wplug {
namespace {

std::string real(double value) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

void append_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  family_ = name;
  text_ += "# HELP " + family_ + " ";
  (text_ += help) += "\n# TYPE " + family_ + " ";
  (text_ += type) += '\n';
}

void MetricsText::line(std::string_view suffix, const MetricLabels& labels, std::string_view more,
                       std::string_view value) {
  (text_ += family_) += suffix;
  if (!labels.empty() || !more.empty()) {
    char separator = '{';
    for (const auto& [name, text] : labels) {
      ((text_ += separator) += name) += "=\"";
      append_value(text_, text);
      text_ += '"';
      separator = ',';
    }
    if (!more.empty()) ((text_ += separator) += "le=\"") += std::string(more) + "\"";
    text_ += '}';
  }
  ((text_ += ' ') += value) += '\n';
}

void MetricsText::sample(uint64_t value, const MetricLabels& labels) { line("", labels, "", std::to_string(value)); }
void MetricsText::sample_real(double value, const MetricLabels& labels) { line("", labels, "", real(value)); }

void MetricsText::histogram(const std::vector<const Timings*>& timings, const MetricLabels& labels) {
  uint64_t seen = 0, nanoseconds = 0;
  for (size_t i = 0; i <= kBuckets.size(); ++i) {
    for (const Timings* one : timings) seen += one->buckets[i].value();
    line("_bucket", labels, i < kBuckets.size() ? real(kBuckets[i] / 1e6) : "+Inf", std::to_string(seen));
  }
  for (const Timings* one : timings) nanoseconds += one->nanoseconds.value();
  line("_sum", labels, "", real(static_cast<double>(nanoseconds) / 1e9));
  line("_count", labels, "", std::to_string(seen));
}

}  // namespace wplug
