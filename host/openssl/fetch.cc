// A request that ends at its deadline.
//
// cpp-httplib bounds each wait of a request but not their sum, and name resolution cannot be bounded at all. So a request
// runs in a thread of its own; when the deadline comes first, the caller goes on with `timed_out`, the connection is shut
// down, and the thread finishes by itself with state that it shares. The name is resolved here, once: the address that was
// checked is the address that is connected to.
#include "host/openssl/fetch.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <httplib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

#include "host/addresses.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostAbandoned = 64;
// Without a deadline of its own a request still ends.
constexpr std::chrono::seconds kLongest = std::chrono::seconds(300);
constexpr std::chrono::milliseconds kMargin = std::chrono::milliseconds(100);

// Shared by the caller and the request's thread, which may outlive the caller.
struct Exchange {
  FetchRequest request;
  std::mutex mutex;
  std::condition_variable changed;
  FetchReply reply;
  httplib::ClientImpl* client = nullptr;  // while it is connected or connecting
  bool done = false;
  bool abandoned = false;
};

std::atomic<int>& abandoned_count() {
  static std::atomic<int> count{0};
  return count;
}

bool is_public(const addrinfo& info) {
  if (info.ai_family == AF_INET) {
    const auto* address = reinterpret_cast<const sockaddr_in*>(info.ai_addr);
    return is_public_address({reinterpret_cast<const uint8_t*>(&address->sin_addr), 4});
  }
  const auto* address = reinterpret_cast<const sockaddr_in6*>(info.ai_addr);
  return info.ai_family == AF_INET6 && is_public_address({reinterpret_cast<const uint8_t*>(&address->sin6_addr), 16});
}

std::string numeric(const addrinfo& info) {
  char text[NI_MAXHOST];
  const int failed = ::getnameinfo(info.ai_addr, info.ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  return failed ? "" : text;
}

// The first address of the host that may be connected to; empty, with `reply` saying why, when there is none.
std::string resolve(const FetchRequest& request, FetchReply& reply) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int failed = ::getaddrinfo(request.host.c_str(), nullptr, &hints, &list); failed != 0) {
    reply.message = request.host + " was not found: " + ::gai_strerror(failed);
    return "";
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    if (info->ai_family != AF_INET && info->ai_family != AF_INET6) continue;
    if (request.allow_private || is_public(*info)) return numeric(*info);
  }
  reply.outcome = FetchOutcome::denied;
  reply.message = request.host + " is a private address; it must be granted by its full name, not by a wildcard or a port";
  return "";
}

std::unique_ptr<httplib::ClientImpl> make_client(const FetchRequest& request) {
  if (!request.tls) return std::make_unique<httplib::ClientImpl>(request.host, request.port);
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
  return std::make_unique<httplib::SSLClient>(request.host, request.port);
#else
  return nullptr;
#endif
}

void configure(httplib::ClientImpl& client, const FetchRequest& request, const std::string& address) {
  // A little beyond the deadline, so that it is the caller who notices it and calls it by its name.
  const auto left = std::max<Clock::duration>(request.deadline - Clock::now(), Clock::duration(0)) + kMargin;
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(left);
  client.set_connection_timeout(microseconds);
  client.set_read_timeout(microseconds);
  client.set_write_timeout(microseconds);
  client.set_hostname_addr_map({{request.host, address}});
  client.set_follow_location(false);
  client.set_keep_alive(false);
  client.set_url_encode(false);
  client.set_tcp_nodelay(true);
}

bool same_header(std::string_view name, const char* other) { return ::strcasecmp(std::string(name).c_str(), other) == 0; }

