// HTTP itself, over real sockets: order, limits, clocks, the end. What a request means is for the handler.
#include "host/serve/web_server.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "host/serve/web_client_test.h"

namespace wplug {
namespace {

// Links the server in.
[[gnu::used]] const auto kLinked = &wplug_make_web_server;

using namespace std::chrono_literals;
using test::Client;
using test::get;
using test::post;
using test::Reply;

// Gives bodies back. Targets that begin with /hold wait until the test lets them go.
class Service : public WebHandler {
 public:
  explicit Service(WebServerOptions options = {}) {
    auto made = make_web_server(options, *this);
    if (!made.ok()) FAIL(made.error().message());
    server_ = std::move(*made);
    thread_ = std::thread([this] { server_->run(); });
  }
  ~Service() override {
    stop();
    for (WebExchange* exchange : held_) server_->answer(*exchange);
  }
  void stop(std::chrono::nanoseconds grace = 0ns) {
    server_->drain(grace);
    if (thread_.joinable()) thread_.join();
  }

  void handle(WebExchange& exchange) override {
    const WebRequest& request = exchange.request;
    if (request.path().starts_with("/hold")) {
      const std::lock_guard lock(mutex_);
      held_.push_back(&exchange);
      changed_.notify_all();
      return;
    }
    exchange.reply.body = request.path() == "/large" ? std::string(8 << 20, 'x')
                                                     : std::string(request.method()) + " " +
                                                           std::string(request.target()) + " " + request.body();
    exchange.reply.headers.emplace_back("X-Seen", std::string(request.header("x-sent")));
    server_->answer(exchange);
  }
  void replied(const WebExchange*, int) override { ++replies; }

  // Waits for `count` held exchanges.
  std::vector<WebExchange*> held(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= count; });
    std::vector<WebExchange*> all(held_.begin(), held_.end());
    held_.clear();
    return all;
  }
  void answer(WebExchange& exchange, std::string body) {
    exchange.reply.body = std::move(body);
    server_->answer(exchange);
  }
  WebServer& server() { return *server_; }
  Client connect() const { return Client(server_->port()); }

  std::atomic<int> replies{0};

 private:
  std::unique_ptr<WebServer> server_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WebExchange*> held_;
};

TEST_CASE("a connection serves one request after another") {
  Service service;
  Client client = service.connect();
  for (int i = 0; i < 3; ++i) {
    const Reply reply = client.ask(post("/a?b=c", "body " + std::to_string(i), "X-Sent: yes\r\n"));
    CHECK(reply.status == 200);
    CHECK(reply.body == "POST /a?b=c body " + std::to_string(i));
    CHECK(reply.headers.at("x-seen") == "yes");
    CHECK(reply.headers.count("date") == 1);
    CHECK(reply.headers.count("connection") == 0);
  }
  CHECK(service.server().stats().accepted == 1);
}

TEST_CASE("many requests sent at once are answered in their order") {
  Service service;
  Client client = service.connect();
  std::string all;
  for (int i = 0; i < 1000; ++i) all += post("/", std::to_string(i));
  std::thread sender([&] { CHECK(client.send(all)); });
  for (int i = 0; i < 1000; ++i) REQUIRE(client.read().body == "POST / " + std::to_string(i));
  sender.join();
}

TEST_CASE("answers that are ready early wait for those before them") {
  Service service;
  Client client = service.connect();
  CHECK(client.send(get("/hold/1") + get("/hold/2") + get("/3") + get("/hold/4")));
  const auto held = service.held(3);
  service.answer(*held[2], "four");
  service.answer(*held[1], "two");
  service.answer(*held[0], "one");
  for (const char* body : {"one", "two", "GET /3 ", "four"}) CHECK(client.read().body == body);
}

