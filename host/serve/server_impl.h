// A server: pipelines that are kept up to date, threads, the web server, and the routes between them.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "host/serve/live_pipeline.h"
#include "host/serve/reloader.h"
#include "host/serve/serve_trace.h"
#include "host/serve/web_server.h"
#include "host/serve/worker_threads.h"
#include "wplug/server.h"

namespace wplug {

class ServerImpl final : public Server, private WebHandler {
 public:
  ServerImpl(const Engine& engine, ServerOptions options, std::span<const PluginAbi* const> abis,
             const HostServices& services);
  ~ServerImpl() override;
  Result<void> open();

  uint16_t port() const override { return web_->port(); }
  void run() override;
  void drain(std::chrono::nanoseconds grace) override;
  void reload() override { reloader_->ask({}); }

 private:
  void handle(WebExchange& exchange) override;
  void replied(const WebExchange* exchange, int status) override;
  Result<void> open_pipelines();
  void run_pipeline(WebExchange& exchange, size_t pipeline);
  void run_named(WebExchange& exchange);
  void show(WebExchange& exchange);
  void ask_reload(WebExchange& exchange);
  void method_not_allowed(WebExchange& exchange, const char* allowed);
  void not_found(WebExchange& exchange);
  void reply_error(WebExchange& exchange, int status, std::string_view kind, std::string_view message);
  void reloaded(const ReloadEvent& event);
  void say(const std::string& line) const;

  // server_metrics.cc
  std::string metrics() const;
  void add_pipeline_metrics(class MetricsText& text) const;
  void add_stage_metrics(class MetricsText& text) const;
  void add_server_metrics(class MetricsText& text) const;
  std::string plugins_json() const;

  const Engine engine_;
  const ServerOptions options_;
  ModuleCache cache_;
  ServeContext context_;
  std::vector<std::unique_ptr<LivePipeline>> pipelines_;
  std::unique_ptr<TraceExporter> exporter_;
  std::unique_ptr<WorkerThreads> workers_;
  std::unique_ptr<WebServer> web_;
  std::unique_ptr<Reloader> reloader_;
  std::atomic<bool> draining_{false};
  const std::chrono::system_clock::time_point began_ = std::chrono::system_clock::now();
  std::array<std::atomic<uint64_t>, 600> replies_{};  // by status; of the server's thread
};

}  // namespace wplug