void take_response(const FetchRequest& request, httplib::ClientImpl& client, FetchReply& reply) {
  bool too_large = false;
  const auto keep_header = [&](const httplib::Response& response) {
    reply.status = response.status;
    reply.location = response.get_header_value("Location");
    reply.headers.assign(response.headers.begin(), response.headers.end());
    return Clock::now() < request.deadline;
  };
  const auto keep_body = [&](const char* bytes, size_t size) {
    const uint64_t left = request.max_body - reply.body.size();
    too_large = size > left;
    if ((too_large && !request.truncate) || Clock::now() >= request.deadline) return false;
    reply.body.append(bytes, too_large ? left : size);
    return !too_large;
  };
  httplib::Request wire;
  wire.method = request.method;
  wire.path = request.target;
  wire.headers = {{"User-Agent", "wplug"}, {"Accept", "*/*"}};
  for (const auto& [name, value] : request.headers) {
    if (same_header(name, "user-agent") || same_header(name, "accept")) wire.headers.erase(name);
    // The host is the one that was checked, the length that of the body.
    if (!same_header(name, "host") && !same_header(name, "content-length") && !same_header(name, "transfer-encoding") &&
        !same_header(name, "connection")) {
      wire.headers.emplace(name, value);
    }
  }
  wire.body = request.body;
  wire.response_handler = keep_header;
  wire.content_receiver = [&](const char* bytes, size_t size, uint64_t, uint64_t) { return keep_body(bytes, size); };
  const auto result = client.send(wire);
  if (result || (too_large && request.truncate)) {
    reply.outcome = FetchOutcome::ok;
    reply.truncated = too_large;
  } else if (too_large) {
    reply.message = "the body of " + request.host + " has more than " + std::to_string(request.max_body) + " bytes";
  } else if (Clock::now() >= request.deadline) {
    reply.outcome = FetchOutcome::timed_out;
    reply.message = request.host + " did not answer in time";
  } else {
    reply.message = request.host + ": " + httplib::to_string(result.error());
  }
}

void run(Exchange& exchange, FetchReply& reply) {
  const FetchRequest& request = exchange.request;
  const std::string address = resolve(request, reply);
  if (address.empty()) return;
  const std::unique_ptr<httplib::ClientImpl> client = make_client(request);
  if (!client || !client->is_valid()) {
    reply.message = "this build has no https";
    return;
  }
  configure(*client, request, address);
  {
    const std::lock_guard lock(exchange.mutex);
    if (exchange.abandoned) return;
    exchange.client = client.get();
  }
  take_response(request, *client, reply);
  const std::lock_guard lock(exchange.mutex);
  exchange.client = nullptr;
}

void run_thread(const std::shared_ptr<Exchange>& exchange) {
  FetchReply reply;
  try {
    run(*exchange, reply);
  } catch (const std::exception& error) {
    reply.message = exchange->request.host + ": " + error.what();
  }
  const std::lock_guard lock(exchange->mutex);
  exchange->reply = std::move(reply);
  exchange->done = true;
  if (exchange->abandoned) --abandoned_count();
  exchange->changed.notify_all();
}

}  // namespace

int lingering_fetches() { return abandoned_count(); }

void httplib_fetch(const FetchRequest& request, FetchReply& reply) {
  if (abandoned_count() >= kMostAbandoned) {
    reply.message = std::to_string(kMostAbandoned) + " requests that timed out have not ended yet";
    return;
  }
  auto exchange = std::make_shared<Exchange>();
  exchange->request = request;
  exchange->request.deadline = std::min(request.deadline, Clock::now() + kLongest);
  try {
    std::thread(run_thread, exchange).detach();
  } catch (const std::system_error& error) {
    reply.message = std::string("no thread could be made: ") + error.what();
    return;
  }
  std::unique_lock lock(exchange->mutex);
  if (exchange->changed.wait_until(lock, exchange->request.deadline, [&] { return exchange->done; })) {
    reply = std::move(exchange->reply);
    return;
  }
  exchange->abandoned = true;
  ++abandoned_count();
  if (exchange->client != nullptr) exchange->client->stop();
  reply.outcome = FetchOutcome::timed_out;
  reply.message = request.host + " did not answer in time";
}

}  // namespace wplug
