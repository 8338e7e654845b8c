#include "host/http_client.h"

#include <optional>
#include <utility>

#include "host/url.h"

namespace wplug {
namespace {

constexpr int kMostRedirects = 10;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

HttpReply& end(HttpReply& reply, HttpOutcome outcome, std::string message) {
  reply.outcome = outcome;
  reply.message = std::move(message);
  return reply;
}

HttpReply& end_with_status(HttpReply& reply, FetchReply fetched, const Url& url) {
  if (fetched.status >= 200 && fetched.status < 300) {
    reply.body = std::move(fetched.body);
    return end(reply, HttpOutcome::ok, "");
  }
  const bool missing = fetched.status == 404 || fetched.status == 410;
  return end(reply, missing ? HttpOutcome::not_found : HttpOutcome::failed,
             url.to_string() + " answered with status " + std::to_string(fetched.status));
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
  HttpReply get(const HttpRequest& request) override {
    return guarded_get(request, [](const FetchRequest& fetch, FetchReply& reply) {
      const auto services = openssl_services();
      if (services.ok()) {
        (*services)->fetch(fetch, reply);
      } else {
        reply.message = services.error().message();
      }
    });
  }
};

}  // namespace

HttpReply guarded_get(const HttpRequest& request, const Fetch& fetch) {
  HttpReply reply;
  std::optional<Url> url = parse_url(request.url);
  if (!url) return end(reply, HttpOutcome::invalid, "not an absolute http or https URL");
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    const Decision decision = authorize(*request.grants, Capability::http, url->host);
    if (!decision.allowed) return end(reply, HttpOutcome::denied, decision.reason);
    if (reply.requests == request.requests_left) {
      return end(reply, HttpOutcome::exhausted, "limits.http_calls is spent before " + url->to_string());
    }
    ++reply.requests;
    FetchReply fetched;
    fetch({url->tls, url->host, url->port, url->target, decision.literal, request.max_body, request.deadline}, fetched);
    reply.status = fetched.status;
    if (fetched.outcome != FetchOutcome::ok) return end(reply, outcome_of(fetched.outcome), fetched.message);
    if (!is_redirect(fetched.status)) return end_with_status(reply, std::move(fetched), *url);
    std::optional<Url> next = resolve_location(*url, fetched.location);
    if (!next) return end(reply, HttpOutcome::failed, url->to_string() + " redirects to nowhere");
    if (url->tls && !next->tls) {
      return end(reply, HttpOutcome::denied, url->to_string() + " redirects from https to http");
    }
    url = std::move(next);
  }
  return end(reply, HttpOutcome::failed, "more than " + std::to_string(kMostRedirects) + " redirects");
}

std::unique_ptr<HttpClient> make_http_client() { return std::make_unique<NetworkClient>(); }

}  // namespace wplug
