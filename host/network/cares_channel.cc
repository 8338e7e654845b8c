#include "host/network/cares_channel.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/host_name.h"

namespace wplug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMillisecondsPerTry = 2000;
constexpr int kTries = 3;

// Sockets as c-ares would make them, but for one thing: c-ares receives for as long as something comes, so a server that
// floods it would never let go. Here nothing comes any more once the deadline is over.
ares_socket_t make_socket(int family, int type, int protocol, void*) {
  return ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}
int close_socket(ares_socket_t socket, void*) { return ::close(socket); }
int connect_socket(ares_socket_t socket, const sockaddr* address, ares_socklen_t size, void*) {
  return ::connect(socket, address, size);
}
ares_ssize_t receive(ares_socket_t socket, void* bytes, size_t size, int flags, sockaddr* from, ares_socklen_t* from_size,
                     void* channel) {
  if (Clock::now() >= static_cast<const CaresChannel*>(channel)->deadline()) {
    errno = EWOULDBLOCK;
    return -1;
  }
  return ::recvfrom(socket, bytes, size, flags, from, from_size);
}
ares_ssize_t send_parts(ares_socket_t socket, const iovec* parts, int count, void*) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<size_t>(count);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

constexpr ares_socket_functions kFunctions = {make_socket, close_socket, connect_socket, receive, send_parts};

}  // namespace

CaresChannel::~CaresChannel() {
  if (channel_ != nullptr) ::ares_destroy(channel_);
}

Failure CaresChannel::open(const NetworkOptions& options, bool exact, Deadline deadline) {
  deadline_ = deadline;
  char only_servers[] = "b";
  ares_options settings{};
  settings.flags = ARES_FLAG_NOALIASES | (exact ? ARES_FLAG_NOSEARCH : 0);
  settings.timeout = kMillisecondsPerTry;
  settings.tries = kTries;
  settings.lookups = only_servers;
  const int lookups = options.nameserver.empty() ? 0 : ARES_OPT_LOOKUPS;
  int status = ::ares_init_options(&channel_, &settings, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | lookups);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return failed(std::string("c-ares: ") + ::ares_strerror(status));
  }
  ::ares_set_socket_functions(channel_, &kFunctions, this);
  if (options.nameserver.empty()) return {};
  const auto server = parse_address_and_port(options.nameserver, 53);
  if (!server) return {NetworkOutcome::invalid, options.nameserver + " is no address of a name server"};
  status = ::ares_set_servers_ports_csv(channel_, server->address.with_port(server->port).c_str());
  return status == ARES_SUCCESS ? Failure() : failed(std::string("c-ares: ") + ::ares_strerror(status));
}

void CaresChannel::run(const bool& done) {
  while (!done && Clock::now() < deadline_) step();
  if (!done) ::ares_cancel(channel_);
}

void CaresChannel::step() {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  std::array<pollfd, ARES_GETSOCK_MAXNUM> states{};
  const auto mask = static_cast<unsigned>(::ares_getsock(channel_, sockets.data(), ARES_GETSOCK_MAXNUM));
  size_t count = 0;
  for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    const bool reads = ARES_GETSOCK_READABLE(mask, i);
    const bool writes = ARES_GETSOCK_WRITABLE(mask, i);
    if (reads || writes) {
      states[count++] = {sockets[i], static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), 0};
    }
  }
  timeval most{1, 0};
  timeval next{};
  const timeval* const wait = ::ares_timeout(channel_, &most, &next);
  const auto until = Clock::now() + std::chrono::seconds(wait->tv_sec) + std::chrono::microseconds(wait->tv_usec);
  // Whether something came or the time of a try is over, c-ares goes on from there.
  const bool ready = !wait_for({states.data(), count}, std::min(until, deadline_));
  if (!ready) return ::ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  for (size_t i = 0; i < count; ++i) {
    const bool reads = (states[i].revents & ~POLLOUT) != 0;  // errors are found by reading
    const bool writes = (states[i].revents & ~POLLIN) != 0;
    if (reads || writes) {
      ::ares_process_fd(channel_, reads ? states[i].fd : ARES_SOCKET_BAD, writes ? states[i].fd : ARES_SOCKET_BAD);
    }
  }
}

Failure failure_of(int status, const std::string& name) {
  switch (status) {
    case ARES_SUCCESS:
      return {};
    case ARES_ENOTFOUND:
      return {NetworkOutcome::not_found, name + " was not found"};
    case ARES_ENODATA:
      return {NetworkOutcome::not_found, name + " has no records of this type"};
    case ARES_EBADNAME:
      return {NetworkOutcome::invalid, name + " is no name that can be looked up"};
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:
      return {NetworkOutcome::timed_out, "no name server answered for " + name + " in time"};
    case ARES_EBADRESP:
      return failed("the answer of the name server for " + name + " is malformed");
    default:
      return failed(name + " could not be looked up: " + ::ares_strerror(status));
  }
}

}  // namespace wplug
