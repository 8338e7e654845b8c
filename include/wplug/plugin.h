// Plugin: a module, the ABI it speaks, and how it may be used.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/abi.h"
#include "wplug/engine.h"
#include "wplug/error.h"
#include "wplug/module.h"
#include "wplug/store.h"

namespace wplug {

enum class FailureKind : uint8_t {
#define WPLUG_FAILURE(name, exit_code, status, keeps_instance, meaning) name,
#include "wplug/failures.def"
};

// The enumerator's name, as error lines have it ("invalid_pointer").
std::string_view to_string(FailureKind kind);
// The exit code of a command that ends with it.
int exit_code(FailureKind kind);
// The status of an HTTP reply that tells of it.
int http_status(FailureKind kind);

// Why a call gave no result.
struct Failure {
  FailureKind kind = FailureKind::host;
  std::string message;                 // one line, lower case
  std::vector<std::string> backtrace;  // guest frames, innermost first; empty but for traps
  bool keeps_instance() const;
};

// What an engine error means to the caller of a plugin. `denials`: refusals of memory during the call.
Failure failure_of(const Error& error, const PluginLimits& limits, uint64_t denials, const CallState& state);

// Immutable but for its description, which is asked for once; shared by all threads. Instances point into it, so it outlives
// them.
class Plugin {
 public:
  // Finds the ABI of `module` among `abis`, or takes the one named `abi_name`, and checks all that can be checked without
  // running. Errors: link, limit, misuse.
  static Result<std::shared_ptr<const Plugin>> load(const Engine& engine, Module module, PluginOptions options,
                                                    std::span<const PluginAbi* const> abis,
                                                    const HostServices& services, std::string_view abi_name = {});
  // Loads a native plugin (native_plugin.h), which is not sandboxed: the caller has asked whether it may be. Its module()
  // is empty, its abi() named "native". Errors: host, link, misuse.
  static Result<std::shared_ptr<const Plugin>> load_native(const Engine& engine, const std::string& file,
                                                           PluginOptions options, const HostServices& services);
  ~Plugin();

  const Engine& engine() const { return engine_; }
  const Module& module() const { return module_; }
  const PluginAbi& abi() const { return *abi_; }
  const PluginTerms& terms() const { return terms_; }
  const HostServices& services() const { return services_; }
  const std::string& name() const { return terms_.name; }
  // What all calls of all instances have used; starting instances and describing do not count.
  const Account& account() const { return *account_; }

  // What the plugin says of itself: the first call asks an instance that nothing is granted to, the others get the same
  // answer. Null and `failure` filled in when that fails. Any thread.
  const PluginDescription* description(Failure& failure) const;

 private:
  friend class PluginInstance;
  Plugin(const Engine& engine, Module module, PluginTerms terms, const PluginAbi& abi, const HostServices& services);
  struct Asked;  // the description, once there is one
  std::optional<Failure> ask(PluginDescription& description) const;
  Engine engine_;
  Module module_;
  PluginTerms terms_;
  const PluginAbi* abi_;
  std::unique_ptr<PluginAbi> own_abi_;  // a native plugin's library
  HostServices services_;
  std::unique_ptr<Asked> asked_;
  std::unique_ptr<Account> account_ = std::make_unique<Account>();
};

// The ABI that fits a module best and why; null when none does.
struct DetectedAbi {
  const PluginAbi* abi = nullptr;
  std::string why;
};
DetectedAbi detect_abi(const Module& module, std::span<const PluginAbi* const> abis);

// One live instance in a store of its own. Belongs to one thread at a time.
class PluginInstance {
 public:
  // Makes and starts an instance within limits.start_timeout; null and `failure` filled in when that fails.
  static std::unique_ptr<PluginInstance> start(const Plugin& plugin, Failure& failure);
  // Ends the plugin: the instance and all it holds are gone.
  ~PluginInstance();

  // Calls the plugin's entry, or `entry` when it is not empty. The result goes to `output`; nullopt is success. After a
  // failure that does not keep the instance, destroy it.
  std::optional<Failure> call(std::string_view input, std::string& output, std::string_view entry = {});
  std::optional<Failure> describe(PluginDescription& description);
  // nullopt: it is healthy.
  std::optional<Failure> health();

  // Of the last call.
  std::chrono::nanoseconds duration() const { return duration_; }
  uint64_t instructions() const { return instructions_; }
  const CallState& last_call() const { return state_; }
  const Usage& usage() const { return usage_; }
  // Of the instance's life.
  uint64_t peak_memory() const { return store_.peak_memory_bytes(); }

 private:
  PluginInstance(const Plugin& plugin, const PluginTerms& terms, Store store)
      : plugin_(&plugin), terms_(&terms), store_(std::move(store)) {}
  static std::unique_ptr<PluginInstance> start(const Plugin& plugin, const PluginTerms& terms, Failure& failure);
  void begin_call(std::chrono::nanoseconds timeout, std::optional<uint64_t> fuel);
  template <class Body>
  std::optional<Failure> measured_call(std::string& text, Body&& body);
  template <class Body>
  std::optional<Failure> limited_call(const Budget& left, std::string& text, Body&& body);
  std::optional<Failure> over_budget(const Failure& failure, const Budget& left) const;
  void warn_of_time();
  void mask(std::optional<Failure>& failure) const;
  friend class Plugin;
  const Plugin* plugin_;
  const PluginTerms* terms_;
  Store store_;
  std::unique_ptr<AbiInstance> abi_instance_;
  CallState state_;
  std::chrono::nanoseconds duration_{0};
  uint64_t instructions_ = 0;
  Usage usage_;
};

}  // namespace wplug
