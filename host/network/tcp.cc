#include "host/network/services.h"
#include "host/network/stream.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostIgnored = 65536;
constexpr std::chrono::milliseconds kLongestIgnored = std::chrono::seconds(1);

// Closing while something is unread would make the peer lose what was sent: takes in what it answers until it hangs up, but
// neither much nor for long.
void await_end(Stream& stream) {
  stream.hurry(kLongestIgnored);
  std::string_view bytes;
  for (size_t ignored = 0; ignored < kMostIgnored; ignored += bytes.size()) {
    if (stream.read(kMostIgnored, bytes) || bytes.empty()) return;
  }
}

Failure connect(const TcpQuery& query, const ReachTerms& terms, TcpReply& reply) {
  const auto begin = Clock::now();
  Stream stream;
  if (Failure failure = stream.connect(query.host, query.port, terms)) return failure;
  reply.remote_address = stream.remote_address();
  reply.local_address = stream.local_address();
  if (query.tls) {
    if (Failure failure = stream.secure({query.host, query.verify_tls, terms.options.authorities})) return failure;
    reply.tls = stream.tls_info();
  }
  reply.response_time = Clock::now() - begin;
  reply.connected = true;
  if (query.body.empty()) {
    stream.end_writing();
    return {};
  }
  if (Failure failure = stream.write(query.body)) return failure;
  stream.end_writing();
  await_end(stream);
  return {};
}

}  // namespace

void connect_tcp(const TcpQuery& query, const ReachTerms& terms, TcpReply& reply) {
  exchange(&connect, query, terms, reply);
}

}  // namespace wplug
