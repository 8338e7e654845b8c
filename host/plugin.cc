#include "wplug/plugin.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "host/description_slot.h"
#include "host/json_text.h"
#include "host/native_plugin.h"
#include "host/notices.h"
#include "host/units.h"
#include "wplug/notice.h"

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
  terms.directories = std::move(options.directories);
  terms.linked = std::move(options.linked);
  terms.redactor = std::move(options.redactor);
  terms.tenant = std::move(options.tenant);
  terms.notices = std::make_shared<Notices>();
  terms.life = options.life;
  terms.name = std::move(options.name);
  return terms;
}

void mask_failure(const Redactor* redactor, Failure& failure) {
  if (redactor == nullptr) return;
  failure.message = redactor->redact(failure.message);
  for (std::string& frame : failure.backtrace) frame = redactor->redact(frame);
}

// The smaller of a limit, where 0 stands for none, and of what a budget has left.
template <class T>
T within(T limit, const std::optional<T>& left) {
  if (!left) return limit;
  // Nothing left is not no limit.
  const T rest = std::max(*left, T{1});
  return limit == T{} ? rest : std::min(limit, rest);
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

std::string output_too_large(uint64_t bytes, const PluginLimits& limits) {
  return "the result has " + std::to_string(bytes) + " bytes, limits.output is " + format_size(limits.output);
}

void warn_of_soft_timeout(const PluginTerms& terms, const HostServices& services, CallState& state) {
  using Clock = std::chrono::steady_clock;
  if (state.soft_deadline == Clock::time_point::max() || Clock::now() < state.soft_deadline) return;
  state.soft_deadline = Clock::time_point::max();
  if (services.log == nullptr) return;
  services.log->write(terms.name, "took longer than " + format_duration(terms.limits.soft_timeout) +
                                      " (limits.soft_timeout), going on");
}

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
  if (terms.tenant && terms.tenant->budget().fuel && !engine.config().metering) {
    return Error(ErrorKind::misuse, "the fuel of tenant \"" + terms.tenant->name() +
                                        "\" needs an engine that counts instructions: metering is off");
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

Result<std::shared_ptr<const Plugin>> Plugin::load_native(const Engine& engine, const std::string& file,
                                                          PluginOptions options, const HostServices& services) {
  WPLUG_TRY_ASSIGN(std::unique_ptr<PluginAbi> abi, open_native_plugin(file));
  constexpr uint8_t kEmptyModule[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  WPLUG_TRY_ASSIGN(Module module, Module::compile(engine, kEmptyModule, file));
  PluginTerms terms = terms_of(std::move(options), *abi, module);
  WPLUG_TRY(abi->check(module, terms));
  const std::shared_ptr<Plugin> plugin(new Plugin(engine, std::move(module), std::move(terms), *abi, services));
  plugin->own_abi_ = std::move(abi);
  return std::shared_ptr<const Plugin>(plugin);
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
  nothing.directories.clear();
  nothing.tenant = nullptr;
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
  std::unique_ptr<PluginInstance> instance(new PluginInstance(plugin, terms, std::move(*store)));
  instance->begin_call(limits.start_timeout, std::nullopt);
  auto made =
      plugin.abi().instantiate(instance->store_, plugin.module(), terms, plugin.services(), instance->state_);
  if (!made.ok()) {
    PluginLimits start_limits = limits;
    start_limits.timeout = limits.start_timeout;
    failure = failure_of(made.error(), start_limits, instance->store_.memory_denials(), instance->state_);
    failure.message = "the plugin could not be started: " + failure.message;
    mask_failure(terms.redactor.get(), failure);
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
  set_notice(store_, std::nullopt);
  // An engine that does not meter has refused a fuel limit when the plugin was configured.
  if (store_.engine().config().metering) (void)store_.set_fuel(fuel).ok();
}

// Runs one call of the ABI's half under the plugin's limits; `text` is its reply's.
template <class Body>
std::optional<Failure> PluginInstance::measured_call(std::string& text, Body&& body) {
  usage_ = Usage();
  Account* const tenant = terms_->tenant.get();
  if (tenant != nullptr) {
    if (auto why = tenant->begin_call()) return Failure{FailureKind::policy, std::move(*why), {}};
  }
  const Budget left = tenant != nullptr ? tenant->left() : Budget();
  std::optional<Failure> failure = limited_call(left, text, std::forward<Body>(body));
  usage_.calls = 1;
  usage_.errors = failure ? 1 : 0;
  usage_.log_bytes = state_.log_bytes;
  usage_.peak_memory = store_.peak_memory_bytes();
  if (state_.soft_deadline != std::chrono::steady_clock::time_point::max()) warn_of_time();
  mask(failure);
  return failure;
}

template <class Body>
std::optional<Failure> PluginInstance::limited_call(const Budget& left, std::string& text, Body&& body) {
  const PluginLimits& limits = terms_->limits;
  const auto begin = std::chrono::steady_clock::now();
  const uint64_t instructions = store_.fuel_consumed();
  const uint64_t denials = store_.memory_denials();
  const uint64_t fuel = within(limits.fuel, left.fuel);
  const auto timeout = within(limits.timeout, left.time);
  begin_call(timeout, fuel == 0 ? std::nullopt : std::optional(fuel));
  if (limits.soft_timeout.count() > 0 && (timeout.count() <= 0 || limits.soft_timeout < timeout)) {
    state_.soft_deadline = begin + limits.soft_timeout;
    set_notice(store_, state_.soft_deadline, [this] { warn_of_soft_timeout(*terms_, plugin_->services(), state_); });
  }
  if (left.http_calls) state_.http_calls_left = std::min(state_.http_calls_left, *left.http_calls);
  const uint64_t http_calls = state_.http_calls_left;
  auto reply = body();
  duration_ = std::chrono::steady_clock::now() - begin;
  instructions_ = store_.fuel_consumed() - instructions;
  usage_.time = duration_;
  usage_.instructions = instructions_;
  usage_.host_calls = limits.host_calls - std::min(state_.host_calls_left, limits.host_calls);
  usage_.http_calls = http_calls - std::min(state_.http_calls_left, http_calls);

  const uint64_t new_denials = store_.memory_denials() - denials;
  if (!reply.ok()) {
    Failure failure = failure_of(reply.error(), limits, new_denials, state_);
    if (auto spent = over_budget(failure, left)) return spent;
    return failure;
  }
  if (*reply == ReplyKind::output) return std::nullopt;
  if (*reply == ReplyKind::invalid_pointer) return Failure{FailureKind::invalid_pointer, std::move(text), {}};
  if (*reply == ReplyKind::too_large) return Failure{FailureKind::output, std::move(text), {}};
  if (new_denials > 0) return failure_of(Error(ErrorKind::host, text), limits, new_denials, state_);
  return Failure{FailureKind::plugin, std::move(text), {}};
}

// A call that was ended by what its tenant had left, not by its own limits.
std::optional<Failure> PluginInstance::over_budget(const Failure& failure, const Budget& left) const {
  const PluginLimits& limits = terms_->limits;
  const bool by_fuel = failure.kind == FailureKind::fuel && left.fuel && within(limits.fuel, left.fuel) != limits.fuel;
  const bool by_time = failure.kind == FailureKind::timeout && left.time && within(limits.timeout, left.time) != limits.timeout;
  if (!by_fuel && !by_time) return std::nullopt;
  const Account& tenant = *terms_->tenant;
  return Failure{FailureKind::policy, by_fuel ? tenant.spent_fuel() : tenant.spent_time(), failure.backtrace};
}

// What nothing has said during the call.
void PluginInstance::warn_of_time() {
  const std::chrono::nanoseconds most = terms_->limits.soft_timeout;
  LogSink* const log = plugin_->services().log;
  if (duration_ < most || log == nullptr) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(duration_);
  log->write(terms_->name, "took " + format_duration(took) + ", longer than " + format_duration(most) +
                               " (limits.soft_timeout)");
}

void PluginInstance::mask(std::optional<Failure>& failure) const {
  if (failure) mask_failure(terms_->redactor.get(), *failure);
}

std::optional<Failure> PluginInstance::call(std::string_view input, std::string& output, std::string_view entry) {
  const std::string_view name = entry.empty() ? std::string_view(terms_->entry) : entry;
  std::optional<Failure> failure =
      measured_call(output, [&] { return abi_instance_->call(name, input, state_, output); });
  const bool was_refused = usage_.calls == 0;
  if (!failure && output.size() > terms_->limits.output) {
    failure = Failure{FailureKind::output, output_too_large(output.size(), terms_->limits), {}};
    usage_.errors = 1;
  }
  if (was_refused) return failure;
  usage_.input_bytes = input.size();
  usage_.output_bytes = failure ? 0 : output.size();
  plugin_->account_->add(usage_);
  if (terms_->tenant) terms_->tenant->end_call(usage_);
  if (failure || !terms_->redactor || !terms_->redactor->masks_outputs(plugin_->abi().redacts_output())) return failure;
  output = terms_->redactor->redact_json(output);
  for (auto& [header, value] : state_.headers) value = terms_->redactor->redact(value);
  return failure;
}

std::optional<Failure> PluginInstance::describe(PluginDescription& description) {
  std::string text;
  auto failure = measured_call(text, [&] { return abi_instance_->describe(state_, description, text); });
  if (terms_->tenant && usage_.calls > 0) terms_->tenant->end_call(usage_);
  return failure;
}

std::optional<Failure> PluginInstance::health() {
  std::string text;
  auto failure = measured_call(text, [&] { return abi_instance_->health(state_, text); });
  if (terms_->tenant && usage_.calls > 0) terms_->tenant->end_call(usage_);
  return failure;
}

}  // namespace wplug
