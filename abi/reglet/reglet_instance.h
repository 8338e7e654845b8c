// A live plugin of the ABI `reglet`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "abi/reglet/host_functions.h"
#include "wplug/abi.h"
#include "wplug/instance.h"
#include "wplug/memory.h"

namespace wplug {

class RegletInstance : public AbiInstance {
 public:
  // Instantiates in `store` and runs `_initialize`. Errors: link, limit, trap, exit, host.
  static Result<std::unique_ptr<AbiInstance>> start(Store& store, const Module& module, const PluginTerms& terms,
                                                    const HostServices& services, CallState& state);

  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override;
  Result<ReplyKind> describe(CallState& state, PluginDescription& description, std::string& text) override;

 private:
  // Exported functions of the ABI, found once; those that are left out are for other names or not there.
  struct Exports {
    Memory memory;
    Func deallocate;
    std::optional<Func> describe, schema, observe;
    std::string describe_name, observe_name;
  };

  RegletInstance(Store& store, const PluginTerms& terms, const HostServices& services)
      : store_(store), host_(terms, services) {}
  Result<void> link(const Module& module);
  Result<void> find_exports();

  template <class Body>
  Result<ReplyKind> one_call(CallState& state, std::string& text, Body&& body);
  Result<ReplyKind> ask(PluginDescription& description, std::string& text);
  Result<ReplyKind> ask_schema(std::string& text);
  Result<ReplyKind> observe(std::string_view record, std::string& text);
  // Calls a function that gives a packed text, which is copied to `text` and released.
  Result<ReplyKind> take(const Func& function, std::string_view name, uint64_t* slots, PackedRange kept, std::string& text);
  Result<void> release(PackedRange range);

  Store& store_;
  RegletHost host_;
  std::optional<Instance> instance_;
  std::optional<Exports> exports_;
};

}  // namespace wplug
