// Requests over the loopback interface, to a server that misbehaves as asked.
#include <doctest/doctest.h>

#include <string>

#include "host/network/servers_test.h"
#include "host/network/services.h"

namespace wplug {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::page;
using test::read_until;
using test::send_text;
using test::TcpServer;

FetchRequest request_to(const TcpServer& server, const char* host = "127.0.0.1") {
  FetchRequest request;
  request.host = host;
  request.port = server.port();
  request.target = "/x?y";
  request.allow_private = true;
  request.max_body = 1000;
  request.deadline = Clock::now() + 20s;
  return request;
}

FetchReply fetch(const FetchRequest& request) {
  FetchReply reply;
  fetch_page(request, reply);
  return reply;
}

// What is made of a response.
FetchReply answer_to(const std::string& response, const char* method = "GET", bool truncate = false) {
  TcpServer server(page(response));
  FetchRequest request = request_to(server);
  request.method = method;
  request.truncate = truncate;
  return fetch(request);
}

std::string body_of(const std::string& response) {
  const FetchReply reply = answer_to(response);
  return reply.outcome == FetchOutcome::ok ? reply.body : "failed: " + reply.message;
}

TEST_CASE("a page is fetched with its status and headers") {
  const FetchReply reply = answer_to("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nX-A: b\r\nx-a:  c \r\n\r\nhello");
  CHECK(reply.outcome == FetchOutcome::ok);
  CHECK(reply.status == 404);
  CHECK(reply.body == "hello");
  REQUIRE(reply.headers.size() == 3);
  CHECK(reply.headers[1] == std::pair<std::string, std::string>("X-A", "b"));
  CHECK(reply.headers[2] == std::pair<std::string, std::string>("x-a", "c"));
}

TEST_CASE("a request has one host, one length, and what was asked for") {
  std::string head, body;
  TcpServer server([&](int socket) {
    head = read_until(socket, "\r\n\r\n");
    body.resize(5);
    ::recv(socket, body.data(), 5, MSG_WAITALL);
    send_text(socket, "HTTP/1.1 204 No Content\r\n\r\n");
  });
  FetchRequest request = request_to(server);
  request.method = "PUT";
  request.body = "hello";
  request.headers = {{"Host", "evil"}, {"content-length", "1"}, {"Transfer-Encoding", "chunked"}, {"Connection", "keep-alive"},
                     {"Expect", "100-continue"}, {"Upgrade", "h2c"}, {"X-Own", "1"}, {"accept", "text/plain"}};
  CHECK(fetch(request).status == 204);
  CHECK(head == "PUT /x?y HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                    "\r\nConnection: close\r\nUser-Agent: wplug\r\nAccept-Encoding: identity\r\nX-Own: 1\r\n"
                    "accept: text/plain\r\nContent-Length: 5\r\n\r\n");
  CHECK(body == "hello");
}

TEST_CASE("bodies come by length, in chunks, to the end, or not at all") {
  CHECK(body_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd") == "ab");
  CHECK(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n\r\n") == "abcde");
  CHECK(body_of("HTTP/1.0 200 OK\r\n\r\nabc") == "abc");
  CHECK(body_of("HTTP/1.1 200\n\nabc") == "abc");
  CHECK(body_of("HTTP/1.1 204 No Content\r\n\r\nabc") == "");
  CHECK(body_of("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n") == "");
  CHECK(body_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab") == "ab");
  const FetchReply head = answer_to("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n", "HEAD");
  CHECK(head.outcome == FetchOutcome::ok);
  CHECK(head.body.empty());
}

TEST_CASE("a response that could be understood in two ways fails") {
  for (const char* response :
       {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nab", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "SSH-2.0-x\r\n\r\n",
        "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 302 F\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"}) {
    CAPTURE(response);
    const FetchReply reply = answer_to(response);
    CHECK(reply.outcome == FetchOutcome::failed);
    CHECK(reply.message.starts_with("127.0.0.1: "));
    CHECK(reply.body.empty());
    CHECK(reply.headers.empty());
  }
}

TEST_CASE("a response that ends early fails") {
  for (const char* response : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nA: b", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    CAPTURE(response);
    CHECK(answer_to(response).outcome == FetchOutcome::failed);
  }
}

TEST_CASE("heads have a limit in headers and bytes") {
  std::string many, wide;
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  for (int i = 0; i < 70; ++i) wide += "A: " + std::string(1000, 'b') + "\r\n";
  CHECK(answer_to("HTTP/1.1 200 OK\r\n" + many + "\r\n").message.find("more than 100 headers") != std::string::npos);
  CHECK(answer_to("HTTP/1.1 200 OK\r\n" + wide + "\r\n").outcome == FetchOutcome::failed);
  CHECK(answer_to("HTTP/1.1 200 OK\r\nA: " + std::string(70000, 'b') + "\r\n\r\n").outcome == FetchOutcome::failed);
  std::string interim;
  for (int i = 0; i < 20; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  CHECK(answer_to(interim).message.find("interim") != std::string::npos);
}

TEST_CASE("a body beyond the limit fails, whatever its announced length, or is cut when that is asked for") {
  const std::string large(1001, 'x');
  const std::string chunk = "3e9\r\n" + large + "\r\n";
  for (const std::string& response : {"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + large, "HTTP/1.1 200 OK\r\n\r\n" + large,
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk}) {
    const FetchReply whole = answer_to(response);
    CHECK(whole.outcome == FetchOutcome::failed);
    CHECK(whole.message.find("more than 1000 bytes") != std::string::npos);
    const FetchReply cut = answer_to(response, "GET", true);
    CHECK(cut.outcome == FetchOutcome::ok);
    CHECK(cut.truncated);
    CHECK(cut.body == large.substr(0, 1000));
  }
  const FetchReply fits = answer_to("HTTP/1.1 200 OK\r\n\r\n" + large.substr(1), "GET", true);
  CHECK(!fits.truncated);
  CHECK(fits.body.size() == 1000);
  TcpServer endless([](int socket) {
    read_until(socket, "\r\n\r\n");
    send_text(socket, "HTTP/1.1 200 OK\r\n\r\n");
    while (send_text(socket, std::string(500, 'x'))) {
    }
  });
  CHECK(fetch(request_to(endless)).outcome == FetchOutcome::failed);
}

TEST_CASE("a compressed body stays as it is") {
  CHECK(body_of("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x01") == "\x1f\x8b\x08\x01");
}

TEST_CASE("a redirect is handed back and not followed") {
  const FetchReply reply = answer_to("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n");
  CHECK(reply.status == 302);
  CHECK(reply.location == "http://elsewhere/");
}

TEST_CASE("a loopback address is denied without a literal grant, also behind a name") {
  TcpServer server(page(""));
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "::1", "a.LOCALHOST."}) {
    CAPTURE(host);
    FetchRequest request = request_to(server, host);
    request.allow_private = false;
    CHECK(fetch(request).outcome == FetchOutcome::denied);
  }
  CHECK(server.connections() == 0);
  CHECK(fetch(request_to(server, "localhost")).outcome == FetchOutcome::failed);
  CHECK(server.connections() == 1);
}

TEST_CASE("a server that never answers, or a little at a time, or without end, is left at the deadline") {
  TcpServer* self = nullptr;
  TcpServer silent([&self](int socket) { self->hold(socket); });
  self = &silent;
  TcpServer dripping([](int socket) {
    read_until(socket, "\r\n\r\n");
    send_text(socket, "HTTP/1.1 200 OK\r\n\r\n");
    pollfd gone{socket, POLLRDHUP, 0};
    while (::poll(&gone, 1, 5) == 0 && send_text(socket, "x")) {
    }
  });
  for (const TcpServer* server : {&silent, &dripping}) {
    FetchRequest request = request_to(*server);
    request.deadline = Clock::now() + 100ms;
    request.max_body = uint64_t{1} << 40;
    const FetchReply reply = fetch(request);
    CHECK(reply.outcome == FetchOutcome::timed_out);
    CHECK(Clock::now() >= request.deadline);
  }
  FetchRequest late = request_to(silent);
  late.deadline = Clock::now() - 1s;
  CHECK(fetch(late).outcome == FetchOutcome::timed_out);
}

TEST_CASE("a server that does not read is left at the deadline") {
  TcpServer* self = nullptr;
  std::atomic<bool> done{false};
  TcpServer server([&](int socket) {
    pollfd gone{socket, POLLRDHUP, 0};
    while (!done) ::poll(&gone, 1, 5);
  });
  self = &server;
  FetchRequest request = request_to(*self);
  request.method = "POST";
  request.body = std::string(64 << 20, 'x');
  request.deadline = Clock::now() + 200ms;
  CHECK(fetch(request).outcome == FetchOutcome::timed_out);
  done = true;
}

TEST_CASE("a server that is not there is a failure") {
  FetchRequest request;
  {
    TcpServer server(page(""));
    request = request_to(server);
  }
  const FetchReply reply = fetch(request);
  CHECK(reply.outcome == FetchOutcome::failed);
  CHECK(reply.message.find("connecting to 127.0.0.1:") != std::string::npos);
}

TEST_CASE("requests from many threads do not disturb each other") {
  TcpServer server([](int socket) {
    const std::string head = read_until(socket, "\r\n\r\n");
    const std::string target = head.substr(4, head.find(' ', 4) - 4);
    send_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(target.size()) + "\r\n\r\n" + target);
  });
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      FetchRequest request = request_to(server);
      request.target = "/" + std::to_string(i);
      right += fetch(request).body == request.target;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 8);
}

TEST_CASE("hashes are SHA-256, by the services that are linked into this program") {
  REQUIRE(*openssl_services() == wplug_openssl_services());
  CHECK(*sha256_hex({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace wplug
