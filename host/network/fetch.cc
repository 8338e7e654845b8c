// One HTTP/1.1 exchange on a connection of its own.
//
// Written here rather than left to a library because all that a hostile server may do must be bounded: the sum of all
// waits, the size of a line, the number and size of headers, the body; and because nothing may be added to what was checked
// (proxies, redirects, decompression).
#include <algorithm>
#include <exception>

#include "host/host_name.h"
#include "host/network/http_response.h"
#include "host/network/services.h"
#include "host/network/stream.h"

namespace wplug {
namespace {

constexpr size_t kMostHeaders = 100;
constexpr size_t kMostHeaderBytes = 65536;
constexpr size_t kLongestChunkLine = 4096;
constexpr int kMostInterim = 8;  // "100 Continue" and its like

// What the client says itself: the host is the one that was checked, the length that of the body, and a connection serves
// one request.
bool is_own_header(std::string_view name) {
  constexpr std::string_view kOwn[] = {"host", "content-length", "transfer-encoding", "connection", "keep-alive",
                                       "proxy-connection", "te", "trailer", "upgrade", "expect"};
  return std::any_of(std::begin(kOwn), std::end(kOwn), [name](std::string_view own) { return is_header(name, own); });
}

std::string host_header(const FetchRequest& request) {
  const bool is_address_6 = request.host.find(':') != std::string::npos;
  const std::string host = is_address_6 ? "[" + request.host + "]" : request.host;
  return request.port == (request.tls ? 443 : 80) ? host : host + ":" + std::to_string(request.port);
}

std::string head_of(const FetchRequest& request) {
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + host_header(request) +
                     "\r\nConnection: close\r\n";
  constexpr std::pair<std::string_view, std::string_view> kDefaults[] = {
      {"User-Agent", "wplug"}, {"Accept", "*/*"}, {"Accept-Encoding", "identity"}};
  constexpr std::string_view kNames[] = {"user-agent", "accept", "accept-encoding"};
  for (size_t i = 0; i < std::size(kDefaults); ++i) {
    const bool given = std::any_of(request.headers.begin(), request.headers.end(),
                                   [&](const auto& header) { return is_header(header.first, kNames[i]); });
    if (!given) head.append(kDefaults[i].first).append(": ").append(kDefaults[i].second).append("\r\n");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_own_header(name)) head.append(name).append(": ").append(value).append("\r\n");
  }
  const bool usually_has_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!request.body.empty() || usually_has_body) {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return head + "\r\n";
}

// Header lines until an empty one. `budget` bytes are left for all heads of the exchange.
Failure read_headers(Stream& stream, size_t& budget, HeaderList& headers) {
  std::string line;
  while (true) {
    if (Failure failure = stream.read_line(budget, line)) return failure;
    budget -= line.size();
    if (line.empty()) return {};
    if (headers.size() == kMostHeaders) return failed("sent more than " + std::to_string(kMostHeaders) + " headers");
    auto header = parse_header_line(line);
    if (!header) return failed("sent a malformed header");
    headers.push_back(std::move(*header));
  }
}

Failure read_head(Stream& stream, FetchReply& reply) {
  size_t budget = kMostHeaderBytes;
  std::string line;
  for (int interim = 0; interim <= kMostInterim; ++interim) {
    if (Failure failure = stream.read_line(budget, line)) return failure;
    budget -= line.size();
    const auto status = parse_status_line(line);
    if (!status) return failed("does not speak HTTP/1.1");
    reply.headers.clear();
    if (Failure failure = read_headers(stream, budget, reply.headers)) return failure;
    if (*status == 101) return failed("changes to another protocol");
    reply.status = *status;
    if (*status >= 200) return {};
  }
  return failed("sent only interim responses");
}

Failure too_large(const FetchRequest& request) {
  return failed("the body has more than " + std::to_string(request.max_body) + " bytes");
}

// Keeps what fits; `full` when no more is wanted.
Failure keep(const FetchRequest& request, std::string_view bytes, FetchReply& reply, bool& full) {
  const uint64_t left = request.max_body - reply.body.size();
  if (bytes.size() > left && !request.truncate) return too_large(request);
  full = reply.truncated = bytes.size() > left;
  reply.body.append(bytes.substr(0, std::min<uint64_t>(bytes.size(), left)));
  return {};
}

// `length` bytes, or all when there is no length.
Failure read_part(Stream& stream, const FetchRequest& request, std::optional<uint64_t> length, FetchReply& reply, bool& full) {
  std::string_view bytes;
  for (uint64_t taken = 0; !full && (!length || taken < *length); taken += bytes.size()) {
    const uint64_t wanted = length ? *length - taken : UINT64_MAX;
    if (Failure failure = stream.read(static_cast<size_t>(std::min<uint64_t>(wanted, SIZE_MAX)), bytes)) return failure;
    if (bytes.empty()) return length ? failed("hung up in the middle of the body") : Failure();
    if (Failure failure = keep(request, bytes, reply, full)) return failure;
  }
  return {};
}

Failure read_chunks(Stream& stream, const FetchRequest& request, FetchReply& reply) {
  std::string line;
  for (bool full = false; !full;) {
    if (Failure failure = stream.read_line(kLongestChunkLine, line)) return failure;
    const auto size = parse_chunk_size(line);
    if (!size) return failed("sent a malformed chunk");
    if (*size == 0) {
      HeaderList trailers;
      size_t budget = kMostHeaderBytes;
      return read_headers(stream, budget, trailers);
    }
    if (Failure failure = read_part(stream, request, *size, reply, full)) return failure;
    if (full) break;
    if (Failure failure = stream.read_line(kLongestChunkLine, line)) return failure;
    if (!line.empty()) return failed("sent a malformed chunk");
  }
  return {};
}

Failure read_body(Stream& stream, const FetchRequest& request, FetchReply& reply) {
  const BodyPlan plan = plan_body(request.method, reply.status, reply.headers);
  bool full = false;
  switch (plan.form) {
    case BodyForm::none:
      return {};
    case BodyForm::length:
      if (plan.length > request.max_body && !request.truncate) return too_large(request);
      return read_part(stream, request, plan.length, reply, full);
    case BodyForm::chunked:
      return read_chunks(stream, request, reply);
    case BodyForm::until_end:
      return read_part(stream, request, std::nullopt, reply, full);
    case BodyForm::invalid:
      break;
  }
  return failed("does not say how long its body is");
}

Failure take_location(FetchReply& reply) {
  bool any = false;
  for (const auto& [name, value] : reply.headers) {
    if (!is_header(name, "location")) continue;
    if (any && value != reply.location) return failed("sent two locations");
    reply.location = value;
    any = true;
  }
  return {};
}

Failure fetch(const FetchRequest& request, FetchReply& reply) {
  ReachTerms terms;
  terms.allow_private = request.allow_private;
  terms.deadline = request.deadline;
  terms.options = request.options;
  Stream stream;
  if (Failure failure = stream.connect(request.host, request.port, terms)) return failure;
  if (request.tls) {
    if (Failure failure = stream.secure({request.host, true, request.options.authorities})) return failure;
  }
  Failure sending = stream.write(head_of(request));
  if (!sending) sending = stream.write(request.body);
  if (sending.outcome == NetworkOutcome::timed_out) return sending;
  // A server that refuses a request may answer and hang up before it has read all of it.
  if (Failure failure = read_head(stream, reply)) return sending ? sending : failure;
  if (Failure failure = take_location(reply)) return failure;
  return read_body(stream, request, reply);
}

FetchOutcome outcome_of(NetworkOutcome outcome) {
  switch (outcome) {
    case NetworkOutcome::ok:
      return FetchOutcome::ok;
    case NetworkOutcome::denied:
      return FetchOutcome::denied;
    case NetworkOutcome::timed_out:
      return FetchOutcome::timed_out;
    default:
      return FetchOutcome::failed;
  }
}

}  // namespace

void fetch_page(const FetchRequest& request, FetchReply& reply) {
  Failure failure;
  try {
    failure = fetch(request, reply);
  } catch (const std::exception& error) {
    failure = failed(error.what());
  }
  reply.outcome = outcome_of(failure.outcome);
  if (!failure) return;
  reply.message = request.host + ": " + failure.message;
  reply.headers.clear();
  reply.body.clear();
}

}  // namespace wplug
