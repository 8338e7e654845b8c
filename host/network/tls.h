// TLS over a non-blocking socket, by OpenSSL: version 1.2 or later, no compression, no renegotiation, no resumption.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "host/network/socket.h"

namespace wplug {

struct TlsTerms {
  std::string_view host;         // a name, or an address: the certificate must be for it
  bool verify = true;            // else any certificate will do
  std::string_view authorities;  // PEM; empty: the system's
};

class Tls {
 public:
  // Shakes hands over `socket`, which outlives it.
  static Failure begin(const Socket& socket, const TlsTerms& terms, Deadline deadline, std::unique_ptr<Tls>& result);

  // Reads at least one byte; `count` is 0 when the peer has ended the session properly.
  Failure read(std::span<char> bytes, Deadline deadline, size_t& count);
  Failure write(std::string_view bytes, Deadline deadline);
  // Tells the peer that nothing follows, without waiting.
  void end();
  TlsInfo info() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const { ::SSL_free(ssl); }
  };
  Tls(const Socket& socket, std::unique_ptr<SSL, Free> ssl) : socket_(socket), ssl_(std::move(ssl)) {}
  // After a call that gave `result` of 0 or less: waits for what it needs, or says what is wrong. `ended`: the peer did it.
  Failure resume(int result, Deadline deadline, bool& ended);
  Failure shake_hands(const TlsTerms& terms, Deadline deadline);

  const Socket& socket_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string server_name_;
};

}  // namespace wplug
