// GET /metrics and GET /v1/plugins.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include <sys/resource.h>
#include <unistd.h>

#include "host/files.h"
#include "host/json_text.h"
#include "host/serve/metrics_text.h"
#include "host/serve/server_impl.h"

namespace wplug {
namespace {

// One counter of a stage, and how it is called.
struct StageMetric {
  const char* name;
  const char* help;
  Counter StageCounters::* counter;
};
constexpr StageMetric kStageMetrics[] = {
    {"wplug_stage_calls_total", "Calls of the stage's plugin.", &StageCounters::calls},
    {"wplug_stage_starts_total", "Instances that were made for a call.", &StageCounters::starts},
    {"wplug_stage_instructions_total", "Instructions that the plugin executed.", &StageCounters::instructions},
    {"wplug_stage_host_calls_total", "Calls of host functions.", &StageCounters::host_calls},
    {"wplug_stage_http_calls_total", "Requests of the plugin to the network.", &StageCounters::http_calls},
    {"wplug_stage_input_bytes_total", "Bytes of records.", &StageCounters::input_bytes},
    {"wplug_stage_output_bytes_total", "Bytes of results.", &StageCounters::output_bytes},
};

std::string_view kind_name(size_t kind) { return to_string(static_cast<FailureKind>(kind)); }

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

uint64_t resident_bytes() {
  auto text = read_file("/proc/self/statm", 4096);
  unsigned long long all = 0, resident = 0;
  if (!text.ok() || std::sscanf(std::string(text->begin(), text->end()).c_str(), "%llu %llu", &all, &resident) != 2)
    return 0;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Of all threads: counters of each stage by name.
using StageSums = std::map<std::string, std::vector<const StageCounters*>>;
StageSums stages_of(const std::vector<const PipelineCounters*>& threads) {
  StageSums sums;
  for (const PipelineCounters* thread : threads) {
    thread->for_stages(
        [&](const std::string& name, const StageCounters& counters) { sums[name].push_back(&counters); });
  }
  return sums;
}

std::string stage_json(const Generation& generation, size_t index) {
  const Plugin& plugin = *generation.pipeline->stages()[index];
  const StageOrigin& origin = generation.pipeline->origins()[index];
  std::string out = "{\"stage\":" + json_string(plugin.name()) + ",\"abi\":" + json_string(plugin.abi().name()) +
                    ",\"entry\":" + json_string(plugin.terms().entry) + ",\"file\":" + json_string(origin.file) +
                    ",\"sha256\":" + json_string(generation.hashes[index]) +
                    ",\"bytes\":" + std::to_string(plugin.module().bytes().size()) + ",\"version\":";
  out += origin.version.empty() ? "null" : json_string(origin.version);
  return out + "}";
}

}  // namespace

std::string ServerImpl::metrics() const {
  MetricsText text;
  add_pipeline_metrics(text);
  add_stage_metrics(text);
  add_server_metrics(text);
  return text.take();
}

void ServerImpl::add_pipeline_metrics(MetricsText& text) const {
  const auto sum_up = [&](const char* name, const char* help, Counter PipelineCounters::* counter) {
    text.family(name, "counter", help);
    for (size_t i = 0; i < pipelines_.size(); ++i) {
      uint64_t sum = 0;
      for (const PipelineCounters* thread : workers_->counters(i)) sum += (thread->*counter).value();
      text.sample(sum, {{"pipeline", pipelines_[i]->name()}});
    }
  };
  sum_up("wplug_requests_total", "Requests that went through the pipeline, failed ones too.",
         &PipelineCounters::requests);
  sum_up("wplug_requests_abandoned_total", "Requests whose client had gone before they began.",
         &PipelineCounters::abandoned);
  sum_up("wplug_requests_expired_total", "Requests that waited too long for a thread.", &PipelineCounters::expired);
  text.family("wplug_request_duration_seconds", "histogram", "From a request's arrival to its answer.");
  for (size_t i = 0; i < pipelines_.size(); ++i) {
    std::vector<const Timings*> timings;
    for (const PipelineCounters* thread : workers_->counters(i)) timings.push_back(&thread->timings);
    text.histogram(timings, {{"pipeline", pipelines_[i]->name()}});
  }
  text.family("wplug_generation", "gauge", "The version of the pipeline that serves.");
  for (const auto& pipeline : pipelines_) text.sample(pipeline->number(), {{"pipeline", pipeline->name()}});
  text.family("wplug_generation_loaded_timestamp_seconds", "gauge", "When that version was loaded.");
  for (const auto& pipeline : pipelines_) {
    text.sample_real(unix_seconds(pipeline->current()->loaded_at), {{"pipeline", pipeline->name()}});
  }
  text.family("wplug_reloads_total", "counter", "Attempts to reload, by what came of them.");
  for (const auto& pipeline : pipelines_) {
    for (const auto outcome : {ReloadOutcome::loaded, ReloadOutcome::unchanged, ReloadOutcome::rejected}) {
      text.sample(pipeline->reloads(outcome), {{"pipeline", pipeline->name()}, {"outcome", to_string(outcome)}});
    }
  }
}

void ServerImpl::add_stage_metrics(MetricsText& text) const {
  std::vector<StageSums> sums;
  for (size_t i = 0; i < pipelines_.size(); ++i) sums.push_back(stages_of(workers_->counters(i)));
  const auto for_stages = [&](auto&& action) {
    for (size_t i = 0; i < sums.size(); ++i) {
      for (const auto& [stage, threads] : sums[i]) {
        action(MetricLabels{{"pipeline", pipelines_[i]->name()}, {"stage", stage}}, threads);
      }
    }
  };
  for (const StageMetric& metric : kStageMetrics) {
    text.family(metric.name, "counter", metric.help);
    for_stages([&](const MetricLabels& labels, const std::vector<const StageCounters*>& threads) {
      uint64_t sum = 0;
      for (const StageCounters* thread : threads) sum += (thread->*metric.counter).value();
      text.sample(sum, labels);
    });
  }
  text.family("wplug_stage_peak_memory_bytes", "gauge", "The most memory an instance has had.");
  for_stages([&](const MetricLabels& labels, const std::vector<const StageCounters*>& threads) {
    uint64_t most = 0;
    for (const StageCounters* thread : threads) most = std::max(most, thread->peak_memory.value());
    text.sample(most, labels);
  });
  text.family("wplug_stage_duration_seconds", "histogram", "Calls of the stage, with making an instance.");
  for_stages([&](const MetricLabels& labels, const std::vector<const StageCounters*>& threads) {
    std::vector<const Timings*> timings;
    for (const StageCounters* thread : threads) timings.push_back(&thread->timings);
    text.histogram(timings, labels);
  });
  text.family("wplug_errors_total", "counter",
              "Failed requests, by the stage they failed at (none: the record itself) and why.");
  for (size_t i = 0; i < pipelines_.size(); ++i) {
    for (size_t kind = 0; kind < kFailureKinds; ++kind) {
      uint64_t sum = 0;
      for (const PipelineCounters* thread : workers_->counters(i)) sum += thread->errors[kind].value();
      if (sum > 0) text.sample(sum, {{"pipeline", pipelines_[i]->name()}, {"stage", ""}, {"kind", kind_name(kind)}});
    }
  }
  for_stages([&](const MetricLabels& labels, const std::vector<const StageCounters*>& threads) {
    for (size_t kind = 0; kind < kFailureKinds; ++kind) {
      uint64_t sum = 0;
      for (const StageCounters* thread : threads) sum += thread->errors[kind].value();
      if (sum == 0) continue;
      MetricLabels with_kind = labels;
      with_kind.emplace_back("kind", kind_name(kind));
      text.sample(sum, with_kind);
    }
  });
}

void ServerImpl::add_server_metrics(MetricsText& text) const {
  const auto one = [&text](const char* name, const char* type, uint64_t value, const char* help) {
    text.family(name, type, help);
    text.sample(value);
  };
  const WebStats& web = web_->stats();
  text.family("wplug_http_replies_total", "counter", "Replies, by status.");
  for (size_t status = 0; status < replies_.size(); ++status) {
    if (replies_[status] > 0) text.sample(replies_[status], {{"status", std::to_string(status)}});
  }
  one("wplug_connections", "gauge", web.connections, "Open connections.");
  one("wplug_connections_accepted_total", "counter", web.accepted, "Connections.");
  one("wplug_connections_dropped_idle_total", "counter", web.dropped_idle,
      "Idle connections that made room for new ones.");
  one("wplug_connections_timed_out_total", "counter", web.timed_out,
      "Connections that were too slow or idle for too long.");
  one("wplug_received_bytes_total", "counter", web.bytes_in, "Bytes from clients.");
  one("wplug_sent_bytes_total", "counter", web.bytes_out, "Bytes to clients.");
  one("wplug_buffered_bytes", "gauge", web.buffered, "Bodies of requests that are not answered.");
  one("wplug_queue_length", "gauge", workers_->queued(), "Requests that wait for a thread.");
  one("wplug_queue_capacity", "gauge", options_.queue, "Requests that may wait.");
  one("wplug_queue_refused_total", "counter", workers_->refused(), "Requests that found the queue full.");
  one("wplug_threads", "gauge", context_.jobs, "Threads that call plugins, each with an instance of each stage.");
  one("wplug_threads_busy", "gauge", workers_->busy(), "Of those, at work.");
  const ModuleCacheStats cache = cache_.stats();
  one("wplug_module_cache_hits_total", "counter", cache.hits, "Modules that were there already.");
  one("wplug_module_cache_misses_total", "counter", cache.misses, "Modules that were compiled.");
  one("wplug_module_cache_modules", "gauge", cache.modules, "Modules that are kept.");
  one("wplug_module_cache_bytes", "gauge", cache.used_bytes, "Their memory, as estimated.");
  if (exporter_) {
    one("wplug_spans_exported_total", "counter", exporter_->stats().exported, "Spans written or sent.");
    one("wplug_spans_dropped_total", "counter", exporter_->stats().dropped, "Spans dropped as too many waited.");
    one("wplug_spans_failed_total", "counter", exporter_->stats().failed, "Spans that could not be written or sent.");
  }
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  text.family("process_cpu_seconds_total", "counter", "User and system time.");
  text.sample_real(seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
  one("process_resident_memory_bytes", "gauge", resident_bytes(), "Resident memory.");
  text.family("process_start_time_seconds", "gauge", "When the server was made.");
  text.sample_real(unix_seconds(began_));
}

std::string ServerImpl::plugins_json() const {
  std::string out = "{\"pipelines\":[";
  for (const auto& pipeline : pipelines_) {
    const auto generation = pipeline->current();
    const auto loaded = std::chrono::duration_cast<std::chrono::milliseconds>(generation->loaded_at.time_since_epoch());
    if (out.back() != '[') out += ',';
    out += "{\"name\":" + json_string(pipeline->name()) + ",\"file\":" + json_string(pipeline->file()) +
           ",\"generation\":" + std::to_string(generation->number) +
           ",\"loaded_ms\":" + std::to_string(loaded.count()) + ",\"stages\":[";
    for (size_t i = 0; i < generation->pipeline->stages().size(); ++i) {
      if (i > 0) out += ',';
      out += stage_json(*generation, i);
    }
    out += "]}";
  }
  return out + "]}\n";
}

}  // namespace wplug
