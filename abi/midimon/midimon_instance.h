// A live plugin of the ABI `midimon`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "abi/support/plugin_context.h"
#include "wplug/abi.h"
#include "wplug/func.h"
#include "wplug/instance.h"
#include "wplug/memory.h"

namespace wplug {

class MidimonInstance : public AbiInstance {
 public:
  // Instantiates in `store` and runs `_initialize`. Errors: link, limit, trap, exit, host.
  static Result<std::unique_ptr<AbiInstance>> start(Store& store, const Module& module, const PluginTerms& terms,
                                                    const HostServices& services, CallState& state);

  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override;
  Result<ReplyKind> describe(CallState& state, PluginDescription& description, std::string& text) override;

 private:
  struct Exports {
    Memory memory;
    Func init, execute, allocate;
    std::optional<Func> release;
  };

  MidimonInstance(Store& store, const PluginTerms& terms, const HostServices& services)
      : store_(store), context_(terms, services) {}
  Result<void> link(const Module& module);
  Result<void> find_exports();
  Result<ReplyKind> execute(std::string_view input, std::string& text);
  Result<ReplyKind> exchange(std::string_view request, std::string& text);
  Result<ReplyKind> metadata(std::string& text);
  bool take_output(std::span<const uint8_t> bytes);
  void log_output();

  Store& store_;
  PluginContext context_;
  std::optional<Instance> instance_;
  std::optional<Exports> exports_;
  bool is_executing_ = false;
  std::string output_;  // what the plugin prints while it executes
};

}  // namespace wplug