TEST_CASE("a client that sends ahead without end is read only as far as its answers are") {
  WebServerOptions options;
  options.pipelined = 4;
  Service service(options);
  Client client = service.connect();
  std::string all;
  for (int i = 0; i < 20; ++i) all += get("/hold");
  CHECK(client.send(all));
  for (int round = 0; round < 5; ++round) {
    const auto held = service.held(4);
    CHECK(held.size() == 4);
    for (WebExchange* exchange : held) service.answer(*exchange, "x");
    for (int i = 0; i < 4; ++i) CHECK(client.read().status == 200);
  }
}

TEST_CASE("a request may come byte by byte") {
  Service service;
  Client client = service.connect();
  for (const char c : post("/slow", "abc")) CHECK(client.send({&c, 1}));
  CHECK(client.read().body == "POST /slow abc");
}

TEST_CASE("a chunked body is put together, and its trailers are dropped") {
  Service service;
  Client client = service.connect();
  const std::string head = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(client.ask(head + "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nX-Sent: late\r\n\r\n").body == "POST /c abcdefgh");
  const Reply reply = client.ask(head + "0\r\nX-Sent: late\r\n\r\n");
  CHECK(reply.body == "POST /c ");
  CHECK(reply.headers.at("x-seen").empty());
}

TEST_CASE("a client that waits to be asked for its body is asked") {
  Service service;
  Client client = service.connect();
  CHECK(client.ask("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").status == 100);
  CHECK(client.ask("abc").body == "POST /e abc");
  CHECK(client.ask("POST /e HTTP/1.1\r\nHost: a\r\nExpect: gold\r\nContent-Length: 3\r\n\r\n").status == 417);
  CHECK(client.closed());
}

TEST_CASE("the reply to HEAD has a length and no body") {
  Service service;
  Client client = service.connect();
  CHECK(client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n" + get("/next")));
  const Reply head = client.read(true);
  CHECK(head.headers.at("content-length") == "8");
  CHECK(client.read().body == "GET /next ");
}

TEST_CASE("HTTP/1.0 ends the connection unless it asks to keep it") {
  Service service;
  Client once = service.connect();
  CHECK(once.ask("GET /1 HTTP/1.0\r\n\r\n").headers.at("connection") == "close");
  CHECK(once.closed());
  Client kept = service.connect();
  CHECK(kept.ask("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").headers.at("connection") == "keep-alive");
  CHECK(kept.ask("GET /2 HTTP/1.0\r\n\r\n").body == "GET /2 ");
  CHECK(kept.closed());
}

TEST_CASE("Connection: close ends the connection behind its reply, whatever was sent behind the request") {
  Service service;
  Client client = service.connect();
  const Reply reply = client.ask(get("/last", "Connection: close\r\n") + get("/never"));
  CHECK(reply.body == "GET /last ");
  CHECK(reply.headers.at("connection") == "close");
  CHECK(client.closed());
}

TEST_CASE("what is not HTTP, or could be read in two ways, is refused and ends the connection") {
  struct Case {
    const char* text;
    int status;
  };
  const Case cases[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nbroken line\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: \1\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415},
  };
  Service service;
  for (const Case& wrong : cases) {
    CAPTURE(wrong.text);
    Client client = service.connect();
    const Reply reply = client.ask(std::string(wrong.text) + get("/behind"));
    CHECK(reply.status == wrong.status);
    CHECK(reply.body.starts_with(R"({"error":{"stage":null,"kind":"http")"));
    CHECK(client.closed());
  }
  Client good = service.connect();
  CHECK(good.ask(get("/")).status == 200);
  CHECK(service.replies == static_cast<int>(std::size(cases)) + 1);
}

