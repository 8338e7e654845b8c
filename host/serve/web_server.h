// An HTTP/1.1 server that knows nothing of plugins.
//
// It lives in a shared object of its own, `libwplug_serve.so`, which is loaded when somebody serves: Boost.Asio and
// Boost.Beast are a few hundred kilobytes of code that nothing else needs. A program that wants no such file links
// `wplug_make_web_server` into itself instead.
//
// One thread reads, writes and watches the time; what takes longer than that is done elsewhere and answered later.
// Requests of one connection are answered in their order, however they were finished, and several answers that are
// ready leave in one write.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/error.h"

namespace wplug {

struct WebServerOptions {
  std::string address = "127.0.0.1";              // an IPv4 or IPv6 address, without brackets
  uint16_t port = 0;                              // 0: one that is free
  uint64_t header_bytes = uint64_t{16} << 10;     // request line and header fields; beyond: 431
  uint64_t body_bytes = uint64_t{1} << 20;        // beyond: 413
  uint64_t buffered_bytes = uint64_t{256} << 20;  // bodies of all requests that are not answered; beyond: 503
  uint64_t connections = 16'384;  // at that number the one that was idle for longest makes room for the next
  uint32_t pipelined = 32;        // requests of one connection that are not answered; then it is not read from
  std::chrono::nanoseconds header_timeout =
      std::chrono::seconds(10);  // from a request's first byte to the end of its header
  std::chrono::nanoseconds body_timeout = std::chrono::seconds(30);   // of the whole body
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);   // between requests
  std::chrono::nanoseconds write_timeout = std::chrono::seconds(30);  // for which a client takes nothing of an answer
};

// A request as it was read, with its limits kept. Views into `text`.
class WebRequest {
 public:
  std::string_view method() const { return view(method_); }
  std::string_view target() const { return view(target_); }
  // The target up to its query.
  std::string_view path() const { return target().substr(0, target().find('?')); }
  // The value of the first field of that name, in any case; empty when there is none.
  std::string_view header(std::string_view name) const;
  const std::string& body() const { return body_; }

 private:
  friend class WebRequestBuilder;
  struct Part {
    uint32_t at = 0, size = 0;
  };
  std::string_view view(Part part) const { return std::string_view(text_).substr(part.at, part.size); }
  std::string text_;  // method, target, names and values, one after another
  Part method_, target_;
  std::vector<std::pair<Part, Part>> fields_;
  std::string body_;
};

struct WebReply {
  int status = 200;
  std::string_view content_type = "application/json";  // of static storage
  // What frames the message, and what is not a field at all, is left out.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// A request and its reply. Belongs to the server, except between WebHandler::handle and WebServer::answer.
class WebExchange {
 public:
  WebRequest request;
  WebReply reply;
  std::chrono::steady_clock::time_point received;
  // The client has gone: nobody will see the reply.
  bool abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

 protected:
  WebExchange() = default;
  ~WebExchange() = default;
  std::atomic<bool> abandoned_{false};
};

class WebHandler {
 public:
  virtual ~WebHandler() = default;
  // On the server's thread: must not wait for anything. Every exchange is answered once, now or later.
  virtual void handle(WebExchange& exchange) = 0;
  // A reply is about to be sent, on the server's thread; also those that the server gives by itself (`exchange` is
  // null).
  virtual void replied(const WebExchange* exchange, int status) = 0;
};

// Any thread may read it.
struct WebStats {
  std::atomic<uint64_t> connections{0};  // open now
  std::atomic<uint64_t> accepted{0};
  std::atomic<uint64_t> dropped_idle{0};  // to make room
  std::atomic<uint64_t> timed_out{0};
  std::atomic<uint64_t> bytes_in{0}, bytes_out{0};
  std::atomic<uint64_t> buffered{0};  // bytes of bodies now
};

class WebServer {
 public:
  virtual ~WebServer() = default;
  virtual uint16_t port() const = 0;
  virtual const WebStats& stats() const = 0;
  // Serves on the calling thread until it is drained.
  virtual void run() = 0;
  // Any thread.
  virtual void answer(WebExchange& exchange) = 0;
  // Any thread: nothing more is accepted, connections end with the request they are at, and those that have not after
  // `grace` are closed. Once more: with another grace.
  virtual void drain(std::chrono::nanoseconds grace) = 0;
};

// A server that listens already. Error host: the shared object is not there, or the address cannot be listened at.
// `handler` outlives it.
Result<std::unique_ptr<WebServer>> make_web_server(const WebServerOptions& options, WebHandler& handler);

// The words of a status: "Not Found".
std::string_view status_words(int status);

}  // namespace wplug

// The one entry of the shared object; null and `problem` filled in when it cannot listen.
extern "C" wplug::WebServer* wplug_make_web_server(const wplug::WebServerOptions* options, wplug::WebHandler* handler,
                                                   std::string* problem);
