#include "abi/support/plugin_context.h"

#include <algorithm>
#include <utility>

#include "host/notices.h"

namespace wplug {
namespace {

// `/srv/data` of `/srv/data/**`; nullopt for any other shape.
std::optional<std::string> whole_directory(std::string_view pattern) {
  if (!pattern.ends_with("/**")) return std::nullopt;
  const std::string_view path = pattern.substr(0, pattern.size() - 3);
  if (path.find_first_of("*?") != std::string_view::npos) return std::nullopt;
  return path.empty() ? "/" : std::string(path);
}

bool lists(const Grants& grants, const Capability& wanted) {
  const std::optional<std::string> path = whole_directory(wanted.pattern);
  return path && grants.find({wanted.kind, *path + (*path == "/" ? "x" : "/x")}) != nullptr;
}

}  // namespace

PluginContext::PluginContext(const PluginTerms& terms, const HostServices& services)
    : terms_(terms),
      services_(services),
      log_(services.log, terms.name, &log_budget_, terms.redactor.get()),
      stdout_log_(services.log, terms.name, &log_budget_, terms.redactor.get()),
      stderr_log_(services.log, terms.name, &log_budget_, terms.redactor.get()) {}

void PluginContext::begin_call(CallState& state) {
  call_ = &state;
  bad_pointer_.reset();
  log_budget_ = {terms_.limits.log, 0};
  for (PluginLog* stream : {&log_, &stdout_log_, &stderr_log_}) stream->begin_call();
}

void PluginContext::end_call() {
  for (PluginLog* stream : {&log_, &stdout_log_, &stderr_log_}) stream->flush();
  call_->log_bytes = log_budget_.written;
  call_->diagnostics = stderr_log_.complaint();
}

bool PluginContext::refuses_output(uint64_t bytes, std::string& text) const {
  if (bytes <= terms_.limits.output) return false;
  text = output_too_large(bytes, terms_.limits);
  return true;
}

bool PluginContext::admit() {
  warn_of_soft_timeout(terms_, services_, *call_);
  if (call_->host_calls_left == 0) return false;
  --call_->host_calls_left;
  return true;
}

Error PluginContext::budget_spent() {
  call_->over_budget = true;
  return Error(ErrorKind::host, "limits.host_calls is spent: more than " + std::to_string(terms_.limits.host_calls) +
                                    " calls of host functions");
}

Error PluginContext::outside(std::string_view function, uint64_t at, uint64_t length, uint64_t memory_size) {
  bad_pointer_ = std::string(kBadPointer) + std::string(function) + " was given " + std::to_string(length) +
                 " bytes at " + std::to_string(at) + ", the memory has " + std::to_string(memory_size);
  return Error(ErrorKind::host, *bad_pointer_);
}

HttpReply PluginContext::send(HttpRequest request) {
  HttpReply reply;
  if (services_.http == nullptr) {
    reply.outcome = HttpOutcome::denied;
    reply.message = "this host makes no requests";
    return reply;
  }
  request.policy = &terms_.policy;
  request.deadline = std::min(request.deadline, call_->deadline);
  request.max_body = std::min(request.max_body, terms_.limits.response);
  request.requests_left = call_->http_calls_left;
  reply = services_.http->send(request);
  call_->http_calls_left -= std::min(reply.requests, call_->http_calls_left);
  return reply;
}

void PluginContext::tell_missing(const WasiDirectory& directory) {
  const CapabilityKind kind = directory.writable ? CapabilityKind::fs_write : CapabilityKind::fs_read;
  std::string asked = "the plugin's " + directory.guest_path;
  for (const Capability& granted : terms_.policy.granted.list()) {
    if (granted.kind != kind || directory.guest_path != directory.host_path) continue;
    if (whole_directory(granted.pattern) != directory.host_path) continue;
    asked = granted.to_string() + (granted.location.empty() ? "" : " (" + granted.location + ")");
  }
  const std::string text =
      "warning: " + asked + ": there is no directory " + directory.host_path + ", the plugin does without it";
  if (services_.log == nullptr || (terms_.notices && !terms_.notices->first(text))) return;
  services_.log->write(terms_.name, text);
}

Result<WasiConfig> PluginContext::granted_wasi_config() {
  WasiConfig config;
  config.args = {terms_.name};
  config.env = granted_environment(terms_.policy, services_);
  config.directories = granted_directories(terms_.policy);
  for (const WasiDirectory& directory : terms_.directories) config.directories.push_back(directory);
  config.missing_directory = [this](const WasiDirectory& directory) { tell_missing(directory); };
  config.stdout_sink = WasiWriter([this](std::span<const uint8_t> bytes) {
    warn_of_soft_timeout(terms_, services_, *call_);
    stdout_log_.write(bytes);
    return true;
  });
  config.stderr_sink = WasiWriter([this](std::span<const uint8_t> bytes) {
    warn_of_soft_timeout(terms_, services_, *call_);
    stderr_log_.write(bytes);
    return true;
  });
  return config;
}

Result<void> PluginContext::add_granted_wasi(Linker& linker, const Module& module) {
  if (!wasi_is_wanted(module)) return {};
  WPLUG_TRY_ASSIGN(WasiConfig config, granted_wasi_config());
  return add_wasi_with(linker, module, std::move(config));
}

Result<void> PluginContext::add_wasi_with(Linker& linker, const Module& module, WasiConfig config) {
  WPLUG_TRY_ASSIGN(wasi_, WasiContext::create(std::move(config)));
  return add_wasi(linker, *wasi_, module);
}

std::vector<std::pair<std::string, std::string>> granted_environment(const Policy& policy,
                                                                     const HostServices& services) {
  std::vector<std::pair<std::string, std::string>> result;
  if (services.environment == nullptr || policy.granted.empty()) return result;
  for (const auto& [name, value] : *services.environment) {
    if (authorize(policy, {CapabilityKind::env, name}).allowed) result.emplace_back(name, value);
  }
  return result;
}

bool opens_directory(const Capability& capability) { return whole_directory(capability.pattern).has_value(); }

std::vector<WasiDirectory> granted_directories(const Policy& policy) {
  std::vector<WasiDirectory> result;
  // Writable first: a directory that is granted both ways is one, writable.
  for (const CapabilityKind kind : {CapabilityKind::fs_write, CapabilityKind::fs_read}) {
    for (const Capability& granted : policy.granted.list()) {
      if (granted.kind != kind || (policy.declared && !lists(*policy.declared, granted))) continue;
      const std::optional<std::string> path = whole_directory(granted.pattern);
      if (!path) continue;
      const bool known = std::any_of(result.begin(), result.end(),
                                     [&](const WasiDirectory& directory) { return directory.guest_path == *path; });
      if (!known) result.push_back({*path, *path, kind == CapabilityKind::fs_write});
    }
  }
  return result;
}

}  // namespace wplug
