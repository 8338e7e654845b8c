#include "abi/midimon/midimon_instance.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

#include <sys/stat.h>

#include "abi/guest_memory.h"
#include "abi/midimon/request.h"

namespace wplug {
namespace {

std::string memory_has(const GuestMemory& memory) { return ", the memory has " + std::to_string(memory.size()); }

uint64_t now_in_milliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// The plugin's own directory at `/`, when it has one and declares that it uses files.
Result<std::optional<WasiDirectory>> data_directory(const PluginTerms& terms) {
  const std::string& path = terms.data_directory;
  const bool declares_files =
      terms.policy.declared && terms.policy.declared->find({CapabilityKind::fs_write, "/data"}) != nullptr;
  if (path.empty() || !declares_files) return std::optional<WasiDirectory>();
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error(ErrorKind::host, "the data directory " + path + " cannot be made: " + std::strerror(errno));
  }
  return std::optional(WasiDirectory{path, "/", true});
}

}  // namespace

Result<std::unique_ptr<AbiInstance>> MidimonInstance::start(Store& store, const Module& module,
                                                            const PluginTerms& terms, const HostServices& services,
                                                            CallState& state) {
  std::unique_ptr<MidimonInstance> instance(new MidimonInstance(store, terms, services));
  instance->context_.begin_call(state);
  Result<void> started = instance->link(module);
  if (started.ok()) started = initialize_reactor(store, *instance->instance_);
  instance->context_.end_call();
  WPLUG_TRY(std::move(started));
  WPLUG_TRY(instance->find_exports());
  return std::unique_ptr<AbiInstance>(std::move(instance));
}

Result<void> MidimonInstance::link(const Module& module) {
  Linker linker;
  if (wasi_is_wanted(module)) {
    WPLUG_TRY_ASSIGN(WasiConfig config, context_.granted_wasi_config());
    WPLUG_TRY_ASSIGN(std::optional<WasiDirectory> directory, data_directory(context_.terms()));
    if (directory) config.directories.insert(config.directories.begin(), std::move(*directory));
    config.stdout_sink = WasiWriter([this](std::span<const uint8_t> bytes) { return take_output(bytes); });
    WPLUG_TRY(context_.add_wasi_with(linker, module, std::move(config)));
  }
  WPLUG_TRY_ASSIGN(instance_, linker.instantiate(store_, module));
  return {};
}

Result<void> MidimonInstance::find_exports() {
  const auto memory = instance_->get_memory("memory");
  const auto init = instance_->get_func("init"), execute = instance_->get_func("execute");
  const auto allocate = instance_->get_func("alloc");
  // MidimonAbi::check has seen them in the module.
  if (!memory || !init || !execute || !allocate) {
    return Error(ErrorKind::link, "memory, init, execute or alloc is not exported");
  }
  exports_.emplace(Exports{*memory, *init, *execute, *allocate, instance_->get_func("dealloc")});
  return {};
}

// While it executes, what a plugin prints is its result, up to one byte more than it may be, so that the host sees that it
// is too long. At other times it goes to the log.
bool MidimonInstance::take_output(std::span<const uint8_t> bytes) {
  if (!is_executing_) {
    context_.stdout_log().write(bytes);
    return true;
  }
  const uint64_t most = context_.terms().limits.output + 1;
  const size_t taken = static_cast<size_t>(std::min<uint64_t>(bytes.size(), most - output_.size()));
  output_.append(reinterpret_cast<const char*>(bytes.data()), taken);
  return taken == bytes.size();
}

// What a call that fails printed would be lost otherwise.
void MidimonInstance::log_output() {
  context_.stdout_log().write({reinterpret_cast<const uint8_t*>(output_.data()), output_.size()});
  output_.clear();
}

Result<ReplyKind> MidimonInstance::call(std::string_view entry, std::string_view input, CallState& state,
                                        std::string& text) {
  context_.begin_call(state);
  output_.clear();
  is_executing_ = entry == "execute";
  auto reply = is_executing_ ? execute(input, text) : metadata(text);
  is_executing_ = false;
  if (!reply.ok() || *reply != ReplyKind::output) log_output();
  context_.end_call();
  return reply;
}

Result<ReplyKind> MidimonInstance::execute(std::string_view input, std::string& text) {
  const auto& config = context_.terms().config;
  const auto action = config.find("action");
  const auto request =
      make_midimon_request(input, action == config.end() ? std::string_view() : action->second, now_in_milliseconds());
  if (!request.ok()) {
    text = request.error().message();
    return ReplyKind::plugin_error;
  }
  return exchange(*request, text);
}

// The steps of a call; see midimon_abi.h.
Result<ReplyKind> MidimonInstance::exchange(std::string_view request, std::string& text) {
  if (request.size() > std::numeric_limits<int32_t>::max()) {
    return Error(ErrorKind::host, "a request of " + std::to_string(request.size()) + " bytes does not fit a plugin");
  }
  const uint32_t length = static_cast<uint32_t>(request.size());
  uint64_t allocated = length;
  WPLUG_TRY(exports_->allocate.call_raw(&allocated));
  const uint32_t at = static_cast<uint32_t>(allocated);
  if (at == 0) {
    text = "alloc(" + std::to_string(length) + ") returned 0";
    return ReplyKind::plugin_error;
  }
  if (const GuestMemory memory(exports_->memory); !memory.write_text(at, request)) {
    text = std::string(kBadPointer) + "alloc gave " + std::to_string(length) + " bytes at " + std::to_string(at) +
           memory_has(memory);
    return ReplyKind::invalid_pointer;
  }
  uint64_t slots[2] = {at, length};
  WPLUG_TRY(exports_->execute.call_raw(slots));
  const int32_t code = static_cast<int32_t>(static_cast<uint32_t>(slots[0]));
  if (exports_->release) {
    uint64_t released[2] = {at, length};
    WPLUG_TRY(exports_->release->call_raw(released));
  }
  if (code == 0) {
    text = std::move(output_);
    output_.clear();
    return ReplyKind::output;
  }
  text = "execute returned error code " + std::to_string(code);
  context_.stderr_log().flush();
  if (!context_.stderr_log().complaint().empty()) text += ": " + context_.stderr_log().complaint();
  return ReplyKind::plugin_error;
}

Result<ReplyKind> MidimonInstance::metadata(std::string& text) {
  uint64_t packed = 0;
  WPLUG_TRY(exports_->init.call_raw(&packed));
  const uint32_t at = static_cast<uint32_t>(packed >> 32), length = static_cast<uint32_t>(packed);
  const GuestMemory memory(exports_->memory);
  const auto found = memory.text(at, length);
  if (!found) {
    text = std::string(kBadPointer) + "init returned " + std::to_string(length) + " bytes at " + std::to_string(at) +
           memory_has(memory);
    return ReplyKind::invalid_pointer;
  }
  text = *found;
  return ReplyKind::output;
}

Result<ReplyKind> MidimonInstance::describe(CallState& state, PluginDescription& description, std::string& text) {
  WPLUG_TRY_ASSIGN(const ReplyKind kind, call("init", "", state, text));
  if (kind != ReplyKind::output) return kind;
  auto read = read_midimon_metadata(text);
  if (!read.ok()) {
    text = read.error().message();
    return ReplyKind::plugin_error;
  }
  description = std::move(*read);
  return ReplyKind::output;
}

}  // namespace wplug
