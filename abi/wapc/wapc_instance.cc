#include "abi/wapc/wapc_instance.h"

#include <utility>

#include "wplug/linker.h"

namespace wplug {

Result<std::unique_ptr<AbiInstance>> WapcInstance::start(Store& store, const Module& module, const PluginTerms& terms,
                                                         const HostServices& services, CallState& state) {
  std::unique_ptr<WapcInstance> instance(new WapcInstance(terms, services));
  instance->host_.context.begin_call(state);
  Result<void> started = instance->bring_up(store, module);
  instance->host_.context.end_call();
  WPLUG_TRY(std::move(started));
  return std::unique_ptr<AbiInstance>(std::move(instance));
}

// Guests register their operations in one of these, each at most once, in this order.
Result<void> WapcInstance::bring_up(Store& store, const Module& module) {
  Linker linker;
  add_wapc_functions(linker, host_);
  WPLUG_TRY(host_.context.add_granted_wasi(linker, module));
  WPLUG_TRY_ASSIGN(instance_, linker.instantiate(store, module));
  for (const char* name : {"_initialize", "_start", "wapc_init"}) {
    const auto function = instance_->get_func(name);
    if (!function || function->type() != FuncType{}) continue;
    Result<void> done = function->call({}, {});
    const bool ended_well = !done.ok() && done.error().kind() == ErrorKind::exit && done.error().exit_code() == 0;
    if (!ended_well) WPLUG_TRY(std::move(done));
  }
  return {};
}

Result<ReplyKind> WapcInstance::call(std::string_view entry, std::string_view input, CallState& state,
                                     std::string& text) {
  host_.context.begin_call(state);
  host_.operation = entry;
  host_.payload = input;
  host_.response.reset();
  host_.error.reset();
  auto reply = exchange(text);
  host_.operation = host_.payload = {};
  host_.context.end_call();
  if (!reply.ok() && host_.context.bad_pointer()) {
    text = *host_.context.bad_pointer();
    return ReplyKind::invalid_pointer;
  }
  return reply;
}

Result<ReplyKind> WapcInstance::exchange(std::string& text) {
  if (host_.operation.size() > INT32_MAX || host_.payload.size() > INT32_MAX) {
    return Error(ErrorKind::limit, "a payload of more than 2 GiB does not fit a guest");
  }
  const auto function = instance_->get_func("__guest_call");
  if (!function) return Error(ErrorKind::link, "exports no function \"__guest_call\"");
  uint64_t slots[2] = {host_.operation.size(), host_.payload.size()};
  WPLUG_TRY(function->call_raw(slots));
  if (static_cast<uint32_t>(slots[0]) != 1) {
    text = host_.error ? std::move(*host_.error)
                       : "__guest_call returned " + std::to_string(static_cast<uint32_t>(slots[0])) + " and set no error";
    return ReplyKind::plugin_error;
  }
  text = host_.response ? std::move(*host_.response) : std::string();
  return ReplyKind::output;
}

}  // namespace wplug
