#include "abi/transform/host_functions.h"

#include <algorithm>

#include "abi/guest_memory.h"

namespace wplug {
namespace {

constexpr std::string_view kModules[] = {"env", "host", "wplug"};
constexpr size_t kMostMessage = size_t{4} << 10;  // bytes of a set_error
constexpr size_t kMostUrl = size_t{8} << 10;
constexpr size_t kMostHeaders = 100;
constexpr size_t kMostHeaderName = 256;
constexpr size_t kMostHeaderValue = size_t{8} << 10;
constexpr uint64_t kMostBody = uint64_t{64} << 20;

int32_t code(TransformCode c) { return static_cast<int32_t>(c); }

Result<void> log(TransformHost& host, Caller& caller, uint32_t at, uint32_t length) {
  if (!host.context.admit()) return host.context.budget_spent();
  const GuestMemory memory(caller);
  const auto text = memory.text(at, length);
  if (!text) return host.context.outside("log", at, length, memory.size());
  host.context.log().line(*text);
  return {};
}

Result<void> set_error(TransformHost& host, Caller& caller, uint32_t at, uint32_t length) {
  if (!host.context.admit()) return host.context.budget_spent();
  const GuestMemory memory(caller);
  const auto text = memory.text(at, length);
  if (!text) return host.context.outside("set_error", at, length, memory.size());
  host.refusal = text->substr(0, kMostMessage);
  return {};
}

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return (c >= 0x20 && c != 0x7f) || c == '\t' || c < 0; });
}

Result<void> set_header(TransformHost& host, Caller& caller, uint32_t key_at, uint32_t key_length, uint32_t at,
                        uint32_t length) {
  if (!host.context.admit()) return host.context.budget_spent();
  const GuestMemory memory(caller);
  const auto key = memory.text(key_at, key_length);
  if (!key) return host.context.outside("set_header", key_at, key_length, memory.size());
  const auto value = memory.text(at, length);
  if (!value) return host.context.outside("set_header", at, length, memory.size());
  auto& headers = host.context.call().headers;
  if (key->size() > kMostHeaderName || !is_token(*key)) {
    host.refusal = "set_header: the name is not a header's name";
  } else if (value->size() > kMostHeaderValue || !is_field_value(*value)) {
    host.refusal = "set_header: the value of " + std::string(*key) + " is too long or has control characters";
  } else if (headers.size() == kMostHeaders) {
    host.refusal = "set_header: more than " + std::to_string(kMostHeaders) + " headers";
  } else {
    headers.emplace_back(*key, *value);
  }
  return {};
}

// Writes the prefix that fits `capacity`, which is inside; the size of all of it.
int32_t deliver(const GuestMemory& memory, uint32_t out, uint32_t capacity, std::string_view value) {
  return memory.write_prefix(out, capacity, value) ? static_cast<int32_t>(value.size())
                                                   : code(TransformCode::invalid_argument);
}

Result<int32_t> get_config(TransformHost& host, Caller& caller, uint32_t key_at, uint32_t key_length, uint32_t out,
                           uint32_t capacity) {
  if (!host.context.admit()) return code(TransformCode::exhausted);
  const GuestMemory memory(caller);
  const auto key = memory.text(key_at, key_length);
  if (!key) return host.context.outside("get_config", key_at, key_length, memory.size());
  if (!memory.contains(out, capacity)) return host.context.outside("get_config", out, capacity, memory.size());
  const auto& config = host.context.terms().config;
  const auto found = config.find(*key);
  return found == config.end() ? code(TransformCode::not_found) : deliver(memory, out, capacity, found->second);
}

// What the plugin gets for a request without a body it could use.
int32_t code_of(const HttpReply& reply) {
  switch (reply.outcome) {
    case HttpOutcome::ok:
      return code(reply.status == 404 || reply.status == 410 ? TransformCode::not_found : TransformCode::network);
    case HttpOutcome::denied:
      return code(TransformCode::denied);
    case HttpOutcome::exhausted:
      return code(TransformCode::exhausted);
    case HttpOutcome::timed_out:
      return code(TransformCode::timed_out);
    case HttpOutcome::invalid:
      return code(TransformCode::invalid_argument);
    case HttpOutcome::failed:
      return code(TransformCode::network);
  }
  return code(TransformCode::network);
}

// Asks the network; the body is then pending. nullopt: it is there.
std::optional<int32_t> request(TransformHost& host, std::string_view url) {
  HttpRequest request;
  request.url = url;
  request.max_body = std::min(host.context.terms().limits.memory, kMostBody);
  HttpReply reply = host.context.send(std::move(request));
  if (reply.outcome == HttpOutcome::ok && reply.status >= 200 && reply.status < 300) {
    host.pending_url = url;
    host.pending_body = std::move(reply.body);
    return std::nullopt;
  }
  if (reply.outcome == HttpOutcome::ok) reply.message = "answered with status " + std::to_string(reply.status);
  host.context.log().line("http_get " + std::string(url) + ": " + reply.message);
  return code_of(reply);
}

Result<int32_t> http_get(TransformHost& host, Caller& caller, uint32_t url_at, uint32_t url_length, uint32_t out,
                         uint32_t capacity) {
  if (!host.context.admit()) return code(TransformCode::exhausted);
  const GuestMemory memory(caller);
  const auto url = memory.text(url_at, url_length);
  if (!url) return host.context.outside("http_get", url_at, url_length, memory.size());
  // Before anything is asked for.
  if (!memory.contains(out, capacity)) return host.context.outside("http_get", out, capacity, memory.size());
  if (url->empty() || url->size() > kMostUrl) return code(TransformCode::invalid_argument);
  if (*url != host.pending_url) {
    if (const auto failed = request(host, *url)) return *failed;
  }
  const int32_t size = deliver(memory, out, capacity, host.pending_body);
  if (host.pending_body.size() <= capacity) host.pending_url.clear();
  return size;
}

template <auto F>
void define_everywhere(Linker& linker, std::string_view name, TransformHost& host) {
  for (const std::string_view module : kModules) linker.define_host<F>(module, name, &host);
}

}  // namespace

void add_transform_functions(Linker& linker, TransformHost& host) {
#define WPLUG_HOST_FUNCTION(name, type, capability, doc) define_everywhere<&name>(linker, #name, host);
#include "abi/transform/functions.def"
}

std::span<const AbiFunction> transform_functions() {
  static constexpr AbiFunction functions[] = {
#define WPLUG_HOST_FUNCTION(name, type, capability, doc) {"env host wplug", #name, type, capability, doc},
#include "abi/transform/functions.def"
  };
  return functions;
}

std::string_view transform_capability(std::string_view name) {
#define WPLUG_HOST_FUNCTION(function, type, capability, doc) \
  if (name == #function) return capability;
#include "abi/transform/functions.def"
  return {};
}

bool is_transform_function(std::string_view module, std::string_view name) {
  return std::find(std::begin(kModules), std::end(kModules), module) != std::end(kModules) &&
         !transform_capability(name).empty();
}

}  // namespace wplug
