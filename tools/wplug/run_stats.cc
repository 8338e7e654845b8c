#include "tools/wplug/run_stats.h"

#include <algorithm>

#include <fmt/core.h>

#include "host/json_text.h"
#include "host/units.h"

namespace wplug {
namespace {

double microseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }

std::string short_time(std::chrono::nanoseconds time) {
  const double us = microseconds(time);
  if (us < 1e3) return fmt::format("{:.1f} us", us);
  return us < 1e6 ? fmt::format("{:.2f} ms", us / 1e3) : fmt::format("{:.2f} s", us / 1e6);
}

std::string short_size(uint64_t bytes) {
  const double value = static_cast<double>(bytes);
  if (bytes < 10 * 1024 * 1024) return fmt::format("{:.0f} KiB", value / 1024);
  return fmt::format("{:.1f} MiB", value / (1024 * 1024));
}

double rate(const RunTotals& totals) {
  return totals.seconds > 0 ? static_cast<double>(totals.records) / totals.seconds : 0;
}

std::string plural(uint64_t count, const char* noun) {
  return format_count(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string stage_json(const std::string& name, const StageStats& stage) {
  return fmt::format(
      R"({{"name":{},"calls":{},"errors":{},"p50_us":{:.1f},"p99_us":{:.1f},"max_us":{:.1f},"instructions":{},"peak_memory":{},"usage":{}}})",
      json_string(name), stage.calls, stage.errors, microseconds(stage.latency.quantile(0.5)),
      microseconds(stage.latency.quantile(0.99)), microseconds(stage.latency.max()), stage.instructions,
      stage.peak_memory, stage.usage.to_json());
}

std::string tenant_json(const Account& tenant) {
  return fmt::format(R"(,"tenant":{{"name":{},"budget":{},"usage":{}}})", json_string(tenant.name()),
                     tenant.budget().to_json(), tenant.usage().to_json());
}

}  // namespace

std::string totals_line(const RunTotals& totals) {
  return fmt::format("{}, {}, {:.2f} s, {} records/s", plural(totals.records, "record"), plural(totals.errors, "error"),
                     totals.seconds, format_count(static_cast<uint64_t>(rate(totals))));
}

std::string stats_table(const Pipeline& pipeline, const RunTotals& totals) {
  constexpr const char* kRow = "{:<{}}  {:>12}  {:>8}  {:>9}  {:>9}  {:>9}  {:>16}  {:>11}\n";
  size_t width = 5;
  for (const auto& stage : pipeline.stages()) width = std::max(width, stage->name().size());
  std::string table = fmt::format(fmt::runtime(kRow), "stage", width, "calls", "errors", "p50", "p99", "max",
                                  "instructions", "peak memory");
  for (size_t i = 0; i < totals.stages.size(); ++i) {
    const StageStats& stage = totals.stages[i];
    table += fmt::format(fmt::runtime(kRow), pipeline.stages()[i]->name(), width, format_count(stage.calls),
                         format_count(stage.errors), short_time(stage.latency.quantile(0.5)),
                         short_time(stage.latency.quantile(0.99)), short_time(stage.latency.max()),
                         format_count(stage.instructions), short_size(stage.peak_memory));
  }
  return table + totals_line(totals) + "\n";
}

std::string stats_json(const Pipeline& pipeline, const RunTotals& totals, const Account* tenant) {
  std::string stages;
  for (size_t i = 0; i < totals.stages.size(); ++i) {
    stages += (i == 0 ? "" : ",") + stage_json(pipeline.stages()[i]->name(), totals.stages[i]);
  }
  return fmt::format(R"({{"records":{},"errors":{},"seconds":{:.6f},"records_per_s":{:.1f},"stages":[{}]{}}})" "\n",
                     totals.records, totals.errors, totals.seconds, rate(totals), stages,
                     tenant == nullptr ? "" : tenant_json(*tenant));
}

std::string stats_line(const ModuleStats& stats) {
  return fmt::format("{:.3f} s, {}, peak memory {}, exit {}\n", stats.seconds,
                     plural(stats.instructions, "instruction"), short_size(stats.peak_memory), stats.exit);
}

std::string stats_json(const ModuleStats& stats) {
  return fmt::format(R"({{"seconds":{:.6f},"instructions":{},"peak_memory":{},"exit":{}}})" "\n", stats.seconds,
                     stats.instructions, stats.peak_memory, stats.exit);
}

}  // namespace wplug
