// The host functions of the ABI `samuel`, and what they know of the call they serve.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/support/plugin_context.h"
#include "wplug/abi.h"
#include "wplug/linker.h"

namespace wplug {

// The codes that functions give for what is not an exit code (abis.md, 4).
enum class SamuelCode : uint32_t {
  ok = 0,
  failed = 1,
  denied = 2,
  refused = 3,  // exec: not on the allowlist; net_outbound: the address may not be reached, or the budget is spent
};

// One instance's side of its host functions. Stays where it is while the store lives.
struct SamuelHost {
  SamuelHost(const PluginTerms& terms, const HostServices& services) : context(terms, services) {}
  void begin_call(CallState& state, std::string_view call_input) {
    context.begin_call(state);
    input = call_input;
    output.reset();
  }

  PluginContext context;
  std::string_view input;             // borrowed for the call
  std::optional<std::string> output;  // the last callback("output", …) of this call
};

// Defines every function under every name it is known by. `host` outlives the stores instantiated into.
void add_samuel_functions(Linker& linker, SamuelHost& host);
std::span<const AbiFunction> samuel_functions();
// The capability of the function that `module`.`name` means ("fs:read"); nullopt: it is none of them.
std::optional<std::string_view> samuel_capability(std::string_view module, std::string_view name);

// The words of a command: separated by blanks, '…' and "…" keep blanks together, nothing else has a meaning. nullopt: a
// quote is not closed.
std::optional<std::vector<std::string>> split_command(std::string_view text);

}  // namespace wplug
