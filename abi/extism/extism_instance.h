// One Extism plugin at work.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "abi/extism/host.h"
#include "wplug/abi.h"
#include "wplug/instance.h"
#include "wplug/linker.h"
#include "wplug/wasi.h"

namespace wplug {

class ExtismInstance : public AbiInstance {
 public:
  static Result<std::unique_ptr<AbiInstance>> start(Store& store, const Module& module, const PluginTerms& terms,
                                                    const HostServices& services, CallState& state);
  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override;

 private:
  // The modules of the plugin, instantiated in one store.
  struct Live {
    std::optional<WasiContext> wasi;
    std::optional<Instance> main;
  };

  ExtismInstance(Store& store, const Module& module, const PluginTerms& terms, const HostServices& services)
      : store_(store), module_(module), host_(terms, services) {}
  Result<void> bring_up(Store& store, Live& live);
  Result<void> initialize(Store& store, const Instance& main);
  Result<ReplyKind> exchange(std::string_view entry, std::string_view input, std::string& text);
  Result<ReplyKind> run(Live& live, std::string_view entry, std::string& text);
  Result<ReplyKind> run_program(std::string& text);
  Result<ReplyKind> take_reply(std::string_view entry, uint64_t code, std::string& text);

  Store& store_;
  const Module& module_;
  ExtismHost host_;
  Live live_;
};

}  // namespace wplug
