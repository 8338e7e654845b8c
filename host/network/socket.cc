#include "host/network/socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kLongest = std::chrono::minutes(5);

socklen_t fill(sockaddr_storage& storage, const IpAddress& address, uint16_t port) {
  std::memset(&storage, 0, sizeof storage);
  if (address.size == 4) {
    auto& four = reinterpret_cast<sockaddr_in&>(storage);
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    std::memcpy(&four.sin_addr, address.bytes.data(), 4);
    return sizeof four;
  }
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  std::memcpy(&six.sin6_addr, address.bytes.data(), 16);
  return sizeof six;
}

}  // namespace

Deadline bounded(Deadline deadline) { return std::min(deadline, Clock::now() + kLongest); }

Failure timed_out() { return {NetworkOutcome::timed_out, "no answer in time"}; }

Failure failed(std::string message) { return {NetworkOutcome::failed, std::move(message)}; }

Failure failed(const char* what, int error) {
  return failed(std::string(what) + ": " + std::generic_category().message(error));
}

Failure wait_for(std::span<pollfd> sockets, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return timed_out();
    const auto wait = static_cast<int>(std::min<int64_t>(left.count(), 60'000));
    const int ready = ::poll(sockets.data(), sockets.size(), wait);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return failed("waiting for the network", errno);
  }
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Failure Socket::connect(const IpAddress& address, uint16_t port, Deadline deadline) {
  sockaddr_storage storage;
  const socklen_t size = fill(storage, address, port);
  Socket fresh;
  fresh.fd_ = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fresh.fd_ < 0) return failed("no socket could be made", errno);
  const int on = 1;
  ::setsockopt(fresh.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::string where = "connecting to " + address.with_port(port);
  if (::connect(fresh.fd_, reinterpret_cast<const sockaddr*>(&storage), size) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) return failed(where.c_str(), errno);
    if (Failure failure = fresh.wait(POLLOUT, deadline)) return failure;
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(fresh.fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    if (error != 0) return failed(where.c_str(), error);
  }
  *this = std::move(fresh);
  return {};
}

Failure Socket::wait(short events, Deadline deadline) const {
  pollfd state{fd_, events, 0};
  return wait_for({&state, 1}, deadline);
}

std::string Socket::local_address() const {
  sockaddr_storage storage;
  socklen_t size = sizeof storage;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return "";
  IpAddress address;
  if (storage.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(storage);
    address.size = 4;
    std::memcpy(address.bytes.data(), &four.sin_addr, 4);
    return address.with_port(ntohs(four.sin_port));
  }
  const auto& six = reinterpret_cast<const sockaddr_in6&>(storage);
  address.size = 16;
  std::memcpy(address.bytes.data(), &six.sin6_addr, 16);
  return address.with_port(ntohs(six.sin6_port));
}

}  // namespace wplug
