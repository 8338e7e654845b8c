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

// For functions without a result: there is no other way to say no than to end the call.
Error budget_spent(TransformHost& host) {
  host.call().over_budget = true;
  return Error(ErrorKind::host, "limits.host_calls is spent: more than " +
                                    std::to_string(host.options().limits.host_calls) + " calls of host functions");
}

Error outside(TransformHost& host, std::string_view function, uint32_t at, uint32_t length, uint64_t size) {
  host.bad_pointer = std::string(function) + " was given " + std::to_string(length) + " bytes at " + std::to_string(at) +
                     ", the memory has " + std::to_string(size);
  return Error(ErrorKind::host, *host.bad_pointer);
}

Result<void> log(TransformHost& host, Caller& caller, uint32_t at, uint32_t length) {
  if (!host.admit()) return budget_spent(host);
  const GuestMemory memory(caller);
  const auto text = memory.text(at, length);
  if (!text) return outside(host, "log", at, length, memory.size());
  host.log().line(*text);
  return {};
}

Result<void> set_error(TransformHost& host, Caller& caller, uint32_t at, uint32_t length) {
  if (!host.admit()) return budget_spent(host);
  const GuestMemory memory(caller);
  const auto text = memory.text(at, length);
  if (!text) return outside(host, "set_error", at, length, memory.size());
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
  if (!host.admit()) return budget_spent(host);
  const GuestMemory memory(caller);
  const auto key = memory.text(key_at, key_length);
  if (!key) return outside(host, "set_header", key_at, key_length, memory.size());
  const auto value = memory.text(at, length);
  if (!value) return outside(host, "set_header", at, length, memory.size());
  auto& headers = host.call().headers;
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
  if (!host.admit()) return code(TransformCode::exhausted);
  const GuestMemory memory(caller);
  const auto key = memory.text(key_at, key_length);
  if (!key) return outside(host, "get_config", key_at, key_length, memory.size());
  if (!memory.contains(out, capacity)) return outside(host, "get_config", out, capacity, memory.size());
  const auto& config = host.options().config;
  const auto found = config.find(*key);
  return found == config.end() ? code(TransformCode::not_found) : deliver(memory, out, capacity, found->second);
}

int32_t code_of(HttpOutcome outcome) {
  switch (outcome) {
    case HttpOutcome::not_found:
      return code(TransformCode::not_found);
    case HttpOutcome::denied:
      return code(TransformCode::denied);
    case HttpOutcome::exhausted:
      return code(TransformCode::exhausted);
    case HttpOutcome::timed_out:
      return code(TransformCode::timed_out);
    case HttpOutcome::invalid:
      return code(TransformCode::invalid_argument);
    default:
      return code(TransformCode::network);
  }
}

// Asks the network; the body is then pending.
HttpOutcome request(TransformHost& host, std::string_view url) {
  CallState& call = host.call();
  HttpRequest request;
  request.url = url;
  request.grants = &host.options().grants;
  request.deadline = call.deadline;
  request.max_body = std::min(host.options().limits.memory, kMostBody);
  request.requests_left = call.http_calls_left;
  if (host.services().http == nullptr) return HttpOutcome::denied;
  HttpReply reply = host.services().http->get(request);
  call.http_calls_left -= std::min(reply.requests, call.http_calls_left);
  if (reply.outcome == HttpOutcome::ok) {
    host.pending_url = url;
    host.pending_body = std::move(reply.body);
  } else {
    host.log().line("http_get " + std::string(url) + ": " + reply.message);
  }
  return reply.outcome;
}

Result<int32_t> http_get(TransformHost& host, Caller& caller, uint32_t url_at, uint32_t url_length, uint32_t out,
                         uint32_t capacity) {
  if (!host.admit()) return code(TransformCode::exhausted);
  const GuestMemory memory(caller);
  const auto url = memory.text(url_at, url_length);
  if (!url) return outside(host, "http_get", url_at, url_length, memory.size());
  // Before anything is asked for.
  if (!memory.contains(out, capacity)) return outside(host, "http_get", out, capacity, memory.size());
  if (url->empty() || url->size() > kMostUrl) return code(TransformCode::invalid_argument);
  if (*url != host.pending_url) {
    if (const HttpOutcome outcome = request(host, *url); outcome != HttpOutcome::ok) return code_of(outcome);
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

TransformHost::TransformHost(const PluginOptions& options, const HostServices& services)
    : options_(options),
      services_(services),
      log_(services.log, options.name),
      stdout_log_(services.log, options.name),
      stderr_log_(services.log, options.name) {}

void TransformHost::begin_call(CallState& state) {
  call_ = &state;
  refusal.reset();
  bad_pointer.reset();
  pending_url.clear();
  for (PluginLog* stream : {&log_, &stdout_log_, &stderr_log_}) stream->begin_call();
}

void TransformHost::end_call() {
  stdout_log_.flush();
  stderr_log_.flush();
  call_->diagnostics = stderr_log_.complaint();
}

bool TransformHost::admit() {
  if (call_->host_calls_left == 0) return false;
  --call_->host_calls_left;
  return true;
}

void add_transform_functions(Linker& linker, TransformHost& host) {
#define WPLUG_HOST_FUNCTION(name, capability, doc) define_everywhere<&name>(linker, #name, host);
#include "abi/transform/functions.def"
}

std::string_view transform_capability(std::string_view name) {
#define WPLUG_HOST_FUNCTION(function, capability, doc) \
  if (name == #function) return capability;
#include "abi/transform/functions.def"
  return {};
}

bool is_transform_function(std::string_view module, std::string_view name) {
  return std::find(std::begin(kModules), std::end(kModules), module) != std::end(kModules) &&
         !transform_capability(name).empty();
}

}  // namespace wplug
