// HTTP for plugins: guarded requests.
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

enum class HttpOutcome : uint8_t {
  ok,         // a response, whatever its status
  denied,     // a host that is not granted, of the URL or of a redirect; an address that must be granted by name
  exhausted,  // more requests than `requests_left`
  failed,     // no connection, a broken response
  timed_out,
  invalid,    // not an absolute http or https URL, a bad method, a header with control characters, too much of anything
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string_view method = "GET";
  std::string_view url;
  // Host, Content-Length, Connection and their like are the client's own and left out.
  HttpHeaders headers;
  std::string_view body;
  const Policy* policy = nullptr;  // borrowed for the call
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  uint64_t max_body = uint64_t{1} << 20;  // bytes of the response
  bool truncate = false;                  // a larger body is cut; else the request has failed
  uint64_t requests_left = 1;             // a redirect is a request
};

struct HttpReply {
  HttpOutcome outcome = HttpOutcome::failed;
  int status = 0;  // of the last response, 0 without one
  uint64_t requests = 0;
  HttpHeaders headers;  // as sent, in order; at most 100 and 64 KiB
  std::string body;     // as sent: a compressed one stays so
  bool truncated = false;
  std::string message;  // what went wrong, one line
};

// Used by any number of threads at once.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Asks `authorize` for the URL's host and that of every redirect. Never takes noticeably longer than the deadline,
  // name resolution included.
  virtual HttpReply send(const HttpRequest& request) = 0;
};

// The client that uses the network. Loads what it needs (OpenSSL, c-ares) on first use; without it every request fails with
// a message that says so. Ignores proxy variables.
std::unique_ptr<HttpClient> make_http_client(NetworkOptions options = {});

}  // namespace wplug