TEST_CASE("a header and a body beyond their limits are refused before they are read whole") {
  WebServerOptions options;
  options.header_bytes = 1000;
  options.body_bytes = 100;
  Service service(options);
  CHECK(service.connect().ask(get("/", "X: " + std::string(900, 'x') + "\r\n")).status == 200);
  CHECK(service.connect().ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x')).status == 431);
  CHECK(service.connect().ask("GET /" + std::string(200'000, 'x')).status == 431);
  CHECK(service.connect().ask(post("/", std::string(100, 'b'))).status == 200);
  Client announced = service.connect();
  CHECK(announced.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n").status == 413);
  CHECK(announced.closed());
  const std::string chunk = "40\r\n" + std::string(64, 'c') + "\r\n";
  CHECK(service.connect()
            .ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk)
            .status == 413);
}

TEST_CASE("bodies that wait for their answers have a limit in common, and are counted exactly") {
  WebServerOptions options;
  options.buffered_bytes = 1000;
  Service service(options);
  Client first = service.connect(), second = service.connect();
  CHECK(first.send(post("/hold", std::string(900, 'b'))));
  WebExchange& held = *service.held(1).front();
  CHECK(service.server().stats().buffered == 900);
  const Reply refused = second.ask(post("/", std::string(101, 'b')));
  CHECK(refused.status == 503);
  CHECK(refused.headers.at("retry-after") == "1");
  service.answer(held, "done");
  CHECK(first.read().body == "done");
  CHECK(first.ask(post("/", std::string(1000, 'b'))).status == 200);
  service.stop();
  CHECK(service.server().stats().buffered == 0);
}

TEST_CASE("a client that is slow with a header or a body is told so and let go") {
  WebServerOptions options;
  options.header_timeout = options.body_timeout = 40ms;
  Service service(options);
  Client header = service.connect(), body = service.connect();
  CHECK(header.send("GET / HTTP/1.1\r\nHo"));
  CHECK(body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"));
  CHECK(header.read().status == 408);
  CHECK(body.read().status == 408);
  CHECK(header.closed());
  CHECK(body.closed());
  CHECK(service.server().stats().timed_out == 2);
}

TEST_CASE("a client that sends a byte now and then has no more time for its header than others") {
  WebServerOptions options;
  options.header_timeout = 100ms;
  Service service(options);
  Client client = service.connect();
  CHECK(client.send("GET / HTTP/1.1\r\nHost: a\r\n"));
  // Ends only when the server does it.
  std::thread sender([&] {
    while (client.send("X: y\r\n")) std::this_thread::yield();
  });
  const int status = client.read().status;
  sender.join();
  // The header is too large before its time is over where this is quick.
  CHECK((status == 408 || status == 431 || status == 0));
}

TEST_CASE("a connection without requests is ended") {
  WebServerOptions options;
  options.idle_timeout = 30ms;
  Service service(options);
  CHECK(service.connect().closed());
  Client client = service.connect();
  CHECK(client.ask(get("/")).status == 200);
  CHECK(client.closed());
}

TEST_CASE("a client that takes nothing of its answer is let go") {
  WebServerOptions options;
  options.write_timeout = 50ms;
  Service service(options);
  Client client = service.connect();
  CHECK(client.send(get("/large") + get("/large")));
  // The client reads only when it is too late.
  while (service.server().stats().timed_out == 0) std::this_thread::yield();
  (void)client.read();
  CHECK(client.read().status == 0);
}

TEST_CASE("answers larger than the socket takes at once arrive whole") {
  Service service;
  Client client = service.connect();
  CHECK(client.send(get("/large") + get("/after")));
  CHECK(client.read().body.size() == 8 << 20);
  CHECK(client.read().body == "GET /after ");
}

TEST_CASE("the connection that was idle for longest makes room for a new one") {
  WebServerOptions options;
  options.connections = 3;
  Service service(options);
  Client busy = service.connect();
  CHECK(busy.send(get("/hold")));
  WebExchange& held = *service.held(1).front();
  Client idle = service.connect(), fresh = service.connect();
  CHECK(idle.ask(get("/")).status == 200);
  CHECK(fresh.ask(get("/")).status == 200);
  CHECK(service.connect().ask(get("/")).status == 200);
  CHECK(idle.closed());
  CHECK(service.server().stats().dropped_idle == 1);
  service.answer(held, "still here");
  CHECK(busy.read().body == "still here");
}

TEST_CASE("when every connection is busy, new ones wait until one ends") {
  WebServerOptions options;
  options.connections = 1;
  Service service(options);
  Client busy = service.connect();
  CHECK(busy.send(get("/hold", "Connection: close\r\n")));
  WebExchange& held = *service.held(1).front();
  Client waiting = service.connect();
  CHECK(waiting.send(get("/waited")));
  service.answer(held, "x");
  CHECK(busy.read().status == 200);
  busy.hang_up();
  CHECK(waiting.read().body == "GET /waited ");
}

TEST_CASE("an exchange whose client has gone is marked, and its answer goes nowhere") {
  Service service;
  Client client = service.connect();
  CHECK(client.send(get("/hold")));
  WebExchange& held = *service.held(1).front();
  CHECK_FALSE(held.abandoned());
  client.reset();
  while (!held.abandoned()) std::this_thread::yield();
  service.answer(held, "nobody");
  CHECK(service.connect().ask(get("/")).status == 200);
}

TEST_CASE("a client that has ended its sending still gets its answers") {
  Service service;
  Client client = service.connect();
  CHECK(client.send(get("/hold") + get("/2")));
  client.end_sending();
  service.answer(*service.held(1).front(), "one");
  CHECK(client.read().body == "one");
  CHECK(client.read().body == "GET /2 ");
  CHECK(client.closed());
}

TEST_CASE("draining answers what has begun, ends idle connections and accepts nothing") {
  Service service;
  Client busy = service.connect(), idle = service.connect();
  CHECK(idle.ask(get("/")).status == 200);
  CHECK(busy.send(get("/hold")));
  WebExchange& held = *service.held(1).front();
  service.server().drain(1h);
  CHECK(idle.closed());
  service.answer(held, "last words");
  const Reply reply = busy.read();
  CHECK(reply.body == "last words");
  CHECK(reply.headers.at("connection") == "close");
  CHECK(busy.closed());
  busy.hang_up();
  service.stop();  // would take an hour if anything was left
}

TEST_CASE("draining has an end for those who do not") {
  Service service;
  Client client = service.connect();
  CHECK(client.send(get("/hold")));
  WebExchange& held = *service.held(1).front();
  service.stop(10ms);
  CHECK(client.closed());
  CHECK(held.abandoned());
  service.answer(held, "too late");
}

TEST_CASE("fields that would change the message's frame are left out of a reply") {
  Service service;
  Client client = service.connect();
  CHECK(client.send(get("/hold")));
  WebExchange& held = *service.held(1).front();
  held.reply.headers = {{"Content-Length", "7"},
                        {"Transfer-Encoding", "chunked"},
                        {"connection", "close"},
                        {"X-Good", "1"},
                        {"X-Bad", "a\r\nSet-Cookie: b"},
                        {"bad name", "x"},
                        {"", "x"}};
  service.answer(held, "body");
  const Reply reply = client.read();
  CHECK(reply.body == "body");
  CHECK(reply.headers.at("x-good") == "1");
  CHECK(reply.headers.size() == 4);  // with Date, Content-Type, Content-Length
  CHECK(client.ask(get("/")).status == 200);
}

TEST_CASE("an address that cannot be listened at is an error that names it") {
  Service service;
  WebServerOptions options;
  options.port = service.server().port();
  auto again = make_web_server(options, service);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().message().find("127.0.0.1 port " + std::to_string(options.port)) != std::string::npos);
  options.address = "nowhere.example";
  again = make_web_server(options, service);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().message().find("not an address") != std::string::npos);
}

TEST_CASE("hundreds of connections that wait keep nobody else waiting") {
  Service service;
  std::vector<Client> idle;
  for (int i = 0; i < 400; ++i) idle.push_back(service.connect());
  for (Client& client : idle) CHECK(client.send("GET / HTT"));
  CHECK(service.connect().ask(get("/")).status == 200);
}

}  // namespace
}  // namespace wplug
