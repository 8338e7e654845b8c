// Requests over the loopback interface, to a server that misbehaves as asked.
#include "host/openssl/fetch.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wplug {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Answers one connection after the other until it goes away. `answer` writes to the socket after the request's head was
// read, and ends early when the server stops.
class Server {
 public:
  using Answer = void (*)(Server& server, int socket);

  explicit Server(Answer answer) : answer_(answer) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  uint16_t port() const { return port_; }
  // False when the server stops or the peer has gone. Waits `time` for that.
  bool wait(int socket, std::chrono::milliseconds time) {
    pollfd state{socket, POLLRDHUP, 0};
    return ::poll(&state, 1, static_cast<int>(time.count())) == 0 && !stopping_;
  }
  static bool send(int socket, std::string_view text) {
    return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  std::atomic<bool> peer_left{false};

 private:
  void serve() {
    for (int socket; (socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ::close(socket)) {
      std::string head;
      for (char c; head.find("\r\n\r\n") == std::string::npos && ::recv(socket, &c, 1, 0) == 1;) head += c;
      answer_(*this, socket);
    }
  }
  Answer answer_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

FetchRequest request_to(bool tls, const char* host, uint16_t port, std::chrono::milliseconds time) {
  FetchRequest request;
  request.tls = tls;
  request.host = host;
  request.port = port;
  request.target = "/x?y";
  request.allow_private = true;
  request.max_body = 1000;
  request.deadline = Clock::now() + time;
  return request;
}

FetchReply fetch(const Server& server, std::chrono::milliseconds time = 20s, bool allow_private = true,
                 const char* host = "127.0.0.1") {
  FetchReply reply;
  FetchRequest request = request_to(false, host, server.port(), time);
  request.allow_private = allow_private;
  httplib_fetch(request, reply);
  return reply;
}

TEST_CASE("a page is fetched") {
  Server server([](Server&, int socket) { Server::send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"); });
  const FetchReply reply = fetch(server);
  CHECK(reply.outcome == FetchOutcome::ok);
  CHECK(reply.status == 200);
  CHECK(reply.body == "hello");
}

TEST_CASE("a redirect is handed back and not followed") {
  Server server([](Server&, int socket) {
    Server::send(socket, "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n");
  });
  const FetchReply reply = fetch(server);
  CHECK(reply.status == 302);
  CHECK(reply.location == "http://elsewhere/");
}

TEST_CASE("a loopback address is denied without a literal grant, also behind a name") {
  Server server([](Server& s, int) { s.peer_left = true; });
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433"}) {
    CAPTURE(host);
    CHECK(fetch(server, 20s, false, host).outcome == FetchOutcome::denied);
  }
  CHECK(!server.peer_left);
}

TEST_CASE("a body beyond the limit fails, whatever its announced length") {
  Server announced([](Server&, int socket) {
    Server::send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'));
  });
  CHECK(fetch(announced).outcome == FetchOutcome::failed);
  CHECK(fetch(announced).message.find("more than 1000 bytes") != std::string::npos);
  Server endless([](Server&, int socket) {
    Server::send(socket, "HTTP/1.1 200 OK\r\n\r\n");
    while (Server::send(socket, std::string(500, 'x'))) {
    }
  });
  CHECK(fetch(endless).outcome == FetchOutcome::failed);
}

TEST_CASE("a server that never answers, or a byte at a time, is left at the deadline") {
  Server silent([](Server& server, int socket) {
    while (server.wait(socket, 20ms)) {
    }
  });
  Server dripping([](Server& server, int socket) {
    Server::send(socket, "HTTP/1.1 200 OK\r\n");
    while (server.wait(socket, 5ms) && Server::send(socket, "X: y\r\n")) {
    }
  });
  for (const Server* server : {&silent, &dripping}) {
    const auto begin = Clock::now();
    CHECK(fetch(*server, 150ms).outcome == FetchOutcome::timed_out);
    CHECK(Clock::now() - begin >= 150ms);
    CHECK(Clock::now() - begin < 5s);
  }
  // Their connections were shut down, so they end soon.
  const auto begin = Clock::now();
  while (lingering_fetches() > 0 && Clock::now() - begin < 20s) std::this_thread::yield();
  CHECK(lingering_fetches() == 0);
}

TEST_CASE("a server that hangs up or is not there is a failure") {
  uint16_t port = 0;
  {
    Server server([](Server&, int socket) { Server::send(socket, "HTTP/1.1 200"); });
    CHECK(fetch(server).outcome == FetchOutcome::failed);
    port = server.port();
  }
  FetchReply reply;
  httplib_fetch(request_to(false, "127.0.0.1", port, 20s), reply);
  CHECK(reply.outcome == FetchOutcome::failed);
  CHECK(!reply.message.empty());
}

TEST_CASE("https to a server without a certificate fails") {
  Server server([](Server&, int socket) { Server::send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
  FetchReply reply;
  httplib_fetch(request_to(true, "127.0.0.1", server.port(), 2s), reply);
  CHECK(reply.outcome != FetchOutcome::ok);
  CHECK(reply.status == 0);
}

TEST_CASE("hashes are SHA-256, by the services that are linked into this program") {
  REQUIRE(*openssl_services() == wplug_openssl_services());
  CHECK(*sha256_hex({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace wplug
