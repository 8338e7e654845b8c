#include "host/network/tls.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "host/host_name.h"

namespace wplug {
namespace {

constexpr long kLongestSubject = 4096;

// --- A BIO over a socket; OpenSSL's own would raise SIGPIPE ----------------------------------------------------------------

int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(::BIO_get_data(bio))); }

bool is_transient(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int write_socket(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(fd_of(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && is_transient(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_socket(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t received = ::recv(fd_of(bio), bytes, static_cast<size_t>(size), 0);
  if (received < 0 && is_transient(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(received);
}

long control_socket(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* make_socket_method() {
  BIO_METHOD* method = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wplug socket");
  if (method == nullptr) return nullptr;
  ::BIO_meth_set_write(method, write_socket);
  ::BIO_meth_set_read(method, read_socket);
  ::BIO_meth_set_ctrl(method, control_socket);
  return method;
}

BIO* make_bio(int fd) {
  static BIO_METHOD* const method = make_socket_method();
  BIO* bio = method != nullptr ? ::BIO_new(method) : nullptr;
  if (bio == nullptr) return nullptr;
  ::BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  ::BIO_set_init(bio, 1);
  return bio;
}

// --- Contexts ----------------------------------------------------------------------------------------------------------

struct FreeContext {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

Context make_context() {
  Context context(::SSL_CTX_new(::TLS_client_method()));
  if (!context) return nullptr;
  ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  ::SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

// Reading the system's certificates takes tens of milliseconds: done once.
SSL_CTX* system_context() {
  static const Context context = [] {
    Context made = make_context();
    if (made) ::SSL_CTX_set_default_verify_paths(made.get());
    return made;
  }();
  return context.get();
}

Context context_that_trusts(std::string_view pem) {
  Context context = make_context();
  const std::unique_ptr<BIO, void (*)(BIO*)> text(
      ::BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<size_t>(pem.size(), INT_MAX))), ::BIO_free_all);
  if (!context || !text) return nullptr;
  X509_STORE* const store = ::SSL_CTX_get_cert_store(context.get());
  bool any = false;
  while (X509* certificate = ::PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    any = ::X509_STORE_add_cert(store, certificate) == 1 || any;
    ::X509_free(certificate);
  }
  ::ERR_clear_error();
  return any ? std::move(context) : nullptr;
}

// The certificate must name the host: as an alternative name, not in the free text of the subject.
bool expect_host(SSL* ssl, const HostName& host, const std::string& name) {
  ::SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (host.form == HostForm::address) {
    return ::X509_VERIFY_PARAM_set1_ip(::SSL_get0_param(ssl), host.address.bytes.data(), host.address.size) == 1;
  }
  return ::SSL_set1_host(ssl, name.c_str()) == 1 && ::SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

std::string reason_of_last_error() {
  const unsigned long error = ::ERR_peek_last_error();
  const char* const reason = error != 0 ? ::ERR_reason_error_string(error) : nullptr;
  return reason != nullptr ? reason : "the connection was cut";
}

// --- What is told of a session -----------------------------------------------------------------------------------------

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, void (*)(BIO*)> out(::BIO_new(::BIO_s_mem()), ::BIO_free_all);
  if (!out || name == nullptr || ::X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return "";
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<size_t>(std::min(size, kLongestSubject))) : "";
}

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ::ASN1_TIME_to_tm(time, &parts) != 1) return "";
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

std::string version_text(int version) {
  return version == TLS1_3_VERSION ? "TLS 1.3" : version == TLS1_2_VERSION ? "TLS 1.2" : "";
}

}  // namespace

Failure Tls::begin(const Socket& socket, const TlsTerms& terms, Deadline deadline, std::unique_ptr<Tls>& result) {
  ::ERR_clear_error();
  Context own;
  SSL_CTX* context = nullptr;
  if (terms.authorities.empty()) {
    context = system_context();
  } else {
    own = context_that_trusts(terms.authorities);
    if (!own) return failed("NetworkOptions::authorities holds no certificate in PEM form");
    context = own.get();
  }
  std::unique_ptr<SSL, Free> ssl(context != nullptr ? ::SSL_new(context) : nullptr);
  BIO* const bio = ssl ? make_bio(socket.fd()) : nullptr;
  if (bio == nullptr) return failed("TLS could not be set up: " + reason_of_last_error());
  ::SSL_set_bio(ssl.get(), bio, bio);
  std::unique_ptr<Tls> session(new Tls(socket, std::move(ssl)));
  if (Failure failure = session->shake_hands(terms, deadline)) return failure;
  result = std::move(session);
  return {};
}

Failure Tls::shake_hands(const TlsTerms& terms, Deadline deadline) {
  const HostName host = parse_host(terms.host);
  server_name_ = terms.host.substr(0, terms.host.size() - (terms.host.ends_with('.') ? 1 : 0));
  if (host.form == HostForm::invalid || !expect_host(ssl_.get(), host, server_name_)) return failed("not a host name");
  ::SSL_set_verify(ssl_.get(), terms.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  while (true) {
    ::ERR_clear_error();
    const int done = ::SSL_connect(ssl_.get());
    if (done == 1) return {};
    bool ended = false;
    if (Failure failure = resume(done, deadline, ended)) {
      const long verdict = ::SSL_get_verify_result(ssl_.get());
      if (failure.outcome != NetworkOutcome::failed || !terms.verify || verdict == X509_V_OK) return failure;
      return failed("its certificate is not valid: " + std::string(::X509_verify_cert_error_string(verdict)));
    }
    if (ended) return failed("TLS: the connection was cut");
  }
}

Failure Tls::resume(int result, Deadline deadline, bool& ended) {
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return socket_.wait(POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE:
      return socket_.wait(POLLOUT, deadline);
    case SSL_ERROR_ZERO_RETURN:
      ended = true;
      return {};
    default: {
      Failure failure = failed("TLS: " + reason_of_last_error());
      ::ERR_clear_error();
      return failure;
    }
  }
}

Failure Tls::read(std::span<char> bytes, Deadline deadline, size_t& count) {
  count = 0;
  for (bool ended = false; !ended;) {
    ::ERR_clear_error();
    const int done = ::SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    if (done == 1) break;
    count = 0;
    if (Failure failure = resume(done, deadline, ended)) return failure;
  }
  return {};
}

Failure Tls::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    size_t count = 0;
    // Tried again with the same bytes until it is done, as SSL_write wants it.
    while (true) {
      ::ERR_clear_error();
      const int done = ::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
      if (done == 1) break;
      bool ended = false;
      if (Failure failure = resume(done, deadline, ended)) return failure;
      if (ended) return failed("TLS: the peer has ended the session");
    }
    bytes.remove_prefix(count);
  }
  return {};
}

void Tls::end() {
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
  ::ERR_clear_error();
}

TlsInfo Tls::info() const {
  TlsInfo info;
  info.version = version_text(::SSL_version(ssl_.get()));
  if (const SSL_CIPHER* cipher = ::SSL_get_current_cipher(ssl_.get())) {
    const char* const name = ::SSL_CIPHER_standard_name(cipher);
    info.cipher = name != nullptr ? name : "";
  }
  info.server_name = server_name_;
  if (const X509* certificate = ::SSL_get0_peer_certificate(ssl_.get())) {
    info.subject = name_text(::X509_get_subject_name(certificate));
    info.issuer = name_text(::X509_get_issuer_name(certificate));
    info.not_after = time_text(::X509_get0_notAfter(certificate));
  }
  return info;
}

}  // namespace wplug
