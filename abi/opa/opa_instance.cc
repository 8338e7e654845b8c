#include "abi/opa/opa_instance.h"

#include <chrono>
#include <utility>

#include "abi/guest_memory.h"
#include "wplug/global.h"

namespace wplug {
namespace {

constexpr uint64_t kPage = 65536;

int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// "data.example.allow" is the entrypoint example/allow.
std::string entrypoint_name(std::string_view entry) {
  std::string name(entry);
  if (!name.starts_with("data.")) return name;
  name.erase(0, 5);
  for (char& c : name) c = c == '.' ? '/' : c;
  return name;
}

}  // namespace

Result<std::unique_ptr<AbiInstance>> OpaInstance::start(Store& store, const Module& module, const PluginTerms& terms,
                                                        const HostServices& services, CallState& state) {
  std::unique_ptr<OpaInstance> instance(new OpaInstance(terms, services));
  instance->policy_.context.begin_call(state);
  Result<void> started = instance->link(store, module);
  if (started.ok()) started = instance->prepare();
  instance->policy_.context.end_call();
  WPLUG_TRY(std::move(started));
  return std::unique_ptr<AbiInstance>(std::move(instance));
}

Result<void> OpaInstance::link(Store& store, const Module& module) {
  Linker linker;
  add_opa_functions(linker, policy_);
  for (const ImportType& import : module.imports()) {
    if (import.type.kind != ExternKind::memory) continue;
    WPLUG_TRY_ASSIGN(policy_.memory, Memory::create(store, import.type.memory));
    linker.define(import.module, import.name, *policy_.memory);
  }
  WPLUG_TRY_ASSIGN(policy_.instance, linker.instantiate(store, module));
  // Policies import their memory; one that has its own exports it.
  if (!policy_.memory) policy_.memory = policy_.instance->get_memory("memory");
  if (!policy_.memory) return Error(ErrorKind::link, "neither imports nor exports a memory");
  return {};
}

// What the policy knows, and the data, read once.
Result<void> OpaInstance::prepare() {
  WPLUG_TRY(read_names());
  const auto& config = policy_.context.terms().config;
  const auto data = config.find("data");
  WPLUG_TRY_ASSIGN(data_, policy_.parse(data == config.end() ? std::string_view("{}") : data->second));
  WPLUG_TRY_ASSIGN(heap_start_, policy_.call("opa_heap_ptr_get"));
  one_shot_ = policy_.instance->get_func("opa_eval").has_value();
  return {};
}

Result<void> OpaInstance::read_names() {
  WPLUG_TRY_ASSIGN(const uint32_t entrypoints, policy_.call("entrypoints"));
  WPLUG_TRY_ASSIGN(const Json names, policy_.dump(entrypoints));
  for (size_t i = 0; i < names.size() && names.is_object(); ++i) {
    if (const auto id = names.at(i).integer()) entrypoints_.emplace(names.key(i), static_cast<uint32_t>(*id));
  }
  WPLUG_TRY_ASSIGN(const uint32_t listed, policy_.call("builtins"));
  WPLUG_TRY_ASSIGN(const Json builtins, policy_.dump(listed));
  for (size_t i = 0; i < builtins.size() && builtins.is_object(); ++i) {
    if (const auto id = builtins.at(i).integer()) {
      policy_.builtins.emplace(static_cast<int32_t>(*id), std::string(builtins.key(i)));
    }
  }
  return {};
}

Result<ReplyKind> OpaInstance::call(std::string_view entry, std::string_view input, CallState& state,
                                    std::string& text) {
  policy_.context.begin_call(state);
  policy_.aborted.reset();
  std::string notes;
  policy_.evaluation = {wall_clock_ns(), &notes};
  auto reply = evaluate(entry, input, text);
  policy_.evaluation.notes = nullptr;
  for (size_t at = 0; at < notes.size();) {
    const size_t end = notes.find('\n', at);
    policy_.context.log().line(std::string_view(notes).substr(at, end - at));
    at = end + 1;
  }
  policy_.context.end_call();
  if (reply.ok()) return reply;
  if (policy_.context.bad_pointer()) {
    text = *policy_.context.bad_pointer();
    return ReplyKind::invalid_pointer;
  }
  // A policy that aborts has said why; the next evaluation starts from the same heap.
  if (policy_.aborted) {
    text = *policy_.aborted;
    return ReplyKind::plugin_error;
  }
  return reply;
}

Result<ReplyKind> OpaInstance::evaluate(std::string_view entry, std::string_view input, std::string& text) {
  const std::string name = entrypoint_name(entry);
  uint32_t id = 0;
  if (name != "0") {
    const auto found = entrypoints_.find(name);
    if (found == entrypoints_.end()) {
      text = "has no entrypoint \"" + name + "\", there is:";
      for (const auto& [known, number] : entrypoints_) text += " " + known;
      return ReplyKind::plugin_error;
    }
    id = found->second;
  }
  WPLUG_TRY_ASSIGN(const uint32_t result, one_shot_ ? evaluate_at_once(id, input) : evaluate_in_steps(id, input));
  // One byte more than allowed tells the host that there is too much.
  const uint64_t most = policy_.context.terms().limits.output;
  WPLUG_TRY_ASSIGN(text, policy_.text_at("the result", result, most == UINT64_MAX ? most : most + 1));
  return ReplyKind::output;
}

// opa_eval (ABI 1.2): the input lies where the heap starts, and the heap behind it.
Result<uint32_t> OpaInstance::evaluate_at_once(uint32_t entrypoint, std::string_view input) {
  const uint64_t end = (heap_start_ + uint64_t{input.size()} + 7) / 8 * 8;
  if (end > UINT32_MAX) return Error(ErrorKind::limit, "an input of " + std::to_string(input.size()) + " bytes does not fit");
  const uint64_t size = policy_.memory->size();
  if (end > size) WPLUG_TRY(policy_.memory->grow((end - size + kPage - 1) / kPage));
  if (!GuestMemory(*policy_.memory).write_text(heap_start_, input)) {
    return policy_.context.outside("opa_heap_ptr_get's caller", heap_start_, input.size(), policy_.memory->size());
  }
  const uint32_t length = static_cast<uint32_t>(input.size());
  return policy_.call("opa_eval", {0, entrypoint, data_, length == 0 ? 0 : heap_start_, length, static_cast<uint32_t>(end), 0});
}

// ABI 1.0 and 1.1: a context that input, data and entrypoint are set in.
Result<uint32_t> OpaInstance::evaluate_in_steps(uint32_t entrypoint, std::string_view input) {
  WPLUG_TRY(policy_.call("opa_heap_ptr_set", {heap_start_}));
  WPLUG_TRY_ASSIGN(const uint32_t context, policy_.call("opa_eval_ctx_new"));
  if (!input.empty()) {
    WPLUG_TRY_ASSIGN(const uint32_t value, policy_.parse(input));
    WPLUG_TRY(policy_.call("opa_eval_ctx_set_input", {context, value}));
  }
  WPLUG_TRY(policy_.call("opa_eval_ctx_set_data", {context, data_}));
  WPLUG_TRY(policy_.call("opa_eval_ctx_set_entrypoint", {context, entrypoint}));
  WPLUG_TRY(policy_.call("eval", {context}));
  WPLUG_TRY_ASSIGN(const uint32_t result, policy_.call("opa_eval_ctx_get_result", {context}));
  return policy_.call("opa_json_dump", {result});
}

}  // namespace wplug
