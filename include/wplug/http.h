// HTTP for plugins: one guarded GET.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "wplug/capabilities.h"

namespace wplug {

enum class HttpOutcome : uint8_t {
  ok,         // a response with status 2xx; `body` has it
  not_found,  // status 404 or 410
  denied,     // a host that is not granted, of the URL or of a redirect
  exhausted,  // more requests than `requests_left`
  failed,     // no connection, a broken response, another status, a body beyond `max_body`
  timed_out,
  invalid,    // not an absolute http or https URL
};

struct HttpRequest {
  std::string_view url;
  const Grants* grants = nullptr;  // borrowed for the call
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  uint64_t max_body = uint64_t{1} << 20;  // bytes
  uint64_t requests_left = 1;             // a redirect is a request
};

struct HttpReply {
  HttpOutcome outcome = HttpOutcome::failed;
  int status = 0;  // of the last response, 0 without one
  uint64_t requests = 0;
  std::string body;
  std::string message;  // what went wrong, one line
};

// Used by any number of threads at once.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Never takes noticeably longer than the deadline, name resolution included.
  virtual HttpReply get(const HttpRequest& request) = 0;
};

// The client that uses the network. Loads what it needs (OpenSSL) on first use; without it every request fails with a
// message that says so. Ignores proxy variables.
std::unique_ptr<HttpClient> make_http_client();

}  // namespace wplug
