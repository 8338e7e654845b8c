// One connection of the web server, on the server's thread.
//
// Requests are taken from what has been read until `pipelined` of them wait for their answers; answers leave in the
// order of the requests. At any moment one clock runs, or none (Phase): a client that is slow in a way that costs
// something has a bounded time for it, however it spreads its bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "host/serve/web_parser.h"
#include "host/serve/web_server.h"

namespace wplug {

class WebConnection;

// What runs out. `none`: a request is being worked on, which has limits of its own.
enum class WebPhase : uint8_t { none, idle, header, body, write, linger };
inline constexpr size_t kWebPhases = 6;

class WebExchangeImpl : public WebExchange {
 public:
  // While somebody else has it.
  std::shared_ptr<WebConnection> connection;
  bool done = false;
  bool closes = false;  // the connection ends with it
  bool is_head = false;
  int version = 11;
  uint64_t taken = 0;  // of WebStats::buffered
  void abandon() { abandoned_.store(true, std::memory_order_relaxed); }
  void clear();
};

using WebSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
using WebPlaces = std::list<WebConnection*>;

// What connections share.
class WebLoop {
 public:
  virtual ~WebLoop() = default;
  virtual const WebServerOptions& options() const = 0;
  virtual WebHandler& handler() = 0;
  virtual WebStats& counts() = 0;
  virtual bool draining() const = 0;
  virtual std::string_view date() = 0;
  // The connections whose clock of this phase runs, in the order in which it runs out.
  virtual WebPlaces& places(WebPhase phase) = 0;
  virtual void ended(WebConnection& connection) = 0;
};

class WebConnection : public std::enable_shared_from_this<WebConnection> {
 public:
  WebConnection(WebLoop& loop, WebSocket socket, WebPlaces& places);

  void start();
  // An exchange that was given away is done.
  void answered();
  void begin_drain();
  // The clock of the phase has run out.
  void time_out();
  void close();
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  bool closed() const { return closed_; }

 private:
  using Bytes = std::vector<char>;
  using ErrorCode = boost::system::error_code;

  void go_on();
  void read();
  void read_done(const ErrorCode& error, size_t size);
  void make_room();
  bool parse();
  void parse_some();
  void begin_request();
  void hand_over();
  void refuse(const WebRefusal& refusal);
  void ask_for_body();
  void flush();
  void serialize_next();
  void serialize(WebExchangeImpl& exchange, bool closes);
  void write();
  void wrote(const ErrorCode& error, size_t size);
  void linger();
  void drop_current();
  void recycle(std::unique_ptr<WebExchangeImpl> exchange);
  WebPhase phase_now() const;
  void set_clock();
  bool reads_on() const { return !eof_ && !last_request_; }
  size_t buffered() const { return in_end_ - in_begin_; }

  WebLoop& loop_;
  WebSocket socket_;
  WebPlaces::iterator place_;
  WebPhase phase_ = WebPhase::idle;
  uint64_t clocked_request_ = 0;  // whose clock it is
  uint64_t clocked_bytes_ = 0;
  std::chrono::steady_clock::time_point deadline_;

  Bytes in_;
  size_t in_begin_ = 0, in_end_ = 0;
  std::unique_ptr<WebExchangeImpl> current_;  // being read
  std::optional<WebParser> parser_;           // of current_
  std::deque<std::unique_ptr<WebExchangeImpl>> pending_;
  std::vector<std::unique_ptr<WebExchangeImpl>> spare_;
  std::string out_;
  size_t out_at_ = 0;
  uint64_t requests_ = 0;  // begun
  uint64_t requests_taken_ = 0;
  uint64_t written_ = 0;
  bool reading_ = false, writing_ = false;
  bool eof_ = false;
  bool last_request_ = false;  // nothing behind it is read
  bool last_reply_ = false;    // nothing behind it is written
  bool lingering_ = false, closed_ = false;
  bool asked_for_body_ = false;
};

}  // namespace wplug
