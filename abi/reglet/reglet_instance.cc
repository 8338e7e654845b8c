#include "abi/reglet/reglet_instance.h"

#include <utility>

#include "abi/reglet/description.h"
#include "abi/reglet/observation.h"
#include "abi/reglet/reglet_abi.h"

namespace wplug {
namespace {

ReplyKind refuse(std::string& text, std::string why) {
  text = std::move(why);
  return ReplyKind::plugin_error;
}

}  // namespace

Result<std::unique_ptr<AbiInstance>> RegletInstance::start(Store& store, const Module& module, const PluginTerms& terms,
                                                           const HostServices& services, CallState& state) {
  std::unique_ptr<RegletInstance> instance(new RegletInstance(store, terms, services));
  instance->host_.begin_call(state);
  Result<void> started = instance->link(module);
  // Go programs log while they start, so allocate has to be known by then.
  if (started.ok()) started = instance->find_exports();
  if (started.ok()) started = initialize_reactor(store, *instance->instance_);
  instance->host_.context.end_call();
  WPLUG_TRY(std::move(started));
  return std::unique_ptr<AbiInstance>(std::move(instance));
}

Result<void> RegletInstance::link(const Module& module) {
  Linker linker;
  add_reglet_functions(linker, host_);
  WPLUG_TRY(host_.context.add_granted_wasi(linker, module));
  WPLUG_TRY_ASSIGN(instance_, linker.instantiate(store_, module));
  return {};
}

Result<void> RegletInstance::find_exports() {
  const auto memory = instance_->get_memory("memory");
  host_.allocate = instance_->get_func("allocate");
  const auto deallocate = instance_->get_func("deallocate");
  // RegletAbi::check has seen them in the module.
  if (!memory || !host_.allocate || !deallocate) {
    return Error(ErrorKind::link, "memory, allocate or deallocate is not exported");
  }
  const RegletNames names = reglet_names(instance_->module());
  exports_.emplace(Exports{*memory, *deallocate, instance_->get_func(names.describe), instance_->get_func(names.schema),
                           instance_->get_func(names.observe), names.describe, names.observe});
  return {};
}

template <class Body>
Result<ReplyKind> RegletInstance::one_call(CallState& state, std::string& text, Body&& body) {
  host_.begin_call(state);
  Result<ReplyKind> reply = body();
  host_.context.end_call();
  const auto& bad = host_.bad_pointer ? host_.bad_pointer : host_.context.bad_pointer();
  if (reply.ok() || !bad) return reply;
  text = *bad;
  return ReplyKind::invalid_pointer;
}

Result<ReplyKind> RegletInstance::call(std::string_view entry, std::string_view input, CallState& state,
                                       std::string& text) {
  return one_call(state, text, [&]() -> Result<ReplyKind> {
    if (entry == "observe" || entry == exports_->observe_name) return observe(input, text);
    if (entry == "schema") return ask_schema(text);
    if (entry != "describe" && entry != exports_->describe_name) {
      return refuse(text, "a reglet plugin has no \"" + std::string(entry) + "\": observe, describe or schema");
    }
    PluginDescription description;
    WPLUG_TRY_ASSIGN(const ReplyKind kind, ask(description, text));
    if (kind == ReplyKind::output) text = std::move(description.json);
    return kind;
  });
}

Result<ReplyKind> RegletInstance::describe(CallState& state, PluginDescription& description, std::string& text) {
  return one_call(state, text, [&]() -> Result<ReplyKind> {
    WPLUG_TRY_ASSIGN(const ReplyKind kind, ask(description, text));
    if (kind != ReplyKind::output || !exports_->schema) return kind;
    WPLUG_TRY_ASSIGN(const ReplyKind schema, ask_schema(text));
    if (schema == ReplyKind::output) description.schema = std::move(text);
    return schema;
  });
}

Result<ReplyKind> RegletInstance::ask(PluginDescription& description, std::string& text) {
  if (!exports_->describe) return refuse(text, "the plugin exports no describe");
  const std::string& name = exports_->describe_name;
  uint64_t slots[1] = {0};
  WPLUG_TRY_ASSIGN(const ReplyKind kind, take(*exports_->describe, name, slots, {0, 0}, text));
  if (kind != ReplyKind::output) return kind;
  auto read = read_description(text);
  if (!read.ok()) {
    const bool is_reason = read.error().kind() == ErrorKind::link;
    return refuse(text, is_reason ? read.error().message() : name + " " + read.error().message());
  }
  for (const std::string& remark : read->remarks) host_.context.log().line(remark);
  description = std::move(read->description);
  return ReplyKind::output;
}

Result<ReplyKind> RegletInstance::ask_schema(std::string& text) {
  if (!exports_->schema) {
    PluginDescription description;
    WPLUG_TRY_ASSIGN(const ReplyKind kind, ask(description, text));
    if (kind == ReplyKind::output) text = std::move(description.schema);
    return kind;
  }
  uint64_t slots[1] = {0};
  WPLUG_TRY_ASSIGN(const ReplyKind kind, take(*exports_->schema, "schema", slots, {0, 0}, text));
  if (kind != ReplyKind::output) return kind;
  auto schema = read_schema(text);
  if (!schema.ok()) return refuse(text, "schema " + schema.error().message());
  text = std::move(*schema);
  return ReplyKind::output;
}

Result<ReplyKind> RegletInstance::observe(std::string_view record, std::string& text) {
  if (!exports_->observe) return refuse(text, "the plugin exports no observe");
  const auto config = observed_config(record, host_.context.terms());
  if (!config.ok()) return refuse(text, config.error().message());
  WPLUG_TRY_ASSIGN(const uint32_t at, host_.allocate_bytes(config->size(), "the configuration"));
  const PackedRange range{at, static_cast<uint32_t>(config->size())};
  if (const GuestMemory memory(exports_->memory); !memory.write_text(at, *config)) {
    return host_.outside("allocate", range, memory);
  }
  uint64_t slots[2] = {range.at, range.length};
  WPLUG_TRY_ASSIGN(const ReplyKind kind, take(*exports_->observe, exports_->observe_name, slots, range, text));
  WPLUG_TRY(release(range));
  if (kind != ReplyKind::output) return kind;
  const auto evidence = normalized_evidence(text);
  if (!evidence.ok()) return refuse(text, "the evidence " + evidence.error().message());
  text = evidence->to_string();
  return ReplyKind::output;
}

Result<ReplyKind> RegletInstance::take(const Func& function, std::string_view name, uint64_t* slots, PackedRange kept,
                                       std::string& text) {
  WPLUG_TRY(function.call_raw(slots));
  const PackedRange range = PackedRange::of(slots[0]);
  if (range.at == 0 || range.length == 0) return refuse(text, std::string(name) + " returned nothing");
  const GuestMemory memory(exports_->memory);
  const auto found = memory.text(range.at, range.length);
  if (!found) return host_.outside(name, range, memory);
  if (const uint64_t most = host_.context.terms().limits.output; range.length > most) {
    return refuse(text, std::string(name) + " returned " + std::to_string(range.length) + " bytes, limits.output is " +
                            std::to_string(most));
  }
  text.assign(*found);
  // A plugin may answer in the buffer it was given.
  if (range.at != kept.at) WPLUG_TRY(release(range));
  return ReplyKind::output;
}

Result<void> RegletInstance::release(PackedRange range) {
  uint64_t slots[2] = {range.at, range.length};
  return exports_->deallocate.call_raw(slots);
}

}  // namespace wplug
