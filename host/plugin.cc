#include "wplug/plugin.h"

#include <algorithm>
#include <utility>

#include "host/units.h"

namespace wplug {
namespace {

Result<const PluginAbi*> choose_abi(const Module& module, std::span<const PluginAbi* const> abis,
                                    std::string_view name) {
  std::string known;
  for (const PluginAbi* abi : abis) {
    if (abi->name() == name) return abi;
    known += (known.empty() ? "" : ", ") + std::string(abi->name());
  }
  if (!name.empty()) {
    return Error(ErrorKind::misuse, "abi \"" + std::string(name) + "\" is unknown, there is: " + known);
  }
  if (const DetectedAbi found = detect_abi(module, abis); found.abi != nullptr) return found.abi;
  return Error(ErrorKind::link, "speaks no plugin ABI (of: " + known + "): wplug inspect lists its imports and exports");
}

// The least memory that the module needs is known before anything is made.
uint64_t least_memory(const Module& module) {
  uint64_t least = 0;
  const auto look_at = [&least](const ExternType& type) {
    if (type.kind != ExternKind::memory) return;
    const uint32_t shift = type.memory.page_size_log2;
    const uint64_t pages = type.memory.limits.min;
    least = pages > (UINT64_MAX >> shift) ? UINT64_MAX : std::max(least, pages << shift);
  };
  for (const ImportType& import : module.imports()) look_at(import.type);
  for (const ExportType& exported : module.exports()) look_at(exported.type);
  return least;
}

StoreLimits store_limits(const PluginLimits& limits) {
  StoreLimits result;
  result.memory_bytes = limits.memory;
  result.total_memory_bytes = limits.memory;
  result.gc_heap_bytes = limits.memory;
  result.stack_bytes = limits.stack;
  // Tables are memory of the host that limits.memory does not count.
  result.table_elements = 100'000;
  result.instances = 16;
  return result;
}


}  // namespace

DetectedAbi detect_abi(const Module& module, std::span<const PluginAbi* const> abis) {
  DetectedAbi best;
  int score = 0;
  for (const PluginAbi* abi : abis) {
    AbiMatch match = abi->detect(module);
    if (match.score <= score) continue;
    score = match.score;
    best = {abi, std::move(match.why)};
  }
  return best;
}

Result<std::shared_ptr<const Plugin>> Plugin::load(const Engine& engine, Module module, PluginOptions options,
                                                   std::span<const PluginAbi* const> abis,
                                                   const HostServices& services, std::string_view abi_name) {
  WPLUG_TRY_ASSIGN(const PluginAbi* abi, choose_abi(module, abis, abi_name));
  if (options.entry.empty()) options.entry = abi->default_entry(module);
  WPLUG_TRY(abi->check(module, options));
  if (options.limits.fuel > 0 && !engine.config().metering) {
    return Error(ErrorKind::misuse, "limits.fuel needs an engine that counts instructions: metering is off");
  }
  const uint64_t least = least_memory(module);
  if (least > options.limits.memory) {
    return Error(ErrorKind::limit, "needs " + format_size(least) + " of memory to start and limits.memory is " +
                                       format_size(options.limits.memory) + ": raise it");
  }
  return std::shared_ptr<const Plugin>(new Plugin(engine, std::move(module), std::move(options), *abi, services));
}

std::unique_ptr<PluginInstance> PluginInstance::start(const Plugin& plugin, Failure& failure) {
  const PluginLimits& limits = plugin.options().limits;
  auto store = Store::create(plugin.engine(), store_limits(limits));
  if (!store.ok()) {
    failure = failure_of(store.error(), limits, 0, {});
    return nullptr;
  }
  std::unique_ptr<PluginInstance> instance(new PluginInstance(plugin, std::move(*store)));
  instance->begin_call(limits.start_timeout, std::nullopt);
  auto made = plugin.abi().instantiate(instance->store_, plugin.module(), plugin.options(), plugin.services(),
                                       instance->state_);
  if (!made.ok()) {
    PluginLimits start_limits = limits;
    start_limits.timeout = limits.start_timeout;
    failure = failure_of(made.error(), start_limits, instance->store_.memory_denials(), instance->state_);
    failure.message = "the plugin could not be started: " + failure.message;
    return nullptr;
  }
  instance->abi_instance_ = std::move(*made);
  return instance;
}

PluginInstance::~PluginInstance() = default;

void PluginInstance::begin_call(std::chrono::nanoseconds timeout, std::optional<uint64_t> fuel) {
  using Clock = std::chrono::steady_clock;
  const PluginLimits& limits = plugin_->options().limits;
  state_ = CallState();
  state_.host_calls_left = limits.host_calls;
  state_.http_calls_left = limits.http_calls;
  if (timeout.count() > 0) state_.deadline = Clock::now() + timeout;
  const bool limited = state_.deadline != Clock::time_point::max();
  store_.set_deadline(limited ? std::optional(state_.deadline) : std::nullopt);
  // An engine that does not meter has refused a fuel limit when the plugin was configured.
  if (store_.engine().config().metering) (void)store_.set_fuel(fuel).ok();
}

std::optional<Failure> PluginInstance::call(std::string_view input, std::string& output, std::string_view entry) {
  const PluginOptions& options = plugin_->options();
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t instructions = store_.fuel_consumed();
  const uint64_t denials = store_.memory_denials();
  begin_call(options.limits.timeout,
             options.limits.fuel == 0 ? std::nullopt : std::optional(options.limits.fuel));
  auto reply = abi_instance_->call(entry.empty() ? options.entry : entry, input, state_, output);
  duration_ = std::chrono::steady_clock::now() - begin;
  instructions_ = store_.fuel_consumed() - instructions;

  const uint64_t new_denials = store_.memory_denials() - denials;
  if (!reply.ok()) return failure_of(reply.error(), options.limits, new_denials, state_);
  if (*reply == ReplyKind::output) return std::nullopt;
  if (*reply == ReplyKind::invalid_pointer) return Failure{FailureKind::invalid_pointer, std::move(output), {}};
  if (new_denials > 0) return failure_of(Error(ErrorKind::host, output), options.limits, new_denials, state_);
  return Failure{FailureKind::plugin, std::move(output), {}};
}

}  // namespace wplug
