#include "host/serve/web_server.h"

#include <algorithm>
#include <ctime>
#include <mutex>
#include <thread>
#include <unordered_set>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "host/serve/web_connection.h"

namespace wplug {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, asio::io_context::executor_type>;

constexpr int kBacklog = 4096;
constexpr int kAcceptedAtOnce = 64;
constexpr std::chrono::milliseconds kNoDescriptorsWait{100};

class AsioServer final : public WebServer, private WebLoop {
 public:
  AsioServer(const WebServerOptions& options, WebHandler& handler) : options_(options), handler_(handler) {}
  ~AsioServer() override;

  // What is wrong; empty when it listens.
  std::string listen();
  uint16_t port() const override { return port_; }
  const WebStats& stats() const override { return counts_; }
  void run() override;
  void answer(WebExchange& exchange) override;
  void drain(std::chrono::nanoseconds grace) override;

 private:
  const WebServerOptions& options() const override { return options_; }
  WebHandler& handler() override { return handler_; }
  WebStats& counts() override { return counts_; }
  bool draining() const override { return draining_; }
  std::string_view date() override;
  WebPlaces& places(WebPhase phase) override { return places_[static_cast<size_t>(phase)]; }
  void ended(WebConnection& connection) override;

  void accept();
  void accept_waiting();
  void welcome(WebSocket socket);
  bool make_room();
  void pause_accepting();
  void take_answers();
  void watch_clocks();
  void begin_drain(std::chrono::nanoseconds grace);
  void close_all();
  std::chrono::nanoseconds tick() const;
  template <class Action>
  void for_all(Action&& action);

