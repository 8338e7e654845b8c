// A connected TCP socket whose every wait ends at a deadline.
//
// All of the network is done with non-blocking sockets in the thread that asked: a deadline bounds the sum of all waits, so
// a peer that sends a byte now and then gains nothing, and no thread is left behind when a caller gives up.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <poll.h>

#include "host/addresses.h"
#include "wplug/network.h"

namespace wplug {

using Deadline = std::chrono::steady_clock::time_point;

// Without a deadline of its own an operation ends after five minutes.
Deadline bounded(Deadline deadline);

// What ended an operation early; true when something did.
struct [[nodiscard]] Failure {
  NetworkOutcome outcome = NetworkOutcome::ok;
  std::string message;
  explicit operator bool() const { return outcome != NetworkOutcome::ok; }
};

Failure timed_out();
Failure failed(std::string message);
// With the words of `error`, an errno.
Failure failed(const char* what, int error);

// Waits until one of `sockets` has something to report; until the deadline.
Failure wait_for(std::span<pollfd> sockets, Deadline deadline);

class Socket {
 public:
  Socket() = default;
  ~Socket();
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  // Connects to exactly this address.
  Failure connect(const IpAddress& address, uint16_t port, Deadline deadline);
  int fd() const { return fd_; }
  Failure wait(short events, Deadline deadline) const;
  // Of this end; "" when it is not connected.
  std::string local_address() const;

 private:
  int fd_ = -1;
};

}  // namespace wplug
