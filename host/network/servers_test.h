// Servers on 127.0.0.1 for tests, which behave or misbehave as asked: TCP, TLS with a certificate made on the spot, DNS.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wplug::test {

// A bound socket and a thread that runs `turn` whenever something has come, until the server goes away.
class Loop {
 public:
  Loop(int type, const char* address, uint16_t port) {
    socket_ = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (port != 0) ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &at.sin_addr);
    socklen_t size = sizeof at;
    bound_ = ::bind(socket_, reinterpret_cast<sockaddr*>(&at), size) == 0 &&
             (type != SOCK_STREAM || ::listen(socket_, 16) == 0) &&
             ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) == 0 && ::pipe(stop_) == 0;
    CHECK(bound_);
    port_ = ntohs(at.sin_port);
  }
  Loop(const Loop&) = delete;
  ~Loop() {
    for (const int fd : {socket_, stop_[0], stop_[1]}) ::close(fd);
  }
  void start(std::function<void(int socket)> turn) {
    thread_ = std::thread([this, turn = std::move(turn)] {
      // OpenSSL's server raises it; only here, so that a client that does is found.
      sigset_t broken_pipe;
      ::sigemptyset(&broken_pipe);
      ::sigaddset(&broken_pipe, SIGPIPE);
      ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
      while (wait(socket_)) turn(socket_);
    });
  }
  void stop() {
    ::close(std::exchange(stop_[1], -1));
    thread_.join();
  }
  // Until `socket` has something, or its peer is gone; false when the server stops.
  bool wait(int socket) {
    pollfd states[] = {{socket, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    return ::poll(states, 2, -1) > 0 && states[1].revents == 0;
  }
  uint16_t port() const { return port_; }

 private:
  int socket_ = -1;
  int stop_[2] = {-1, -1};
  bool bound_ = false;
  uint16_t port_ = 0;
  std::thread thread_;
};

inline bool send_text(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// What comes until `end`, or until the peer is gone.
inline std::string read_until(int socket, std::string_view end) {
  std::string text;
  for (char c; !text.ends_with(end) && ::recv(socket, &c, 1, 0) == 1;) text += c;
  return text;
}

// Answers one connection after the other; closes them when `answer` returns.
class TcpServer {
 public:
  using Answer = std::function<void(int socket)>;
  explicit TcpServer(Answer answer, const char* address = "127.0.0.1", uint16_t port = 0)
      : loop_(SOCK_STREAM, address, port) {
    loop_.start([this, answer = std::move(answer)](int listener) {
      const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      ++connections_;
      answer(socket);
      ::close(socket);
    });
  }
  ~TcpServer() { loop_.stop(); }
  uint16_t port() const { return loop_.port(); }
  int connections() const { return connections_; }
  // Says nothing until the peer is gone or the server stops.
  void hold(int socket) {
    char ignored[256];
    while (loop_.wait(socket) && ::recv(socket, ignored, sizeof ignored, 0) > 0) {
    }
  }

 private:
  std::atomic<int> connections_{0};
  Loop loop_;  // last: its thread uses the rest
};

// Answers every request with the same bytes.
inline TcpServer::Answer page(std::string bytes) {
  return [bytes = std::move(bytes)](int socket) {
    read_until(socket, "\r\n\r\n");
    send_text(socket, bytes);
    ::shutdown(socket, SHUT_WR);
    // Waits for the peer, so that closing does not take away what it has not read.
    read_until(socket, "no such text");
  };
}

// --- TLS -----------------------------------------------------------------------------------------------------------------

struct Certificate {
  EVP_PKEY* key = nullptr;
  X509* x509 = nullptr;
  std::string pem;
  Certificate() = default;
  Certificate(const Certificate&) = delete;
  ~Certificate() {
    ::X509_free(x509);
    ::EVP_PKEY_free(key);
  }
};

// Self-signed, for `names` as in "DNS:localhost,IP:127.0.0.1", valid from a day ago for `seconds` from now.
inline std::unique_ptr<Certificate> make_certificate(const char* names, long seconds = 86400) {
  auto made = std::make_unique<Certificate>();
  made->key = EVP_EC_gen("P-256");
  X509* const x509 = made->x509 = ::X509_new();
  ::X509_set_version(x509, 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(x509), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(x509), -172800);
  ::X509_gmtime_adj(::X509_getm_notAfter(x509), seconds);
  ::X509_set_pubkey(x509, made->key);
  X509_NAME* const name = ::X509_get_subject_name(x509);
  ::X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("wplug test"), -1, -1, 0);
  ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  ::X509_set_issuer_name(x509, name);
  X509_EXTENSION* const extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
  ::X509_add_ext(x509, extension, -1);
  ::X509_EXTENSION_free(extension);
  CHECK(::X509_sign(x509, made->key, ::EVP_sha256()) > 0);
  BIO* const out = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_X509(out, x509);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  made->pem.assign(text, static_cast<size_t>(size));
  ::BIO_free(out);
  return made;
}

// The server's end of a session; null when the handshake fails.
class TlsPeer {
 public:
  TlsPeer(int socket, const Certificate& certificate) : context_(::SSL_CTX_new(::TLS_server_method())) {
    ::SSL_CTX_use_certificate(context_, certificate.x509);
    ::SSL_CTX_use_PrivateKey(context_, certificate.key);
    ssl_ = ::SSL_new(context_);
    ::SSL_set_fd(ssl_, socket);
    ready_ = ::SSL_accept(ssl_) == 1;
  }
  TlsPeer(const TlsPeer&) = delete;
  ~TlsPeer() {
    ::SSL_free(ssl_);
    ::SSL_CTX_free(context_);
  }
  bool ready() const { return ready_; }
  std::string read_until(std::string_view end) {
    std::string text;
    for (char c; !text.ends_with(end) && ::SSL_read(ssl_, &c, 1) == 1;) text += c;
    return text;
  }
  void send(std::string_view text) { ::SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }
  void end() { ::SSL_shutdown(ssl_); }

 private:
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool ready_ = false;
};

// --- DNS -----------------------------------------------------------------------------------------------------------------

enum : uint16_t { kA = 1, kNs = 2, kCname = 5, kMx = 15, kTxt = 16, kAaaa = 28 };

inline std::string number_16(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 255)}; }

