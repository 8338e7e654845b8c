// The module `reglet_host`: requests read from guest memory, answers written into it.
//
// An answer lies in memory that the plugin's own `allocate` gives, so a host function calls back into the guest. That
// `allocate` may log, and may not call any other host function: it would have to allocate again.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "abi/guest_memory.h"
#include "abi/support/plugin_context.h"
#include "wplug/abi.h"
#include "wplug/func.h"
#include "wplug/linker.h"

namespace wplug {

// A packed pointer and length.
struct PackedRange {
  uint32_t at, length;
  static PackedRange of(uint64_t bits) { return {static_cast<uint32_t>(bits >> 32), static_cast<uint32_t>(bits)}; }
  uint64_t bits() const { return uint64_t{at} << 32 | length; }
};

// One instance's side of its host functions. Stays where it is while the store lives.
struct RegletHost {
  RegletHost(const PluginTerms& terms, const HostServices& services) : context(terms, services) {}
  void begin_call(CallState& state) {
    context.begin_call(state);
    bad_pointer.reset();
    allocating = false;
  }
  // Calls the plugin's allocate. Errors: trap, exit, host (it gave 0).
  Result<uint32_t> allocate_bytes(uint64_t length, std::string_view what_for);
  // That `function` gave a range outside the memory: ends the call with that as its reason.
  Error outside(std::string_view function, PackedRange range, const GuestMemory& memory);

  PluginContext context;
  std::optional<Func> allocate;
  bool allocating = false;
  std::optional<std::string> bad_pointer;
};

inline constexpr std::string_view kRegletModule = "reglet_host";

// `host` outlives the stores instantiated into.
void add_reglet_functions(Linker& linker, RegletHost& host);
std::span<const AbiFunction> reglet_functions();
// The row of `module`.`name`; null: it is none.
const AbiFunction* find_reglet_function(std::string_view module, std::string_view name);

}  // namespace wplug
