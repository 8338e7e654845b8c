#include "abi/samuel/samuel_instance.h"

#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "abi/guest_memory.h"
#include "wplug/func.h"
#include "wplug/value.h"
#include "wplug/wasi.h"

namespace wplug {
namespace {

constexpr uint32_t kProtocolMin = 1;
constexpr uint32_t kProtocolMax = 1;

// The number as JSON has it; what JSON has no number for is null.
std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string json_of(const Value& value) {
  if (value.type() == ValType::i32()) return std::to_string(value.i32());
  if (value.type() == ValType::i64()) return std::to_string(value.i64());
  if (value.type() == ValType::f32()) return json_number(static_cast<double>(value.f32()));
  if (value.type() == ValType::f64()) return json_number(value.f64());
  return "null";
}

std::string json_of(const std::vector<Value>& results) {
  if (results.empty()) return "null";
  if (results.size() == 1) return json_of(results[0]);
  std::string text = "[";
  for (const Value& result : results) {
    if (text.size() > 1) text += ',';
    text += json_of(result);
  }
  return text + ']';
}

// Calls a function of type () -> i32.
Result<uint32_t> call_number(const Func& function) {
  uint64_t slot = 0;
  WPLUG_TRY(function.call_raw(&slot));
  return static_cast<uint32_t>(slot);
}

}  // namespace

Result<std::unique_ptr<AbiInstance>> SamuelInstance::start(Store& store, const Module& module, const PluginTerms& terms,
                                                           const HostServices& services, CallState& state) {
  std::unique_ptr<SamuelInstance> instance(new SamuelInstance(store, terms, services));
  instance->host_.begin_call(state, "");
  Result<void> started = instance->link(module);
  if (started.ok()) started = instance->initialize(module);
  if (started.ok()) started = instance->check_protocol();
  instance->host_.context.end_call();
  WPLUG_TRY(std::move(started));
  return std::unique_ptr<AbiInstance>(std::move(instance));
}

Result<void> SamuelInstance::link(const Module& module) {
  Linker linker;
  add_samuel_functions(linker, host_);
  WPLUG_TRY(host_.context.add_granted_wasi(linker, module));
  WPLUG_TRY_ASSIGN(instance_, linker.instantiate(store_, module));
  return {};
}

Result<void> SamuelInstance::initialize(const Module& module) {
  if (!wasi_is_command(module) || wasi_is_reactor(module)) return initialize_reactor(store_, *instance_);
  const auto program = instance_->get_func("_start");
  if (!program) return {};
  uint64_t slot = 0;
  Result<void> ran = program->call_raw(&slot);
  if (!ran.ok() && ran.error().kind() == ErrorKind::exit && ran.error().exit_code() == 0) return {};
  return ran;
}

Result<void> SamuelInstance::check_protocol() {
  const auto version = instance_->get_func("samuel_protocol_version");
  if (!version) return {};  // the first protocol had no such function
  WPLUG_TRY_ASSIGN(const uint32_t spoken, call_number(*version));
  if (spoken >= kProtocolMin && spoken <= kProtocolMax) return {};
  return Error(ErrorKind::link, "speaks version " + std::to_string(spoken) + " of the samuel protocol, this host " +
                                    std::to_string(kProtocolMin) + " to " + std::to_string(kProtocolMax));
}

Result<ReplyKind> SamuelInstance::call(std::string_view entry, std::string_view input, CallState& state,
                                       std::string& text) {
  host_.begin_call(state, input);
  auto reply = run(entry, text);
  host_.context.end_call();
  host_.input = {};
  if (!reply.ok() && host_.context.bad_pointer()) {
    text = *host_.context.bad_pointer();
    return ReplyKind::invalid_pointer;
  }
  return reply;
}

Result<ReplyKind> SamuelInstance::run(std::string_view entry, std::string& text) {
  if (entry.empty()) {
    text = "has no entry \"run\" and not just one other: name the entry to call";
    return ReplyKind::plugin_error;
  }
  const auto function = instance_->get_func(entry);
  if (!function || !function->type().params.empty()) {
    return Error(ErrorKind::misuse, "\"" + std::string(entry) + "\" is not an exported function without parameters");
  }
  std::vector<Value> results(function->type().results.size());
  WPLUG_TRY(function->call({}, results));
  text = host_.output ? std::move(*host_.output) : json_of(results);
  return ReplyKind::output;
}

Result<ReplyKind> SamuelInstance::health(CallState& state, std::string& text) {
  const auto function = instance_->get_func("health");
  if (!function) return ReplyKind::output;
  host_.begin_call(state, "");
  auto number = call_number(*function);
  host_.context.end_call();
  if (!number.ok()) {
    if (!host_.context.bad_pointer()) return number.error();
    text = *host_.context.bad_pointer();
    return ReplyKind::invalid_pointer;
  }
  if (*number == 0) return ReplyKind::output;
  text = "is not healthy: health returned " + std::to_string(static_cast<int32_t>(*number));
  return ReplyKind::plugin_error;
}

}  // namespace wplug
