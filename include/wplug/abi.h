// The interface that a plugin ABI implements, and what the host gives it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wplug/account.h"
#include "wplug/capabilities.h"
#include "wplug/commands.h"
#include "wplug/error.h"
#include "wplug/files.h"
#include "wplug/http.h"
#include "wplug/limits.h"
#include "wplug/module.h"
#include "wplug/network.h"
#include "wplug/redactor.h"
#include "wplug/store.h"
#include "wplug/wasi.h"

namespace wplug {

// Takes what plugins say. Any thread may write.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // `text` is what the plugin wrote, unchecked and without a line end.
  virtual void write(std::string_view plugin, std::string_view text) = 0;
};

// Functions of the embedder that plugins call by name, where their ABI has such calls: the plugin's name and what it
// passes, to a code for the plugin. Called on the plugin's thread during its call; must not throw.
using PluginCallback = std::function<uint32_t(std::string_view plugin, std::string_view payload)>;
using PluginCallbacks = std::map<std::string, PluginCallback, std::less<>>;

// What host functions may use; borrowed, outlives every plugin. Null: the service is not there, and every use of it is
// denied.
struct HostServices {
  LogSink* log = nullptr;
  HttpClient* http = nullptr;
  // The environment as it was at start; plugins see the granted part.
  const std::map<std::string, std::string>* environment = nullptr;
  Network* network = nullptr;
  CommandRunner* commands = nullptr;
  FileAccess* files = nullptr;
  const PluginCallbacks* callbacks = nullptr;
};

// What one module said of itself, asked for once (module_cache.h).
struct DescriptionSlot;
class Notices;

// For how long an instance is used. `fresh`: for one call, so that nothing of a call is there for the next one. `reset`: as
// fresh, by putting memory and globals back; no engine call for that yet, so pipeline files refuse it.
enum class InstanceLife : uint8_t { reuse, reset, fresh };

// How one plugin is asked to be used.
struct PluginOptions {
  std::string name;   // in messages: the stage's or the file's
  std::string entry;  // the export that calls go to; empty: what the ABI says
  std::map<std::string, std::string, std::less<>> config;  // key to JSON text
  LimitSettings limits;
  Grants grants;
  std::string location;        // "file:line:column" of its configuration, for messages; may be empty
  std::string data_directory;  // private to the plugin, for ABIs that have such a thing; empty: it gets none
  std::vector<WasiDirectory> directories;  // opened for WASI under a name of their own, beside those that grants open
  std::vector<std::pair<std::string, Module>> linked;  // modules that the plugin imports from, by name
  std::shared_ptr<const Redactor> redactor;  // null: nothing is masked
  std::shared_ptr<Account> tenant;           // whose budget calls are on; null: nobody's
  InstanceLife life = InstanceLife::reuse;
  // What the plugin's manifest declares to need: nothing else is allowed, whatever is granted. nullopt: it says nothing,
  // and an ABI whose plugins declare by themselves is asked.
  std::optional<Grants> declared;
  // What is known of the plugin, shared by all that load the same module on the same terms; null: it is asked by itself.
  std::shared_ptr<DescriptionSlot> description;
};

// How one plugin is used: the options with the ABI's defaults. Does not change once calls are made.
struct PluginTerms {
  std::string name;
  std::string entry;
  std::map<std::string, std::string, std::less<>> config;
  PluginLimits limits;
  Policy policy;
  std::string data_directory;
  std::vector<WasiDirectory> directories;
  std::vector<std::pair<std::string, Module>> linked;
  std::shared_ptr<const Redactor> redactor;  // null: nothing is masked
  std::shared_ptr<Account> tenant;           // null: nobody's
  std::shared_ptr<Notices> notices;          // what the log has been told once for all instances; null: all is told
  InstanceLife life = InstanceLife::reuse;

  // The configuration as one JSON object.
  std::string config_json() const;
};

// What a plugin says of itself, whatever the ABI.
struct PluginDescription {
  std::string name, version, description;
  std::vector<Capability> capabilities;  // what it declares to need
  std::string schema;   // JSON Schema of its configuration; empty: it has none
  std::string json;     // all it said, one JSON object, as the ABI has it; empty: the ABI has no describe
};

