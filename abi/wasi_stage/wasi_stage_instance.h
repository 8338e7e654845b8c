// A WASI command between its runs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abi/support/plugin_context.h"
#include "wplug/abi.h"

namespace wplug {

// The program's arguments: its name, then the strings of the configuration's `args`. Errors: misuse.
Result<std::vector<std::string>> wasi_stage_arguments(const PluginTerms& terms);

class WasiStageInstance : public AbiInstance {
 public:
  static Result<std::unique_ptr<AbiInstance>> start(Store& store, const Module& module, const PluginTerms& terms,
                                                    const HostServices& services);
  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override;

 private:
  WasiStageInstance(Store& store, const Module& module, const PluginTerms& terms, const HostServices& services,
                    std::vector<std::string> arguments)
      : store_(store), module_(module), context_(terms, services), arguments_(std::move(arguments)) {}
  Result<int32_t> run(std::string_view input, std::string& output, std::string& last_line, bool& too_much);

  Store& store_;
  const Module& module_;
  PluginContext context_;
  std::vector<std::string> arguments_;
};

}  // namespace wplug
