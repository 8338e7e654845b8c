#include "host/network/stream.h"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

#include "host/network/resolver.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBufferSize = 16384;
constexpr size_t kMostAddresses = 8;

// Those of `addresses` that may be reached.
Failure keep_reachable(std::string_view host, const ReachTerms& terms, std::vector<IpAddress>& addresses) {
  if (!terms.allow_private) std::erase_if(addresses, [](const IpAddress& address) { return !address.is_public(); });
  if (addresses.size() > kMostAddresses) addresses.resize(kMostAddresses);
  if (!addresses.empty()) return {};
  return {NetworkOutcome::denied, std::string(host) + " is a private address; it must be granted by its full name, not by a "
                                                      "wildcard or a port"};
}

}  // namespace

Stream::Stream() : socket_(std::make_unique<Socket>()), buffer_(kBufferSize) {}

Failure Stream::connect(std::string_view host, uint16_t port, const ReachTerms& terms) {
  deadline_ = bounded(terms.deadline);
  std::vector<IpAddress> addresses;
  if (Failure failure = resolve(host, terms.options, deadline_, addresses)) return failure;
  if (Failure failure = keep_reachable(host, terms, addresses)) return failure;
  Failure failure;
  for (size_t i = 0; i < addresses.size(); ++i) {
    // An address that does not answer leaves time for those after it.
    const auto now = Clock::now();
    failure = socket_->connect(addresses[i], port, now + (deadline_ - now) / static_cast<int>(addresses.size() - i));
    if (!failure) {
      remote_address_ = addresses[i].with_port(port);
      return {};
    }
  }
  return failure;
}

Failure Stream::secure(const TlsTerms& terms) {
  if (begin_ != end_) return failed("sent data before TLS that would be taken for part of the session");
  return Tls::begin(*socket_, terms, deadline_, tls_);
}

Failure Stream::write(std::string_view bytes) {
  if (tls_) return tls_->write(bytes, deadline_);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      return failed("sending", errno);
    }
    if (bytes.empty()) break;
    if (Failure failure = socket_->wait(POLLOUT, deadline_)) return failure;
  }
  return {};
}

// Leaves begin_ == end_ at the end of the stream.
Failure Stream::fill() {
  begin_ = end_ = 0;
  // Also for a peer that sends so fast that nothing ever waits.
  if (Clock::now() >= deadline_) return timed_out();
  if (tls_) return tls_->read(buffer_, deadline_, end_);
  while (true) {
    const ssize_t received = ::recv(socket_->fd(), buffer_.data(), buffer_.size(), 0);
    if (received >= 0) {
      end_ = static_cast<size_t>(received);
      return {};
    }
    if (errno != EAGAIN && errno != EINTR) return failed("receiving", errno);
    if (Failure failure = socket_->wait(POLLIN, deadline_)) return failure;
  }
}

Failure Stream::read(size_t limit, std::string_view& bytes) {
  if (begin_ == end_) {
    if (Failure failure = fill()) return failure;
  }
  bytes = std::string_view(buffer_.data() + begin_, std::min(limit, end_ - begin_));
  begin_ += bytes.size();
  return {};
}

Failure Stream::read_line(size_t limit, std::string& line) {
  line.clear();
  while (true) {
    if (begin_ == end_) {
      if (Failure failure = fill()) return failure;
      if (begin_ == end_) return failed("hung up in the middle of its answer");
    }
    const std::string_view have(buffer_.data() + begin_, end_ - begin_);
    const size_t feed = have.find('\n');
    const size_t count = std::min(feed, have.size());
    if (count > limit - line.size()) return failed("sent a line of more than " + std::to_string(limit) + " bytes");
    line.append(have.substr(0, count));
    begin_ += count;
    if (feed == std::string_view::npos) continue;
    ++begin_;
    if (line.ends_with('\r')) line.pop_back();
    return {};
  }
}

void Stream::end_writing() {
  if (tls_) tls_->end();
  ::shutdown(socket_->fd(), SHUT_WR);
}

void Stream::hurry(std::chrono::milliseconds time) { deadline_ = std::min(deadline_, Clock::now() + time); }

}  // namespace wplug