  const WebServerOptions options_;
  WebHandler& handler_;
  WebStats counts_;
  asio::io_context io_{1};
  Acceptor acceptor_{io_.get_executor()};
  Timer clock_{io_.get_executor()}, grace_{io_.get_executor()}, pause_{io_.get_executor()};
  uint16_t port_ = 0;
  bool draining_ = false;
  bool full_ = false;  // nothing is accepted until a connection ends
  WebPlaces places_[kWebPhases];
  size_t open_ = 0;
  std::time_t date_of_ = -1;
  std::string date_;
  std::atomic<std::thread::id> thread_{};
  std::mutex mutex_;
  std::vector<WebExchangeImpl*> answered_;  // by other threads
};

AsioServer::~AsioServer() {
  close_all();
  // Whoever had exchanges has given them back by now; they keep their connections.
  take_answers();
}

std::string AsioServer::listen() {
  const std::string where = options_.address + " port " + std::to_string(options_.port);
  ErrorCode error;
  const asio::ip::address address = asio::ip::make_address(options_.address, error);
  if (error) return "cannot listen on " + where + ": this is not an address";
  const asio::ip::tcp::endpoint at(address, options_.port);
  acceptor_.open(at.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(at, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  return error ? "cannot listen on " + where + ": " + error.message() : "";
}

void AsioServer::run() {
  thread_ = std::this_thread::get_id();
  accept();
  watch_clocks();
  for (bool goes_on = true; goes_on;) {
    try {
      io_.run();
      goes_on = false;
    } catch (const std::exception&) {
      // There was no memory for one step of one connection; the others go on, and its clock still runs.
    }
  }
  thread_ = std::thread::id();
}

std::string_view AsioServer::date() {
  const std::time_t now = std::time(nullptr);
  if (now == date_of_) return date_;
  date_of_ = now;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  return date_;
}

void AsioServer::accept() {
  if (draining_ || full_) return;
  acceptor_.async_wait(Acceptor::wait_read, [this](const ErrorCode& error) {
    if (error == asio::error::operation_aborted) return;
    accept_waiting();
    accept();
  });
}

void AsioServer::accept_waiting() {
  for (int i = 0; i < kAcceptedAtOnce && acceptor_.is_open(); ++i) {
    if (open_ >= options_.connections && places(WebPhase::idle).empty()) {
      full_ = true;
      return;
    }
    ErrorCode error;
    WebSocket socket(io_.get_executor());
    acceptor_.accept(socket, error);
    if (error == asio::error::would_block || error == asio::error::try_again) return;
    if (error == asio::error::no_descriptors && !make_room()) return pause_accepting();
    if (error) continue;
    if (open_ >= options_.connections) make_room();
    welcome(std::move(socket));
  }
}

void AsioServer::welcome(WebSocket socket) {
  ErrorCode error;
  socket.non_blocking(true, error);
  if (error) return;
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  counts_.accepted.fetch_add(1, std::memory_order_relaxed);
  counts_.connections.store(++open_, std::memory_order_relaxed);
  std::make_shared<WebConnection>(static_cast<WebLoop&>(*this), std::move(socket), places(WebPhase::idle))->start();
}

// Ends the connection that has been idle for longest.
bool AsioServer::make_room() {
  WebPlaces& idle = places(WebPhase::idle);
  if (idle.empty()) return false;
  counts_.dropped_idle.fetch_add(1, std::memory_order_relaxed);
  idle.front()->close();
  return true;
}

void AsioServer::pause_accepting() {
  full_ = true;
  pause_.expires_after(kNoDescriptorsWait);
  pause_.async_wait([this](const ErrorCode& error) {
    if (error) return;
    full_ = false;
    accept();
  });
}

void AsioServer::ended(WebConnection&) {
  counts_.connections.store(--open_, std::memory_order_relaxed);
  if (draining_ && open_ == 0) {
    clock_.cancel();
    grace_.cancel();
  }
  if (full_ && !draining_) {
    full_ = false;
    pause_.cancel();
    accept();
  }
}

void AsioServer::answer(WebExchange& exchange) {
  auto& mine = static_cast<WebExchangeImpl&>(exchange);
  if (thread_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    // During handle(): the connection looks when that returns.
    mine.done = true;
    mine.connection.reset();
    return;
  }
  bool first;
  {
    const std::lock_guard lock(mutex_);
    first = answered_.empty();
    answered_.push_back(&mine);
  }
  if (first) asio::post(io_, [this] { take_answers(); });
}

void AsioServer::take_answers() {
  std::vector<WebExchangeImpl*> answered;
  {
    const std::lock_guard lock(mutex_);
    answered.swap(answered_);
  }
  std::vector<std::shared_ptr<WebConnection>> connections;
  connections.reserve(answered.size());
  for (WebExchangeImpl* exchange : answered) {
    exchange->done = true;
    connections.push_back(std::move(exchange->connection));
  }
  for (const auto& connection : connections) connection->answered();
}

std::chrono::nanoseconds AsioServer::tick() const {
  const auto shortest =
      std::min({options_.header_timeout, options_.body_timeout, options_.idle_timeout, options_.write_timeout});
  return std::clamp<std::chrono::nanoseconds>(shortest / 4, std::chrono::milliseconds(5),
                                              std::chrono::milliseconds(500));
}

void AsioServer::watch_clocks() {
  const auto now = Clock::now();
  for (const WebPhase phase : {WebPhase::idle, WebPhase::header, WebPhase::body, WebPhase::write, WebPhase::linger}) {
    WebPlaces& waiting = places(phase);
    while (!waiting.empty() && waiting.front()->deadline() <= now) {
      const auto connection = waiting.front()->shared_from_this();
      connection->time_out();
      // One that did not move would be met for ever.
      if (!connection->closed() && !waiting.empty() && waiting.front() == connection.get()) connection->close();
    }
  }
  if (draining_ && open_ == 0) return;
  clock_.expires_after(tick());
  clock_.async_wait([this](const ErrorCode& error) {
    if (!error) watch_clocks();
  });
}

template <class Action>
void AsioServer::for_all(Action&& action) {
  std::vector<std::shared_ptr<WebConnection>> all;
  for (WebPlaces& waiting : places_) {
    for (WebConnection* connection : waiting) all.push_back(connection->shared_from_this());
  }
  for (const auto& connection : all) action(*connection);
}

void AsioServer::drain(std::chrono::nanoseconds grace) {
  asio::post(io_, [this, grace] { begin_drain(grace); });
}

void AsioServer::begin_drain(std::chrono::nanoseconds grace) {
  grace_.expires_after(grace);
  grace_.async_wait([this](const ErrorCode& error) {
    if (!error) close_all();
  });
  if (draining_) return;
  // Those who have connected are not turned away.
  accept_waiting();
  draining_ = true;
  ErrorCode ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for_all([](WebConnection& connection) { connection.begin_drain(); });
  if (open_ > 0) return;
  clock_.cancel();
  grace_.cancel();
}

void AsioServer::close_all() {
  for_all([](WebConnection& connection) { connection.close(); });
}

}  // namespace
}  // namespace wplug

extern "C" [[gnu::visibility("default")]] wplug::WebServer* wplug_make_web_server(
    const wplug::WebServerOptions* options, wplug::WebHandler* handler, std::string* problem) {
  try {
    auto server = std::make_unique<wplug::AsioServer>(*options, *handler);
    *problem = server->listen();
    if (problem->empty()) return server.release();
  } catch (const std::exception& error) {
    *problem = error.what();
  }
  return nullptr;
}
