// One waPC guest at work.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "abi/support/plugin_context.h"
#include "wplug/abi.h"
#include "wplug/instance.h"

namespace wplug {

// What the host functions know of the call they serve.
struct WapcHost {
  WapcHost(const PluginTerms& terms, const HostServices& services) : context(terms, services) {}

  PluginContext context;
  std::string_view operation, payload;  // of the call in progress
  std::optional<std::string> response, error;
  std::string host_response, host_error;  // of the last host call
};

// `host` outlives the stores instantiated into.
void add_wapc_functions(Linker& linker, WapcHost& host);
std::span<const AbiFunction> wapc_functions();

class WapcInstance : public AbiInstance {
 public:
  static Result<std::unique_ptr<AbiInstance>> start(Store& store, const Module& module, const PluginTerms& terms,
                                                    const HostServices& services, CallState& state);
  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override;

 private:
  WapcInstance(const PluginTerms& terms, const HostServices& services) : host_(terms, services) {}
  Result<void> bring_up(Store& store, const Module& module);
  Result<ReplyKind> exchange(std::string& text);

  WapcHost host_;
  std::optional<Instance> instance_;
};

}  // namespace wplug
