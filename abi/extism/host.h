// The host functions of the ABI `extism`, and what they know of the call they serve.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "abi/extism/kernel.h"
#include "abi/support/plugin_context.h"
#include "wplug/abi.h"
#include "wplug/linker.h"

namespace wplug {

inline constexpr std::string_view kExtismModule = "extism:host/env";

// One instance's side of its host functions. Stays where it is while the store lives.
struct ExtismHost {
  ExtismHost(const PluginTerms& terms, const HostServices& services) : context(terms, services) {}

  PluginContext context;
  ExtismKernel kernel;
  std::map<std::string, std::string, std::less<>> variables;  // kept between calls
  uint64_t variable_bytes = 0;                                 // keys, values, and what an entry costs
  // Of the last response in this call.
  int status = 0;
  HttpHeaders headers;
};

// Those that work on blocks only, a comparison and a load each where plugins call them for every byte.
void add_extism_kernel(Linker& linker, ExtismHost& host);
// Those that reach the host.
void add_extism_functions(Linker& linker, ExtismHost& host);

std::span<const AbiFunction> extism_functions();
// The capability a function stands for ("http"), empty for one of the kernel's; null for a name that is none.
const std::string_view* extism_capability(std::string_view name);

}  // namespace wplug
