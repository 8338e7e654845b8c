#include "wplug/plugin.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "host/description_slot.h"
#include "host/json_text.h"
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
  result.table_elements = limits.table_elements;
  result.instances = 16;
  return result;
}

PluginTerms terms_of(PluginOptions options, const PluginAbi& abi, const Module& module) {
  PluginTerms terms;
  terms.entry = options.entry.empty() ? abi.default_entry(module) : std::move(options.entry);
  terms.config = std::move(options.config);
  terms.limits = options.limits.over(abi.default_limits());
  terms.policy = {options.name, std::move(options.grants), std::move(options.declared), std::move(options.location)};
  terms.data_directory = std::move(options.data_directory);
  terms.name = std::move(options.name);
  return terms;
}

}  // namespace

// What a plugin says of itself, and the terms that follow from it.
struct Plugin::Asked {
  std::once_flag once;
  std::shared_ptr<DescriptionSlot> slot;  // never null
  std::optional<Failure> failure;
  PluginTerms terms;
  bool declares_by_itself = false;  // what it describes is what it declares: no manifest said so
};

std::string PluginTerms::config_json() const {
  std::string text = "{";
  for (const auto& [key, value] : config) {
    if (text.size() > 1) text += ',';
    append_json_string(text, key);
    text += ':' + value;
  }
  return text + '}';
}

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
  std::shared_ptr<DescriptionSlot> slot = std::move(options.description);
  PluginTerms terms = terms_of(std::move(options), *abi, module);
  WPLUG_TRY(abi->check(module, terms));
  if (terms.limits.fuel > 0 && !engine.config().metering) {
    return Error(ErrorKind::misuse, "limits.fuel needs an engine that counts instructions: metering is off");
  }
  const uint64_t least = least_memory(module);
  if (least > terms.limits.memory) {
    return Error(ErrorKind::limit, "needs " + format_size(least) + " of memory to start and limits.memory is " +
                                       format_size(terms.limits.memory) + ": raise it");
  }
  std::shared_ptr<Plugin> plugin(new Plugin(engine, std::move(module), std::move(terms), *abi, services));
  if (slot) plugin->asked_->slot = std::move(slot);
  return std::shared_ptr<const Plugin>(std::move(plugin));
}

Plugin::Plugin(const Engine& engine, Module module, PluginTerms terms, const PluginAbi& abi,
               const HostServices& services)
    : engine_(engine),
      module_(std::move(module)),
      terms_(std::move(terms)),
      abi_(&abi),
      services_(services),
      asked_(std::make_unique<Asked>()) {
  // Until it has declared something, a plugin that must declare may do nothing.
  asked_->declares_by_itself = abi.declares_capabilities() && !terms_.policy.declared;
  if (asked_->declares_by_itself) terms_.policy.declared.emplace();
  asked_->terms = terms_;
  asked_->slot = std::make_shared<DescriptionSlot>();
}

Plugin::~Plugin() = default;

const PluginDescription* Plugin::description(Failure& failure) const {
  DescriptionSlot& slot = *asked_->slot;
  std::call_once(asked_->once, [this, &slot] {
    const std::lock_guard lock(slot.mutex);
    // A failure may pass, as a timeout does: another plugin asks again.
    if (!slot.known) asked_->failure = ask(slot.description);
    slot.known = !asked_->failure;
    if (!asked_->declares_by_itself) return;
    for (const Capability& capability : slot.description.capabilities) asked_->terms.policy.declared->add(capability);
  });
  if (!asked_->failure) return &slot.description;
  failure = *asked_->failure;
  return nullptr;
}

