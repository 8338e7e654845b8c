#include "abi/samuel/host_functions.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "abi/guest_memory.h"
#include "host/json_document.h"
#include "wplug/func.h"
#include "wplug/instance.h"

namespace wplug {
namespace {

constexpr size_t kMostLevel = 32;
constexpr size_t kMostPath = size_t{4} << 10;
constexpr size_t kMostCommand = size_t{64} << 10;
constexpr size_t kMostHost = 300;
constexpr size_t kMostKey = size_t{4} << 10;
constexpr uint16_t kDefaultPort = 443;
constexpr std::string_view kInputKey = "input";
constexpr std::string_view kOutputCallback = "output";

uint32_t code(SamuelCode c) { return static_cast<uint32_t>(c); }

// Two texts that a function was given; the second may be empty. An error names the one that is outside.
struct Texts {
  std::string_view first, second;
};
Result<Texts> read_texts(SamuelHost& host, const GuestMemory& memory, std::string_view function, uint32_t first_at,
                         uint32_t first_length, uint32_t second_at = 0, uint32_t second_length = 0) {
  const auto first = memory.text(first_at, first_length);
  if (!first) return host.context.outside(function, first_at, first_length, memory.size());
  const auto second = memory.text(second_at, second_length);
  if (!second) return host.context.outside(function, second_at, second_length, memory.size());
  return Texts{*first, *second};
}

void complain(SamuelHost& host, std::string_view function, std::string_view about, std::string_view why) {
  host.context.log().line(std::string(function) + " " + std::string(about) + ": " + std::string(why));
}

// Puts `value` into what the plugin's samuel_alloc gives; 0 when it has no such function, or no memory.
Result<uint64_t> give(SamuelHost& host, Caller& caller, std::string_view value) {
  if (value.size() > std::numeric_limits<uint32_t>::max() || caller.instance_impl() == nullptr) return uint64_t{0};
  const Instance instance(caller.store_impl(), caller.instance_impl());
  const auto allocate = instance.get_func("samuel_alloc");
  if (!allocate) return uint64_t{0};
  uint64_t slot = value.size();
  // SamuelAbi::check has seen its type.
  WPLUG_TRY(allocate->call_raw(&slot));
  const uint32_t at = static_cast<uint32_t>(slot);
  const GuestMemory memory(caller);
  if (at != 0 && !memory.write_text(at, value)) {
    return host.context.outside("the host, by samuel_alloc,", at, value.size(), memory.size());
  }
  return uint64_t{at};
}

Result<void> log(SamuelHost& host, Caller& caller, uint32_t level_at, uint32_t level_length, uint32_t at, uint32_t length) {
  if (!host.context.admit()) return host.context.budget_spent();
  const GuestMemory memory(caller);
  WPLUG_TRY_ASSIGN(const Texts texts, read_texts(host, memory, "log", level_at, level_length, at, length));
  const std::string_view level = texts.first.substr(0, kMostLevel);
  host.context.log().line(level.empty() ? std::string(texts.second)
                                        : "[" + std::string(level) + "] " + std::string(texts.second));
  return {};
}

Result<uint64_t> fs_read(SamuelHost& host, Caller& caller, uint32_t path_at, uint32_t path_length) {
  if (!host.context.admit()) return uint64_t{0};
  const GuestMemory memory(caller);
  WPLUG_TRY_ASSIGN(const Texts texts, read_texts(host, memory, "fs_read", path_at, path_length));
  FileAccess* const files = host.context.services().files;
  if (files == nullptr || texts.first.size() > kMostPath) return uint64_t{0};
  const std::string path(texts.first);
  const PluginTerms& terms = host.context.terms();
  const FileReply reply = files->read(terms.policy, path, terms.limits.response);
  if (reply.outcome == FileOutcome::ok) return give(host, caller, reply.data);
  complain(host, "fs_read", path, reply.message);
  return uint64_t{0};
}

Result<uint32_t> fs_write(SamuelHost& host, Caller& caller, uint32_t path_at, uint32_t path_length, uint32_t at,
                          uint32_t length) {
  if (!host.context.admit()) return code(SamuelCode::failed);
  const GuestMemory memory(caller);
  WPLUG_TRY_ASSIGN(const Texts texts, read_texts(host, memory, "fs_write", path_at, path_length, at, length));
  FileAccess* const files = host.context.services().files;
  if (files == nullptr) return code(SamuelCode::denied);
  if (texts.first.size() > kMostPath) return code(SamuelCode::failed);
  const FileReply reply = files->write(host.context.terms().policy, texts.first, texts.second);
  if (reply.outcome == FileOutcome::ok) return code(SamuelCode::ok);
  complain(host, "fs_write", texts.first, reply.message);
  return code(reply.outcome == FileOutcome::denied ? SamuelCode::denied : SamuelCode::failed);
}

bool has_grant(const Policy& policy, CapabilityKind kind) {
  const auto& list = policy.granted.list();
  return std::any_of(list.begin(), list.end(), [kind](const Capability& granted) { return granted.kind == kind; });
}

// What the command wrote goes to the plugin's log: the ABI has no other place for it.
void log_output(SamuelHost& host, const CommandReply& reply) {
  for (const std::string_view text : {std::string_view(reply.out), std::string_view(reply.err)}) {
    host.context.stdout_log().write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    host.context.stdout_log().flush();
  }
}

Result<uint32_t> run_command(SamuelHost& host, std::string_view text, std::vector<std::string> words) {
  const Policy& policy = host.context.terms().policy;
  CommandRequest request;
  request.command = std::move(words.front());
  words.erase(words.begin());
  request.arguments = std::move(words);
  const Decision decision = authorize(policy, {CapabilityKind::exec, request.command, 0, request.arguments});
  if (!decision.allowed) {
    complain(host, "exec", text, decision.reason);
    return code(SamuelCode::refused);
  }
  request.policy = &policy;
  request.deadline = host.context.call().deadline;
  request.max_output = host.context.terms().limits.response;
  const CommandReply reply = host.context.services().commands->run(request);
  log_output(host, reply);
  if (reply.outcome == CommandOutcome::ok) return static_cast<uint32_t>(reply.exit_code);
  complain(host, "exec", text, reply.message);
  return code(reply.outcome == CommandOutcome::denied ? SamuelCode::refused : SamuelCode::failed);
}

Result<uint32_t> exec(SamuelHost& host, Caller& caller, uint32_t at, uint32_t length) {
  if (!host.context.admit()) return code(SamuelCode::failed);
  const GuestMemory memory(caller);
  WPLUG_TRY_ASSIGN(const Texts texts, read_texts(host, memory, "exec", at, length));
  if (host.context.services().commands == nullptr || !has_grant(host.context.terms().policy, CapabilityKind::exec)) {
    complain(host, "exec", texts.first.substr(0, kMostPath), "no command is granted to this plugin");
    return code(SamuelCode::denied);
  }
  if (texts.first.size() > kMostCommand) return code(SamuelCode::failed);
  auto words = split_command(texts.first);
  if (!words || words->empty()) return code(SamuelCode::failed);
  return run_command(host, texts.first, std::move(*words));
}

// HOST, HOST:PORT, [ADDRESS]:PORT.
struct Endpoint {
  std::string_view host;
  uint16_t port = kDefaultPort;
};
std::optional<Endpoint> endpoint_of(std::string_view text) {
  Endpoint endpoint{text};
  const size_t colon = text.rfind(':');
  const bool is_address = text.find(':') != colon && text.back() != ']' && text.front() != '[';
  if (colon != std::string_view::npos && !is_address && text.back() != ']') {
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
    if (error != std::errc() || end != digits.data() + digits.size() || endpoint.port == 0) return std::nullopt;
    endpoint.host = text.substr(0, colon);
  }
  if (endpoint.host.size() > 2 && endpoint.host.front() == '[' && endpoint.host.back() == ']') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  if (endpoint.host.empty()) return std::nullopt;
  return endpoint;
}

uint32_t code_of(const TcpReply& reply) {
  switch (reply.outcome) {
    case NetworkOutcome::ok:
      return code(reply.connected ? SamuelCode::ok : SamuelCode::failed);
    case NetworkOutcome::denied:
      return code(SamuelCode::refused);
    default:
      return code(SamuelCode::failed);
  }
}

Result<uint32_t> net_outbound(SamuelHost& host, Caller& caller, uint32_t host_at, uint32_t host_length, uint32_t at,
                              uint32_t length) {
  if (!host.context.admit()) return code(SamuelCode::refused);
  const GuestMemory memory(caller);
  WPLUG_TRY_ASSIGN(const Texts texts, read_texts(host, memory, "net_outbound", host_at, host_length, at, length));
  Network* const network = host.context.services().network;
  if (network == nullptr) return code(SamuelCode::denied);
  if (texts.first.empty() || texts.first.size() > kMostHost) return code(SamuelCode::failed);
  const auto endpoint = endpoint_of(texts.first);
  if (!endpoint) return code(SamuelCode::failed);
  const Policy& policy = host.context.terms().policy;
  const Decision decision = authorize(policy, {CapabilityKind::network, endpoint->host, endpoint->port});
  if (!decision.allowed) {
    complain(host, "net_outbound", texts.first, decision.reason);
    return code(SamuelCode::denied);
  }
  CallState& call = host.context.call();
  if (call.http_calls_left == 0) {
    complain(host, "net_outbound", texts.first, "limits.http_calls is spent");
    return code(SamuelCode::refused);
  }
  --call.http_calls_left;
  TcpQuery query;
  query.host = endpoint->host;
  query.port = endpoint->port;
  query.body = texts.second;
  const TcpReply reply = network->connect(query, {&policy, call.deadline});
  if (code_of(reply) != code(SamuelCode::ok)) complain(host, "net_outbound", texts.first, reply.message);
  return code_of(reply);
}

Result<uint64_t> config_get(SamuelHost& host, Caller& caller, uint32_t key_at, uint32_t key_length) {
  if (!host.context.admit()) return uint64_t{0};
  const GuestMemory memory(caller);
  WPLUG_TRY_ASSIGN(const Texts texts, read_texts(host, memory, "config_get", key_at, key_length));
  if (texts.first.size() > kMostKey) return uint64_t{0};
  if (texts.first == kInputKey && !host.input.empty()) return give(host, caller, host.input);
  const auto& config = host.context.terms().config;
  const auto found = config.find(texts.first);
  if (found == config.end()) return uint64_t{0};
  const auto value = parse_json(found->second);
  if (value.ok() && value->is_string()) return give(host, caller, *value->string());
  return give(host, caller, found->second);
}

Result<uint32_t> callback(SamuelHost& host, Caller& caller, uint32_t name_at, uint32_t name_length, uint32_t at,
                          uint32_t length) {
  if (!host.context.admit()) return code(SamuelCode::failed);
  const GuestMemory memory(caller);
  WPLUG_TRY_ASSIGN(const Texts texts, read_texts(host, memory, "callback", name_at, name_length, at, length));
  const PluginTerms& terms = host.context.terms();
  if (texts.first == kOutputCallback) {
    if (texts.second.size() > terms.limits.output) return code(SamuelCode::failed);
    host.output = texts.second;
    return code(SamuelCode::ok);
  }
  const PluginCallbacks* const callbacks = host.context.services().callbacks;
  if (callbacks == nullptr) return code(SamuelCode::failed);
  const auto found = callbacks->find(texts.first);
  if (found == callbacks->end()) return code(SamuelCode::failed);
  // The payload is a copy: what the callback does may run this plugin again.
  return found->second(terms.name, std::string(texts.second));
}

// `samuel`.`fs_read`, `samuel`.`fs.read`, `samuel.fs`.`read` and `samuel.fs.read` of `samuel` or `env`.
struct ImportName {
  std::string module, name;
};
std::vector<ImportName> import_names(std::string_view function, std::string_view dotted) {
  const std::string full = "samuel." + std::string(dotted);
  std::vector<ImportName> names = {{"samuel", std::string(function)}, {"samuel", full}, {"env", full}};
  if (const size_t dot = dotted.find('.'); dot != std::string_view::npos) {
    names.push_back({"samuel", std::string(dotted)});
    names.push_back({"samuel." + std::string(dotted.substr(0, dot)), std::string(dotted.substr(dot + 1))});
  }
  return names;
}

}  // namespace

void add_samuel_functions(Linker& linker, SamuelHost& host) {
#define WPLUG_HOST_FUNCTION(function, dotted, type, capability, doc)        \
  for (const ImportName& import : import_names(#function, dotted)) {        \
    linker.define_host<&function>(import.module, import.name, &host);       \
  }
#include "abi/samuel/functions.def"
}

std::span<const AbiFunction> samuel_functions() {
  static constexpr AbiFunction functions[] = {
#define WPLUG_HOST_FUNCTION(name, dotted, type, capability, doc) {"samuel", #name, type, capability, doc},
#include "abi/samuel/functions.def"
  };
  return functions;
}

std::optional<std::string_view> samuel_capability(std::string_view module, std::string_view name) {
#define WPLUG_HOST_FUNCTION(function, dotted, type, capability, doc)               \
  for (const ImportName& import : import_names(#function, dotted)) {               \
    if (import.module == module && import.name == name) return capability;         \
  }
#include "abi/samuel/functions.def"
  return std::nullopt;
}

std::optional<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (const char c : text) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != '\0') return std::nullopt;
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace wplug
