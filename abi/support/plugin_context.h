// What the host functions of any ABI know of the plugin and the call they serve, and the WASI that goes with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abi/support/plugin_log.h"
#include "wplug/abi.h"
#include "wplug/linker.h"
#include "wplug/wasi.h"

namespace wplug {

// One instance's side of its host functions. Stays where it is while the store lives.
class PluginContext {
 public:
  PluginContext(const PluginTerms& terms, const HostServices& services);

  void begin_call(CallState& state);
  // Passes on what waits for a line end, and the complaint to the call's state.
  void end_call();

  const PluginTerms& terms() const { return terms_; }
  const HostServices& services() const { return services_; }
  CallState& call() { return *call_; }
  PluginLog& log() { return log_; }
  PluginLog& stdout_log() { return stdout_log_; }
  PluginLog& stderr_log() { return stderr_log_; }

  // Counts a host call; false when the budget is spent. Also where limits.soft_timeout is noticed.
  bool admit();
  // Whether a result of so many bytes is more than limits.output; `text` then says so, as ReplyKind::too_large wants it.
  // Asked before the result is copied.
  bool refuses_output(uint64_t bytes, std::string& text) const;
  // For functions that have no way to say no: ends the call.
  Error budget_spent();
  // Which pointer given to a host function was outside the memory: ends the call with that as its reason.
  Error outside(std::string_view function, uint64_t at, uint64_t length, uint64_t memory_size);
  // What `outside` said in this call, as the reply's text has it.
  const std::optional<std::string>& bad_pointer() const { return bad_pointer_; }

  // An HTTP request on the call's budgets: policy, deadline, http_calls, limits.response are filled in here.
  HttpReply send(HttpRequest request);

  // WASI as the plugin may have it: granted variables and whole directories, nothing on stdin, stdout and stderr to the
  // log. A directory that does not exist is told to the log, once for all instances of the plugin. Leaves `linker` alone when
  // `module` imports none. The context lives as long as this. Errors: misuse, host, link.
  Result<void> add_granted_wasi(Linker& linker, const Module& module);
  // The same with a configuration of the ABI's own: directories or streams.
  Result<void> add_wasi_with(Linker& linker, const Module& module, WasiConfig config);
  // What add_granted_wasi configures.
  Result<WasiConfig> granted_wasi_config();

 private:
  const PluginTerms& terms_;
  const HostServices& services_;
  void tell_missing(const WasiDirectory& directory);
  CallState* call_ = nullptr;
  LogBudget log_budget_;  // one for the three streams
  PluginLog log_;
  PluginLog stdout_log_;
  PluginLog stderr_log_;
  std::optional<std::string> bad_pointer_;
  std::optional<WasiContext> wasi_;
};

inline constexpr std::string_view kBadPointer = "invalid pointer from plugin: ";

// The variables of the host's environment that the policy grants.
std::vector<std::pair<std::string, std::string>> granted_environment(const Policy& policy, const HostServices& services);

// Whether a file capability is a whole directory, so that WASI can open it: /srv/data/**.
bool opens_directory(const Capability& capability);

// Directories that grants such as fs:read:/srv/data/** open, at the same path for the guest. Grants of another shape open
// none: they are for host functions.
std::vector<WasiDirectory> granted_directories(const Policy& policy);

}  // namespace wplug
