// What needs OpenSSL and c-ares: the network and hashes.
//
// Loading libcrypto and its friends takes four milliseconds, more than everything else that happens before the first
// instruction of a plugin. So they live in a shared object of their own, `libwplug_openssl.so`, that is loaded when first
// needed; a program that wants no such file links `wplug_openssl_services` into itself instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "wplug/error.h"
#include "wplug/network.h"
#include "wplug/network_options.h"

namespace wplug {

// One request, no redirects.
struct FetchRequest {
  bool tls = false;
  std::string host;        // without brackets
  uint16_t port = 0;
  std::string target;      // path and query
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool allow_private = false;  // else only addresses of the public internet are connected to
  uint64_t max_body = 0;
  bool truncate = false;   // a body beyond max_body is cut; else the request fails
  std::chrono::steady_clock::time_point deadline;
  NetworkOptions options;
};

enum class FetchOutcome : uint8_t { ok, denied, failed, timed_out };

struct FetchReply {
  FetchOutcome outcome = FetchOutcome::failed;
  int status = 0;
  std::string location;  // of a redirect
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool truncated = false;
  std::string message;
};

// How far a connection that was granted may go.
struct ReachTerms {
  bool allow_private = false;  // else only addresses of the public internet are connected to
  std::chrono::steady_clock::time_point deadline;
  NetworkOptions options;
};

// All of these may be called from any number of threads at once, do not throw, and leave nothing running.
struct OpensslServices {
  void (*fetch)(const FetchRequest& request, FetchReply& reply);
  // Of options.nameserver, or of the system's resolver.
  void (*lookup)(const DnsQuery& query, const ReachTerms& terms, DnsReply& reply);
  void (*connect)(const TcpQuery& query, const ReachTerms& terms, TcpReply& reply);
  void (*greet)(const SmtpQuery& query, const ReachTerms& terms, SmtpReply& reply);
  // 32 bytes.
  void (*sha256)(const uint8_t* bytes, size_t size, uint8_t* digest);
  // Ed25519: see host/openssl/signature.h.
  bool (*ed25519_verify)(const uint8_t* key, const uint8_t* message, size_t size, const uint8_t* signature);
  bool (*ed25519_sign)(const uint8_t* seed, const uint8_t* message, size_t size, uint8_t* signature);
  bool (*ed25519_public_key)(const uint8_t* seed, uint8_t* key);
  bool (*random)(uint8_t* bytes, size_t size);
};

// The services, loaded on first use. Error host when the shared object is not there.
Result<const OpensslServices*> openssl_services();

// Lower-case hexadecimal.
Result<std::string> sha256_hex(std::span<const uint8_t> bytes);

}  // namespace wplug

// The one entry of the shared object.
extern "C" const wplug::OpensslServices* wplug_openssl_services();
