// W3C trace context, and spans of requests and of the plugin calls in them.
//
// A span is written as OTLP has it in JSON, so that a line of the file and an element of an export are the same text.
// Spans are handed to one thread, which writes and sends; when it does not keep up they are dropped and counted, for a
// trace is never worth a request.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/files.h"
#include "wplug/http.h"
#include "wplug/pipeline.h"
#include "wplug/server.h"

namespace wplug {

// `traceparent`, version 00: https://www.w3.org/TR/trace-context/
struct TraceParent {
  std::string trace_id;  // 32 lower-case hexadecimal digits, not all zero
  std::string span_id;   // 16, the same
  bool sampled = false;
  std::string to_string() const;
};
// nullopt when it is malformed; later versions are read as far as this one goes.
std::optional<TraceParent> parse_trace_parent(std::string_view text);
// Whether a `tracestate` is passed on: at most 512 characters that a header may have.
bool is_trace_state(std::string_view text);

// Random identifiers of one thread: unique, not secret.
class TraceIds {
 public:
  TraceIds();
  std::string trace_id() { return hex(2); }
  std::string span_id() { return hex(1); }
  // Whether one in 1 / `share` is chosen.
  bool choose(double share);

 private:
  std::string hex(int words);
  std::mt19937_64 random_;
};

// Spans of one request, built by the thread that works on it.
class RequestTrace {
 public:
  RequestTrace(TraceIds& ids, const std::optional<TraceParent>& parent, std::string_view state);
  const TraceParent& context() const { return context_; }
  void add_call(const std::string& stage, const StageCall& call);
  // The request's own span, once all is done; JSON objects of all spans, the request's first.
  std::vector<std::string> finish(const std::string& pipeline, std::string_view request_id, int status,
                                  const RecordError* error, std::chrono::steady_clock::time_point begin);

 private:
  TraceIds& ids_;
  TraceParent context_;
  std::string parent_span_, state_;
  std::vector<std::string> calls_;
  // What both clocks said at one moment.
  std::chrono::steady_clock::time_point steady_;
  std::chrono::system_clock::time_point system_;
};

struct TraceStats {
  std::atomic<uint64_t> exported{0}, dropped{0}, failed{0};  // spans
};

class TraceExporter {
 public:
  // Error host: the file cannot be opened; misuse: the endpoint is not an http URL.
  static Result<std::unique_ptr<TraceExporter>> create(const TraceOptions& options);
  // Sends what there is, for as long as a last export may take.
  ~TraceExporter();
  void add(std::vector<std::string> spans);
  const TraceStats& stats() const { return stats_; }

 private:
  explicit TraceExporter(TraceOptions options) : options_(std::move(options)) {}
  void run();
  void write(const std::vector<std::string>& spans);
  void send(const std::vector<std::string>& spans);

  const TraceOptions options_;
  OwnedFd file_;
  std::unique_ptr<HttpClient> http_;
  Policy policy_;
  TraceStats stats_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> waiting_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace wplug
