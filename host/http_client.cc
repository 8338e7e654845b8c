#include "host/http_client.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "host/url.h"

namespace wplug {
namespace {

constexpr int kMostRedirects = 10;
constexpr size_t kLongestUrl = 16384;
constexpr size_t kLongestMethod = 32;
constexpr size_t kMostHeaders = 100;
constexpr size_t kMostHeaderBytes = 65536;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_header(std::string_view name, std::string_view lower_case) {
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

HttpReply& end(HttpReply& reply, HttpOutcome outcome, std::string message) {
  reply.outcome = outcome;
  reply.message = std::move(message);
  return reply;
}

HttpReply& end_with_response(HttpReply& reply, FetchReply fetched) {
  reply.headers = std::move(fetched.headers);
  reply.body = std::move(fetched.body);
  reply.truncated = fetched.truncated;
  return end(reply, HttpOutcome::ok, "");
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return (c >= 0x20 && c != 0x7f) || c == '\t' || c < 0; });
}

// What makes the request one that is not sent; nullopt: nothing.
std::optional<std::string> problem_of(const HttpRequest& request) {
  if (!is_token(request.method) || request.method.size() > kLongestMethod) return "the method is not a token";
  if (request.method == "CONNECT") return "the method CONNECT makes a tunnel";
  if (request.headers.size() > kMostHeaders) return "it has more than " + std::to_string(kMostHeaders) + " headers";
  size_t bytes = 0;
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size();
  if (bytes > kMostHeaderBytes) return "its headers have more than " + std::to_string(kMostHeaderBytes) + " bytes";
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return "a header's name is not a token";
    if (!is_field_value(value)) return "the value of the header " + name + " has control characters";
  }
  return std::nullopt;
}

// A redirect to another place: what the method becomes (RFC 9110, 15.4), and credentials stay behind.
void redirect(FetchRequest& fetch, int status, const Url& from, const Url& to) {
  const bool becomes_get = status == 303 ? fetch.method != "HEAD"
                                         : (status == 301 || status == 302) && fetch.method == "POST";
  if (becomes_get) {
    fetch.method = "GET";
    fetch.body.clear();
  }
  const bool same_origin = from.tls == to.tls && from.host == to.host && from.port == to.port;
  std::erase_if(fetch.headers, [&](const auto& header) {
    return (becomes_get && (is_header(header.first, "content-type") || is_header(header.first, "content-encoding"))) ||
           (!same_origin && (is_header(header.first, "authorization") || is_header(header.first, "cookie") ||
                             is_header(header.first, "proxy-authorization")));
  });
}

void set_target(FetchRequest& fetch, const Url& url) {
  fetch.tls = url.tls;
  fetch.host = url.host;
  fetch.port = url.port;
  fetch.target = url.target;
}

HttpOutcome outcome_of(FetchOutcome outcome) {
  switch (outcome) {
    case FetchOutcome::denied:
      return HttpOutcome::denied;
    case FetchOutcome::timed_out:
      return HttpOutcome::timed_out;
    default:
      return HttpOutcome::failed;
  }
}

class NetworkClient : public HttpClient {
 public:
  explicit NetworkClient(NetworkOptions options) : options_(std::move(options)) {}

  HttpReply send(const HttpRequest& request) override {
    return guarded_send(request, [this](FetchRequest fetch, FetchReply& reply) {
      fetch.options = options_;
      const auto services = openssl_services();
      if (services.ok()) {
        (*services)->fetch(fetch, reply);
      } else {
        reply.message = services.error().message();
      }
    });
  }

 private:
  const NetworkOptions options_;
};

}  // namespace

HttpReply guarded_send(const HttpRequest& request, const Fetch& send) {
  HttpReply reply;
  std::optional<Url> url = request.url.size() <= kLongestUrl ? parse_url(request.url) : std::nullopt;
  if (!url) return end(reply, HttpOutcome::invalid, "not an absolute http or https URL");
  if (auto problem = problem_of(request)) return end(reply, HttpOutcome::invalid, std::move(*problem));
  FetchRequest fetch;
  fetch.method = request.method;
  fetch.headers = request.headers;
  fetch.body = request.body;
  fetch.max_body = request.max_body;
  fetch.truncate = request.truncate;
  fetch.deadline = request.deadline;
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    const Decision decision = authorize(*request.policy, {CapabilityKind::http, url->host, url->port});
    if (!decision.allowed) return end(reply, HttpOutcome::denied, decision.reason);
    if (reply.requests == request.requests_left) {
      return end(reply, HttpOutcome::exhausted, "limits.http_calls is spent before " + url->to_string());
    }
    ++reply.requests;
    set_target(fetch, *url);
    fetch.allow_private = decision.literal;
    FetchReply fetched;
    send(fetch, fetched);
    reply.status = fetched.status;
    if (fetched.outcome != FetchOutcome::ok) return end(reply, outcome_of(fetched.outcome), fetched.message);
    if (!is_redirect(fetched.status) || fetched.location.empty()) return end_with_response(reply, std::move(fetched));
    std::optional<Url> next = fetched.location.size() <= kLongestUrl ? resolve_location(*url, fetched.location) : std::nullopt;
    if (!next) return end(reply, HttpOutcome::failed, url->to_string() + " redirects to nowhere");
    if (url->tls && !next->tls) {
      return end(reply, HttpOutcome::denied, url->to_string() + " redirects from https to http");
    }
    redirect(fetch, fetched.status, *url, *next);
    url = std::move(next);
  }
  return end(reply, HttpOutcome::failed, "more than " + std::to_string(kMostRedirects) + " redirects");
}

std::unique_ptr<HttpClient> make_http_client(NetworkOptions options) {
  return std::make_unique<NetworkClient>(std::move(options));
}

}  // namespace wplug
