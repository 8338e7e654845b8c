// A live plugin of the ABI `samuel`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "abi/samuel/host_functions.h"
#include "wplug/abi.h"
#include "wplug/instance.h"

namespace wplug {

class SamuelInstance : public AbiInstance {
 public:
  // Instantiates in `store`, starts it and asks its protocol version. Errors: link (also a version this host does not
  // have), limit, trap, exit, host.
  static Result<std::unique_ptr<AbiInstance>> start(Store& store, const Module& module, const PluginTerms& terms,
                                                    const HostServices& services, CallState& state);

  Result<ReplyKind> call(std::string_view entry, std::string_view input, CallState& state, std::string& text) override;
  Result<ReplyKind> health(CallState& state, std::string& text) override;

 private:
  SamuelInstance(Store& store, const PluginTerms& terms, const HostServices& services)
      : store_(store), host_(terms, services) {}
  Result<void> link(const Module& module);
  Result<void> initialize(const Module& module);
  Result<void> check_protocol();
  Result<ReplyKind> run(std::string_view entry, std::string& text);

  Store& store_;
  SamuelHost host_;
  std::optional<Instance> instance_;
};

}  // namespace wplug
