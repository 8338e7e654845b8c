// A connection to a host, plain or secured: a name is resolved once, every address is checked, and the connection goes to
// an address that was checked, so that a name server which changes its answers (DNS rebinding) gains nothing.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/network/socket.h"
#include "host/network/tls.h"
#include "host/openssl_services.h"

namespace wplug {

class Stream {
 public:
  Stream();
  // Resolves `host` and connects to the first of its addresses that may be reached and answers.
  Failure connect(std::string_view host, uint16_t port, const ReachTerms& terms);
  // From here on all is sent through TLS. What the peer has sent before is an error: it is not of the session.
  Failure secure(const TlsTerms& terms);

  Failure write(std::string_view bytes);
  // At least one byte and at most `limit`; empty at the end of the stream. Valid until the next call.
  Failure read(size_t limit, std::string_view& bytes);
  // Up to a line feed, without it and a carriage return before it; an error when it has more than `limit` bytes or no end.
  Failure read_line(size_t limit, std::string& line);
  // Nothing more will be sent.
  void end_writing();
  // Brings the deadline forward to this time from now.
  void hurry(std::chrono::milliseconds time);

  bool is_secure() const { return tls_ != nullptr; }
  TlsInfo tls_info() const { return tls_ ? tls_->info() : TlsInfo(); }
  std::string local_address() const { return socket_->local_address(); }
  const std::string& remote_address() const { return remote_address_; }

 private:
  Failure fill();

  // On the heap: the session refers to it. Declared first: it outlives the session.
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<Tls> tls_;
  std::string remote_address_;
  Deadline deadline_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // what was received and not read yet
};

// Does `work` and puts how it ended into `reply`; what libraries throw is a failure too.
template <class Query, class Reply>
void exchange(Failure (*work)(const Query&, const ReachTerms&, Reply&), const Query& query, const ReachTerms& terms,
              Reply& reply) {
  Failure failure;
  try {
    failure = work(query, terms, reply);
  } catch (const std::exception& error) {
    failure = failed(error.what());
  }
  reply.outcome = failure.outcome;
  if (failure) reply.message = std::string(query.host) + ": " + failure.message;
}

}  // namespace wplug
