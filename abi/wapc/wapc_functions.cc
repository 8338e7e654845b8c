#include <utility>

#include "abi/guest_memory.h"
#include "abi/wapc/wapc_instance.h"

namespace wplug {
namespace {

constexpr size_t kMostMessage = size_t{4} << 10;

Result<void> write_out(WapcHost& host, Caller& caller, std::string_view function, uint32_t at, std::string_view text) {
  const GuestMemory memory(caller);
  if (!memory.write_text(at, text)) return host.context.outside(function, at, text.size(), memory.size());
  return {};
}

Result<std::string_view> read_in(WapcHost& host, Caller& caller, std::string_view function, uint32_t at,
                                 uint32_t length) {
  const GuestMemory memory(caller);
  const auto text = memory.text(at, length);
  if (!text) return host.context.outside(function, at, length, memory.size());
  return *text;
}

Result<void> guest_request(WapcHost& host, Caller& caller, uint32_t operation, uint32_t payload) {
  WPLUG_TRY(write_out(host, caller, "__guest_request", operation, host.operation));
  return write_out(host, caller, "__guest_request", payload, host.payload);
}

Result<void> guest_response(WapcHost& host, Caller& caller, uint32_t at, uint32_t length) {
  WPLUG_TRY_ASSIGN(const std::string_view text, read_in(host, caller, "__guest_response", at, length));
  // One byte more than allowed tells the host that there is too much.
  const uint64_t most = host.context.terms().limits.output;
  host.response = text.substr(0, most < SIZE_MAX ? static_cast<size_t>(most) + 1 : SIZE_MAX);
  return {};
}

Result<void> guest_error(WapcHost& host, Caller& caller, uint32_t at, uint32_t length) {
  WPLUG_TRY_ASSIGN(const std::string_view text, read_in(host, caller, "__guest_error", at, length));
  host.error = text.substr(0, kMostMessage);
  return {};
}

int32_t answer(WapcHost& host, std::string text) {
  host.host_response = std::move(text);
  return 1;
}

int32_t refuse(WapcHost& host, std::string why) {
  host.host_error = std::move(why);
  return 0;
}

Result<int32_t> host_call(WapcHost& host, Caller& caller, uint32_t binding_at, uint32_t binding_length,
                          uint32_t namespace_at, uint32_t namespace_length, uint32_t operation_at,
                          uint32_t operation_length, uint32_t at, uint32_t length) {
  if (!host.context.admit()) return host.context.budget_spent();
  host.host_response.clear();
  host.host_error.clear();
  constexpr std::string_view kName = "__host_call";
  WPLUG_TRY_ASSIGN(const std::string_view binding, read_in(host, caller, kName, binding_at, binding_length));
  WPLUG_TRY_ASSIGN(const std::string_view space, read_in(host, caller, kName, namespace_at, namespace_length));
  WPLUG_TRY_ASSIGN(const std::string_view operation, read_in(host, caller, kName, operation_at, operation_length));
  WPLUG_TRY_ASSIGN(const std::string_view payload, read_in(host, caller, kName, at, length));
  if (binding != "wplug" || space != "config" || operation != "get") {
    return refuse(host, "this host has no " + std::string(binding.substr(0, 100)) + "/" +
                            std::string(space.substr(0, 100)) + "/" + std::string(operation.substr(0, 100)) +
                            ", there is: wplug/config/get");
  }
  const auto& config = host.context.terms().config;
  const auto found = config.find(payload);
  if (found == config.end()) return refuse(host, "config has no " + std::string(payload.substr(0, 100)));
  return answer(host, found->second);
}

Result<int32_t> host_response_len(WapcHost& host, Caller&) { return static_cast<int32_t>(host.host_response.size()); }

Result<void> host_response(WapcHost& host, Caller& caller, uint32_t at) {
  return write_out(host, caller, "__host_response", at, host.host_response);
}

Result<int32_t> host_error_len(WapcHost& host, Caller&) { return static_cast<int32_t>(host.host_error.size()); }

Result<void> host_error(WapcHost& host, Caller& caller, uint32_t at) {
  return write_out(host, caller, "__host_error", at, host.host_error);
}

Result<void> console_log(WapcHost& host, Caller& caller, uint32_t at, uint32_t length) {
  if (!host.context.admit()) return host.context.budget_spent();
  WPLUG_TRY_ASSIGN(const std::string_view text, read_in(host, caller, "__console_log", at, length));
  host.context.log().line(text);
  return {};
}

}  // namespace

void add_wapc_functions(Linker& linker, WapcHost& host) {
#define WPLUG_WAPC_FUNCTION(function, name, type, doc) linker.define_host<&function>("wapc", name, &host);
#include "abi/wapc/functions.def"
}

std::span<const AbiFunction> wapc_functions() {
  static constexpr AbiFunction functions[] = {
#define WPLUG_WAPC_FUNCTION(function, name, type, doc) {"wapc", name, type, "", doc},
#include "abi/wapc/functions.def"
  };
  return functions;
}

}  // namespace wplug
