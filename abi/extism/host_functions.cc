// The functions that reach the host. A request that is denied, a full store of variables and the like end the call, as
// they do in Extism: plugins have no other way to learn of them.
#include <algorithm>
#include <utility>

#include "abi/extism/host.h"
#include "host/json_document.h"

namespace wplug {
namespace {

constexpr size_t kMostUrl = size_t{8} << 10;
constexpr size_t kMostHeaders = 100;
// What an entry costs beside its bytes, so that empty ones come to an end too.
constexpr uint64_t kEntryCost = 64;

// The text of a block; the plugin is at fault when it is none.
Result<std::string> take_block(ExtismHost& host, std::string_view function, uint64_t block) {
  const auto text = host.kernel.block(block);
  if (!text) return host.context.outside(function, block, 1, host.kernel.top());
  return std::string(*text);
}

Result<uint64_t> give_block(ExtismHost& host, std::string_view function, std::string_view text) {
  const uint64_t block = host.kernel.store_text(text);
  if (block != 0 || text.empty()) return block;
  return Error(ErrorKind::limit, std::string(function) + ": no room for " + std::to_string(text.size()) +
                                     " bytes: limits.memory holds the plugin's memory and its blocks");
}

Error refuse(ExtismHost& host, std::string message) {
  host.context.call().over_budget = true;  // ends the call as a matter of policy
  return Error(ErrorKind::host, std::move(message));
}

// A value of the configuration as Extism has it, a string: JSON strings without quotes, anything else as JSON text.
std::string plain_config(const std::string& json) {
  if (!json.starts_with('"')) return json;
  const auto value = parse_json(json);
  return value.ok() && value->is_string() ? std::string(*value->string()) : json;
}

Result<uint64_t> config_get(ExtismHost& host, Caller&, uint64_t key_block) {
  if (!host.context.admit()) return host.context.budget_spent();
  WPLUG_TRY_ASSIGN(const std::string key, take_block(host, "config_get", key_block));
  const auto& config = host.context.terms().config;
  const auto found = config.find(key);
  if (found == config.end()) return uint64_t{0};
  return give_block(host, "config_get", plain_config(found->second));
}

Result<uint64_t> var_get(ExtismHost& host, Caller&, uint64_t key_block) {
  if (!host.context.admit()) return host.context.budget_spent();
  WPLUG_TRY_ASSIGN(const std::string key, take_block(host, "var_get", key_block));
  host.kernel.free(key_block);
  const auto found = host.variables.find(key);
  if (found == host.variables.end()) return uint64_t{0};
  return give_block(host, "var_get", found->second);
}

uint64_t cost_of(std::string_view key, std::string_view value) { return kEntryCost + key.size() + value.size(); }

void remove_variable(ExtismHost& host, std::string_view key) {
  const auto found = host.variables.find(key);
  if (found == host.variables.end()) return;
  host.variable_bytes -= cost_of(found->first, found->second);
  host.variables.erase(found);
}

Result<void> var_set(ExtismHost& host, Caller&, uint64_t key_block, uint64_t value_block) {
  if (!host.context.admit()) return host.context.budget_spent();
  const uint64_t most = host.context.terms().limits.variables;
  if (most == 0) return refuse(host, "var_set: limits.variables is 0, so there are no variables");
  WPLUG_TRY_ASSIGN(std::string key, take_block(host, "var_set", key_block));
  WPLUG_TRY_ASSIGN(std::string value, take_block(host, "var_set", value_block));
  host.kernel.free(key_block);
  host.kernel.free(value_block);
  remove_variable(host, key);
  if (value_block == 0) return {};
  const uint64_t cost = cost_of(key, value);
  if (cost > most || host.variable_bytes > most - cost) {
    return refuse(host, "var_set: the variables are full: limits.variables is " + std::to_string(most) + " bytes");
  }
  host.variable_bytes += cost;
  host.variables.emplace(std::move(key), std::move(value));
  return {};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

struct Wanted {
  std::string method, url;
  HttpHeaders headers;
};

Result<Wanted> read_request(std::string_view text) {
  const auto json = parse_json(text);
  if (!json.ok()) return Error(ErrorKind::host, "http_request: the request is not JSON: " + json.error().message());
  Wanted wanted{std::string(json->string_of("method")), std::string(json->string_of("url")), {}};
  if (wanted.url.empty() || wanted.url.size() > kMostUrl) {
    return Error(ErrorKind::host, "http_request: the request needs a url of at most 8 KiB");
  }
  if (wanted.method.empty()) wanted.method = "GET";
  std::transform(wanted.method.begin(), wanted.method.end(), wanted.method.begin(), upper);
  const Json* headers = json->find("headers");
  if (headers == nullptr || headers->is_null()) return wanted;
  if (!headers->is_object() || headers->size() > kMostHeaders) {
    return Error(ErrorKind::host, "http_request: headers must be an object of at most 100 strings");
  }
  for (size_t i = 0; i < headers->size(); ++i) {
    const auto value = headers->at(i).string();
    if (!value) return Error(ErrorKind::host, "http_request: a header must be a string");
    wanted.headers.emplace_back(headers->key(i), *value);
  }
  return wanted;
}

Result<uint64_t> http_request(ExtismHost& host, Caller&, uint64_t request_block, uint64_t body_block) {
  if (!host.context.admit()) return host.context.budget_spent();
  host.status = 0;
  host.headers.clear();
  WPLUG_TRY_ASSIGN(const std::string text, take_block(host, "http_request", request_block));
  WPLUG_TRY_ASSIGN(const std::string body, take_block(host, "http_request", body_block));
  host.kernel.free(request_block);
  host.kernel.free(body_block);
  WPLUG_TRY_ASSIGN(Wanted wanted, read_request(text));
  HttpRequest request;
  request.method = wanted.method;
  request.url = wanted.url;
  request.headers = std::move(wanted.headers);
  request.body = body;
  request.max_body = host.context.terms().limits.response;
  HttpReply reply = host.context.send(std::move(request));
  if (reply.outcome == HttpOutcome::ok) {
    host.status = reply.status;
    host.headers = std::move(reply.headers);
    return give_block(host, "http_request", reply.body);
  }
  const std::string message = "http_request " + wanted.url + ": " + reply.message;
  const bool policy = reply.outcome == HttpOutcome::denied || reply.outcome == HttpOutcome::exhausted;
  return policy ? refuse(host, message) : Error(ErrorKind::host, message);
}

Result<int32_t> http_status_code(ExtismHost& host, Caller&) { return static_cast<int32_t>(host.status); }

Result<uint64_t> http_headers(ExtismHost& host, Caller&) {
  if (!host.context.admit()) return host.context.budget_spent();
  std::map<std::string, std::string> joined;
  for (const auto& [name, value] : host.headers) {
    std::string key = name;
    std::transform(key.begin(), key.end(), key.begin(), lower);
    const auto [at, is_new] = joined.try_emplace(std::move(key), value);
    if (!is_new) at->second += "," + value;
  }
  Json object = Json::object();
  for (auto& [name, value] : joined) object.set(name, Json(std::move(value)));
  return give_block(host, "http_headers", object.to_string());
}

Result<void> write_log(ExtismHost& host, std::string_view level, uint64_t block) {
  if (!host.context.admit()) return host.context.budget_spent();
  const auto text = host.kernel.block(block);
  if (!text) return host.context.outside("log_" + std::string(level), block, 1, host.kernel.top());
  host.context.log().line(std::string(level) + ": " + std::string(*text));
  host.kernel.free(block);
  return {};
}

Result<void> log_trace(ExtismHost& host, Caller&, uint64_t block) { return write_log(host, "trace", block); }
Result<void> log_debug(ExtismHost& host, Caller&, uint64_t block) { return write_log(host, "debug", block); }
Result<void> log_info(ExtismHost& host, Caller&, uint64_t block) { return write_log(host, "info", block); }
Result<void> log_warn(ExtismHost& host, Caller&, uint64_t block) { return write_log(host, "warn", block); }
Result<void> log_error(ExtismHost& host, Caller&, uint64_t block) { return write_log(host, "error", block); }

Result<int32_t> get_log_level(ExtismHost&, Caller&) { return 0; }

}  // namespace

void add_extism_functions(Linker& linker, ExtismHost& host) {
#define WPLUG_EXTISM_HOST(name, type, capability, doc) linker.define_host<&name>(kExtismModule, #name, &host);
#include "abi/extism/functions.def"
}

}  // namespace wplug
