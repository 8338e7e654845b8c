#include <algorithm>
#include <utility>

#include "host/json_text.h"
#include "host/serve/server_impl.h"

namespace wplug {
namespace {

constexpr std::string_view kPipelines = "/v1/pipelines/";

// Takes as long wherever they differ.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  }
  return difference == 0;
}

WebServerOptions web_options(const ServerOptions& options) {
  WebServerOptions web;
  web.address = options.address;
  web.port = options.port;
  web.header_bytes = options.header_bytes;
  web.body_bytes = options.body_bytes;
  web.buffered_bytes = options.buffered_bytes;
  web.connections = options.connections;
  web.header_timeout = options.header_timeout;
  web.body_timeout = options.body_timeout;
  web.idle_timeout = options.idle_timeout;
  web.write_timeout = options.write_timeout;
  return web;
}

std::string event_json(const ReloadEvent& event) {
  return "{\"pipeline\":" + json_string(event.pipeline) + ",\"outcome\":" + json_string(to_string(event.outcome)) +
         ",\"generation\":" + std::to_string(event.generation) +
         (event.error.empty() ? "" : ",\"error\":" + json_string(event.error)) + "}";
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(const Engine& engine, ServerOptions options,
                                               std::span<const PluginAbi* const> abis, const HostServices& services) {
  auto server = std::make_unique<ServerImpl>(engine, std::move(options), abis, services);
  WPLUG_TRY(server->open());
  return std::unique_ptr<Server>(std::move(server));
}

ServerImpl::ServerImpl(const Engine& engine, ServerOptions options, std::span<const PluginAbi* const> abis,
                       const HostServices& services)
    : engine_(engine),
      options_(std::move(options)),
      cache_(engine_, {options_.module_cache}),
      context_{engine_, cache_, abis, services, std::max(options_.jobs, 1u)} {}

ServerImpl::~ServerImpl() {
  // Nobody asks for anything any more, then nobody works, then nobody waits.
  reloader_.reset();
  if (workers_ && web_) workers_->stop();
  web_.reset();
}

Result<void> ServerImpl::open() {
  WPLUG_TRY(open_pipelines());
  if (options_.trace.on()) {
    WPLUG_TRY_ASSIGN(exporter_, TraceExporter::create(options_.trace));
  }
  WPLUG_TRY_ASSIGN(web_, make_web_server(web_options(options_), *this));
  WorkerOptions workers{context_.jobs,
                        options_.queue,
                        options_.queue_timeout,
                        options_.trace.sample,
                        options_.trace.trust_parent,
                        options_.access_log,
                        options_.request_ids,
                        options_.log};
  workers_ = std::make_unique<WorkerThreads>(std::move(workers), pipelines_, exporter_.get());
  workers_->set_server(*web_);
  ReloaderOptions reloading;
  reloading.watch = options_.watch;
  reloading.poll = options_.poll;
  reloading.settle = std::min(options_.poll, reloading.settle);
  reloading.on_reload = [this](const ReloadEvent& event) { reloaded(event); };
  reloader_ = std::make_unique<Reloader>(pipelines_, std::move(reloading));
  return {};
}

Result<void> ServerImpl::open_pipelines() {
  for (const std::string& file : options_.pipelines) {
    WPLUG_TRY_ASSIGN(auto pipeline, LivePipeline::open(context_, file));
    for (const auto& other : pipelines_) {
      if (other->name() != pipeline->name()) continue;
      return Error(ErrorKind::misuse, file + " and " + other->file() + " are both named \"" + pipeline->name() +
                                          "\": give one another name = \"…\"");
    }
    pipelines_.push_back(std::move(pipeline));
  }
  if (pipelines_.empty()) return Error(ErrorKind::misuse, "there is no pipeline to serve");
  return {};
}

void ServerImpl::run() { web_->run(); }

void ServerImpl::drain(std::chrono::nanoseconds grace) {
  draining_ = true;
  web_->drain(grace);
}

void ServerImpl::say(const std::string& line) const {
  if (options_.log) options_.log(line);
}

void ServerImpl::reloaded(const ReloadEvent& event) {
  if (event.outcome == ReloadOutcome::loaded) workers_->refresh();
  std::string line = event_json(event);
  say("{\"event\":\"reload\"," + line.substr(1));
  if (options_.on_reload) options_.on_reload(event);
}

void ServerImpl::replied(const WebExchange*, int status) {
  if (status >= 0 && static_cast<size_t>(status) < replies_.size()) {
    replies_[static_cast<size_t>(status)].fetch_add(1, std::memory_order_relaxed);
  }
}

void ServerImpl::reply_error(WebExchange& exchange, int status, std::string_view kind, std::string_view message) {
  fill_error(exchange.reply, status, kind, message);
  web_->answer(exchange);
}

void ServerImpl::not_found(WebExchange& exchange) {
  reply_error(exchange, 404, "http", "there is nothing at this path; see docs/serve.md");
}

void ServerImpl::method_not_allowed(WebExchange& exchange, const char* allowed) {
  exchange.reply.headers.emplace_back("Allow", allowed);
  reply_error(exchange, 405, "http", std::string("this path takes ") + allowed);
}

void ServerImpl::handle(WebExchange& exchange) {
  const std::string_view path = exchange.request.path();
  if (path == "/") return run_pipeline(exchange, 0);
  if (path.starts_with(kPipelines)) return run_named(exchange);
  if (path == "/v1/reload") return ask_reload(exchange);
  show(exchange);
}

void ServerImpl::run_named(WebExchange& exchange) {
  const std::string_view name = exchange.request.path().substr(kPipelines.size());
  for (size_t i = 0; i < pipelines_.size(); ++i) {
    if (pipelines_[i]->name() == name) return run_pipeline(exchange, i);
  }
  reply_error(exchange, 404, "http", "there is no such pipeline; GET /v1/plugins lists them");
}

void ServerImpl::run_pipeline(WebExchange& exchange, size_t pipeline) {
  if (exchange.request.method() != "POST") return method_not_allowed(exchange, "POST");
  if (workers_->submit(exchange, pipeline)) return;
  reply_error(exchange, 503, "overload", "too many requests are waiting; try again later");
}

// What is only looked at.
void ServerImpl::show(WebExchange& exchange) {
  const std::string_view path = exchange.request.path();
  WebReply& reply = exchange.reply;
  const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics" || path == "/v1/plugins";
  if (!known) return not_found(exchange);
  if (exchange.request.method() != "GET" && exchange.request.method() != "HEAD") {
    return method_not_allowed(exchange, "GET, HEAD");
  }
  if (path == "/metrics") {
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = metrics();
  } else if (path == "/v1/plugins") {
    reply.body = plugins_json();
  } else {
    const bool ready = path == "/healthz" || !draining_;
    reply.status = ready ? 200 : 503;
    reply.content_type = "text/plain; charset=utf-8";
    reply.body = ready ? "ok\n" : "draining\n";
  }
  web_->answer(exchange);
}

void ServerImpl::ask_reload(WebExchange& exchange) {
  if (options_.token.empty()) return not_found(exchange);
  if (exchange.request.method() != "POST") return method_not_allowed(exchange, "POST");
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = exchange.request.header("authorization");
  if (!given.starts_with(kScheme) || !same_secret(given.substr(kScheme.size()), options_.token)) {
    exchange.reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    return reply_error(exchange, 401, "http", "the token is missing or wrong: Authorization: Bearer TOKEN");
  }
  reloader_->ask([this, &exchange](const std::vector<ReloadEvent>& events) {
    WebReply& reply = exchange.reply;
    reply.body = "{\"pipelines\":[";
    for (const ReloadEvent& event : events) {
      if (event.outcome == ReloadOutcome::rejected) reply.status = 422;
      if (reply.body.back() != '[') reply.body += ',';
      reply.body += event_json(event);
    }
    reply.body += "]}\n";
    web_->answer(exchange);
  });
}

}  // namespace wplug
