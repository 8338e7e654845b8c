// Names, HTTP, TCP and SMTP for the ABI `reglet`.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "abi/reglet/calls.h"
#include "host/base64.h"

namespace wplug {
namespace {

using namespace reglet_problem;

struct NamedType {
  std::string_view name;
  DnsType type;
};
constexpr NamedType kDnsTypes[] = {{"A", DnsType::a},   {"AAAA", DnsType::aaaa}, {"CNAME", DnsType::cname},
                                   {"MX", DnsType::mx}, {"TXT", DnsType::txt},   {"NS", DnsType::ns}};

std::optional<DnsType> dns_type(std::string_view text) {
  std::string name(text.empty() ? "A" : text);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  for (const NamedType& row : kDnsTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

RegletProblem problem_of(NetworkOutcome outcome) {
  switch (outcome) {
    case NetworkOutcome::denied:
      return kDenied;
    case NetworkOutcome::not_found:
      return kNameNotFound;
    case NetworkOutcome::timed_out:
      return kTimedOut;
    case NetworkOutcome::invalid:
      return kInvalid;
    case NetworkOutcome::ok:
    case NetworkOutcome::failed:
      return kNetworkFailed;
  }
  return kNetworkFailed;
}

RegletProblem problem_of(HttpOutcome outcome) {
  switch (outcome) {
    case HttpOutcome::denied:
      return kDenied;
    case HttpOutcome::exhausted:
      return kExhausted;
    case HttpOutcome::timed_out:
      return kTimedOut;
    case HttpOutcome::invalid:
      return kInvalid;
    case HttpOutcome::ok:
    case HttpOutcome::failed:
      return kNetworkFailed;
  }
  return kNetworkFailed;
}

int64_t milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// A port as a text or a number, 1 to 65535.
std::optional<uint16_t> port_of(const Json& request) {
  const Json* value = request.find("port");
  if (value == nullptr) return std::nullopt;
  int64_t port = value->integer().value_or(0);
  if (const auto text = value->string()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), port);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  }
  return port >= 1 && port <= 65535 ? std::optional(static_cast<uint16_t>(port)) : std::nullopt;
}

std::string address_of(std::string_view host, uint16_t port) {
  const bool is_address_6 = host.find(':') != std::string_view::npos;
  const std::string name = is_address_6 ? "[" + std::string(host) + "]" : std::string(host);
  return name + ":" + std::to_string(port);
}

void set_unless_empty(Json& answer, std::string_view key, const std::string& value) {
  if (!value.empty()) answer.set(key, value);
}

void add_tls(Json& answer, const TlsInfo& tls) {
  set_unless_empty(answer, "tls_version", tls.version);
  set_unless_empty(answer, "tls_cipher_suite", tls.cipher);
  set_unless_empty(answer, "tls_server_name", tls.server_name);
}

Json not_connected() { return Json::object().set("connected", false); }

// tcp_connect and net_connect.
Json connect(RegletCall& call, bool tls, TcpReply& reply) {
  const std::string_view host = call.request.string_of("host");
  const auto port = port_of(call.request);
  if (host.empty()) return with_error(not_connected(), kInvalid, "host is missing");
  if (!port) return with_error(not_connected(), kInvalid, "port must be a number from 1 to 65535");
  if (call.services().network == nullptr) return without_service(not_connected(), call, "network");
  TcpQuery query;
  query.host = host;
  query.port = *port;
  query.tls = tls;
  const auto deadline = sooner(call.deadline, call.request.integer_of("timeout_ms").value_or(0));
  reply = call.services().network->connect(query, {&call.policy(), deadline});
  Json answer = Json::object();
  answer.set("connected", reply.connected && reply.outcome == NetworkOutcome::ok);
  if (reply.outcome != NetworkOutcome::ok) {
    return with_error(std::move(answer), problem_of(reply.outcome), reply.message);
  }
  answer.set("address", address_of(host, *port));
  return answer;
}

// `headers` of a request: a list of texts, or one text, for each name.
std::optional<HttpHeaders> headers_of(const Json& request) {
  HttpHeaders headers;
  const Json* object = request.find("headers");
  if (object == nullptr || object->is_null()) return headers;
  if (!object->is_object()) return std::nullopt;
  for (size_t i = 0; i < object->size(); ++i) {
    const Json& values = object->at(i);
    if (const auto text = values.string()) headers.emplace_back(object->key(i), *text);
    for (size_t k = 0; values.is_array() && k < values.size(); ++k) {
      const auto text = values.at(k).string();
      if (!text) return std::nullopt;
      headers.emplace_back(object->key(i), *text);
    }
  }
  return headers;
}

Json headers_json(const HttpHeaders& headers) {
  std::map<std::string, Json> lists;
  for (const auto& [name, value] : headers) lists[name].push(value);
  Json object = Json::object();
  for (auto& [name, list] : lists) object.set(name, std::move(list));
  return object;
}

}  // namespace

namespace reglet_calls {

Json dns_lookup(RegletCall& call) {
  const std::string_view name = call.request.string_of("hostname");
  if (name.empty()) return with_error(Json::object(), kInvalid, "hostname is missing");
  const auto type = dns_type(call.request.string_of("type"));
  if (!type) return with_error(Json::object(), kInvalid, "type must be A, AAAA, CNAME, MX, TXT or NS");
  if (call.services().network == nullptr) return without_service(Json::object(), call, "network");
  const DnsQuery query{name, *type, call.request.string_of("nameserver")};
  const DnsReply reply = call.services().network->lookup(query, {&call.policy(), call.deadline});
  if (reply.outcome != NetworkOutcome::ok) {
    return with_error(Json::object(), problem_of(reply.outcome), reply.message);
  }
  Json answer = Json::object();
  Json records = Json::array();
  for (const std::string& record : reply.records) records.push(record);
  Json exchangers = Json::array();
  for (const auto& [host, preference] : reply.mx) {
    exchangers.push(Json::object().set("host", host).set("pref", preference));
  }
  if (records.size() > 0) answer.set("records", std::move(records));
  if (exchangers.size() > 0) answer.set("mx_records", std::move(exchangers));
  return answer;
}

Json http_request(RegletCall& call) {
  Json answer = Json::object();
  answer.set("status_code", 0);
  const auto headers = headers_of(call.request);
  if (!headers) return with_error(std::move(answer), kInvalid, "headers must be lists of texts");
  const auto body = base64_decode(call.request.string_of("body"));
  if (!body) return with_error(std::move(answer), kInvalid, "body must be base64");
  HttpRequest request;
  request.url = call.request.string_of("url");
  const std::string_view method = call.request.string_of("method");
  if (!method.empty()) request.method = method;
  request.headers = *headers;
  request.body = *body;
  request.deadline = call.deadline;
  request.max_body = call.limits().response;
  request.truncate = true;
  const HttpReply reply = call.context.send(std::move(request));
  answer.set("status_code", reply.status);
  if (reply.outcome != HttpOutcome::ok) {
    return with_error(std::move(answer), problem_of(reply.outcome), reply.message);
  }
  answer.set("headers", headers_json(reply.headers)).set("body", base64_encode(reply.body));
  if (reply.truncated) answer.set("body_truncated", true);
  return answer;
}

Json tcp_connect(RegletCall& call) {
  TcpReply reply;
  const bool tls = call.request.boolean_of("tls");
  Json answer = connect(call, tls, reply);
  if (answer.find("error") != nullptr) return answer;
  set_unless_empty(answer, "remote_addr", reply.remote_address);
  set_unless_empty(answer, "local_addr", reply.local_address);
  answer.set("response_time_ms", milliseconds(reply.response_time)).set("tls", tls);
  if (!tls) return answer;
  add_tls(answer, reply.tls);
  set_unless_empty(answer, "tls_cert_subject", reply.tls.subject);
  set_unless_empty(answer, "tls_cert_issuer", reply.tls.issuer);
  set_unless_empty(answer, "tls_cert_not_after", reply.tls.not_after);
  return answer;
}

Json net_connect(RegletCall& call) {
  TcpReply reply;
  return connect(call, false, reply);
}

Json smtp_connect(RegletCall& call) {
  const std::string_view host = call.request.string_of("host");
  const auto port = port_of(call.request);
  if (host.empty()) return with_error(not_connected(), kInvalid, "host is missing");
  if (!port) return with_error(not_connected(), kInvalid, "port must be a number from 1 to 65535");
  if (call.services().network == nullptr) return without_service(not_connected(), call, "network");
  SmtpQuery query;
  query.host = host;
  query.port = *port;
  query.tls = call.request.boolean_of("tls");
  query.starttls = call.request.boolean_of("starttls");
  const auto deadline = sooner(call.deadline, call.request.integer_of("timeout_ms").value_or(0));
  const SmtpReply reply = call.services().network->greet(query, {&call.policy(), deadline});
  Json answer = Json::object();
  answer.set("connected", reply.connected && reply.outcome == NetworkOutcome::ok);
  if (reply.outcome != NetworkOutcome::ok) {
    return with_error(std::move(answer), problem_of(reply.outcome), reply.message);
  }
  answer.set("address", reply.address.empty() ? address_of(host, *port) : reply.address).set("banner", reply.banner);
  answer.set("response_time_ms", milliseconds(reply.response_time)).set("tls", reply.secure);
  if (reply.secure) add_tls(answer, reply.tls);
  return answer;
}

}  // namespace reglet_calls
}  // namespace wplug
