// Pipelines behind HTTP, reloaded while they serve.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "wplug/abi.h"
#include "wplug/engine.h"
#include "wplug/error.h"

namespace wplug {

enum class ReloadOutcome : uint8_t {
  loaded,     // the new version serves
  unchanged,  // the files say what they said before
  rejected,   // the new version could not be loaded, started, or was not healthy: the one before it serves on
};
std::string_view to_string(ReloadOutcome outcome);

struct ReloadEvent {
  std::string pipeline;
  std::string file;
  ReloadOutcome outcome = ReloadOutcome::unchanged;
  uint64_t generation = 0;  // which serves now; the first is 1
  std::string error;        // why it was rejected, one line
};

struct TraceOptions {
  double sample = 0;         // of requests that say nothing of it themselves: 0 to 1
  bool trust_parent = true;  // a `traceparent` decides about its request
  std::string file;          // spans are appended here, a JSON object a line
  std::string endpoint;      // of OTLP over HTTP, JSON: "http://127.0.0.1:4318/v1/traces"
  std::string service = "wplug";
  bool on() const { return !file.empty() || !endpoint.empty(); }
};

// Which request each thread is at, for logs: what a plugin writes belongs to the request of the thread that writes it.
class RequestIds {
 public:
  void set(const std::string& id);
  // Of the calling thread's request; empty: it has none.
  std::string current() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::thread::id, std::string> ids_;
};

struct ServerOptions {
  std::vector<std::string> pipelines;  // files; the first one is also what `POST /` means
  std::string address = "127.0.0.1";   // IPv4 or IPv6, without brackets
  uint16_t port = 8080;                // 0: one that is free
  unsigned jobs = 1;                   // threads that call plugins
  uint32_t queue = 1024;               // requests that wait for one of them; beyond: 503
  std::chrono::nanoseconds queue_timeout = std::chrono::seconds(10);  // for which they wait; beyond: 503
  std::string token;  // of POST /v1/reload; empty: there is no such route
  bool watch = true;  // reload what has changed
  std::chrono::nanoseconds poll = std::chrono::seconds(2);
  bool access_log = false;                      // a line for each request
  RequestIds* request_ids = nullptr;            // kept up to date where it is wanted; outlives the server
  uint64_t module_cache = uint64_t{128} << 20;  // bytes
  TraceOptions trace;
  // Of the connections; see host/serve/web_server.h.
  uint64_t header_bytes = uint64_t{16} << 10;
  uint64_t body_bytes = uint64_t{1} << 20;
  uint64_t buffered_bytes = uint64_t{256} << 20;
  uint64_t connections = 16'384;
  std::chrono::nanoseconds header_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds body_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);
  std::chrono::nanoseconds write_timeout = std::chrono::seconds(30);
  // After every attempt to reload, on a thread of the server's own.
  std::function<void(const ReloadEvent&)> on_reload;
  // Takes what the server itself has to tell: one JSON object, {"event":"reload",…} or {"event":"request",…}. Any
  // thread.
  std::function<void(std::string_view line)> log;
};

class Server {
 public:
  virtual ~Server() = default;
  // Loads every pipeline, makes its instances, and listens; serves nothing yet. `abis` and what `services` lends
  // outlive it. Errors: as of read_pipeline and Pipeline::load; misuse (two pipelines of one name); host (the address,
  // or libwplug_serve.so is missing).
  static Result<std::unique_ptr<Server>> create(const Engine& engine, ServerOptions options,
                                                std::span<const PluginAbi* const> abis, const HostServices& services);
  virtual uint16_t port() const = 0;
  // Serves on the calling thread until it is drained.
  virtual void run() = 0;
  // Any thread: accepts nothing more, answers what has begun, and ends after `grace` at the latest.
  virtual void drain(std::chrono::nanoseconds grace) = 0;
  // Any thread: looks at every file now, whether it has changed or not.
  virtual void reload() = 0;
};

}  // namespace wplug
