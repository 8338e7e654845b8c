// Names, TCP and SMTP for plugins: guarded connections that tell whether and how a server answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/capabilities.h"
#include "wplug/network_options.h"

namespace wplug {

enum class NetworkOutcome : uint8_t {
  ok,
  denied,     // not granted, or an address that must be granted by name
  not_found,  // the name does not exist or has no such records
  failed,
  timed_out,
  invalid,    // a malformed host, port or record type
};

enum class DnsType : uint8_t { a, aaaa, cname, mx, txt, ns };

struct DnsQuery {
  std::string_view name;
  DnsType type = DnsType::a;
  std::string_view nameserver;  // address or address:port; empty: the system's. Port 53 (or its own) must be granted
};
struct DnsReply {
  NetworkOutcome outcome = NetworkOutcome::failed;
  std::vector<std::string> records;  // TXT: any bytes
  std::vector<std::pair<std::string, uint16_t>> mx;  // host, preference
  std::string message;
};

struct TlsInfo {
  // "TLS 1.3", "TLS_AES_128_GCM_SHA256", "h", "CN=h,O=x" (RFC 4514), "2030-01-01T00:00:00Z"
  std::string version, cipher, server_name, subject, issuer, not_after;
};

struct TcpQuery {
  std::string_view host;
  uint16_t port = 0;
  bool tls = false;
  std::string_view body;   // sent after connecting; may be empty
  bool verify_tls = true;  // the certificate must be valid for the host
};
struct TcpReply {
  NetworkOutcome outcome = NetworkOutcome::failed;
  bool connected = false;  // and secure, when that was asked for
  std::string local_address, remote_address;  // "127.0.0.1:80", "[::1]:80"
  std::chrono::nanoseconds response_time{0};
  TlsInfo tls;  // when asked for and connected
  std::string message;
};

struct SmtpQuery {
  std::string_view host;
  uint16_t port = 0;
  bool tls = false;       // from the first byte
  bool starttls = false;  // after the greeting; without meaning when `tls` is set
  bool verify_tls = true;
};
struct SmtpReply {
  NetworkOutcome outcome = NetworkOutcome::failed;
  bool connected = false;
  std::string address, banner;  // the banner without its code, printable ASCII
  std::chrono::nanoseconds response_time{0};
  bool secure = false;
  TlsInfo tls;
  std::string message;
};

// What every call takes besides.
struct NetworkTerms {
  const Policy* policy = nullptr;  // borrowed for the call
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

// Used by any number of threads at once. No call takes noticeably longer than its deadline, nor than five minutes.
class Network {
 public:
  virtual ~Network() = default;
  virtual DnsReply lookup(const DnsQuery& query, const NetworkTerms& terms) = 0;
  virtual TcpReply connect(const TcpQuery& query, const NetworkTerms& terms) = 0;
  virtual SmtpReply greet(const SmtpQuery& query, const NetworkTerms& terms) = 0;
};

// Loads what it needs (OpenSSL, c-ares) on first use; without it every call fails with a message that says so.
std::unique_ptr<Network> make_network(NetworkOptions options = {});

}  // namespace wplug
