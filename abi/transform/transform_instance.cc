#include "abi/transform/transform_instance.h"

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "abi/guest_memory.h"

namespace wplug {
namespace {

std::string bytes_at(uint64_t length, uint64_t at) { return std::to_string(length) + " bytes at " + std::to_string(at); }

std::string memory_has(const GuestMemory& memory) { return ", the memory has " + std::to_string(memory.size()); }

// Calls a function of type () -> i32 or (i32) -> i32.
Result<uint32_t> call_number(const Func& function, uint32_t argument = 0) {
  uint64_t slot = argument;
  WPLUG_TRY(function.call_raw(&slot));
  return static_cast<uint32_t>(slot);
}

}  // namespace

Result<std::unique_ptr<AbiInstance>> TransformInstance::start(Store& store, const Module& module,
                                                              const PluginTerms& terms,
                                                              const HostServices& services, CallState& state) {
  std::unique_ptr<TransformInstance> instance(new TransformInstance(store, terms, services));
  instance->host_.begin_call(state);
  Result<void> started = instance->link(module);
  if (started.ok()) started = initialize_reactor(store, *instance->instance_);
  instance->host_.context.end_call();
  WPLUG_TRY(std::move(started));
  WPLUG_TRY(instance->find_exports());
  return std::unique_ptr<AbiInstance>(std::move(instance));
}

Result<void> TransformInstance::link(const Module& module) {
  Linker linker;
  add_transform_functions(linker, host_);
  WPLUG_TRY(host_.context.add_granted_wasi(linker, module));
  WPLUG_TRY_ASSIGN(instance_, linker.instantiate(store_, module));
  return {};
}

Result<void> TransformInstance::find_exports() {
  const auto memory = instance_->get_memory("memory");
  const auto allocate = instance_->get_func("malloc"), release = instance_->get_func("free");
  const auto output_length = instance_->get_func("get_output_len");
  // TransformAbi::check has seen them in the module.
  if (!memory || !allocate || !release || !output_length) {
    return Error(ErrorKind::link, "memory, malloc, free or get_output_len is not exported");
  }
  exports_.emplace(Exports{*memory, *allocate, *release, *output_length});
  return {};
}

Result<Func> TransformInstance::find_entry(std::string_view name) {
  if (entry_ && entry_name_ == name) return *entry_;
  const auto found = instance_->get_func(name);
  const FuncType wanted{{ValType::i32(), ValType::i32()}, {ValType::i32()}};
  if (!found || found->type() != wanted) {
    return Error(ErrorKind::misuse, "\"" + std::string(name) + "\" is not an exported function (i32, i32) -> (i32)");
  }
  entry_ = *found;
  entry_name_ = name;
  return *found;
}

Result<ReplyKind> TransformInstance::call(std::string_view entry, std::string_view input, CallState& state,
                                          std::string& text) {
  WPLUG_TRY_ASSIGN(const Func function, find_entry(entry));
  host_.begin_call(state);
  auto reply = exchange(function, input, text);
  host_.context.end_call();
  if (!reply.ok() && host_.context.bad_pointer()) {
    text = *host_.context.bad_pointer();
    return ReplyKind::invalid_pointer;
  }
  return reply;
}

// The steps of a call; see transform_abi.h.
Result<ReplyKind> TransformInstance::exchange(const Func& entry, std::string_view input, std::string& text) {
  if (input.size() > std::numeric_limits<int32_t>::max()) {
    return Error(ErrorKind::host, "a record of " + std::to_string(input.size()) + " bytes does not fit a plugin");
  }
  const uint32_t length = static_cast<uint32_t>(input.size());
  WPLUG_TRY_ASSIGN(const uint32_t at, call_number(exports_->allocate, length == 0 ? 1 : length));
  if (at == 0) {
    text = "malloc(" + std::to_string(length) + ") returned 0";
    return ReplyKind::plugin_error;
  }
  if (const GuestMemory memory(exports_->memory); !memory.write_text(at, input)) {
    text = std::string(kBadPointer) + "malloc gave " + bytes_at(length, at) + memory_has(memory);
    return ReplyKind::invalid_pointer;
  }
  uint64_t slots[2] = {at, length};
  WPLUG_TRY(entry.call_raw(slots));
  WPLUG_TRY_ASSIGN(const ReplyKind kind, take_reply(entry_name_, static_cast<uint32_t>(slots[0]), text));
  if (kind == ReplyKind::invalid_pointer) return kind;
  uint64_t released = at;
  WPLUG_TRY(exports_->release.call_raw(&released));
  return kind;
}

Result<ReplyKind> TransformInstance::take_reply(std::string_view entry, uint32_t result, std::string& text) {
  if (host_.refusal) {
    text = std::move(*host_.refusal);
    return ReplyKind::plugin_error;
  }
  if (result == 0) {
    text = std::string(entry) + " returned 0 and set no error";
    return ReplyKind::plugin_error;
  }
  WPLUG_TRY_ASSIGN(const uint32_t length, call_number(exports_->output_length));
  const GuestMemory memory(exports_->memory);
  const auto found = memory.text(result, length);
  if (!found) {
    text = std::string(kBadPointer) + std::string(entry) + " returned " + bytes_at(length, result) + memory_has(memory);
    return ReplyKind::invalid_pointer;
  }
  if (host_.context.refuses_output(length, text)) return ReplyKind::too_large;
  text.assign(*found);
  return ReplyKind::output;
}

}  // namespace wplug