// "a.example" as DNS writes it.
inline std::string wire_name(std::string_view name) {
  std::string wire;
  while (!name.empty()) {
    const size_t dot = std::min(name.find('.'), name.size());
    wire += static_cast<char>(dot);
    wire += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return wire + '\0';
}

inline std::string wire_address(const char* text) {
  char bytes[16];
  if (::inet_pton(AF_INET, text, bytes) == 1) return {bytes, 4};
  ::inet_pton(AF_INET6, text, bytes);
  return {bytes, 16};
}

struct DnsQuestion {
  std::string packet;  // the whole of it
  std::string name;
  uint16_t type = 0;
};

inline DnsQuestion read_question(std::string packet) {
  DnsQuestion question;
  size_t at = 12;
  while (at < packet.size() && packet[at] != 0) {
    const auto length = static_cast<size_t>(packet[at]);
    if (!question.name.empty()) question.name += '.';
    question.name += packet.substr(at + 1, length);
    at += length + 1;
  }
  if (at + 3 <= packet.size()) question.type = static_cast<uint16_t>(static_cast<uint8_t>(packet[at + 1]) << 8 | static_cast<uint8_t>(packet[at + 2]));
  question.packet = std::move(packet);
  return question;
}

struct DnsRecord {
  uint16_t type;
  std::string data;
  std::string name = "\xc0\x0c";  // the question's
};

// An answer to `question`; flags as in the second half of the header's flags word: 3 is "no such name".
inline std::string dns_answer(const DnsQuestion& question, const std::vector<DnsRecord>& records, unsigned code = 0,
                              bool truncated = false) {
  std::string packet = question.packet.substr(0, 2) + number_16(0x8180u | code | (truncated ? 0x200u : 0u)) + number_16(1) +
                       number_16(static_cast<unsigned>(records.size())) + number_16(0) + number_16(0) +
                       question.packet.substr(12);
  for (const DnsRecord& record : records) {
    packet += record.name + number_16(record.type) + number_16(1) + std::string(4, '\0') +
              number_16(static_cast<unsigned>(record.data.size())) + record.data;
  }
  return packet;
}

// Sends what `answer` gives; nothing when that is empty.
class DnsServer {
 public:
  using Answer = std::function<std::string(const DnsQuestion& question)>;
  explicit DnsServer(Answer answer, const char* address = "127.0.0.1", uint16_t port = 0) : loop_(SOCK_DGRAM, address, port) {
    loop_.start([this, answer = std::move(answer)](int socket) {
      char bytes[2048];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t count = ::recvfrom(socket, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (count < 12) return;
      ++questions_;
      const std::string packet = answer(read_question({bytes, static_cast<size_t>(count)}));
      if (!packet.empty()) ::sendto(socket, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    });
  }
  ~DnsServer() { loop_.stop(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(loop_.port()); }
  uint16_t port() const { return loop_.port(); }
  int questions() const { return questions_; }

 private:
  std::atomic<int> questions_{0};
  Loop loop_;
};

// Answers address questions from a list of names; others do not exist.
inline DnsServer::Answer names(std::vector<std::pair<std::string, std::string>> list) {
  return [list = std::move(list)](const DnsQuestion& question) {
    std::vector<DnsRecord> records;
    bool known = false;
    for (const auto& [name, address] : list) {
      known = known || name == question.name;
      const uint16_t type = address.find(':') == std::string::npos ? kA : kAaaa;
      if (name == question.name && type == question.type) records.push_back({type, wire_address(address.c_str())});
    }
    return dns_answer(question, records, known ? 0 : 3);
  };
}

}  // namespace wplug::test
