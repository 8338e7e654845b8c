// The host functions of the ABI `transform`, and what they know of the call they serve.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "abi/support/plugin_context.h"
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
struct TransformHost {
  TransformHost(const PluginTerms& terms, const HostServices& services) : context(terms, services) {}
  void begin_call(CallState& state) {
    context.begin_call(state);
    refusal.reset();
    pending_url.clear();
  }

  PluginContext context;
  // What set_error said in this call.
  std::optional<std::string> refusal;
  // The last body that did not fit the plugin's buffer: asking again for the same URL is not another request.
  std::string pending_url;
  std::string pending_body;
};

// Defines every function in every module it is offered in. `host` outlives the stores instantiated into.
void add_transform_functions(Linker& linker, TransformHost& host);
// Whether `module`.`name` is one of them.
bool is_transform_function(std::string_view module, std::string_view name);
std::span<const AbiFunction> transform_functions();
// The capability a function stands for ("http"); empty for a name that is none.
std::string_view transform_capability(std::string_view name);

}  // namespace wplug
