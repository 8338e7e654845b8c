// For tests: a client that sends bytes as they are and reads replies as they come.
#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wplug::test {

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class Client {
 public:
  explicit Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  }
  Client(Client&& other) noexcept : socket_(other.socket_), in_(std::move(other.in_)) { other.socket_ = -1; }
  Client(const Client&) = delete;
  ~Client() { hang_up(); }

  void hang_up() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void end_sending() { ::shutdown(socket_, SHUT_WR); }
  // Ends the connection as a client that has crashed does.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    hang_up();
  }
  // False when the server has closed.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // The next reply; status 0 when the connection ends before it is whole. `bodiless`: of HEAD.
  Reply read(bool bodiless = false) {
    Reply reply;
    size_t end;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return reply;
    }
    std::string_view head = std::string_view(in_).substr(0, end + 2);
    const int status = std::atoi(std::string(head.substr(9, 3)).c_str());
    head.remove_prefix(head.find("\r\n") + 2);
    while (!head.empty()) {
      const size_t line_end = head.find("\r\n"), colon = head.find(": ");
      std::string name(head.substr(0, colon));
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      reply.headers[name] = head.substr(colon + 2, line_end - colon - 2);
      head.remove_prefix(line_end + 2);
    }
    const size_t length =
        bodiless || status < 200 ? 0 : std::strtoul(reply.headers["content-length"].c_str(), nullptr, 10);
    in_.erase(0, end + 4);
    while (in_.size() < length) {
      if (!more()) return {};
    }
    reply.body = in_.substr(0, length);
    in_.erase(0, length);
    reply.status = status;
    return reply;
  }
  Reply ask(std::string_view text) {
    CHECK(send(text));
    return read();
  }
  // Waits until the server ends the connection; true when nothing more came before that.
  bool closed() {
    if (!in_.empty()) return false;
    return !more();
  }

 private:
  bool more() {
    char buffer[65536];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    in_.append(buffer, static_cast<size_t>(got));
    return true;
  }
  int socket_;
  std::string in_;
};

inline std::string post(std::string_view target, std::string_view body, std::string_view more = {}) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

inline std::string get(std::string_view target, std::string_view more = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n";
}

}  // namespace wplug::test
