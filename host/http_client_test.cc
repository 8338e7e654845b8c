#include "host/http_client.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace wplug {
namespace {

// A network of pages by "host:port/target"; remembers what was asked for.
struct FakeNetwork {
  std::map<std::string, FetchReply> pages;
  std::vector<FetchRequest> requests;

  Fetch fetch() {
    return [this](const FetchRequest& request, FetchReply& reply) {
      requests.push_back(request);
      const auto page = pages.find(request.host + ":" + std::to_string(request.port) + request.target);
      if (page != pages.end()) reply = page->second;
    };
  }
};

FetchReply page(int status, std::string body, std::string location = "") {
  FetchReply reply;
  reply.outcome = FetchOutcome::ok;
  reply.status = status;
  reply.location = std::move(location);
  reply.body = std::move(body);
  return reply;
}

HttpReply get(FakeNetwork& network, std::string_view url, std::vector<std::string> hosts, uint64_t budget = 5) {
  Policy policy;
  for (const std::string& host : hosts) REQUIRE(policy.granted.add("http:" + host).ok());
  HttpRequest request;
  request.url = url;
  request.policy = &policy;
  request.requests_left = budget;
  return guarded_send(request, network.fetch());
}

TEST_CASE("a granted page is fetched") {
  FakeNetwork network;
  network.pages["a.example:443/x?y"] = page(200, "hello");
  const HttpReply reply = get(network, "https://a.example/x?y", {"a.example"});
  CHECK(reply.outcome == HttpOutcome::ok);
  CHECK(reply.body == "hello");
  CHECK(reply.requests == 1);
  CHECK(network.requests.at(0).tls);
  CHECK(network.requests.at(0).allow_private);
}

TEST_CASE("a wildcard grant does not reach private addresses") {
  FakeNetwork network;
  get(network, "http://a.example/", {"*"});
  CHECK(!network.requests.at(0).allow_private);
}

TEST_CASE("a host that is not granted is never asked") {
  FakeNetwork network;
  const HttpReply reply = get(network, "http://b.example/", {"a.example"});
  CHECK(reply.outcome == HttpOutcome::denied);
  CHECK(reply.message.find("b.example") != std::string::npos);
  CHECK(network.requests.empty());
}

TEST_CASE("a redirect is followed only to where a request would be allowed") {
  FakeNetwork network;
  network.pages["a.example:80/"] = page(302, "", "http://b.example/secret");
  network.pages["a.example:80/ok"] = page(301, "", "/there");
  network.pages["a.example:80/there"] = page(200, "here");
  CHECK(get(network, "http://a.example/", {"a.example"}).outcome == HttpOutcome::denied);
  CHECK(network.requests.size() == 1);
  const HttpReply reply = get(network, "http://a.example/ok", {"a.example"});
  CHECK(reply.outcome == HttpOutcome::ok);
  CHECK(reply.body == "here");
  CHECK(reply.requests == 2);
}

TEST_CASE("a literal grant for the first host does not open private addresses behind a redirect") {
  FakeNetwork network;
  network.pages["a.example:80/"] = page(302, "", "http://b.internal/");
  get(network, "http://a.example/", {"a.example", "*.internal"});
  REQUIRE(network.requests.size() == 2);
  CHECK(network.requests[0].allow_private);
  CHECK(!network.requests[1].allow_private);
}

TEST_CASE("redirects count against the budget") {
  FakeNetwork network;
  network.pages["a.example:80/"] = page(302, "", "/2");
  network.pages["a.example:80/2"] = page(200, "two");
  const HttpReply reply = get(network, "http://a.example/", {"*"}, 1);
  CHECK(reply.outcome == HttpOutcome::exhausted);
  CHECK(reply.requests == 1);
  CHECK(get(network, "http://a.example/", {"*"}, 0).outcome == HttpOutcome::exhausted);
  CHECK(get(network, "http://a.example/", {"*"}, 2).outcome == HttpOutcome::ok);
}

TEST_CASE("endless redirects come to an end") {
  FakeNetwork network;
  network.pages["a.example:80/"] = page(302, "", "/");
  const HttpReply reply = get(network, "http://a.example/", {"*"}, 1000);
  CHECK(reply.outcome == HttpOutcome::failed);
  CHECK(network.requests.size() == 11);
}

TEST_CASE("a redirect from https to http is denied") {
  FakeNetwork network;
  network.pages["a.example:443/"] = page(302, "", "http://a.example/");
  CHECK(get(network, "https://a.example/", {"*"}).outcome == HttpOutcome::denied);
  CHECK(network.requests.size() == 1);
}

TEST_CASE("any status is an answer") {
  FakeNetwork network;
  network.pages["h:80/404"] = page(404, "no");
  network.pages["h:80/lost"] = page(302, "", "");
  const HttpReply reply = get(network, "http://h/404", {"h"});
  CHECK(reply.outcome == HttpOutcome::ok);
  CHECK(reply.status == 404);
  CHECK(reply.body == "no");
  CHECK(get(network, "http://h/lost", {"h"}).status == 302);
}

TEST_CASE("a redirect elsewhere takes no credentials along, and a post becomes a get") {
  FakeNetwork network;
  network.pages["a:80/"] = page(302, "", "http://b/");
  network.pages["b:80/"] = page(200, "");
  Policy policy;
  REQUIRE(policy.granted.add("http:a,b").ok());
  HttpRequest request;
  request.method = "POST";
  request.url = "http://a/";
  request.body = "secret";
  request.headers = {{"Authorization", "x"}, {"X-Kept", "y"}, {"Content-Type", "text/plain"}};
  request.policy = &policy;
  request.requests_left = 2;
  CHECK(guarded_send(request, network.fetch()).outcome == HttpOutcome::ok);
  REQUIRE(network.requests.size() == 2);
  CHECK(network.requests[0].method == "POST");
  CHECK(network.requests[1].method == "GET");
  CHECK(network.requests[1].body.empty());
  REQUIRE(network.requests[1].headers.size() == 1);
  CHECK(network.requests[1].headers[0].first == "X-Kept");
}

TEST_CASE("headers that would begin a header of their own are refused") {
  FakeNetwork network;
  Policy policy;
  REQUIRE(policy.granted.add("http:a").ok());
  for (const auto& [name, value] : {std::pair{"X", "a\r\nY: b"}, std::pair{"X: y\r\nZ", "a"}, std::pair{"", "a"}}) {
    HttpRequest request;
    request.url = "http://a/";
    request.headers = {{name, value}};
    request.policy = &policy;
    CHECK(guarded_send(request, network.fetch()).outcome == HttpOutcome::invalid);
  }
  CHECK(network.requests.empty());
}

TEST_CASE("what is no URL is invalid before anything is asked") {
  FakeNetwork network;
  CHECK(get(network, "nonsense", {"*"}).outcome == HttpOutcome::invalid);
  CHECK(get(network, "file:///etc/passwd", {"*"}).outcome == HttpOutcome::invalid);
  CHECK(network.requests.empty());
}

}  // namespace
}  // namespace wplug