std::optional<Failure> Plugin::ask(PluginDescription& description) const {
  PluginTerms nothing = terms_;
  nothing.policy.granted = {};
  nothing.limits.timeout = std::max(nothing.limits.timeout, nothing.limits.start_timeout);
  Failure failed;
  PluginDescription answer;
  const auto instance = PluginInstance::start(*this, nothing, failed);
  std::optional<Failure> problem = instance ? instance->describe(answer) : std::move(failed);
  if (problem) problem->message = "the plugin could not be asked what it is: " + problem->message;
  if (!problem) description = std::move(answer);
  return problem;
}

std::unique_ptr<PluginInstance> PluginInstance::start(const Plugin& plugin, Failure& failure) {
  if (plugin.abi().declares_capabilities() && plugin.description(failure) == nullptr) return nullptr;
  return start(plugin, plugin.asked_->terms, failure);
}

std::unique_ptr<PluginInstance> PluginInstance::start(const Plugin& plugin, const PluginTerms& terms,
                                                      Failure& failure) {
  const PluginLimits& limits = terms.limits;
  auto store = Store::create(plugin.engine(), store_limits(limits));
  if (!store.ok()) {
    failure = failure_of(store.error(), limits, 0, {});
    return nullptr;
  }
  std::unique_ptr<PluginInstance> instance(new PluginInstance(terms, std::move(*store)));
  instance->begin_call(limits.start_timeout, std::nullopt);
  auto made =
      plugin.abi().instantiate(instance->store_, plugin.module(), terms, plugin.services(), instance->state_);
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
  const PluginLimits& limits = terms_->limits;
  state_ = CallState();
  state_.host_calls_left = limits.host_calls;
  state_.http_calls_left = limits.http_calls;
  if (timeout.count() > 0) state_.deadline = Clock::now() + timeout;
  const bool limited = state_.deadline != Clock::time_point::max();
  store_.set_deadline(limited ? std::optional(state_.deadline) : std::nullopt);
  // An engine that does not meter has refused a fuel limit when the plugin was configured.
  if (store_.engine().config().metering) (void)store_.set_fuel(fuel).ok();
}

// Runs one call of the ABI's half under the plugin's limits; `text` is its reply's.
template <class Body>
std::optional<Failure> PluginInstance::measured_call(std::string& text, Body&& body) {
  const PluginLimits& limits = terms_->limits;
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t instructions = store_.fuel_consumed();
  const uint64_t denials = store_.memory_denials();
  begin_call(limits.timeout, limits.fuel == 0 ? std::nullopt : std::optional(limits.fuel));
  auto reply = body();
  duration_ = std::chrono::steady_clock::now() - begin;
  instructions_ = store_.fuel_consumed() - instructions;

  const uint64_t new_denials = store_.memory_denials() - denials;
  if (!reply.ok()) return failure_of(reply.error(), limits, new_denials, state_);
  if (*reply == ReplyKind::output) return std::nullopt;
  if (*reply == ReplyKind::invalid_pointer) return Failure{FailureKind::invalid_pointer, std::move(text), {}};
  if (new_denials > 0) return failure_of(Error(ErrorKind::host, text), limits, new_denials, state_);
  return Failure{FailureKind::plugin, std::move(text), {}};
}

std::optional<Failure> PluginInstance::call(std::string_view input, std::string& output, std::string_view entry) {
  const std::string_view name = entry.empty() ? std::string_view(terms_->entry) : entry;
  std::optional<Failure> failure =
      measured_call(output, [&] { return abi_instance_->call(name, input, state_, output); });
  if (!failure && output.size() > terms_->limits.output) {
    failure = Failure{FailureKind::output, "the result has " + std::to_string(output.size()) +
                                               " bytes, limits.output is " + format_size(terms_->limits.output), {}};
  }
  return failure;
}

std::optional<Failure> PluginInstance::describe(PluginDescription& description) {
  std::string text;
  return measured_call(text, [&] { return abi_instance_->describe(state_, description, text); });
}

std::optional<Failure> PluginInstance::health() {
  std::string text;
  return measured_call(text, [&] { return abi_instance_->health(state_, text); });
}

}  // namespace wplug
