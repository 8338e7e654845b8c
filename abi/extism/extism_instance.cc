#include "abi/extism/extism_instance.h"

#include <algorithm>
#include <utility>

#include "wplug/nested_store.h"

namespace wplug {
namespace {

constexpr size_t kMostMessage = size_t{4} << 10;

// Calls an export without parameters if there is one; an exit with code 0 is success.
Result<void> call_if_there(const Instance& instance, std::string_view name) {
  const auto function = instance.get_func(name);
  if (!function || function->type() != FuncType{}) return {};
  uint64_t slot = 0;
  Result<void> done = function->call_raw(&slot);
  if (!done.ok() && done.error().kind() == ErrorKind::exit && done.error().exit_code() == 0) return {};
  return done;
}

}  // namespace

Result<std::unique_ptr<AbiInstance>> ExtismInstance::start(Store& store, const Module& module,
                                                           const PluginTerms& terms, const HostServices& services,
                                                           CallState& state) {
  std::unique_ptr<ExtismInstance> instance(new ExtismInstance(store, module, terms, services));
  WPLUG_TRY(instance->host_.kernel.create(store));
  // A program is made anew for each call.
  if (terms.entry == "_start") return std::unique_ptr<AbiInstance>(std::move(instance));
  instance->host_.context.begin_call(state);
  Result<void> started = instance->bring_up(store, instance->live_);
  if (started.ok()) started = instance->initialize(store, *instance->live_.main);
  instance->host_.context.end_call();
  WPLUG_TRY(std::move(started));
  return std::unique_ptr<AbiInstance>(std::move(instance));
}

// The linked modules in their order, each with what came before it, then the plugin's own.
Result<void> ExtismInstance::bring_up(Store& store, Live& live) {
  Linker linker;
  add_extism_kernel(linker, host_);
  add_extism_functions(linker, host_);
  WPLUG_TRY_ASSIGN(WasiConfig config, host_.context.granted_wasi_config());
  WPLUG_TRY_ASSIGN(live.wasi, WasiContext::create(std::move(config)));
  for (const auto& [name, linked] : host_.context.terms().linked) {
    WPLUG_TRY(add_wasi(linker, *live.wasi, linked));
    WPLUG_TRY_ASSIGN(const Instance instance, linker.instantiate(store, linked));
    WPLUG_TRY(initialize_reactor(store, instance));
    linker.define_instance(name, instance);
  }
  WPLUG_TRY(add_wasi(linker, *live.wasi, module_));
  WPLUG_TRY_ASSIGN(live.main, linker.instantiate(store, module_));
  return {};
}

// The start order of Extism: a reactor's _initialize, then Haskell's runtime; or the constructors of C and C++.
Result<void> ExtismInstance::initialize(Store& store, const Instance& main) {
  const auto haskell = main.get_func("hs_init");
  if (haskell && haskell->type().params == std::vector<ValType>{ValType::i32(), ValType::i32()}) {
    WPLUG_TRY(call_if_there(main, "_initialize"));
    uint64_t slots[2] = {0, 0};
    return haskell->call_raw(slots);
  }
  if (main.get_func("_initialize")) return initialize_reactor(store, main);
  return call_if_there(main, "__wasm_call_ctors");
}

Result<ReplyKind> ExtismInstance::call(std::string_view entry, std::string_view input, CallState& state,
                                       std::string& text) {
  host_.context.begin_call(state);
  auto reply = exchange(entry, input, text);
  host_.context.end_call();
  if (!reply.ok() && host_.context.bad_pointer()) {
    text = *host_.context.bad_pointer();
    return ReplyKind::invalid_pointer;
  }
  return reply;
}

Result<ReplyKind> ExtismInstance::exchange(std::string_view entry, std::string_view input, std::string& text) {
  host_.kernel.reset();
  host_.status = 0;
  host_.headers.clear();
  const uint64_t block = host_.kernel.store_text(input);
  if (block == 0 && !input.empty()) {
    return Error(ErrorKind::limit, "no room for an input of " + std::to_string(input.size()) +
                                       " bytes: limits.memory holds the plugin's memory and its blocks");
  }
  host_.kernel.input = {block, input.size()};
  if (entry == "_start") return run_program(text);
  if (!live_.main) return Error(ErrorKind::misuse, "started for the entry _start, which leaves no other to call");
  return run(live_, entry, text);
}

// _start may run once, so the program gets a store of its own.
Result<ReplyKind> ExtismInstance::run_program(std::string& text) {
  Live live;
  WPLUG_TRY_ASSIGN(Store store, make_nested_store(store_));
  Result<void> up = bring_up(store, live);
  Result<ReplyKind> reply = ReplyKind::output;
  if (up.ok()) {
    reply = run(live, "_start", text);
  } else {
    reply = std::move(up).error();
  }
  absorb_nested_store(store_, store);
  return reply;
}

Result<ReplyKind> ExtismInstance::run(Live& live, std::string_view entry, std::string& text) {
  const auto function = live.main->get_func(entry);
  if (!function || !function->type().params.empty() || function->type().results.size() > 1) {
    return Error(ErrorKind::misuse, "\"" + std::string(entry) + "\" is not an exported function () -> (i32)");
  }
  uint64_t slot = 0;
  Result<void> done = function->call_raw(&slot);
  // Programs end with an exit; other entries that do are in doubt.
  if (!done.ok() && done.error().kind() == ErrorKind::exit && entry == "_start") {
    slot = static_cast<uint32_t>(done.error().exit_code());
  } else {
    WPLUG_TRY(std::move(done));
    if (function->type().results.empty()) slot = 0;
  }
  return take_reply(entry, slot, text);
}

Result<ReplyKind> ExtismInstance::take_reply(std::string_view entry, uint64_t code, std::string& text) {
  const ExtismKernel& kernel = host_.kernel;
  if (code != 0) {
    // error_set has seen the block; it may have been freed since.
    const auto message = kernel.error == 0 ? std::nullopt : kernel.block(kernel.error);
    text = message && !message->empty() ? std::string(message->substr(0, kMostMessage))
                                        : std::string(entry) + " returned " + std::to_string(code) + " and set no error";
    return ReplyKind::plugin_error;
  }
  const auto output = kernel.text(kernel.output.offset, kernel.output.length);
  if (!output) {
    text = std::string(kBadPointer) + "the output is not in a block";
    return ReplyKind::invalid_pointer;
  }
  // One byte more than allowed tells the host that there is too much.
  text.assign(output->substr(0, static_cast<size_t>(
                                    std::min(host_.context.terms().limits.output, UINT64_MAX - 1) + 1)));
  return ReplyKind::output;
}

}  // namespace wplug
