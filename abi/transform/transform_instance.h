// A live plugin of the ABI `transform`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abi/transform/host_functions.h"
#include "wplug/abi.h"
#include "wplug/func.h"
#include "wplug/instance.h"
#include "wplug/memory.h"

namespace wplug {

class TransformInstance : public AbiInstance {
 public:
  // Instantiates in `store` and runs `_initialize`. Errors: link, limit, trap, exit, host.
  static Result<std::unique_ptr<AbiInstance>> start(Store& store, const Module& module, const PluginTerms& terms,
                                                    const HostServices& services, CallState& state);

  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override;

 private:
  // An exported function of the ABI, found once.
  struct Exports {
    Memory memory;
    Func allocate, release, output_length;
  };

  TransformInstance(Store& store, const PluginTerms& terms, const HostServices& services)
      : store_(store), host_(terms, services) {}
  Result<void> link(const Module& module);
  Result<void> find_exports();
  Result<ReplyKind> exchange(const Func& entry, std::string_view input, std::string& text);
  Result<ReplyKind> take_reply(std::string_view entry, uint32_t result, std::string& text);
  Result<Func> find_entry(std::string_view name);

  Store& store_;
  TransformHost host_;
  std::optional<Instance> instance_;
  std::optional<Exports> exports_;
  // The entry called last; nearly always there is one.
  std::string entry_name_;
  std::optional<Func> entry_;
};

}  // namespace wplug
