// The interface that a plugin ABI implements, and what the host gives it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/capabilities.h"
#include "wplug/error.h"
#include "wplug/http.h"
#include "wplug/limits.h"
#include "wplug/module.h"
#include "wplug/store.h"

namespace wplug {

// Takes what plugins say. Any thread may write.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // `text` is what the plugin wrote, unchecked and without a line end.
  virtual void write(std::string_view plugin, std::string_view text) = 0;
};

// What host functions may use; borrowed, outlives every plugin. Null: the service is not there.
struct HostServices {
  LogSink* log = nullptr;
  HttpClient* http = nullptr;
  // The environment as it was at start; plugins see the granted part.
  const std::map<std::string, std::string>* environment = nullptr;
};

// How one plugin is to be used.
struct PluginOptions {
  std::string name;   // in messages: the stage's or the file's
  std::string entry;  // the export that calls go to; empty: what the ABI says
  std::map<std::string, std::string, std::less<>> config;  // key to JSON text
  PluginLimits limits;
  Grants grants;
};

// One call in progress: what it may still use and what it left behind, as the ABI's host functions see it.
struct CallState {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  uint64_t host_calls_left = 0;
  uint64_t http_calls_left = 0;
  bool over_budget = false;  // the guest was stopped because a budget was spent
  std::string diagnostics;   // the first things the plugin wrote to stderr, for messages; bounded by the ABI
  std::vector<std::pair<std::string, std::string>> headers;  // of the response, set by the plugin
};

enum class ReplyKind : uint8_t {
  output,           // the text is the plugin's result
  plugin_error,     // the text is why the plugin refuses
  invalid_pointer,  // the text says which pointer was outside the plugin's memory
};

// The ABI's half of one instance. Belongs to one thread at a time and lives in the store it was made in.
class AbiInstance {
 public:
  virtual ~AbiInstance() = default;
  // Calls `entry` with `input` and leaves the reply's text in `text`. The host has set the store's fuel and deadline.
  // An error (trap, exit, host) leaves the instance in doubt: it is not called again.
  virtual Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state,
                                 std::string& text) = 0;
};

struct AbiMatch {
  int score = 0;    // 0: not this ABI; the highest wins
  std::string why;  // which imports and exports tell
};

// A plugin ABI. Stateless, shared by all threads.
class PluginAbi {
 public:
  virtual ~PluginAbi() = default;
  virtual std::string_view name() const = 0;
  virtual AbiMatch detect(const Module& module) const = 0;
  // The entry to call when none is configured; empty when the module has none.
  virtual std::string default_entry(const Module& module) const = 0;
  // What the module's imports show it may ask for, by capability name: "http", "config".
  virtual std::vector<std::string> wanted_capabilities(const Module& module) const = 0;
  // All that can be told without running: the entry and its type, grants that this ABI has no use for. Errors: link,
  // misuse.
  virtual Result<void> check(const Module& module, const PluginOptions& options) const = 0;
  // Instantiates and starts (`_initialize`). `options` and `services` outlive the instance. Errors: as of Instance::create.
  virtual Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module,
                                                           const PluginOptions& options,
                                                           const HostServices& services, CallState& state) const = 0;
};

}  // namespace wplug
