// The threads that call plugins, and the requests that wait for one.
//
// Each thread owns a worker (its instances) of each pipeline and changes to the pipeline's new version between two
// requests, so a request sees one version only. A request is handed over by one lock and wakes a thread only when one
// sleeps; under load threads find the next one when they come back.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/serve/live_pipeline.h"
#include "host/serve/serve_metrics.h"
#include "host/serve/serve_trace.h"
#include "host/serve/web_server.h"

namespace wplug {

struct WorkerOptions {
  unsigned jobs = 1;
  uint32_t queue = 1024;
  std::chrono::nanoseconds queue_timeout = std::chrono::seconds(10);
  double sample = 0;
  bool trust_parent = true;
  bool access_log = false;
  RequestIds* request_ids = nullptr;
  std::function<void(std::string_view)> log;  // may be empty
};

class WorkerThreads {
 public:
  // All outlive it; `exporter` may be null.
  WorkerThreads(WorkerOptions options, std::span<const std::unique_ptr<LivePipeline>> pipelines,
                TraceExporter* exporter);
  // Answers what waits with 503, and lets what runs finish.
  ~WorkerThreads();
  // Before anything is submitted.
  void set_server(WebServer& server) { server_ = &server; }
  void stop();

  // False: the queue is full.
  bool submit(WebExchange& exchange, size_t pipeline);
  // Threads that have nothing to do change to new versions now.
  void refresh();

  uint64_t queued() const { return queued_.load(std::memory_order_relaxed); }
  uint64_t busy() const { return busy_.load(std::memory_order_relaxed); }
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  // Of one pipeline, by thread.
  std::vector<const PipelineCounters*> counters(size_t pipeline) const;

 private:
  struct Item {
    WebExchange* exchange = nullptr;
    size_t pipeline = 0;
  };
  class Thread;
  bool next(Item& item, uint64_t& refreshed);

  const WorkerOptions options_;
  std::span<const std::unique_ptr<LivePipeline>> pipelines_;
  TraceExporter* const exporter_;
  WebServer* server_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> ring_;
  size_t begin_ = 0, size_ = 0;
  unsigned sleeping_ = 0;
  uint64_t refreshes_ = 0;
  bool ends_ = false;
  std::atomic<uint64_t> queued_{0}, busy_{0}, refused_{0};
  std::vector<std::unique_ptr<Thread>> threads_;
};

// The reply of a request that could not be served; `kind` as in error lines.
void fill_error(WebReply& reply, int status, std::string_view kind, std::string_view message);

}  // namespace wplug