// One call in progress: what it may still use and what it left behind, as the ABI's host functions see it.
struct CallState {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  uint64_t host_calls_left = 0;
  uint64_t http_calls_left = 0;
  bool over_budget = false;  // the guest was stopped because a budget was spent
  std::string diagnostics;   // the first things the plugin wrote to stderr, for messages; bounded by the ABI
  std::vector<std::pair<std::string, std::string>> headers;  // of the response, set by the plugin
  // When limits.soft_timeout is warned about: while the guest runs, at a host call, or at the end of the call, whichever
  // comes first from then on. The largest time: there is nothing (more) to warn about.
  std::chrono::steady_clock::time_point soft_deadline = std::chrono::steady_clock::time_point::max();
  uint64_t log_bytes = 0;  // written to the log, stdout and stderr
};

// Warns that the call goes on beyond limits.soft_timeout, unless that was done before or its time has not come.
void warn_of_soft_timeout(const PluginTerms& terms, const HostServices& services, CallState& state);

enum class ReplyKind : uint8_t {
  output,           // the text is the plugin's result
  plugin_error,     // the text is why the plugin refuses
  invalid_pointer,  // the text says which pointer was outside the plugin's memory
  too_large,        // the result is larger than limits.output and was not copied; the text says how large
};

// The text of ReplyKind::too_large for a result of `bytes` bytes.
std::string output_too_large(uint64_t bytes, const PluginLimits& limits);

// The ABI's half of one instance. Belongs to one thread at a time and lives in the store it was made in. An error (trap,
// exit, host) of any call leaves the instance in doubt: it is not called again.
class AbiInstance {
 public:
  virtual ~AbiInstance() = default;
  // Calls `entry` with `input` and leaves the reply's text in `text`. `entry` is one of the ABI's operations ("observe")
  // or, where the ABI calls exports by name, an export. The host has set the store's fuel and deadline.
  virtual Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state,
                                 std::string& text) = 0;
  // What the plugin says of itself. An ABI without describe: an empty description.
  virtual Result<ReplyKind> describe(CallState&, PluginDescription&, std::string& /*text*/) {
    return ReplyKind::output;
  }
  // Whether it is fit for work; plugin_error with why not. An ABI without such a call: output.
  virtual Result<ReplyKind> health(CallState&, std::string& /*text*/) { return ReplyKind::output; }
};

struct AbiMatch {
  int score = 0;    // 0: not this ABI; the highest wins
  std::string why;  // which imports and exports tell
};

// One host function that an ABI offers, as inspect and the documentation show it.
struct AbiFunction {
  std::string_view module;      // "reglet_host"; alternatives separated by blanks
  std::string_view name;
  std::string_view type;        // "(i64) -> i64", with names of parameters where they help
  std::string_view capability;  // what it needs: "http"; empty: nothing
  std::string_view doc;         // one line
};

// A plugin ABI. Stateless, shared by all threads.
class PluginAbi {
 public:
  virtual ~PluginAbi() = default;
  virtual std::string_view name() const = 0;
  virtual AbiMatch detect(const Module& module) const = 0;
  // The entry to call when none is configured; empty when the module has none.
  virtual std::string default_entry(const Module& module) const = 0;
  // The operations beside the entry that `module` has: "describe", "schema", "health"; as `wplug call` names them.
  virtual std::vector<std::string> operations(const Module&) const { return {}; }
  virtual std::span<const AbiFunction> host_functions() const = 0;
  // What the module's imports show it may ask for, by capability name: "http", "config".
  virtual std::vector<std::string> wanted_capabilities(const Module& module) const = 0;
  virtual PluginLimits default_limits() const { return {}; }
  // Whether a result is a text that need not be JSON: a pipeline makes a JSON string of what is none.
  virtual bool gives_text() const { return false; }
  // Whether results pass through the redactor where the configuration says nothing about it: they are reports, not data.
  virtual bool redacts_output() const { return false; }
  // Whether a record is laid over the configuration, so that a configuration by itself may lack what its schema requires.
  virtual bool record_completes_config() const { return false; }
  // Whether plugins declare capabilities, so that what is granted but not declared is denied.
  virtual bool declares_capabilities() const { return false; }
  // All that can be told without running: the entry and its type, grants that this ABI has no use for. Errors: link,
  // misuse.
  virtual Result<void> check(const Module& module, const PluginTerms& terms) const = 0;
  // Instantiates and starts (`_initialize`). `terms` and `services` outlive the instance. Errors: as of Instance::create.
  virtual Result<std::unique_ptr<AbiInstance>> instantiate(Store& store, const Module& module, const PluginTerms& terms,
                                                           const HostServices& services, CallState& state) const = 0;
};

}  // namespace wplug
