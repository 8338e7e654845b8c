// The host functions of the ABI `transform`, and what they know of the call they serve.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "abi/transform/plugin_log.h"
#include "wplug/abi.h"
#include "wplug/linker.h"

namespace wplug {

// The codes of get_config and http_get for what is not a size (abis.md, 1).
enum class TransformCode : int32_t {
  not_found = -1,
  denied = -2,
  exhausted = -3,
  network = -4,
  timed_out = -5,
  invalid_argument = -6,
};

// One instance's side of its host functions. Stays where it is while the store lives.
class TransformHost {
 public:
  TransformHost(const PluginOptions& options, const HostServices& services);

  void begin_call(CallState& state);
  // Passes on what waits for a line end, and the complaint to the call's state.
  void end_call();

  const PluginOptions& options() const { return options_; }
  const HostServices& services() const { return services_; }
  CallState& call() { return *call_; }
  PluginLog& log() { return log_; }
  PluginLog& stdout_log() { return stdout_log_; }
  PluginLog& stderr_log() { return stderr_log_; }

  // Counts a host call; false when the budget is spent.
  bool admit();
  // What set_error said in this call.
  std::optional<std::string> refusal;
  // Which pointer given to a host function was outside the memory; ends the call.
  std::optional<std::string> bad_pointer;
  // The last body that did not fit the plugin's buffer: asking again for the same URL is not another request.
  std::string pending_url;
  std::string pending_body;

 private:
  const PluginOptions& options_;
  const HostServices& services_;
  CallState* call_ = nullptr;
  PluginLog log_;
  PluginLog stdout_log_;
  PluginLog stderr_log_;
};

// Defines every function in every module it is offered in. `host` outlives the stores instantiated into.
void add_transform_functions(Linker& linker, TransformHost& host);
// Whether `module`.`name` is one of them.
bool is_transform_function(std::string_view module, std::string_view name);
// The capability a function stands for ("http"); empty for a name that is none.
std::string_view transform_capability(std::string_view name);

}  // namespace wplug
